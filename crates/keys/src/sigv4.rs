//! Signature Version 4, with which requests to AWS are signed.
//!
//! Owns the canonical form of a request and the chain of keys. Only what KMS needs: a POST to a
//! path without a query. The secret is used, never sent.

use accredit::clock::UnixTime;
use accredit::error::Error;
use accredit::secret::{Secret, hex};
use aws_lc_rs::{digest, hmac};
use der::DateTime;
use http::{HeaderValue, Request};
use std::time::Duration;

/// Who asks.
pub(crate) struct Credentials {
    pub(crate) id: String,
    pub(crate) secret: Secret<String>,
    pub(crate) session: Option<Secret<String>>,
}

/// Where and when a signature counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'a> {
    pub(crate) region: &'a str,
    pub(crate) service: &'a str,
    pub(crate) now: UnixTime,
}

/// Adds `x-amz-date`, the session's token and `authorization` to `request`.
pub(crate) fn sign(
    mut request: Request<Vec<u8>>,
    credentials: &Credentials,
    scope: Scope<'_>,
) -> Result<Request<Vec<u8>>, Error> {
    let wrong = || Error::setting("the credentials or the address of AWS cannot be sent");
    let moment = DateTime::from_unix_duration(Duration::from_secs(scope.now.as_secs()))
        .map_err(|_| Error::setting("the clock shows no year that AWS knows"))?
        .to_string()
        .replace(['-', ':'], "");
    let day = moment.get(..8).unwrap_or_default();
    let value = |text: &str| HeaderValue::from_str(text).map_err(|_| wrong());
    let host = request.uri().authority().ok_or_else(wrong)?.to_string();
    let headers = request.headers_mut();
    headers.insert("host", value(&host)?);
    headers.insert("x-amz-date", value(&moment)?);
    if let Some(session) = &credentials.session {
        let mut token = value(session.expose())?;
        token.set_sensitive(true);
        headers.insert("x-amz-security-token", token);
    }
    let (canonical, names) = canonical(&request);
    let Scope {
        region, service, ..
    } = scope;
    let place = format!("{day}/{region}/{service}/aws4_request");
    let text = format!(
        "AWS4-HMAC-SHA256\n{moment}\n{place}\n{}",
        sha256(canonical.as_bytes())
    );
    let start = Secret::new(format!("AWS4{}", credentials.secret.expose()));
    let key = [day, region, service, "aws4_request"].iter().fold(
        hmac::Key::new(hmac::HMAC_SHA256, start.expose().as_bytes()),
        |key, part| {
            let next = hmac::sign(&key, part.as_bytes());
            hmac::Key::new(hmac::HMAC_SHA256, next.as_ref())
        },
    );
    let signature = hex(hmac::sign(&key, text.as_bytes()).as_ref());
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/{place}, SignedHeaders={names}, Signature={signature}",
        credentials.id
    );
    request
        .headers_mut()
        .insert("authorization", value(&authorization)?);
    Ok(request)
}

/// The request as it is signed, and the names of the headers that count.
fn canonical(request: &Request<Vec<u8>>) -> (String, String) {
    let mut headers: Vec<(&str, &str)> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default().trim()))
        .collect();
    headers.sort_unstable();
    let lines: String = headers
        .iter()
        .map(|(name, value)| format!("{name}:{value}\n"))
        .collect();
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let canonical = format!(
        "{}\n{}\n\n{lines}\n{names}\n{}",
        request.method(),
        request.uri().path(),
        sha256(request.body())
    );
    (canonical, names)
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example `post-vanilla` of AWS's own test suite for signatures.
    #[test]
    fn a_signature_is_that_of_the_published_example() {
        let credentials = Credentials {
            id: "AKIDEXAMPLE".to_owned(),
            secret: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned()),
            session: None,
        };
        let scope = Scope {
            region: "us-east-1",
            service: "service",
            now: UnixTime::from_secs(1_440_938_160),
        };
        let request = Request::post("https://example.amazonaws.com/")
            .body(Vec::new())
            .unwrap();
        let signed = sign(request, &credentials, scope).unwrap();
        assert_eq!(signed.headers()["x-amz-date"], "20150830T123600Z");
        assert_eq!(
            signed.headers()["authorization"],
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, \
             Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
        );
    }
}
