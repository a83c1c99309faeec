//! The SOQL console: a query, and its answer as a table or the place of its mistake.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde_json::Value;

use super::frame::{self, Failed, Frame, Section};
use super::grid::{self, Grid};
use super::input::Visitor;
use super::pager::{self, Pager};
use crate::app::App;
use crate::org::QueryError;
use crate::org::query::{Asker, Rows};

/// How many records a page has.
const PAGE: usize = 200;

/// The version of the API that is asked.
const VERSION: u16 = 68;

/// A mistake, and the query with a caret below it.
struct Mistake {
    code: &'static str,
    detail: String,
    /// `line 1, column 8`; empty if the mistake has no place.
    place: String,
    /// The query up to the end of the line with the mistake, the caret, and the rest.
    before: String,
    caret: String,
    after: String,
}

/// What a query answered.
struct Answer {
    grid: Grid,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "console.html")]
struct Console {
    frame: Frame,
    text: String,
    answer: Option<Answer>,
    mistake: Option<Mistake>,
    problem: &'static str,
}

pub(super) async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Failed> {
    let text = visitor.asked("q").replace("\r\n", "\n");
    let mut page = Console {
        frame: Frame::new(&app, &visitor, Section::Soql, "SOQL console"),
        text,
        answer: None,
        mistake: None,
        problem: "",
    };
    if page.text.is_empty() {
        return Ok(frame::show(&page));
    }
    match ask(&app, &visitor, &page.text) {
        Ok(body) => {
            let found: Value = serde_json::from_slice(&body).map_err(|error| Failed::by(&error))?;
            page.answer = Some(answer(&app, &visitor, (&page.text, &found)));
            Ok(frame::show(&page))
        }
        Err(QueryError::Refused(error)) => {
            page.mistake = Some(mistake(&page.text, &error));
            Ok(frame::show_again(&page))
        }
        Err(QueryError::Locator) => {
            page.problem = "The rest of this answer is no longer kept. Run the query again.";
            Ok(frame::show_again(&page))
        }
        Err(QueryError::Database(error)) => Err(Failed::by(&error)),
        Err(QueryError::Schema(error)) => Err(Failed::by(&error)),
    }
}

fn ask(app: &App, visitor: &Visitor, text: &str) -> Result<Vec<u8>, QueryError> {
    let user = app.org().first_user();
    let asker = Asker {
        user: &user,
        session: visitor.visit.key(),
        version: VERSION,
        batch: Some(PAGE),
        now: app.now(),
    };
    match visitor.asked("locator") {
        "" => app.org().query(text, Rows::Live, &asker),
        locator => {
            let from = visitor.asked("from");
            app.org().next_page(&format!("{locator}-{from}"), &asker)
        }
    }
}

fn answer(app: &App, visitor: &Visitor, (text, found): (&str, &Value)) -> Answer {
    let records = grid::records(found);
    let total = found.get("totalSize").and_then(Value::as_u64);
    let total = total
        .and_then(|total| total.try_into().ok())
        .unwrap_or(records.len());
    let next = found.get("nextRecordsUrl").and_then(Value::as_str);
    let next = next.and_then(|url| url.rsplit_once('/')?.1.rsplit_once('-'));
    let locator = next.map_or_else(|| visitor.asked("locator"), |(locator, _)| locator);
    let offset = visitor.asked("from").parse().unwrap_or(0);
    let link = |from: usize| {
        let from = from.to_string();
        pager::address(
            "/setup/soql",
            &[("q", text), ("locator", locator), ("from", &from)],
        )
    };
    Answer {
        grid: Grid::of(&app.org().schema(), records),
        pager: Pager::new((offset, records.len().max(1)), total, |from| {
            // A page may be shorter than asked for; the one before begins a whole page earlier.
            let is_back = from < offset;
            link(if is_back {
                offset.saturating_sub(PAGE)
            } else {
                from
            })
        }),
    }
}

fn mistake(text: &str, error: &accredit_soql::Error) -> Mistake {
    let lines: Vec<_> = text.split('\n').collect();
    let mut mistake = Mistake {
        code: error.code().as_str(),
        detail: error.detail().to_owned(),
        place: String::new(),
        before: text.to_owned(),
        caret: String::new(),
        after: String::new(),
    };
    let Some(place) = error.position() else {
        return mistake;
    };
    let row = place.row.clamp(1, lines.len());
    let (before, after) = lines.split_at_checked(row).unwrap_or((&lines, &[]));
    mistake.place = format!("line {}, column {}", place.row, place.column);
    mistake.before = before.join("\n");
    mistake.caret = caret(before.last().unwrap_or(&""), place.column);
    mistake.after = after.join("\n");
    mistake
}

/// Blanks up to where Salesforce puts its caret: below column `column - 1`, counted from 0 in
/// UTF-16 code units. A tab stays a tab, so that the caret stands where it should.
fn caret(line: &str, column: usize) -> String {
    let mut out = String::new();
    let mut at = 0;
    for letter in line.chars() {
        if at + 1 >= column {
            break;
        }
        out.push(if letter == '\t' { '\t' } else { ' ' });
        at += letter.len_utf16();
    }
    out.push('^');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_below_the_mistake() {
        let text = "SELECT Id,\n\tNmae\nFROM Account";
        let code = accredit_soql::ErrorCode::InvalidField;
        let error = accredit_soql::Error::semantic(code, text, 12, "No such column");
        let mistake = mistake(text, &error);
        assert_eq!(mistake.place, "line 2, column 2");
        assert_eq!(mistake.before, "SELECT Id,\n\tNmae");
        assert_eq!(mistake.caret, "\t^");
        assert_eq!(mistake.after, "FROM Account");
    }

    #[test]
    fn a_caret_beyond_the_line_stands_at_its_end() {
        assert_eq!(caret("ab", 0), "^");
        assert_eq!(caret("ab", 1), "^");
        assert_eq!(caret("ab", 9), "  ^");
        assert_eq!(caret("\u{1f680}x", 3), " ^");
    }
}
