//! Every answer that is a "no", in the form that the caller reads.
//!
//! Owns the status, the code and the sentence of each failure, and how a core error becomes one.
//! No failure holds a token, a key or a body.

use std::time::Duration;

use accredit::diagnosis::{Diagnosis, LocalCause, Retry};
use accredit::error::{Error, ErrorKind};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde_json::json;

use crate::answer::{self, Answer};

/// The header with the diagnosis of a refusal.
pub(crate) const DIAGNOSIS: HeaderName = HeaderName::from_static("accredit-diagnosis");

/// Who reads the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// A caller of the broker's own routes.
    #[default]
    Broker,
    /// A client of Salesforce's REST API.
    Rest,
    /// A client of a token endpoint (RFC 6749 §5.2).
    OAuth,
}

/// A request that gets no for an answer.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    code: &'static str,
    message: String,
    diagnosis: Option<&'static Diagnosis>,
    retry_after: Option<Duration>,
    allow: Option<&'static str>,
    shown: Shown,
}

/// What a request showed that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    /// Nothing that counts.
    Nothing,
    /// A key that is nobody's: it may be a guess.
    WrongKey,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            diagnosis: None,
            retry_after: None,
            allow: None,
            shown: Shown::Nothing,
        }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "no caller is known by what this request shows; expected Authorization: Bearer KEY",
        )
    }

    /// A key that no caller has.
    pub(crate) fn wrong_key() -> Self {
        let mut this = Self::unauthorized();
        this.shown = Shown::WrongKey;
        this
    }

    /// Says whether this may have been a guess at a key.
    pub(crate) fn may_be_guess(&self) -> bool {
        self.shown == Shown::WrongKey
    }

    /// A handle that is over, in the words that make Salesforce's clients sign in again.
    pub(crate) fn session_over() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "Session expired or invalid",
        )
    }

    pub(crate) fn too_many_connections() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "too_many_connections",
            "too many connections are open here, or from the place of this one; the settings \
             listener.max_connections and listener.max_connections_per_peer say how many may be",
        )
        .with_retry_after(Duration::ZERO)
    }

    pub(crate) fn not_found() -> Self {
        let message = "there is nothing at this path; GET /openapi.json lists what there is";
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    pub(crate) fn method(allow: &'static str) -> Self {
        let mut this = Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            format!("this method does nothing here, expected {allow}"),
        );
        this.allow = Some(allow);
        this
    }

    pub(crate) const fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The answer as the reader wants it.
    pub(crate) fn answer(&self, form: Form) -> Answer {
        let body = match form {
            Form::Broker => self.document(),
            Form::Rest => json!([{"message": self.sentence(), "errorCode": self.rest_code()}]),
            Form::OAuth => {
                json!({"error": self.oauth_code(), "error_description": self.sentence()})
            }
        };
        let mut answer = answer::full(self.status, format!("{body}\n"));
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::UNAUTHORIZED {
            let realm = HeaderValue::from_static("Bearer realm=\"accredit\"");
            headers.insert(WWW_AUTHENTICATE, realm);
        }
        if let Some(wait) = self.retry_after {
            // A fraction of a second more is better than a request too early.
            headers.insert(RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
        }
        if let Some(allow) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        if let Some(text) = self.diagnosis.and_then(header_of) {
            headers.insert(DIAGNOSIS, text);
        }
        answer
    }

    fn document(&self) -> serde_json::Value {
        let mut document = json!({"error": self.code, "message": self.message});
        if let (Some(entry), Some(members)) = (self.diagnosis, document.as_object_mut()) {
            let is_retry = entry.retry == Retry::Later;
            let about = json!({
                "code": entry.code,
                "cause": entry.cause,
                "setting": entry.setting,
                "fix": entry.fix,
                "retry": is_retry,
            });
            members.insert("diagnosis".to_owned(), about);
        }
        document
    }

    fn sentence(&self) -> String {
        match self.diagnosis {
            Some(entry) => format!("{} ({}: {})", self.message, entry.code, entry.fix),
            None => self.message.clone(),
        }
    }

    const fn oauth_code(&self) -> &'static str {
        match self.status.as_u16() {
            401 => "invalid_client",
            403 => "unauthorized_client",
            400..500 => "invalid_request",
            _ => "temporarily_unavailable",
        }
    }

    const fn rest_code(&self) -> &'static str {
        match self.status.as_u16() {
            401 => "INVALID_SESSION_ID",
            403 => "INSUFFICIENT_ACCESS",
            404 => "NOT_FOUND",
            405 => "METHOD_NOT_ALLOWED",
            400..500 => "INVALID_REQUEST",
            _ => "SERVER_UNAVAILABLE",
        }
    }
}

/// What is said of an error to whoever asks. What is wrong with a key tells of files, and of what
/// Vault or CredHub said: that is in the log.
pub(crate) fn told(error: &Error) -> String {
    match error.kind() {
        ErrorKind::Key | ErrorKind::Setting => {
            "the key of this connection cannot be used; the log of the broker says why".to_owned()
        }
        _ => error.to_string(),
    }
}

/// A diagnosis in one line.
pub(crate) fn header_of(entry: &Diagnosis) -> Option<HeaderValue> {
    let text = format!(
        "{} {}; {}: {}",
        entry.code, entry.cause, entry.setting, entry.fix
    );
    HeaderValue::from_str(&text).ok()
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (status, code) = match error.kind() {
            ErrorKind::Refused => (StatusCode::BAD_GATEWAY, "refused_by_salesforce"),
            ErrorKind::Response => (StatusCode::BAD_GATEWAY, "unexpected_reply"),
            ErrorKind::Transport => (StatusCode::GATEWAY_TIMEOUT, "salesforce_unreachable"),
            ErrorKind::Withheld => (StatusCode::SERVICE_UNAVAILABLE, "login_withheld"),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "broken_connection"),
        };
        let advice = match error.cause() {
            Some(LocalCause::StrangeInstance) => {
                "; if it is a host of your own, name it in instance_hosts of the connection"
            }
            _ => "",
        };
        let mut this = Self::new(status, code, format!("{}{advice}", told(&error)));
        this.diagnosis = error.refusal().and_then(Diagnosis::of);
        this.retry_after = error.retry_after();
        this
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_key_is_not_told_to_callers() {
        let source = std::io::Error::other("permission denied: s.TOKEN");
        for error in [
            Error::key("vault said: permission denied, /var/keys/server.key").with_source(source),
            Error::setting("CREDHUB_API is /var/keys"),
        ] {
            let failure = Failure::from(error);
            assert_eq!(failure.status, StatusCode::INTERNAL_SERVER_ERROR);
            let told = failure.document().to_string();
            for part in ["/var/keys", "vault", "s.TOKEN", "CREDHUB"] {
                assert!(!told.contains(part), "{told}");
            }
            assert!(told.contains("the key of this connection"), "{told}");
        }
        let told = Failure::from(Error::transport("no route")).document();
        assert!(told.to_string().contains("no route"));
    }
}
