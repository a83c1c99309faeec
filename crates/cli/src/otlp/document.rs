//! Spans in the JSON of OTLP: protobuf's mapping, but with ids in base 16 and enumerations as
//! numbers.
//!
//! Owns the names of OpenTelemetry. Numbers of 64 bits are texts, as protobuf has them in JSON.

use std::time::Duration;

use accredit::clock::UnixTime;
use serde_json::{Value, json};

use super::layer::Seen;

/// `SPAN_KIND_SERVER`.
const KIND_SERVER: u8 = 2;

/// `STATUS_CODE_ERROR`; without a code the status is unset.
const STATUS_ERROR: u8 = 2;

/// A request that was answered, or that was given up.
#[derive(Clone, Debug)]
pub(super) struct Span {
    /// 32 digits.
    pub(super) trace_id: String,
    /// 16 digits.
    pub(super) span_id: String,
    /// That of the caller, if it sent one.
    pub(super) parent_span_id: Option<String>,
    pub(super) began: UnixTime,
    pub(super) ended: UnixTime,
    pub(super) seen: Seen,
}

/// An `ExportTraceServiceRequest`.
pub(super) fn document(resource: &[(String, String)], spans: &[Span]) -> Value {
    let attributes = resource.iter().map(|(key, value)| text(key, value));
    json!({"resourceSpans": [{
        "resource": {"attributes": attributes.collect::<Vec<_>>()},
        "scopeSpans": [{
            "scope": {"name": "accredit_broker", "version": env!("CARGO_PKG_VERSION")},
            "spans": spans.iter().map(span).collect::<Vec<_>>(),
        }],
    }]})
}

fn span(span: &Span) -> Value {
    let seen = &span.seen;
    let known = [
        ("accredit.route", &seen.route),
        ("accredit.caller", &seen.caller),
        ("accredit.connection", &seen.connection),
    ];
    let known = known.into_iter().filter(|(_, value)| !value.is_empty());
    let mut attributes: Vec<Value> = known.map(|(key, value)| text(key, value)).collect();
    if let Some(status) = seen.status {
        let value = json!({"intValue": status.to_string()});
        attributes.push(json!({"key": "http.response.status_code", "value": value}));
    }
    let mut document = json!({
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "name": match seen.route.as_str() {
            "" => "request",
            route => route,
        },
        "kind": KIND_SERVER,
        "startTimeUnixNano": nanoseconds(span.began),
        // A clock that was set back does not make a span end before it began.
        "endTimeUnixNano": nanoseconds(span.ended.max(span.began)),
        "attributes": attributes,
        "status": match seen.status {
            Some(500..) => json!({"code": STATUS_ERROR}),
            _ => json!({}),
        },
    });
    if let (Some(parent), Value::Object(members)) = (&span.parent_span_id, &mut document) {
        members.insert("parentSpanId".to_owned(), json!(parent));
    }
    document
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

fn nanoseconds(moment: UnixTime) -> String {
    let span: Duration = moment.since(UnixTime::from_secs(0));
    span.as_nanos().to_string()
}
