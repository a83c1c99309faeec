//! `/` for browsers: how each connection is doing.
//!
//! Owns what is shown and its words. It asks Salesforce for nothing, and shows nothing that is a
//! secret; what a template writes is escaped.

use std::time::Duration;

use accredit::clock::UnixTime;
use accredit::diagnosis::Diagnosis;
use accredit::error::Error;
use accredit::policy::RefreshPolicy;
use accredit::source::Token;
use askama::Template;
use http::header::{ACCEPT, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::answer::{self, Answer};
use crate::failure::{self, Failure};
use crate::session::Standing;
use crate::setup::{Connection, Setup};
use crate::token::rfc3339;
use crate::traffic::MINUTES;

/// Nothing is loaded, and nobody may put the page into a frame.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

const CONTENT_TYPE_OPTIONS: HeaderName = HeaderName::from_static("x-content-type-options");

/// From how many days left a certificate is worth a warning.
const CERTIFICATE_WARNING: u64 = 30;

#[derive(Template)]
#[template(path = "dashboard.html")]
struct Page {
    now: String,
    troubled: usize,
    cards: Vec<Card>,
}

/// One connection.
struct Card {
    name: String,
    user: String,
    host: String,
    state: &'static str,
    class: &'static str,
    age: String,
    refresh: String,
    ends: String,
    logins_left: u64,
    certificate: String,
    granted: u64,
    trouble: Option<Trouble>,
    uses: u64,
    points: String,
}

/// A failure since the last success.
struct Trouble {
    title: String,
    when: String,
    cause: String,
    setting: &'static str,
    fix: &'static str,
}

/// Says whether a page is wanted rather than the report.
pub(crate) fn is_wanted(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// The page as it is at `now`.
pub(crate) fn show(setup: &Setup, now: UnixTime) -> Result<Answer, Failure> {
    let cards: Vec<Card> = setup
        .connections
        .iter()
        .map(|(name, connection)| Card::of(name, connection, now))
        .collect();
    let page = Page {
        now: rfc3339(now),
        troubled: cards.iter().filter(|card| card.trouble.is_some()).count(),
        cards,
    };
    let text = page.render().map_err(|_| {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Failure::new(status, "no_page", "the page could not be written")
    })?;
    let mut answer = answer::full(StatusCode::OK, text);
    let headers = answer.headers_mut();
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(CONTENT_TYPE, html);
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(answer)
}

impl Card {
    fn of(name: &str, connection: &Connection, now: UnixTime) -> Self {
        let standing = connection.own().map(|session| session.standing(now));
        let config = &connection.config;
        let user = match &config.subject {
            Some(subject) => subject.as_str().to_owned(),
            None => "users whom callers name".to_owned(),
        };
        let token = standing.as_ref().and_then(|one| one.token.as_ref());
        let failure = standing.as_ref().and_then(|one| one.failure.as_ref());
        let (state, class) = match (token, failure) {
            (Some(_), None) => ("signed in", "good"),
            (Some(_), Some(_)) => ("signed in, refresh fails", "warn"),
            (None, Some(_)) => ("not signed in", "bad"),
            (None, None) => ("not used yet", "warn"),
        };
        let traffic = standing
            .as_ref()
            .map(|one| one.traffic)
            .unwrap_or([0; MINUTES]);
        Self {
            name: name.to_owned(),
            user,
            host: config.endpoint.login_url().authority().to_owned(),
            state,
            class,
            age: token.map_or_else(none, |token| span(now.since(token.issued_at))),
            refresh: token.map_or_else(none, |token| refresh(token, now)),
            ends: token.map_or_else(none, |token| format!("in {}", left(token.expiry.at(), now))),
            logins_left: standing.as_ref().map_or(0, Standing::logins_left),
            certificate: certificate(connection.key.certificate_ends, now),
            granted: standing.as_ref().map_or(0, |one| one.tally.granted),
            trouble: failure.map(|(at, error)| Trouble::of(error, now.since(*at))),
            uses: traffic.iter().map(|count| u64::from(*count)).sum(),
            points: points(&traffic),
        }
    }
}

impl Trouble {
    fn of(error: &Error, since: Duration) -> Self {
        let entry = error.refusal().and_then(Diagnosis::of);
        let when = span(since);
        match entry {
            Some(entry) => Self {
                title: format!("{} {error}", entry.code),
                when,
                cause: entry.cause.to_owned(),
                setting: entry.setting,
                fix: entry.fix,
            },
            None => Self {
                title: "No token".to_owned(),
                when,
                cause: failure::told(error),
                setting: "",
                fix: "",
            },
        }
    }
}

fn none() -> String {
    "–".to_owned()
}

/// When the next token is asked for, give or take the jitter.
fn refresh(token: &Token, now: UnixTime) -> String {
    let life = token.expiry.at().since(token.issued_at);
    let share = RefreshPolicy::default().advisory_share;
    let at = token.issued_at.saturating_add(life.mul_f64(share));
    match now < at {
        true => format!("in about {}", left(at, now)),
        false => "with the next use".to_owned(),
    }
}

fn certificate(ends: Option<UnixTime>, now: UnixTime) -> String {
    let Some(ends) = ends else {
        return "not known".to_owned();
    };
    let days = ends.since(now).as_secs() / 86_400;
    match days {
        0 if ends <= now => "has ended".to_owned(),
        days if days < CERTIFICATE_WARNING => format!("{days} days left: renew it"),
        days => format!("{days} days left"),
    }
}

fn left(at: UnixTime, now: UnixTime) -> String {
    span(at.since(now))
}

fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// A line through the counts, 59 wide and 20 high, the oldest first.
fn points(counts: &[u32; MINUTES]) -> String {
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let point = |(at, count): (usize, &u32)| {
        let height = 19.0 - f64::from(*count) / f64::from(most) * 18.0;
        format!("{at},{height:.1}")
    };
    let points: Vec<String> = counts.iter().enumerate().map(point).collect();
    points.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_does_not_quote_what_is_wrong_with_a_key() {
        let error = Error::key("vault said: permission denied, /var/keys/server.key");
        let trouble = Trouble::of(&error, Duration::ZERO);
        assert!(!format!("{}{}", trouble.title, trouble.cause).contains("/var/keys"));
        assert!(
            trouble.cause.contains("the key of this connection"),
            "{}",
            trouble.cause
        );
        let trouble = Trouble::of(&Error::transport("no route"), Duration::ZERO);
        assert!(trouble.cause.contains("no route"), "{}", trouble.cause);
    }
}
