//! Which headers pass, in which direction.
//!
//! Owns the lists. What `Connection` names goes before anything is added, so that nobody can have
//! our own header removed. A caller's credentials never pass, whatever they are called.

use accredit::secret::AccessToken;
use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use http::{HeaderMap, Response};
use hyper::body::Incoming;

use super::download;
use crate::answer::Answer;
use crate::failure::Failure;

/// Headers of one hop (RFC 9110 §7.6.1), in either direction.
const HOP_BY_HOP: [&str; 10] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
];

/// Headers of requests that do not pass: credentials, the way up to here, what the client library
/// writes itself, and other words for a method.
const REQUEST_ONLY: [&str; 17] = [
    "authorization",
    "cookie",
    "x-sfdc-session",
    "host",
    "content-length",
    "expect",
    "forwarded",
    "via",
    "origin",
    "referer",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
];

/// Headers of answers that do not pass: sessions of the browser, permissions for pages, echoes.
const ANSWER_ONLY: [&str; 7] = [
    "set-cookie",
    "set-cookie2",
    "clear-site-data",
    "authorization",
    "alt-svc",
    "server-timing",
    "public-key-pins",
];

/// The headers of a request as they go on.
pub(super) fn to_upstream(headers: &HeaderMap) -> HeaderMap {
    let named = named_by_connection(headers);
    let mut kept = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let text = name.as_str();
        // Some servers read an underscore as a hyphen.
        let is_odd = text.contains('_') || text.starts_with("accredit-");
        let is_ours = REQUEST_ONLY.contains(&text) || text.starts_with("sec-");
        if !is_odd && !is_ours && !is_hop(name, &named) {
            kept.append(name.clone(), value.clone());
        }
    }
    kept
}

/// Adds the one credential.
pub(super) fn authorize(headers: &mut HeaderMap, token: &AccessToken) -> Result<(), Failure> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose()))
        .map_err(|_| Failure::bad_request("the token cannot stand in a header"))?;
    value.set_sensitive(true);
    headers.insert(AUTHORIZATION, value);
    Ok(())
}

/// The answer as it goes back.
pub(super) fn to_client(reply: Response<Incoming>) -> Answer {
    let (mut parts, body) = reply.into_parts();
    strip(&mut parts.headers);
    parts.extensions = http::Extensions::new();
    Response::from_parts(parts, download::stream(body))
}

/// Says whether two headers speak of the length of an answer (RFC 9112 §6.3): then something on the
/// way may see another end of it than we do.
pub(super) fn has_two_lengths(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING) && headers.contains_key(CONTENT_LENGTH)
}

/// Takes out of the headers of an answer what does not go back.
pub(super) fn strip(headers: &mut HeaderMap) {
    if has_two_lengths(headers) {
        // The other one was read.
        headers.remove(CONTENT_LENGTH);
    }
    let named = named_by_connection(headers);
    let gone: Vec<HeaderName> = headers
        .keys()
        .filter(|name| {
            let text = name.as_str();
            ANSWER_ONLY.contains(&text)
                || text.starts_with("access-control-")
                || is_hop(name, &named)
        })
        .cloned()
        .collect();
    for name in gone {
        headers.remove(&name);
    }
}

fn is_hop(name: &HeaderName, named: &[String]) -> bool {
    HOP_BY_HOP.contains(&name.as_str()) || named.iter().any(|one| one == name.as_str())
}

/// What every `Connection` header names, in lower case.
fn named_by_connection(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn credentials_of_the_caller_never_pass_and_ours_is_never_removed() {
        let mut kept = to_upstream(&headers(&[
            ("Authorization", "Bearer a"),
            ("X-SFDC-Session", "b"),
            ("x_sfdc_session", "b"),
            ("Cookie", "sid=c"),
            ("Accredit-Key", "d"),
            ("Connection", "close, Authorization"),
            ("Connection", "x-own"),
            ("X-Own", "1"),
            ("Sforce-Auto-Assign", "TRUE"),
        ]));
        let token = AccessToken::new("00D!x".to_owned()).unwrap();
        authorize(&mut kept, &token).unwrap();
        let names: Vec<&str> = kept.keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["sforce-auto-assign", "authorization"]);
        assert_eq!(kept.get_all(AUTHORIZATION).iter().count(), 1);
    }

    #[test]
    fn no_session_and_no_permission_for_pages_comes_back() {
        let mut back = headers(&[
            ("Set-Cookie", "sid=1"),
            ("Set-Cookie", "BrowserId=x"),
            ("Access-Control-Allow-Origin", "*"),
            ("Connection", "X-Hop"),
            ("X-Hop", "1"),
            ("Location", "https://attacker.example/"),
        ]);
        strip(&mut back);
        let names: Vec<&str> = back.keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["location"]);
    }
}
