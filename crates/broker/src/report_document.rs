//! `--show-assertion`: one exchange as a sorted, compact JSON object of five members.
//!
//! Owns its layout and the masks: without `--reveal` no member holds a token, a signature or a
//! cookie.

use std::collections::BTreeMap;

use accredit::source::Exchange;
use http::HeaderMap;
use serde_json::{Map, Value};

/// Whether secrets stand in the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// They are masked.
    Masked,
    /// They are shown.
    Revealed,
}

/// What stands in place of a secret.
const MASK: &str = "***";

/// Members of a reply that are no secrets. Any other is taken for one: what a server adds one day
/// is not known here.
const OPEN_MEMBERS: [&str; 15] = [
    "api_instance_url",
    "error",
    "error_description",
    "error_uri",
    "expires_in",
    "id",
    "instance_url",
    "issued_at",
    "scope",
    "sfdc_community_id",
    "sfdc_community_url",
    "sfdc_site_id",
    "sfdc_site_url",
    "token_format",
    "token_type",
];

/// Headers of a reply that are no secrets.
const OPEN_HEADERS: [&str; 32] = [
    "age",
    "allow",
    "cache-control",
    "connection",
    "content-encoding",
    "content-language",
    "content-length",
    "content-security-policy",
    "content-type",
    "date",
    "etag",
    "expires",
    "keep-alive",
    "last-modified",
    "p3p",
    "permissions-policy",
    "pragma",
    "referrer-policy",
    "retry-after",
    "server",
    "sforce-limit-info",
    "strict-transport-security",
    "transfer-encoding",
    "vary",
    "via",
    "x-content-type-options",
    "x-frame-options",
    "x-request-id",
    "x-robots-tag",
    "x-sfdc-edge-cache",
    "x-sfdc-request-id",
    "x-xss-protection",
];

/// Writes the report: `claim`, `response_headers`, `response_text`, `signed_claim`,
/// `target_payload`.
#[must_use]
pub fn of(exchange: &Exchange, secrets: Secrets) -> Value {
    let claim = exchange.assertion.expose_signing_input();
    let signature = match secrets {
        Secrets::Masked => MASK,
        Secrets::Revealed => exchange.assertion.expose_signature(),
    };
    let members = [
        ("claim", Value::from(claim)),
        ("response_headers", headers(&exchange.headers, secrets)),
        ("response_text", body(exchange.body.expose(), secrets)),
        ("signed_claim", Value::from(signature)),
        ("target_payload", format!("{claim}.{signature}").into()),
    ];
    members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect::<Map<_, _>>()
        .into()
}

fn headers(headers: &HeaderMap, secrets: Secrets) -> Value {
    let mut sorted: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers {
        let is_secret = secrets == Secrets::Masked && !OPEN_HEADERS.contains(&name.as_str());
        let text = if is_secret {
            MASK.into()
        } else {
            String::from_utf8_lossy(value.as_bytes())
        };
        sorted
            .entry(title(name.as_str()))
            .and_modify(|all| {
                all.push_str(", ");
                all.push_str(&text);
            })
            .or_insert_with(|| text.into_owned());
    }
    sorted
        .into_iter()
        .map(|(name, value)| (name, Value::from(value)))
        .collect::<Map<_, _>>()
        .into()
}

/// `content-type` as people write it: `Content-Type`.
fn title(name: &str) -> String {
    name.split('-')
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase())
                .into_iter()
                .chain(letters)
                .collect::<String>()
        })
        .collect::<Vec<_>>()
        .join("-")
}

fn body(body: &[u8], secrets: Secrets) -> Value {
    match (serde_json::from_slice::<Value>(body), secrets) {
        (Ok(value), _) => sorted(value, secrets),
        (Err(_), Secrets::Revealed) => String::from_utf8_lossy(body).into(),
        // What cannot be read cannot be masked.
        (Err(_), Secrets::Masked) => format!("{} bytes that are not JSON", body.len()).into(),
    }
}

fn sorted(value: Value, secrets: Secrets) -> Value {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<String, Value> = members.into_iter().collect();
            let members = members.into_iter().map(|(name, value)| {
                let is_open = secrets == Secrets::Revealed || OPEN_MEMBERS.contains(&name.as_str());
                let value = match value {
                    value if !is_open => mask(&value),
                    value @ (Value::Object(_) | Value::Array(_)) => sorted(value, secrets),
                    plain => plain,
                };
                (name, value)
            });
            members.collect::<Map<_, _>>().into()
        }
        Value::Array(values) => values
            .into_iter()
            .map(|value| sorted(value, secrets))
            .collect(),
        other if secrets == Secrets::Revealed => other,
        // It has no name that says what it is.
        other => mask(&other),
    }
}

/// Salesforce's tokens begin with the org id, which is no secret and tells orgs apart.
fn mask(value: &Value) -> Value {
    let org = value
        .as_str()
        .and_then(|text| text.split_once('!'))
        .map(|(org, _)| org)
        .filter(|org| org.starts_with("00D") && org.len() <= 18);
    match org {
        Some(org) => format!("{org}!{MASK}").into(),
        None => MASK.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPLY: &str =
        r#"{"token_type":"Bearer","scope":"api","access_token":"00D2E000000ncKP!AQ4AQGLa"}"#;

    #[test]
    fn the_reply_is_sorted_and_the_token_masked() {
        assert_eq!(
            body(REPLY.as_bytes(), Secrets::Masked).to_string(),
            r#"{"access_token":"00D2E000000ncKP!***","scope":"api","token_type":"Bearer"}"#
        );
        let revealed = body(REPLY.as_bytes(), Secrets::Revealed).to_string();
        assert!(revealed.contains("AQ4AQGLa"));
    }

    #[test]
    fn a_broken_reply_is_not_shown_as_it_may_hold_a_token() {
        let shown = body(&REPLY.as_bytes()[..78], Secrets::Masked).to_string();
        assert_eq!(shown, r#""78 bytes that are not JSON""#);
    }

    #[test]
    fn a_member_that_is_not_known_is_taken_for_a_secret() {
        let reply = r#"{"instance_url":"https://a.my.salesforce.com","lightning_sid":"x1","csrf_token":"x2","more":{"scope":"x3"},"error_description":"no","issued_at":7}"#;
        assert_eq!(
            body(reply.as_bytes(), Secrets::Masked).to_string(),
            concat!(
                r#"{"csrf_token":"***","error_description":"no","#,
                r#""instance_url":"https://a.my.salesforce.com","issued_at":7,"#,
                r#""lightning_sid":"***","more":"***"}"#
            )
        );
        assert_eq!(body(br#""x1""#, Secrets::Masked).to_string(), r#""***""#);
        assert_eq!(
            body(br#"["x1",{"id":"b"}]"#, Secrets::Masked).to_string(),
            r#"["***",{"id":"b"}]"#
        );
    }

    #[test]
    fn headers_are_joined_titled_and_sorted_and_cookies_masked() {
        let mut all = HeaderMap::new();
        all.append("x-xss-protection", "1; mode=block".parse().unwrap());
        all.append("set-cookie", "BrowserId=a".parse().unwrap());
        all.append("cache-control", "no-cache".parse().unwrap());
        all.append("cache-control", "no-store".parse().unwrap());
        all.append("x-new-session", "a".parse().unwrap());
        assert_eq!(
            headers(&all, Secrets::Masked).to_string(),
            concat!(
                r#"{"Cache-Control":"no-cache, no-store","Set-Cookie":"***","#,
                r#""X-New-Session":"***","X-Xss-Protection":"1; mode=block"}"#
            )
        );
    }
}
