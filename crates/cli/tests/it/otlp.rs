//! The broker's spans at a collector: what arrives, and that nobody waits for it.

#[cfg(feature = "otlp")]
use std::{io::Read as _, net::TcpListener, thread};

#[cfg(feature = "otlp")]
use serde_json::{Value, json};

use crate::broker::Broker;
use crate::program::Program;
use crate::server::closed_url;
#[cfg(feature = "otlp")]
use crate::server::{Server, json as answer};

/// A request of the caller `default`, through a connection.
#[cfg(feature = "otlp")]
const FORWARDED: &str = "GET /v1/connections/prod/proxy/services/data/v65.0/limits?q=00Dprivate";

#[cfg(feature = "otlp")]
fn sending_to(url: &str) -> Program {
    Program::new().with("OTEL_EXPORTER_OTLP_ENDPOINT", url)
}

/// The spans of a request to a collector.
#[cfg(feature = "otlp")]
fn spans(request: &str) -> Vec<Value> {
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    let document: Value = serde_json::from_str(body).unwrap();
    let spans = &document["resourceSpans"][0]["scopeSpans"][0]["spans"];
    spans.as_array().unwrap().clone()
}

/// An attribute of a span or a resource.
#[cfg(feature = "otlp")]
fn attribute(of: &Value, key: &str) -> Value {
    let all = of["attributes"].as_array().unwrap();
    let found = all.iter().find(|one| one["key"] == key);
    found.map_or(Value::Null, |one| one["value"].clone())
}

