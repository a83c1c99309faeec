//! The life of a running broker between its start and its end: what changes is taken over.
//!
//! Owns when is looked, and when is tried again after a failure. Invariant: a signal to end is seen
//! at once, whoever is waited for.

use std::time::Duration;

use accredit_broker::App;
use rustix::process::Signal;

use super::configuration::{Look, Source, refused};
use crate::interrupt::Signals;

/// How often files are looked at for a change.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// After how many looks keys that are no files are asked for again: a minute. What cannot be taken
/// over is not tried less often.
const LOOK_ELSEWHERE: u32 = 30;

/// Waits for a signal to end; gives whether another asked for a reload before it.
async fn ending(signals: &mut Signals, is_asked: &mut bool) {
    while signals.next().await == Signal::HUP {
        *is_asked = true;
    }
}

/// Does something that may take long; `None` if a signal says to end before it is done.
pub(super) async fn unless_ended<T>(
    signals: &mut Signals,
    is_asked: &mut bool,
    work: impl Future<Output = T>,
) -> Option<T> {
    tokio::select! {
        done = work => Some(done),
        () = ending(signals, is_asked) => None,
    }
}

/// Takes over what changes, until a signal says to end.
pub(super) async fn follow(app: App, mut source: Source, mut signals: Signals, asked: bool) {
    let mut is_asked = asked;
    let (mut looks, mut failure) = (0_u32, Failure::default());
    loop {
        if !is_asked {
            tokio::select! {
                signal = signals.next() => match signal {
                    Signal::HUP => is_asked = true,
                    _ => return,
                },
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
        looks = looks.wrapping_add(1);
        let look = source.look();
        let is_due = looks.is_multiple_of(LOOK_ELSEWHERE) && look.has_keys_elsewhere();
        if !(is_asked || is_due || source.is_news(&look) && failure.may_be_tried(&look)) {
            continue;
        }
        let said = if is_asked || !is_due { Loud } else { Quiet };
        is_asked = false;
        let Some(taken) = unless_ended(&mut signals, &mut is_asked, take_over(&app, &look)).await
        else {
            return;
        };
        match taken {
            Ok(()) => {
                source.taken_over(look);
                failure = Failure::default();
                match said {
                    Loud => tracing::info!("the configuration was read again"),
                    Quiet => tracing::debug!("the keys were asked for again"),
                }
            }
            Err(error) => failure.tell(&error, look, said),
        }
    }
}

/// Whether somebody waits to hear of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Loud,
    Quiet,
}

use Said::{Loud, Quiet};

async fn take_over(app: &App, look: &Look) -> Result<(), String> {
    let config = look.config.as_ref().map_err(ToString::to_string)?;
    let taken = app.reload(config).await;
    taken.map_err(|mistakes| {
        let error = refused(&mistakes);
        let more = error.hints().iter().map(|hint| format!("; {hint}"));
        format!("{error}{}", more.collect::<String>())
    })
}

/// What could not be taken over.
#[derive(Debug, Default)]
struct Failure {
    what: String,
    of: Option<Look>,
    /// How many looks to let pass, and how many more.
    pause: u32,
    left: u32,
}

impl Failure {
    /// Says whether it is time to try: at once if it is another state, else less and less often.
    fn may_be_tried(&mut self, look: &Look) -> bool {
        if self.of.as_ref().is_none_or(|failed| !failed.is_like(look)) {
            return true;
        }
        self.left = self.left.saturating_sub(1);
        self.left == 0
    }

    /// Takes in that it failed again; says so in the log if it is another failure, or somebody
    /// asked.
    fn tell(&mut self, error: &str, look: Look, said: Said) {
        let is_same = self.of.as_ref().is_some_and(|failed| failed.is_like(&look));
        self.pause = match is_same {
            true => (self.pause * 2).min(LOOK_ELSEWHERE),
            false => 1,
        };
        self.left = self.pause;
        if is_same && self.what == error && said == Quiet {
            tracing::debug!(error, "the configuration still stays as it was");
        } else {
            tracing::error!(error, "the configuration stays as it was");
        }
        (self.what, self.of) = (error.to_owned(), Some(look));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_tried_again_less_and_less_often_but_at_least_each_minute() {
        let mut failure = Failure::default();
        let mut tries = Vec::new();
        for look in 1..=200_u32 {
            if failure.may_be_tried(&Look::failed("broker.toml")) {
                tries.push(look);
                failure.tell("broken", Look::failed("broker.toml"), Quiet);
            }
        }
        assert_eq!(tries, [1, 2, 4, 8, 16, 32, 62, 92, 122, 152, 182]);
        assert!(
            failure.may_be_tried(&Look::failed("another.toml")),
            "at once"
        );
    }
}
