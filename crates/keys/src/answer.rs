//! What servers that hold keys answer: JSON, or something in its place.
//!
//! Owns the limits of such answers and the words for what is wrong with them. Says nothing of what
//! a good one means. No error quotes an answer, but for the texts that a protocol gives to errors.

use accredit::diagnosis::LocalCause;
use accredit::error::Error;
use accredit::http::HttpClient;
use accredit::secret::Secret;
use http::{Request, Response, StatusCode};
use serde_json::Value;

use crate::json::Json;

/// The longest text of an error that is repeated, in characters.
const WORDS_MAX: usize = 200;

/// A reply with its body parsed as far as it is JSON.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// `None` if the body is no JSON.
    pub(crate) json: Option<Json>,
    is_html: bool,
}

/// Sends `request` and reads the reply; the body is wiped.
pub(crate) async fn ask(
    client: &dyn HttpClient,
    request: Request<Vec<u8>>,
) -> Result<Answer, Error> {
    let reply: Response<Vec<u8>> = client.send(request).await?;
    let status = reply.status();
    let body = Secret::new(reply.into_body());
    Ok(Answer {
        status,
        json: Json::parse(body.expose()),
        is_html: body.expose().trim_ascii_start().starts_with(b"<"),
    })
}

impl Answer {
    /// The member `name` of the answer.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.json.as_ref()?.value().get(name)
    }

    /// The text of the member `name`.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// An answer that is not what `who` should give.
    pub(crate) fn odd(&self, who: &str) -> Error {
        let what = match (self.is_html, self.json.is_some()) {
            (true, _) => "an HTML page, expected JSON: something else answers in its place",
            (_, true) => "JSON of another shape than expected",
            (_, false) => "something that is no JSON",
        };
        Error::response(format!(
            "{who} answered {} with {what}",
            self.status.as_u16()
        ))
        .with_status(self.status.as_u16())
    }

    /// An answer that says no; `words` are the server's own. Trying again helps where the server is
    /// at fault.
    pub(crate) fn refusal(&self, who: &str, words: Option<&str>) -> Error {
        let status = self.status.as_u16();
        if words.is_none() && self.is_html {
            let odd = self.odd(who);
            return if self.status.is_server_error() {
                odd.into_transient()
            } else {
                odd
            };
        }
        let words = words.map(printable).unwrap_or_default();
        let what = match words.as_str() {
            "" => format!("{who} answered {status}"),
            words => format!("{who} answered {status}: {words}"),
        };
        if self.status.is_server_error() || status == 429 {
            Error::transport(what).with_status(status)
        } else {
            Error::key(what)
                .with_status(status)
                .with_cause(LocalCause::KeyPlace)
        }
    }
}

/// A server's words, cut short and free of what would command a terminal.
fn printable(words: &str) -> String {
    words
        .chars()
        .filter(|letter| !letter.is_control())
        .take(WORDS_MAX)
        .collect()
}
