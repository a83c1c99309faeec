//! Where spans go and under which name, as the environment says it (OpenTelemetry's specification
//! of the OTLP exporter).
//!
//! Owns the reading of the variables. Invariant: what stands in a header is in no message.

use accredit::error::Error;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};

use crate::env_vars::OTLP_ENDPOINT;
use crate::env_vars::{OTEL_RESOURCE_ATTRIBUTES, OTEL_SERVICE_NAME, OTLP_HEADERS, OTLP_PROTOCOL};
use crate::error::CliError;
use crate::settings::{Environment, Flag, Origin, Picker};

/// What is added to a URL that is meant for all kinds of telemetry.
const TRACES_PATH: &str = "/v1/traces";

/// What the environment wants spans to be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// What is sent.
    Json,
    /// What the same servers take at the same URL.
    Protobuf,
}

/// Where to send spans, and as whose.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) endpoint: Uri,
    /// Each value is marked as sensitive.
    pub(super) headers: HeaderMap,
    /// `service.name` and what else there is, in their order.
    pub(super) resource: Vec<(String, String)>,
    pub(super) wanted: Encoding,
}

impl Settings {
    /// Reads what the environment says. Some variable names a collector.
    pub(super) fn read(environment: &dyn Environment) -> Result<Self, CliError> {
        let mut picker = Picker::new(environment);
        let none = Flag::new("", None);
        let found = picker.find(none, &OTLP_ENDPOINT);
        let endpoint = found.and_then(|mut found| {
            if found.origin != Origin::Environment(OTLP_ENDPOINT.name) {
                found.text = format!("{}{TRACES_PATH}", found.text.trim_end_matches('/'));
            }
            picker.read(&found, endpoint)
        });
        let headers = picker.optional(none, &OTLP_HEADERS, headers);
        let wanted = picker.optional(none, &OTLP_PROTOCOL, protocol);
        let name = picker.optional(none, &OTEL_SERVICE_NAME, |text| Ok(text.to_owned()));
        let others = picker.optional(none, &OTEL_RESOURCE_ATTRIBUTES, |text| {
            pairs(text).ok_or_else(|| Error::setting("expected NAME=VALUE,NAME=VALUE"))
        });
        let others = others.map_or_else(Vec::new, |found| found.value);
        let settings = endpoint.map(|endpoint| Self {
            endpoint: endpoint.value,
            headers: headers.map(|found| found.value).unwrap_or_default(),
            resource: resource(name.map(|found| found.value), others),
            wanted: wanted.map_or(Encoding::Json, |found| found.value),
        });
        picker.finish(settings)
    }
}

/// The name of the service goes before a name among the other attributes.
fn resource(name: Option<String>, others: Vec<(String, String)>) -> Vec<(String, String)> {
    let has_name = name.is_none() && others.iter().any(|(key, _)| key == "service.name");
    let own = (!has_name).then(|| name.unwrap_or_else(|| "accredit".to_owned()));
    let mut all: Vec<_> = own
        .map(|name| ("service.name".to_owned(), name))
        .into_iter()
        .collect();
    let is_new = |key: &String| has_name || key != "service.name";
    all.extend(others.into_iter().filter(|(key, _)| is_new(key)));
    if !all.iter().any(|(key, _)| key == "service.version") {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        all.push(("service.version".to_owned(), version));
    }
    all
}

fn endpoint(text: &str) -> Result<Uri, Error> {
    let wrong = |what: &str| {
        Error::setting(format!(
            "the collector's URL {what}, expected one like http://127.0.0.1:4318"
        ))
    };
    let uri: Uri = text.parse().map_err(|_| wrong("is none"))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(wrong("is of neither http nor https"));
    }
    match uri.authority() {
        Some(authority) if authority.as_str().contains('@') => Err(wrong(
            "names a user, whose password belongs into OTEL_EXPORTER_OTLP_HEADERS",
        )),
        _ => Ok(uri),
    }
}

fn headers(text: &str) -> Result<HeaderMap, Error> {
    let wrong = || Error::setting("these are no headers, expected NAME=VALUE,NAME=VALUE");
    let mut headers = HeaderMap::new();
    for (name, value) in pairs(text).ok_or_else(wrong)? {
        let name: HeaderName = name.parse().map_err(|_| wrong())?;
        let mut value: HeaderValue = value.parse().map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

fn protocol(text: &str) -> Result<Encoding, Error> {
    match text.trim() {
        "http/json" => Ok(Encoding::Json),
        "http/protobuf" => Ok(Encoding::Protobuf),
        other => Err(Error::setting(format!(
            "spans cannot be sent by {other:?}, expected http/json at the collector's port for \
             HTTP (usually 4318)"
        ))),
    }
}

/// `NAME=VALUE,NAME=VALUE` with `%` and two digits for what would not fit in (W3C Baggage).
fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    text.split(',')
        .filter(|pair| !pair.trim().is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=')?;
            let name = name.trim();
            (!name.is_empty()).then_some((name.to_owned(), decoded(value.trim())?))
        })
        .collect()
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digits = str::from_utf8(digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_and_never_shown() {
        let read = headers("Authorization=Bearer%20s3cret, x-team = a=b,").unwrap();
        assert_eq!(read["authorization"], "Bearer s3cret");
        assert_eq!(read["x-team"], "a=b");
        assert!(!format!("{read:?}").contains("s3cret"));
        for wrong in [
            "s3cret",
            "=s3cret",
            "a=%zzs3cret",
            "a=s3cret%0a",
            "a b=s3cret",
        ] {
            let error = headers(wrong).unwrap_err().to_string();
            assert!(!error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn a_collector_is_reached_by_http_and_its_url_holds_no_password() {
        endpoint("https://collector.example/v1/traces").unwrap();
        for wrong in [
            "collector:4318",
            "grpc://a:4317",
            "http://me:s3cret@a:4318/",
            "",
        ] {
            let error = endpoint(wrong).unwrap_err().to_string();
            assert!(!error.contains("s3cret"), "{error}");
        }
        assert_eq!(protocol("http/json").unwrap(), Encoding::Json);
        assert_eq!(protocol("http/protobuf").unwrap(), Encoding::Protobuf);
        protocol("grpc").unwrap_err();
    }

    #[test]
    fn the_name_of_the_service_has_a_variable_that_goes_first() {
        let others = || pairs("service.name=b,deployment.environment.name=test").unwrap();
        let named = |name: Option<&str>, others| {
            let all = resource(name.map(str::to_owned), others);
            let names = all.into_iter().filter(|(key, _)| key == "service.name");
            names.map(|(_, value)| value).collect::<Vec<_>>()
        };
        assert_eq!(named(Some("a"), others()), ["a"]);
        assert_eq!(named(None, others()), ["b"]);
        assert_eq!(named(None, Vec::new()), ["accredit"]);
    }
}
