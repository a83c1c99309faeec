//! The progress of something long, with rate and time left: on a terminal only.

use std::io::Read;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::Output;

/// A bar, or nothing.
pub(crate) struct Progress(Option<ProgressBar>);

impl Progress {
    /// Counts records.
    pub(crate) fn new(out: &Output) -> Self {
        Self::of("{bar:30} {pos}/{len} records, {per_sec}, {eta} left", out)
    }

    /// Counts bytes.
    pub(crate) fn bytes(out: &Output) -> Self {
        Self::of(
            "{bar:30} {bytes}/{total_bytes}, {binary_bytes_per_sec}, {eta} left",
            out,
        )
    }

    /// Shows a text and the time that went by.
    pub(crate) fn waiting(out: &Output) -> Self {
        Self::of("{msg} ({elapsed})", out)
    }

    fn of(template: &str, out: &Output) -> Self {
        Self(out.has_progress().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            match ProgressStyle::with_template(template) {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        }))
    }

    pub(crate) fn advance(&self, done: u64, all: u64) {
        if let Some(bar) = &self.0 {
            bar.set_length(all);
            bar.set_position(done);
        }
    }

    /// Counts the bytes that are read.
    pub(crate) fn reading(
        &self,
        length: u64,
        from: impl Read + Send + 'static,
    ) -> Box<dyn Read + Send> {
        match &self.0 {
            Some(bar) => {
                bar.set_length(length);
                Box::new(bar.wrap_read(from))
            }
            None => Box::new(from),
        }
    }

    pub(crate) fn say(&self, text: String) {
        if let Some(bar) = &self.0 {
            bar.set_message(text);
            bar.tick();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
