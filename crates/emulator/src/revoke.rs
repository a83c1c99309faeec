//! `/services/oauth2/revoke` (RFC 7009; fact sheet §4.4).

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode, header};

use crate::app::App;
use crate::form::Form;
use crate::mode::Mode;
use crate::oauth_reply::{self, Format};

/// Ends the session of a token, sent in a form body or in the query string.
pub(crate) async fn revoke(State(app): State<App>, headers: HeaderMap, form: Form) -> Response {
    let Some(token) = form.value("token").filter(|token| !token.is_empty()) else {
        return failed(
            &headers,
            "unsupported_token_type",
            "this token type is not supported",
        );
    };
    // RFC 7009 §2.2 answers 200 for a token that is no more; Salesforce does not.
    let is_revoked = app.directory().revoke(token);
    if !is_revoked && app.settings().mode == Mode::Salesforce {
        return failed(&headers, "invalid_token", "invalid token");
    }
    match form.value("callback").filter(|name| is_callback(name)) {
        Some(callback) => {
            let body = format!("{callback}({{}});");
            oauth_reply::reply(StatusCode::OK, "application/javascript;charset=UTF-8", body)
        }
        None => oauth_reply::reply(StatusCode::OK, oauth_reply::JSON, String::new()),
    }
}

/// Form-encoded, since clients parse it as a query string; JSON for those who ask for it.
fn failed(headers: &HeaderMap, error: &str, description: &str) -> Response {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    let format = match accept {
        Some(kinds) if kinds.contains("application/json") => Format::Json,
        _ => Format::UrlEncoded,
    };
    let members = [("error", error), ("error_description", description)];
    oauth_reply::document(StatusCode::BAD_REQUEST, format, &members)
}

/// Says whether a JSONP callback is a name and nothing more.
pub(crate) fn is_callback(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'.');
    !name.is_empty() && name.len() <= 128 && name.bytes().all(is_allowed)
}
