//! The REST API of an org: requests with the token, and what the errors
//! mean (fact sheet §5.7).
//!
//! Owns the rule that a token is sent to its instance and nowhere else.

use accredit::audience::InstanceUrl;
use accredit::diagnosis::{Diagnosis, LocalCause, Retry};
use accredit::http::UreqClient;
use accredit::secret::AccessToken;
use http::header::{ACCEPT, AUTHORIZATION};
use http::request::Builder;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use serde::Deserialize;

use crate::error::{CliError, Kind};

/// The longest URL that Salesforce takes, in bytes.
const URL_LENGTH_MAX: usize = 16 * 1024;

/// What to do if something answers that is no org.
pub(crate) const INSTANCE_URL_HINT: &str =
    "check the instance URL: it must be the My Domain of the org";

/// An org and the token for it.
#[derive(Debug)]
pub(crate) struct Org {
    pub(crate) instance_url: InstanceUrl,
    pub(crate) access_token: AccessToken,
}

/// Why a request to the REST API gave no result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The session ended; a new token may help (fact sheet §0.11).
    SessionEnded(CliError),
    /// Anything else.
    Final(CliError),
}

impl From<CliError> for Failure {
    fn from(error: CliError) -> Self {
        Self::Final(error)
    }
}

impl Failure {
    pub(crate) fn into_error(self) -> CliError {
        match self {
            Self::SessionEnded(error) | Self::Final(error) => error,
        }
    }
}

impl Org {
    /// Gets `path`, which begins with `/services/`.
    pub(crate) fn get(&self, client: &UreqClient, path: &str) -> Result<Vec<u8>, Failure> {
        let request = self.request(path)?;
        let reply = client.send_blocking(request).map_err(CliError::from)?;
        if reply.status() == StatusCode::OK {
            Ok(reply.into_body())
        } else {
            Err(failure(&reply, self.host()))
        }
    }

    /// The host of the org.
    pub(crate) fn host(&self) -> &str {
        self.instance_url
            .as_str()
            .split_once("://")
            .map_or("", |(_, host)| host)
    }

    fn request(&self, path: &str) -> Result<Request<Vec<u8>>, CliError> {
        self.begin(&Method::GET, path)?
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .body(Vec::new())
            .map_err(no_url)
    }

    /// A request with the token, to `path` on the instance.
    pub(crate) fn begin(&self, method: &Method, path: &str) -> Result<Builder, CliError> {
        // A path from a reply must stay on the instance: "//host" would not.
        if !path.starts_with("/services/") && !path.starts_with("/id/") {
            return Err(CliError::other(format!(
                "{} named the next page {path:?}, expected a path below /services/",
                self.host()
            )));
        }
        let url = format!("{}{path}", self.instance_url.as_str());
        if url.len() > URL_LENGTH_MAX {
            return Err(CliError::usage(format!(
                "the request makes a URL of {} bytes, and Salesforce takes at most \
                 {URL_LENGTH_MAX}",
                url.len()
            ))
            .hint("shorten the query: fewer fields, or a shorter IN list"));
        }
        let bearer = format!("Bearer {}", self.access_token.expose());
        let mut bearer = HeaderValue::try_from(bearer)
            .map_err(|_| CliError::other("the access token cannot stand in a header"))?;
        bearer.set_sensitive(true);
        Ok(Request::builder()
            .method(method)
            .uri(url)
            .header(AUTHORIZATION, bearer))
    }
}

/// A request that could not be put together.
pub(crate) fn no_url(error: http::Error) -> CliError {
    CliError::other("the request makes no URL").with_source(error)
}

/// Percent-encodes everything but letters, digits and `-._~`; a `+` left alone would become a
/// blank.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() * 3 / 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// One error of the REST API.
#[derive(Deserialize)]
struct ApiError {
    #[serde(rename = "errorCode")]
    code: Option<String>,
    message: Option<String>,
}

/// The body of a failure: an array, or a single object.
#[derive(Deserialize)]
#[serde(untagged)]
enum ApiErrors {
    Many(Vec<ApiError>),
    One(ApiError),
}

/// The longest message that is shown, in characters: a SOQL excerpt with its caret has far fewer.
const MESSAGE_LENGTH_MAX: usize = 4000;

/// What a reply means that is no success.
pub(crate) fn failure(reply: &Response<Vec<u8>>, host: &str) -> Failure {
    let status = reply.status();
    let errors = match serde_json::from_slice(reply.body()) {
        Ok(ApiErrors::Many(errors)) => errors,
        Ok(ApiErrors::One(error)) => vec![error],
        Err(_) => Vec::new(),
    };
    let Some(error) = errors.first() else {
        return unknown(reply, host);
    };
    let code = error.code.as_deref().unwrap_or("no code");
    let message: String = error
        .message
        .as_deref()
        .unwrap_or("no message")
        .chars()
        .take(MESSAGE_LENGTH_MAX)
        .collect();
    let told = CliError::new(
        kind_of(status, code),
        format!("{host} refused: {code}: {message}"),
    );
    let entry = Diagnosis::of_rest(code, &message);
    let told = match entry {
        Some(entry) => told.diagnosed(entry),
        None => told.with_code(code),
    };
    // The same code with another message means that a new token would not help (fact sheet §0.12).
    let has_ended = status == StatusCode::UNAUTHORIZED
        && entry.is_some_and(|entry| entry.retry == Retry::WithNewToken);
    if has_ended {
        Failure::SessionEnded(told)
    } else {
        Failure::Final(told)
    }
}

