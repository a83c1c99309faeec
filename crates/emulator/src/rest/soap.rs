//! SOAP, which this emulator does not speak: a fault says so.
//!
//! Owns the form of that fault. It is the one that SOAP clients show to their users.

use axum::body::to_bytes;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use super::wire::escaped;

/// The largest envelope that is looked at, in bytes. Of a longer one nothing is.
const BODY_MAX: usize = 256 * 1_024;

/// Answers every call with a fault. `login()` gets the words that Salesforce has for orgs that
/// refuse it.
pub(super) async fn refuse(request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_MAX).await.unwrap_or_default();
    let is_login = ["<login", ":login"].iter().any(|tag| {
        let mut places = body.windows(tag.len());
        places.any(|place| place == tag.as_bytes())
    });
    let (code, text) = if is_login {
        let text = "SOAP API login() is disabled in this org: this emulator signs in with the \
                    OAuth 2.0 JWT bearer flow at /services/oauth2/token.";
        ("INVALID_OPERATION", text.to_owned())
    } else {
        let path = crate::jws::printable(parts.uri.path());
        let text = format!(
            "This emulator does not serve SOAP at {path}: it serves the REST and Bulk APIs."
        );
        ("API_NOT_SUPPORTED", text)
    };
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope \
         xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:sf=\"urn:fault.partner.soap.sforce.com\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Body><soapenv:Fault>\
         <faultcode>sf:{code}</faultcode><faultstring>{code}: {text}</faultstring><detail>\
         <sf:ApiFault xsi:type=\"sf:ApiFault\"><sf:exceptionCode>{code}</sf:exceptionCode>\
         <sf:exceptionMessage>{text}</sf:exceptionMessage></sf:ApiFault></detail></soapenv:Fault>\
         </soapenv:Body></soapenv:Envelope>",
        text = escaped(&text),
    );
    let content_type = [(header::CONTENT_TYPE, "text/xml;charset=UTF-8")];
    (StatusCode::INTERNAL_SERVER_ERROR, content_type, body).into_response()
}
