//! The thread that sends spans to the collector, in batches.
//!
//! Owns the queue before it. Invariant: who adds a span never waits; a span that finds no room, or
//! that the collector does not take, is counted, and the log says how many there were.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use accredit::clock::{Clock, UnixTime};
use accredit::http::UreqClient;
use accredit::random::Random;
use accredit_broker::World;
use http::Request;
use http::header::CONTENT_TYPE;

use super::asked_by;
use super::document::{Span, document};
use super::layer::{Seen, hex, send_to};
use super::settings::{Encoding, Settings};
use crate::error::CliError;
use crate::output::Output;
use crate::settings::Environment;
use crate::settings::network::{Traffic, client_settings};

/// How many spans may wait to be sent.
const QUEUE_MAX: usize = 2_048;

/// How many are sent at once.
const BATCH_MAX: usize = 512;

/// How long the first span of a batch waits for others.
const BATCH_SPAN: Duration = Duration::from_secs(1);

/// How long the collector may take with a batch.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// How long the end of the process waits for spans to be sent.
const FINISH_MAX: Duration = Duration::from_secs(1);

/// Where spans wait, for the threads that answer requests.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    /// None once the process ends.
    spans: Arc<Mutex<Option<SyncSender<Span>>>>,
    lost: Arc<AtomicU64>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Queue {
    pub(super) fn now(&self) -> UnixTime {
        self.clock.now()
    }

    /// Adds a request that ends now, unless its caller keeps no trace of it.
    pub(super) fn add(&self, began: UnixTime, seen: Seen) {
        let Some(own) = self.draw() else {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let (trace_id, span_id) = own.split_at(32);
        let mut place = seen.traceparent.split('-').skip(1);
        let (trace_id, parent_span_id) = match (place.next(), place.next(), place.next()) {
            (Some(_), Some(_), Some(flags)) if !is_sampled(flags) => return,
            (Some(trace), Some(parent), _) => (trace.to_owned(), Some(parent.to_owned())),
            _ => (trace_id.to_owned(), None),
        };
        let span = Span {
            trace_id,
            span_id: span_id.to_owned(),
            parent_span_id,
            began,
            ended: self.now(),
            seen,
        };
        let spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        let is_taken = spans
            .as_ref()
            .is_some_and(|spans| spans.try_send(span).is_ok());
        if !is_taken {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The digits of a trace and a span.
    fn draw(&self) -> Option<String> {
        let mut bytes = [0; 24];
        self.random.fill(&mut bytes).ok()?;
        Some(hex(&bytes))
    }
}

/// The lowest bit of `trace-flags` (W3C Trace Context §3.2.2.5).
fn is_sampled(flags: &str) -> bool {
    u8::from_str_radix(flags, 16).is_ok_and(|flags| flags & 1 == 1)
}

/// Spans on their way, if they are sent at all.
#[derive(Debug)]
pub(crate) struct Exporting(Option<(Queue, Receiver<()>)>);

impl Exporting {
    /// Sends what is left, unless the collector is slow.
    pub(crate) fn finish(self) {
        let Some((queue, done)) = self.0 else {
            return;
        };
        let mut spans = queue.spans.lock().unwrap_or_else(PoisonError::into_inner);
        drop(spans.take());
        drop(spans);
        if done.recv_timeout(FINISH_MAX).is_err() {
            tracing::warn!("the last spans are lost: the collector takes too long");
        }
    }
}

/// Starts sending spans if the environment names a collector.
pub(crate) fn start(
    environment: &dyn Environment,
    world: &World,
    out: &mut Output,
) -> Result<Exporting, CliError> {
    if asked_by(environment).is_none() {
        return Ok(Exporting(None));
    }
    let settings = Settings::read(environment)?;
    if settings.wanted == Encoding::Protobuf {
        out.warn(
            "spans are sent as http/json, which collectors take where they take http/protobuf",
        );
    }
    let scheme = match settings.endpoint.scheme_str() {
        Some("https") => "https:",
        _ => "http:",
    };
    let mut how = client_settings(environment, None, Traffic::Tokens, scheme)?;
    how.total_timeout = how.total_timeout.min(ANSWER_MAX);
    let (sender, spans) = sync_channel(QUEUE_MAX);
    let (finished, done) = sync_channel(1);
    let lost = Arc::<AtomicU64>::default();
    let mut sending = Sending {
        settings,
        client: UreqClient::new(how),
        clock: Arc::clone(&world.clock),
        lost: Arc::clone(&lost),
        told: 0,
        has_failed: false,
    };
    let thread = thread::Builder::new().name("accredit-traces".to_owned());
    thread
        .spawn(move || {
            sending.send_all(&spans);
            let _nobody_waits = finished.send(());
        })
        .map_err(|error| CliError::other("no thread to send spans").with_source(error))?;
    let queue = Queue {
        spans: Arc::new(Mutex::new(Some(sender))),
        lost,
        clock: Arc::clone(&world.clock),
        random: Arc::clone(&world.random),
    };
    send_to(queue.clone());
    Ok(Exporting(Some((queue, done))))
}

/// What the thread has.
#[derive(Debug)]
struct Sending {
    settings: Settings,
    client: UreqClient,
    clock: Arc<dyn Clock>,
    lost: Arc<AtomicU64>,
    /// How many of the lost spans the log tells of.
    told: u64,
    has_failed: bool,
}

impl Sending {
    fn send_all(&mut self, spans: &Receiver<Span>) {
        while let Ok(first) = spans.recv() {
            let batch = self.gather(first, spans);
            self.send(&batch);
        }
    }

    fn gather(&self, first: Span, spans: &Receiver<Span>) -> Vec<Span> {
        let began = self.clock.now();
        let mut batch = vec![first];
        while batch.len() < BATCH_MAX {
            let left = BATCH_SPAN.saturating_sub(self.clock.now().since(began));
            let Ok(span) = spans.recv_timeout(left) else {
                break;
            };
            batch.push(span);
        }
        batch
    }

    fn send(&mut self, batch: &[Span]) {
        match self.post(batch) {
            Ok(()) => {
                self.has_failed = false;
                let lost = self.lost.load(Ordering::Relaxed);
                if lost > self.told {
                    tracing::warn!(lost = lost - self.told, "spans were lost before these");
                    self.told = lost;
                }
            }
            Err(why) => {
                let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
                self.lost.fetch_add(count, Ordering::Relaxed);
                if !self.has_failed {
                    self.has_failed = true;
                    tracing::warn!(why, "spans are lost: the collector does not take them");
                }
            }
        }
    }

    fn post(&self, batch: &[Span]) -> Result<(), String> {
        let body = document(&self.settings.resource, batch).to_string();
        let mut request = Request::post(&self.settings.endpoint)
            .body(body.into_bytes())
            .map_err(|error| error.to_string())?;
        *request.headers_mut() = self.settings.headers.clone();
        let kind = http::HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, kind);
        let reply = self.client.send_blocking(request);
        let status = reply.map_err(|error| error.to_string())?.status();
        match status.is_success() {
            true => Ok(()),
            false => Err(format!("it answered with status {}", status.as_u16())),
        }
    }
}