fn kind_of(status: StatusCode, code: &str) -> Kind {
    match status.as_u16() {
        420 | 429 => Kind::RateLimited,
        403 if code == "REQUEST_LIMIT_EXCEEDED" => Kind::RateLimited,
        408 | 500.. => Kind::Unreachable,
        _ => Kind::Refused,
    }
}

/// A reply that is no error of the REST API: one word of the identity service, a page, noise.
fn unknown(reply: &Response<Vec<u8>>, host: &str) -> Failure {
    let number = reply.status().as_u16();
    let (length, body) = (reply.body().len(), reply.body().trim_ascii_start());
    let is_page = body.first() == Some(&b'<');
    let what = if is_page { "an HTML page" } else { "a body" };
    let kind = match (reply.status().is_redirection(), kind_of(reply.status(), "")) {
        (true, _) => Kind::Other,
        (false, Kind::Refused) if number < 400 => Kind::Other,
        (false, kind) => kind,
    };
    let told = CliError::new(
        kind,
        format!("{host} answered {number} with {what} of {length} bytes, expected JSON"),
    );
    match entry_of(reply.status(), body) {
        Some(entry) if entry.retry == Retry::WithNewToken => {
            Failure::SessionEnded(told.diagnosed(entry))
        }
        Some(entry) => Failure::Final(told.diagnosed(entry).hint(INSTANCE_URL_HINT)),
        None => Failure::Final(told.hint(INSTANCE_URL_HINT)),
    }
}

/// The entry for a body that is no JSON.
fn entry_of(status: StatusCode, body: &[u8]) -> Option<&'static Diagnosis> {
    let text = String::from_utf8_lossy(body.get(..WORD_LENGTH_MAX).unwrap_or(body));
    if body.first() == Some(&b'<') {
        let code = if status == StatusCode::URI_TOO_LONG {
            "ACC-2012"
        } else if text.to_ascii_lowercase().contains("down for maintenance") {
            "ACC-1053"
        } else {
            LocalCause::Page.code()
        };
        return Diagnosis::with_code(code);
    }
    Diagnosis::of_rest("", &text)
}

/// As much of a body is looked at for words that are known, in bytes.
const WORD_LENGTH_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(status: u16, body: &str) -> (bool, CliError) {
        let reply = Response::builder()
            .status(status)
            .body(body.as_bytes().to_vec())
            .unwrap();
        match super::failure(&reply, "acme.my.salesforce.com") {
            Failure::SessionEnded(error) => (true, error),
            Failure::Final(error) => (false, error),
        }
    }

    #[test]
    fn each_answer_has_the_exit_code_of_whose_move_it_is() {
        let error = |code: &str, message: &str| {
            format!(r#"[{{"message":"{message}","errorCode":"{code}"}}]"#)
        };
        let session = error("INVALID_SESSION_ID", "Session expired or invalid");
        let scope = "This session is not valid for use with the REST API";
        let scope = error("INVALID_SESSION_ID", scope);
        let limit = error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.");
        let soql = error(
            "MALFORMED_QUERY",
            r"\nSELECT\n^\nERROR at Row:1:Column:1\nx",
        );
        for (status, body, ended, code) in [
            (401, &*session, true, 4),
            (401, &*scope, false, 4),
            (403, &*limit, false, 5),
            (400, &*soql, false, 4),
            (404, r#"{"message":"x"}"#, false, 4),
            (429, "", false, 5),
            (503, "<html>", false, 6),
            (302, "", false, 1),
            (403, "Bad_OAuth_Token", true, 4),
            (403, "Wrong_Org", false, 4),
            (414, "<h1>Bad Message 414</h1>", false, 4),
        ] {
            let (is_ended, error) = failure(status, body);
            assert_eq!(
                (is_ended, error.exit_code()),
                (ended, code),
                "{status} {body}"
            );
        }
    }

    #[test]
    fn a_plus_in_a_query_stays_a_plus() {
        assert_eq!(escape("a+b c~'é"), "a%2Bb%20c~%27%C3%A9");
    }

    #[test]
    fn a_token_does_not_leave_its_instance() {
        let org = Org {
            instance_url: InstanceUrl::parse("https://acme.my.salesforce.com").unwrap(),
            access_token: AccessToken::new("00D!secret".to_owned()).unwrap(),
        };
        for path in [
            "//evil.example/services/",
            "https://evil.example/",
            "@evil.example/",
            "",
        ] {
            assert!(org.request(path).is_err(), "{path}");
        }
        let request = org.request("/services/data/v65.0/query/01g-2000").unwrap();
        assert_eq!(request.uri().host(), Some("acme.my.salesforce.com"));
        assert!(!format!("{request:?}").contains("secret"));
    }
}
