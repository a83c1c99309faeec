//! `--log` and `-v`: events to stderr, never in color: they are searched and kept. Nothing is built
//! unless it is asked for.

use std::io::{self, Write};

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::args::GlobalArgs;
use crate::env_vars;
use crate::error::CliError;
use crate::settings::{Environment, lookup};

/// The longest line, in bytes: platforms cut longer ones (Cloud Foundry at 61,440).
const LINE_MAX: usize = 60_000;

/// Writes each event as one line, whatever was put into it.
struct Lines<W>(W);

impl<W: Write> Write for Lines<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event.trim_ascii_end());
        let mut line = cut(&text, LINE_MAX).replace(char::is_control, " ");
        line.push('\n');
        self.0.write_all(line.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The beginning of a text, in whole characters.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    let longest = bytes.min(text.len());
    let end = (0..=longest).rev().find(|at| text.is_char_boundary(*at));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

/// Starts logging if a flag or the environment asks for it.
pub(crate) fn start(args: &GlobalArgs, environment: &dyn Environment) -> Result<(), CliError> {
    let from_environment =
        || lookup(environment, env_vars::LOG.name).map(|text| text.to_string_lossy().into_owned());
    let wanted = match (&args.log, args.verbose) {
        (Some(filter), _) => Some(filter.clone()),
        (None, 0) => from_environment(),
        (None, 1) => Some("accredit=debug".to_owned()),
        (None, _) => Some("accredit=trace".to_owned()),
    };
    let Some(filter) = wanted else {
        return Ok(());
    };
    let wrong = || {
        CliError::usage(format!("{filter:?} is no level and no filter"))
            .hint("expected error, warn, info, debug, trace, or a filter like accredit=debug")
    };
    // A word that is no level would be taken for the name of a module.
    if !filter.split(',').all(has_level) {
        return Err(wrong());
    }
    let filter = EnvFilter::try_new(&filter).map_err(|error| wrong().with_source(error))?;
    install(filter, FmtSpan::CLOSE).map_err(|_| CliError::other("logging is started already"))
}

/// Starts logging for a process that stays, if it was not started: what its operator must know.
pub(crate) fn start_for_service() {
    // Whoever asked for more has it already.
    let usual = EnvFilter::new("accredit=info,accredit_broker=info");
    let _started = install(usual, FmtSpan::NONE);
}

/// What is logged and what is sent to a collector are filtered each for itself.
fn install(filter: EnvFilter, told_of_spans: FmtSpan) -> Result<(), TryInitError> {
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(|| Lines(io::stderr()))
        .with_ansi(false)
        .with_span_events(told_of_spans)
        .with_filter(filter);
    let subscriber = tracing_subscriber::registry().with(lines);
    #[cfg(feature = "otlp")]
    let subscriber = subscriber.with(crate::otlp::layer());
    subscriber.try_init()
}

/// Says whether one part of a filter ends with a level.
fn has_level(part: &str) -> bool {
    let level = part
        .rsplit_once('=')
        .map_or(part, |(_, level)| level)
        .trim();
    !level.is_empty() && level.parse::<LevelFilter>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_that_no_platform_cuts() {
        let written = |event: &str| {
            let mut lines = Lines(Vec::new());
            lines.write_all(event.as_bytes()).unwrap();
            String::from_utf8(lines.0).unwrap()
        };
        assert_eq!(written("a\nb\u{1b}[31m\r\nc\n"), "a b [31m  c\n");
        let long = written(&"ü".repeat(100_000));
        assert!(
            long.len() < 61_440 && long.ends_with("ü\n"),
            "{}",
            long.len()
        );
    }
}