#[cfg(feature = "otlp")]
#[test]
fn a_collector_gets_the_span_of_a_request_in_the_trace_of_its_caller() {
    let collector = Server::answering(|_| answer(200, "{}"));
    let program = sending_to(&collector.url)
        .with("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Basic%20s3cret")
        .with("OTEL_SERVICE_NAME", "sales broker")
        .with(
            "OTEL_RESOURCE_ATTRIBUTES",
            "deployment.environment.name=test",
        );
    let broker = Broker::start_in(program, "");
    let traceparent = |flags| {
        format!("traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-{flags}\r\n")
    };
    assert_eq!(broker.ask("GET /healthz", &traceparent("00")).status, 200);
    assert_eq!(broker.ask(FORWARDED, &traceparent("01")).status, 200);
    let stderr = broker.served.stop().stderr;
    let request = collector.request();
    assert!(
        request.starts_with("POST /v1/traces HTTP/1.1\r\n"),
        "{request}"
    );
    let lower = request.to_ascii_lowercase();
    assert!(
        lower.contains("\r\nauthorization: basic s3cret\r\n"),
        "{lower}"
    );
    assert!(
        lower.contains("\r\ncontent-type: application/json\r\n"),
        "{lower}"
    );
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    let resource =
        serde_json::from_str::<Value>(body).unwrap()["resourceSpans"][0]["resource"].take();
    assert_eq!(
        attribute(&resource, "service.name")["stringValue"],
        "sales broker"
    );
    assert_eq!(
        attribute(&resource, "deployment.environment.name")["stringValue"],
        "test"
    );
    // Of the first, whose caller keeps no trace, nothing is sent.
    let [span] = &spans(&request)[..] else {
        panic!("{request}");
    };
    assert_eq!(span["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(span["parentSpanId"], "00f067aa0ba902b7");
    assert_ne!(span["spanId"], span["parentSpanId"]);
    assert_eq!((&span["name"], &span["kind"]), (&json!("proxy"), &json!(2)));
    assert_eq!(
        attribute(span, "accredit.connection")["stringValue"],
        "prod"
    );
    assert_eq!(
        attribute(span, "http.response.status_code")["intValue"],
        "200"
    );
    let nanoseconds = |name: &str| span[name].as_str().unwrap().parse::<u64>().unwrap();
    assert!(nanoseconds("endTimeUnixNano") > nanoseconds("startTimeUnixNano"));
    for secret in ["00Dcanary", "00Dprivate", "3MVG9", "s3cret"] {
        assert!(!body.contains(secret), "{secret} in {body}");
        assert!(!stderr.contains(secret), "{secret} in {stderr}");
    }
}

#[cfg(feature = "otlp")]
#[test]
fn requests_without_a_trace_begin_one_each() {
    let collector = Server::answering(|_| answer(200, "{}"));
    // The log filters for itself: what it leaves out is sent all the same.
    let broker = Broker::start_in(sending_to(&collector.url).with("ACCREDIT_LOG", "error"), "");
    for _ in 0..3 {
        broker.ask("GET /healthz", "traceparent: 00-nonsense\r\n");
    }
    broker
        .salesforce
        .answer("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(broker.ask(FORWARDED, "").status, 500);
    let stopped = broker.served.stop();
    assert_eq!((stopped.code, stopped.stderr.as_str()), (0, ""));
    let mut all = spans(&collector.request());
    while all.len() < 4 {
        all.extend(spans(&collector.request()));
    }
    let ids: std::collections::HashSet<_> = all
        .iter()
        .map(|span| span["traceId"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 4, "{all:?}");
    assert!(all.iter().all(|span| span["parentSpanId"].is_null()));
    let codes: Vec<_> = all
        .iter()
        .map(|span| span["status"]["code"].clone())
        .collect();
    assert_eq!(codes, [Value::Null, Value::Null, Value::Null, json!(2)]);
}

#[cfg(feature = "otlp")]
#[test]
fn neither_a_request_nor_the_end_waits_for_a_collector_that_does_not_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let collector = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // Reads until the process is gone.
        stream.read_to_end(&mut Vec::new())
    });
    let broker = Broker::start_in(sending_to(&url), "");
    for _ in 0..10 {
        assert_eq!(broker.ask("GET /healthz", "").status, 200);
    }
    let stopped = broker.served.stop();
    assert_eq!(stopped.code, 0);
    assert!(
        stopped.stderr.contains("the last spans are lost"),
        "{}",
        stopped.stderr
    );
    let _read = collector.join().unwrap();
}

#[cfg(feature = "otlp")]
#[test]
fn a_collector_that_is_not_there_is_told_of_and_harms_nothing() {
    let broker = Broker::start_in(sending_to(&closed_url()), "");
    assert_eq!(broker.ask(FORWARDED, "").status, 200);
    let stopped = broker.served.stop();
    assert_eq!(stopped.code, 0);
    assert!(
        stopped.stderr.contains("spans are lost: the collector"),
        "{}",
        stopped.stderr
    );
}

#[cfg(feature = "otlp")]
#[test]
fn settings_that_cannot_be_followed_are_refused_without_their_secrets() {
    let (url, headers) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS");
    for (name, value) in [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        (headers, "s3cret"),
        (url, "http://me:s3cret@127.0.0.1:4318"),
    ] {
        let program = Program::signing_in_at("http://127.0.0.1:9")
            .with(url, "http://127.0.0.1:4318")
            .with(name, value);
        let run = program.line("serve --listen 127.0.0.1:0");
        assert_eq!(run.code, 3, "{run:?}");
        assert!(
            run.stderr.contains(name) && !run.stderr.contains("s3cret"),
            "{run:?}"
        );
    }
}

#[cfg(not(feature = "otlp"))]
#[test]
fn a_build_that_sends_no_spans_says_so_to_whoever_expects_them() {
    let said = |disabled: &str| {
        let program = Program::new()
            .with("OTEL_EXPORTER_OTLP_ENDPOINT", &closed_url())
            .with("OTEL_SDK_DISABLED", disabled);
        let broker = Broker::start_in(program, "");
        broker.served.stop().stderr
    };
    let told = said("");
    assert_eq!(
        told.matches("OTEL_EXPORTER_OTLP_ENDPOINT is set").count(),
        1,
        "{told}"
    );
    assert_eq!(said("true"), "");
}
