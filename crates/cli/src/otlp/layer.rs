//! From the spans of the broker to those that are sent.
//!
//! Owns which spans count and what of them is kept. Invariant: a span that nobody exports costs
//! nothing, and one that is exported waits for nobody.

use std::fmt::{self, Write as _};
use std::sync::OnceLock;

use accredit::clock::UnixTime;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, Filter};
use tracing_subscriber::registry::LookupSpan;

use super::exporter::Queue;
use crate::logging::cut;

/// The spans that are sent.
const TARGET: &str = "accredit_broker::request";

/// The longest value, in bytes. Longer ones were made up: no such connection was ever known.
const VALUE_MAX: usize = 256;

/// Where spans go. A process has one subscriber, which is there before its settings are read.
static QUEUE: OnceLock<Queue> = OnceLock::new();

/// Sends the spans that end from now on to `queue`, unless there is one already.
pub(super) fn send_to(queue: Queue) {
    // Only a second broker in the same process would meet the queue of the first.
    let _is_first = QUEUE.set(queue);
    tracing::callsite::rebuild_interest_cache();
}

/// The part of the subscriber that takes spans once there is an exporter.
pub(crate) fn layer<S>() -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    Spans.with_filter(Requests)
}

/// Lets the spans of requests through while they are sent somewhere.
struct Requests;

impl<S> Filter<S> for Requests {
    fn enabled(&self, metadata: &Metadata<'_>, _context: &Context<'_, S>) -> bool {
        metadata.is_span() && metadata.target() == TARGET && QUEUE.get().is_some()
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        match metadata.is_span() && metadata.target() == TARGET && QUEUE.get().is_some() {
            true => Interest::always(),
            false => Interest::never(),
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match QUEUE.get() {
            Some(_) => LevelFilter::DEBUG,
            None => LevelFilter::OFF,
        })
    }
}

/// What is known of a request, and when it began and ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) route: String,
    pub(super) caller: String,
    pub(super) connection: String,
    pub(super) status: Option<u64>,
    /// As the broker has found it right.
    pub(super) traceparent: String,
}

impl Visit for Seen {
    fn record_str(&mut self, field: &Field, value: &str) {
        let place = match field.name() {
            "route" => &mut self.route,
            "caller" => &mut self.caller,
            "connection" => &mut self.connection,
            "traceparent" => &mut self.traceparent,
            _ => return,
        };
        cut(value, VALUE_MAX).clone_into(place);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "status" {
            self.status = Some(value);
        }
    }

    fn record_debug(&mut self, _field: &Field, _value: &dyn fmt::Debug) {}
}

/// What a span holds until its end.
struct Open(UnixTime, Seen);

struct Spans;

impl<S> Layer<S> for Spans
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let (Some(span), Some(queue)) = (context.span(id), QUEUE.get()) else {
            return;
        };
        let mut seen = Seen::default();
        attributes.record(&mut seen);
        span.extensions_mut().insert(Open(queue.now(), seen));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else {
            return;
        };
        if let Some(Open(_, seen)) = span.extensions_mut().get_mut() {
            values.record(seen);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let (Some(span), Some(queue)) = (context.span(&id), QUEUE.get()) else {
            return;
        };
        let open = span.extensions_mut().remove::<Open>();
        if let Some(Open(began, seen)) = open {
            queue.add(began, seen);
        }
    }
}

/// Bytes as digits in base 16.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a text cannot fail.
        let _always = write!(text, "{byte:02x}");
        text
    })
}
