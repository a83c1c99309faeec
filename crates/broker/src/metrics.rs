//! Numbers for Prometheus.
//!
//! Owns counters and their text form (exposition format 0.0.4). Labels come from closed sets: names
//! of routes, classes of statuses, configured connections.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use accredit::clock::UnixTime;
use accredit::diagnosis::Diagnosis;
use http::StatusCode;

use crate::session::Standing;
use crate::setup::{Connection, Setup};

const ROUTES: [&str; 10] = [
    "report", "health", "ready", "metrics", "openapi", "token", "refresh", "proxy", "stand_in",
    "unknown",
];

const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Upper ends of the buckets of the histogram, in microseconds and as text in seconds.
const BUCKETS: [(u64, &str); 10] = [
    (500, "0.0005"),
    (1_000, "0.001"),
    (5_000, "0.005"),
    (10_000, "0.01"),
    (50_000, "0.05"),
    (100_000, "0.1"),
    (500_000, "0.5"),
    (1_000_000, "1"),
    (5_000_000, "5"),
    (30_000_000, "30"),
];

/// Everything that is counted.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    answers: [[AtomicU64; 5]; 10],
    buckets: [[AtomicU64; 10]; 10],
    micros: [AtomicU64; 10],
    upstream: [AtomicU64; 5],
    upstream_failures: AtomicU64,
    replays: AtomicU64,
}

impl Metrics {
    /// Counts an answer of a route, and how long it took to begin.
    pub(crate) fn answered(&self, route: &str, status: StatusCode, span: Duration) {
        let Some(at) = ROUTES.iter().position(|name| *name == route) else {
            return;
        };
        let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        if let Some(counter) = self
            .answers
            .get(at)
            .and_then(|row| row.get(class_of(status)))
        {
            add(counter, 1);
        }
        let bucket = BUCKETS.iter().position(|(end, _)| micros <= *end);
        let counter = bucket.and_then(|bucket| self.buckets.get(at)?.get(bucket));
        if let Some(counter) = counter {
            add(counter, 1);
        }
        if let Some(sum) = self.micros.get(at) {
            add(sum, micros);
        }
    }

    /// Counts an answer of Salesforce's REST API.
    pub(crate) fn upstream(&self, status: StatusCode) {
        if let Some(counter) = self.upstream.get(class_of(status)) {
            add(counter, 1);
        }
    }

    /// Counts a forwarded request that got no answer.
    pub(crate) fn upstream_failed(&self) {
        add(&self.upstream_failures, 1);
    }

    /// Counts a request that was sent a second time with a new token.
    pub(crate) fn replayed(&self) {
        add(&self.replays, 1);
    }

    /// The whole page.
    pub(crate) fn page(&self, setup: &Setup, now: UnixTime) -> String {
        let mut page = String::with_capacity(8 * 1024);
        // Writing into a text cannot fail.
        let _written = self.write_answers(&mut page);
        let _written = self.write_upstream(&mut page);
        let _written = write_connections(&mut page, setup, now);
        page
    }

    fn write_answers(&self, page: &mut String) -> std::fmt::Result {
        head(
            page,
            "accredit_requests_total",
            "counter",
            "Answered requests.",
        )?;
        for (route, row) in ROUTES.iter().zip(&self.answers) {
            for (class, counter) in CLASSES.iter().zip(row) {
                let count = read(counter);
                if count > 0 {
                    writeln!(
                        page,
                        "accredit_requests_total{{route=\"{route}\",status=\"{class}\"}} {count}"
                    )?;
                }
            }
        }
        let name = "accredit_request_seconds";
        head(page, name, "histogram", "Time until an answer began.")?;
        let rows = self.answers.iter().zip(&self.buckets).zip(&self.micros);
        for (route, ((answers, buckets), micros)) in ROUTES.iter().zip(rows) {
            let count: u64 = answers.iter().map(read).sum();
            if count == 0 {
                continue;
            }
            let mut below = 0;
            for ((_, end), counter) in BUCKETS.iter().zip(buckets) {
                below += read(counter);
                writeln!(
                    page,
                    "{name}_bucket{{route=\"{route}\",le=\"{end}\"}} {below}"
                )?;
            }
            writeln!(
                page,
                "{name}_bucket{{route=\"{route}\",le=\"+Inf\"}} {count}"
            )?;
            let (seconds, rest) = (read(micros) / 1_000_000, read(micros) % 1_000_000);
            writeln!(page, "{name}_sum{{route=\"{route}\"}} {seconds}.{rest:06}")?;
            writeln!(page, "{name}_count{{route=\"{route}\"}} {count}")?;
        }
        Ok(())
    }

