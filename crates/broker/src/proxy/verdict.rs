//! What a 401 means: a session that is over, or one that may never do what was asked.
//!
//! Owns the words of Salesforce that mean "never" (fact sheet §0.12, §4.6). After those a new
//! session would be refused like the old one.

use bytes::Bytes;
use http::Response;
use http::header::CONTENT_LENGTH;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;

use super::headers;
use crate::answer::{Answer, AnswerBody};

/// The longest body of a 401 that is read, in bytes.
const BODY_MAX: usize = 64 * 1024;

/// Parts of answers that a new session would get too.
const FINAL: [&str; 3] = [
    "This session is not valid for use with the REST API",
    "Connected app is not attached to Agent",
    "INVALID_AUTH_HEADER",
];

/// Whether a new session may help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Dead,
    Final,
}

/// Reads a 401; it comes back as it goes to the client.
pub(super) async fn read(reply: Response<Incoming>) -> (Verdict, Answer) {
    let (mut parts, body) = reply.into_parts();
    headers::strip(&mut parts.headers);
    parts.extensions = http::Extensions::new();
    let body = match Limited::new(body, BODY_MAX).collect().await {
        Ok(whole) => whole.to_bytes(),
        Err(_) => {
            // A body that broke off, or that nobody would read.
            parts.headers.remove(CONTENT_LENGTH);
            Bytes::new()
        }
    };
    let verdict = of(&body);
    let body = Full::new(body).map_err(|never| match never {});
    (verdict, Response::from_parts(parts, AnswerBody::new(body)))
}

fn of(body: &[u8]) -> Verdict {
    let text = String::from_utf8_lossy(body);
    match FINAL.iter().any(|part| text.contains(part)) {
        true => Verdict::Final,
        false => Verdict::Dead,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_that_is_over_and_one_that_may_not_are_told_apart() {
        let over = r#"[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]"#;
        let never = r#"[{"message":"This session is not valid for use with the REST API","errorCode":"INVALID_SESSION_ID"}]"#;
        assert_eq!(of(over.as_bytes()), Verdict::Dead);
        assert_eq!(of(never.as_bytes()), Verdict::Final);
        assert_eq!(of(b"\xff"), Verdict::Dead);
    }
}
