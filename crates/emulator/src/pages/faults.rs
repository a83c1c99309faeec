//! Faults: what goes wrong on purpose, for whom, and how often.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::fault_form::{self, Fields, KINDS, Kind, METHODS};
use super::frame::{self, Failed, Frame, Section, sentence};
use super::input::{Posted, Visitor};
use crate::app::App;

/// A fault in words.
struct Row {
    id: u64,
    label: &'static str,
    details: String,
    whom: Vec<(&'static str, String)>,
    due: String,
    matched: u64,
    struck: u64,
}

#[derive(Template)]
#[template(path = "faults.html")]
struct Page {
    frame: Frame,
    faults: Vec<Row>,
    kinds: &'static [Kind],
    methods: [&'static str; 6],
    /// Client id and name.
    apps: Vec<(String, String)>,
    users: Vec<String>,
    fields: Fields,
    problem: String,
}

pub(super) async fn show(State(app): State<App>, visitor: Visitor) -> Response {
    frame::show(&page(&app, &visitor, Fields::default()))
}

/// Adds a fault, removes one, or removes all.
pub(super) async fn change(
    State(app): State<App>,
    visitor: Visitor,
    posted: Posted,
) -> Result<Response, Failed> {
    let word = match posted.value("action") {
        "clear" => {
            app.faults().clear();
            "faults-removed"
        }
        "remove" => {
            let id = posted.value("id").parse().unwrap_or_default();
            if !app.faults().remove(id) {
                return Err(Failed::missing("fault"));
            }
            "fault-removed"
        }
        _ => {
            let added = fault_form::read(&posted).and_then(|fault| app.faults().add(fault));
            if let Err(problem) = added {
                let mut page = page(&app, &visitor, Fields::of(&posted));
                page.problem = sentence(&problem);
                return Ok(frame::show_again(&page));
            }
            "fault-added"
        }
    };
    Ok(frame::done("/setup/faults", word))
}

fn page(app: &App, visitor: &Visitor, fields: Fields) -> Page {
    let directory = app.directory();
    let named = |client: &std::sync::Arc<crate::directory::Client>| {
        let name = client.definition.name.clone();
        (client.id.as_str().to_owned(), name)
    };
    let users = directory.users();
    Page {
        frame: Frame::new(app, visitor, Section::Faults, "Faults"),
        faults: app
            .faults()
            .all()
            .iter()
            .map(|one| row(&json!(one)))
            .collect(),
        kinds: &KINDS,
        methods: METHODS,
        apps: directory.apps().iter().map(named).collect(),
        users: users
            .iter()
            .map(|user| user.username().to_owned())
            .collect(),
        fields,
        problem: String::new(),
    }
}

fn row(fault: &Value) -> Row {
    let effect = fault.get("effect").and_then(Value::as_object);
    let none = Map::new();
    let effect = effect.unwrap_or(&none);
    let word = effect
        .get("kind")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let details: Vec<String> = effect
        .iter()
        .filter(|(name, value)| *name != "kind" && !value.is_null())
        .map(|(name, value)| format!("{name} {}", plain(value)))
        .collect();
    let number = |name: &str| fault.get(name).and_then(Value::as_u64);
    let whom = [
        ("Method", "method"),
        ("Path", "path"),
        ("App", "app"),
        ("User", "user"),
    ];
    let whom = whom
        .into_iter()
        .filter_map(|(label, name)| Some((label, plain(fault.get(name)?))));
    Row {
        id: number("id").unwrap_or_default(),
        label: KINDS
            .iter()
            .find(|kind| kind.word == word)
            .map_or("", |kind| kind.label),
        details: details.join(", "),
        whom: whom.collect(),
        due: due(number("nth"), number("count")),
        matched: number("matched").unwrap_or_default(),
        struck: number("struck").unwrap_or_default(),
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Which of the requests that match are struck.
fn due(nth: Option<u64>, count: Option<u64>) -> String {
    match (nth, count) {
        (None, None) => "every one".to_owned(),
        (None, Some(1)) => "the first".to_owned(),
        (None, Some(count)) => format!("the first {count}"),
        (Some(nth), None | Some(1)) => format!("number {nth}"),
        (Some(nth), Some(count)) => format!("{count} from number {nth} on"),
    }
}
