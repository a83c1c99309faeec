//! Spans of the broker's requests to a collector, by OTLP over HTTP (feature `otlp`).
//!
//! Owns whether that is asked for; the feature decides whether it is done. Invariant: no request
//! and no shutdown waits for a collector.

use crate::env_vars;
use crate::settings::{Environment, lookup};

#[cfg(not(feature = "otlp"))]
mod absent;
#[cfg(feature = "otlp")]
mod document;
#[cfg(feature = "otlp")]
mod exporter;
#[cfg(feature = "otlp")]
mod layer;
#[cfg(feature = "otlp")]
mod settings;

#[cfg(not(feature = "otlp"))]
pub(crate) use absent::start;
#[cfg(feature = "otlp")]
pub(crate) use exporter::start;
#[cfg(feature = "otlp")]
pub(crate) use layer::layer;

/// The variable that asks for spans to be sent, unless another forbids it.
fn asked_by(environment: &dyn Environment) -> Option<&'static str> {
    let is_disabled = lookup(environment, env_vars::OTEL_SDK_DISABLED.name)
        .is_some_and(|text| text.eq_ignore_ascii_case("true"));
    if is_disabled {
        return None;
    }
    let fallbacks = env_vars::OTLP_ENDPOINT.fallbacks.iter();
    std::iter::once(env_vars::OTLP_ENDPOINT.name)
        .chain(fallbacks.map(|fallback| fallback.name))
        .find(|name| lookup(environment, name).is_some())
}
