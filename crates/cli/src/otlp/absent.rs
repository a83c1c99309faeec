//! What stands for the export of spans in a build that has none: a word to whoever asks for it.

use accredit_broker::World;

use super::asked_by;
use crate::error::CliError;
use crate::output::Output;
use crate::settings::Environment;

/// Nothing that is sent.
#[derive(Debug)]
pub(crate) struct Nothing;

/// Says that nothing is sent, if somebody expects it.
#[expect(
    clippy::unnecessary_wraps,
    reason = "builds with the feature refuse wrong settings"
)]
pub(crate) fn start(
    environment: &dyn Environment,
    _world: &World,
    out: &mut Output,
) -> Result<Nothing, CliError> {
    if let Some(name) = asked_by(environment) {
        out.warn(format!(
            "{name} is set, but no span is sent: this build is without the feature `otlp`"
        ));
    }
    Ok(Nothing)
}

impl Nothing {
    /// Ends nothing.
    pub(crate) const fn finish(self) {}
}
