//! Tests that cannot run here.

use std::fmt::Display;
use std::io::Write as _;

/// Says that a test was skipped. The runner keeps what a passing test prints, but not what is
/// written to stderr itself.
pub(crate) fn skipped(why: impl Display) {
    // Nobody is left to hear of it if stderr is gone.
    let _gone = writeln!(std::io::stderr(), "skipped: {why}");
}