    fn write_upstream(&self, page: &mut String) -> std::fmt::Result {
        let name = "accredit_upstream_responses_total";
        head(
            page,
            name,
            "counter",
            "Answers of Salesforce to forwarded requests.",
        )?;
        for (class, counter) in CLASSES.iter().zip(&self.upstream) {
            writeln!(page, "{name}{{status=\"{class}\"}} {}", read(counter))?;
        }
        let name = "accredit_upstream_failures_total";
        head(
            page,
            name,
            "counter",
            "Forwarded requests without an answer.",
        )?;
        writeln!(page, "{name} {}", read(&self.upstream_failures))?;
        let name = "accredit_replays_total";
        head(
            page,
            name,
            "counter",
            "Requests sent again with a new token.",
        )?;
        writeln!(page, "{name} {}", read(&self.replays))
    }
}

/// Name, kind and meaning of a number that each connection has, and how it is read.
struct Gauge {
    name: &'static str,
    kind: &'static str,
    about: &'static str,
    read: fn(&Known<'_>) -> Vec<(String, u64)>,
}

/// What is known of a connection's own user.
struct Known<'a> {
    now: UnixTime,
    connection: &'a Connection,
    standing: Standing,
}

const GAUGES: [Gauge; 7] = [
    Gauge {
        name: "accredit_token_requests_total",
        kind: "counter",
        about: "Token requests by outcome.",
        read: |known| {
            let standing = &known.standing;
            let outcome = |name: &str, count| (format!(",outcome=\"{name}\""), count);
            vec![
                outcome("granted", standing.tally.granted),
                outcome("refused", standing.tally.refused),
                outcome("failed", standing.tally.failed),
            ]
        },
    },
    Gauge {
        name: "accredit_token_age_seconds",
        kind: "gauge",
        about: "Age of the token that is held.",
        read: |known| {
            let token = known.standing.token.as_ref();
            plain(token.map(|token| known.now.since(token.issued_at).as_secs()))
        },
    },
    Gauge {
        name: "accredit_token_expires_seconds",
        kind: "gauge",
        about: "Time until the token ends.",
        read: |known| {
            let token = known.standing.token.as_ref();
            plain(token.map(|token| token.expiry.at().since(known.now).as_secs()))
        },
    },
    Gauge {
        name: "accredit_logins_left",
        kind: "gauge",
        about: "Token requests that the budget allows now.",
        read: |known| plain(Some(known.standing.logins_left())),
    },
    Gauge {
        name: "accredit_certificate_days_left",
        kind: "gauge",
        about: "Whole days until the certificate ends.",
        read: |known| {
            let ends = known.connection.key.certificate_ends;
            plain(ends.map(|ends| ends.since(known.now).as_secs() / 86_400))
        },
    },
    Gauge {
        name: "accredit_last_failure_seconds",
        kind: "gauge",
        about: "Age of a failure without success since.",
        read: |known| {
            let failure = known.standing.failure.as_ref();
            plain(failure.map(|(at, _)| known.now.since(*at).as_secs()))
        },
    },
    Gauge {
        name: "accredit_last_refusal",
        kind: "gauge",
        about: "Diagnosis of a refusal without success since.",
        read: |known| {
            let failure = known.standing.failure.as_ref();
            let refusal = failure.and_then(|(_, error)| error.refusal());
            let entry = refusal.and_then(Diagnosis::of);
            entry
                .map(|entry| (format!(",code=\"{}\"", entry.code), 1))
                .into_iter()
                .collect()
        },
    },
];

fn plain(value: Option<u64>) -> Vec<(String, u64)> {
    value
        .map(|value| (String::new(), value))
        .into_iter()
        .collect()
}

fn write_connections(page: &mut String, setup: &Setup, now: UnixTime) -> std::fmt::Result {
    let connections = setup.connections.iter();
    let known = connections.filter_map(|(label, connection)| {
        let standing = connection.own()?.standing(now);
        let known = Known {
            now,
            connection,
            standing,
        };
        Some((label, known))
    });
    let known: Vec<_> = known.collect();
    for gauge in GAUGES {
        let name = gauge.name;
        head(page, name, gauge.kind, gauge.about)?;
        for (label, known) in &known {
            for (more, value) in (gauge.read)(known) {
                writeln!(page, "{name}{{connection=\"{label}\"{more}}} {value}")?;
            }
        }
    }
    Ok(())
}

fn head(page: &mut String, name: &str, kind: &str, about: &str) -> std::fmt::Result {
    writeln!(page, "# HELP {name} {about}")?;
    writeln!(page, "# TYPE {name} {kind}")
}

fn class_of(status: StatusCode) -> usize {
    usize::from(status.as_u16() / 100).clamp(1, 5) - 1
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
