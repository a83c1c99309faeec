use super::*;
use crate::error::ErrorKind;

const NOW: UnixTime = UnixTime::from_secs(1_795_219_200);

fn endpoint() -> TokenEndpoint {
    let login_url = LoginUrl::parse("https://login.salesforce.com").unwrap();
    TokenEndpoint::new(login_url, None).unwrap()
}

fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> Response<Vec<u8>> {
    let mut reply = Response::builder().status(status);
    for (name, value) in headers {
        reply = reply.header(*name, *value);
    }
    reply.body(body.as_bytes().to_vec()).unwrap()
}

const GRANTED: &str = r#"{"access_token":"00D5g000004XyZa!AQ4AQ","scope":"web api",
    "instance_url":"https://acme.my.salesforce.com",
    "id":"https://login.salesforce.com/id/00D5g000004XyZaEAK/0055g00000AbCdEAAV",
    "token_type":"Bearer","api_instance_url":"https://api.salesforce.com"}"#;

#[test]
fn a_token_reply_is_read_whatever_its_content_type_says() {
    for kind in ["application/json;charset=UTF-8", "text/plain"] {
        let granted = endpoint().reply(&reply(200, &[("content-type", kind)], GRANTED), NOW);
        let granted = granted.unwrap();
        assert_eq!(
            granted.response.access_token.expose(),
            "00D5g000004XyZa!AQ4AQ"
        );
        assert_eq!(
            granted.instance_url.as_str(),
            "https://acme.my.salesforce.com"
        );
        assert_eq!(granted.response.scope.as_deref(), Some("web api"));
        assert_eq!(granted.response.expires_in, None);
        assert_eq!(granted.clock_offset, None);
    }
}

/// Status, header, body; then kind, whether transient, and a part of the message.
type Row = (
    u16,
    Option<(&'static str, &'static str)>,
    &'static str,
    ErrorKind,
    bool,
    &'static str,
);

const REFUSAL: &str = r#"{"error":"invalid_grant","error_description":"audience is invalid"}"#;
const RETRY: &str = r#"{"error":"unknown_error","error_description":"retry your request"}"#;
const RATE: &str = r#"{"error":"invalid_grant","error_description":"login rate exceeded"}"#;
const STOLEN: &str = r#"{"access_token":"00D!x","instance_url":"https://attacker.example"}"#;
const PAGE: Option<(&str, &str)> = Some(("content-type", "text/html"));
const WAIT: Option<(&str, &str)> = Some(("retry-after", "7"));
const AWAY: Option<(&str, &str)> = Some(("location", "https://attacker.example/x?token=1"));

#[rustfmt::skip]
const REPLIES: &[Row] = &[
    (400, None, REFUSAL, ErrorKind::Refused, false, "audience is invalid"),
    (401, None, REFUSAL, ErrorKind::Refused, false, "audience is invalid"),
    (400, None, RETRY, ErrorKind::Refused, true, "retry your request"),
    (400, None, "plain text", ErrorKind::Response, false, "answered 400 with a body"),
    (404, None, "<html>", ErrorKind::Response, false, "an HTML page"),
    (200, None, "", ErrorKind::Response, true, "an empty body"),
    (200, PAGE, "hello", ErrorKind::Response, true, "HTML page"),
    (200, None, "{\"access_token\":", ErrorKind::Response, true, "ends too early"),
    (200, None, STOLEN, ErrorKind::Response, false, "attacker.example"),
    (302, AWAY, "", ErrorKind::Response, false, "redirect to attacker.example"),
    (307, AWAY, "", ErrorKind::Response, false, "is not followed"),
    (503, WAIT, "<html>", ErrorKind::Response, true, "answered 503"),
    (429, None, "{}", ErrorKind::Response, true, "answered 429"),
    (408, None, "{}", ErrorKind::Response, true, "answered 408"),
    (420, None, REFUSAL, ErrorKind::Refused, true, "audience is invalid"),
    (400, None, RATE, ErrorKind::Refused, true, "login rate exceeded"),
];

#[test]
fn every_other_reply_is_told_apart() {
    for (status, header, body, kind, is_transient, part) in REPLIES {
        let reply = reply(*status, header.as_slice(), body);
        let error = endpoint().reply(&reply, NOW).unwrap_err();
        let found = (error.kind(), error.is_transient(), error.status());
        assert_eq!(
            found,
            (*kind, *is_transient, Some(*status)),
            "{status}: {error}"
        );
        assert!(
            error.to_string().contains(part),
            "{status} {body:?}: {error}"
        );
        assert!(!error.to_string().contains("token=1"), "{error}");
    }
}

#[test]
fn the_wait_that_a_server_asks_for_is_kept_in_bounds() {
    for (text, seconds) in [
        ("7", Some(7)),
        ("1000000000", Some(3600)),
        ("Sat, 21 Nov 2026 00:01:00 GMT", Some(60)),
        ("Fri, 20 Nov 2026 00:00:00 GMT", Some(0)),
        ("soon", None),
    ] {
        let now = http_date("Sat, 21 Nov 2026 00:00:00 GMT").unwrap();
        let error = endpoint()
            .reply(&reply(503, &[("retry-after", text)], ""), now)
            .unwrap_err();
        assert_eq!(
            error.retry_after(),
            seconds.map(Duration::from_secs),
            "{text}"
        );
        let date = ("date", "Sat, 21 Nov 2026 00:00:00 GMT");
        let wrong = now.saturating_add(Duration::from_secs(600));
        let dated = reply(503, &[("retry-after", text), date], "");
        let error = endpoint().reply(&dated, wrong).unwrap_err();
        assert_eq!(
            error.retry_after(),
            seconds.map(Duration::from_secs),
            "{text}"
        );
    }
}

#[test]
fn a_wrong_clock_shows_in_the_date_of_the_reply() {
    let date = "Sat, 21 Nov 2026 00:10:00 GMT";
    let server = http_date(date).unwrap();
    let ask = |ours: UnixTime| {
        endpoint()
            .reply(&reply(200, &[("date", date)], GRANTED), ours)
            .unwrap()
            .clock_offset
    };
    let span = Duration::from_secs(600);
    assert_eq!(
        ask(server.saturating_sub(span)),
        Some(ClockOffset::Behind(span))
    );
    assert_eq!(
        ask(server.saturating_add(span)),
        Some(ClockOffset::Ahead(span))
    );
    let near = ask(server.saturating_add(Duration::from_secs(29))).unwrap();
    assert!(!near.is_significant());
    assert_eq!(
        ask(server.saturating_add(Duration::from_secs(90_000))),
        None,
        "not believed"
    );
}

#[test]
fn dates_of_the_wire_are_read_to_the_second() {
    for (text, seconds) in [
        ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
        ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
        ("Thu, 29 Feb 2024 12:00:00 GMT", Some(1_709_208_000)),
        ("Fri, 01 Mar 2024 00:00:00 GMT", Some(1_709_251_200)),
        ("Sat, 21 Nov 2026 00:00:00 GMT", Some(1_795_219_200)),
        ("Sat, 21 Nov 2026 00:00:00", None),
        ("Sat, 41 Nov 2026 00:00:00 GMT", None),
        ("now", None),
    ] {
        assert_eq!(http_date(text), seconds.map(UnixTime::from_secs), "{text}");
    }
}
