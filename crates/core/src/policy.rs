//! When a token is used, when a new one is asked for, and when not (fact sheet "reliability" §1.4).
//!
//! Owns the whole refresh policy as pure functions of a [`Slot`] and the time: nothing here waits,
//! draws random numbers or asks. No state is final: every failure is tried again, only the pause
//! differs.

use std::time::Duration;

use crate::clock::UnixTime;
use crate::error::{Error, ErrorKind};
use crate::oauth::ErrorResponse;
use crate::secret::AccessToken;
use crate::source::Token;

mod renewal;

/// The numbers of the policy. The defaults leave a quarter of a token's life to ride out an outage
/// and stay far below the 3,600 logins an hour at which Salesforce locks a user out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RefreshPolicy {
    /// The share of a token's life after which a new one is asked for while the old one still goes
    /// out. Default 0.75.
    pub advisory_share: f64,
    /// How much the share differs from token to token, up and down, so that a fleet does not
    /// refresh in step. Default 0.05.
    pub advisory_jitter: f64,
    /// Callers wait for the new token in the last moments of the old: this long, or 2 % of its life
    /// if that is shorter. Default 60 s.
    pub mandatory_margin: Duration,
    /// After failures that may pass by themselves: the first pause, doubled each time, drawn anew
    /// between zero and that. Default 1 s to 60 s.
    pub transient_pause: Pause,
    /// After refusals that look final. Default 60 s to 15 min.
    pub permanent_pause: Pause,
    /// The least time between two token requests, whatever happened. Default 1 s.
    pub floor: Duration,
    /// How many token requests in a row may go out without a pause. Default 5.
    pub burst: u32,
    /// How many token requests may go out in any hour, the burst included. Default 60.
    pub hourly_budget: u32,
    /// After this many failures in a row the breaker opens: one probe per longest pause. Default 5.
    pub breaker_threshold: u32,
    /// A token request that takes longer is given up. Default 15 s, beyond any client's time-outs.
    pub flight_timeout: Duration,
}

/// A pause that doubles from `first` up to `longest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// After the first failure.
    pub first: Duration,
    /// At most.
    pub longest: Duration,
}

impl Pause {
    /// The pause after so many failures in a row, before it is drawn.
    #[must_use]
    pub fn after(self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(20);
        self.first.saturating_mul(1 << doublings).min(self.longest)
    }
}

impl Default for RefreshPolicy {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            advisory_share: 0.75,
            advisory_jitter: 0.05,
            mandatory_margin: seconds(60),
            transient_pause: Pause {
                first: seconds(1),
                longest: seconds(60),
            },
            permanent_pause: Pause {
                first: seconds(60),
                longest: seconds(900),
            },
            floor: seconds(1),
            burst: 5,
            hourly_budget: 60,
            breaker_threshold: 5,
            flight_timeout: seconds(15),
        }
    }
}

impl RefreshPolicy {
    /// The burst, as far as the budget allows one.
    fn burst(&self) -> u32 {
        self.burst.clamp(1, self.hourly_budget.max(1))
    }

    /// The time between two requests in the long run. A full burst and an hour of these make the
    /// hourly budget, not more.
    fn interval(&self) -> Duration {
        let hour = Duration::from_secs(3600);
        match self.hourly_budget.saturating_sub(self.burst()) {
            0 => hour + Duration::from_secs(1),
            steady => hour / steady,
        }
    }

    /// The share of its life after which a token is renewed; odd settings are put right.
    fn share(&self, draw: f64) -> f64 {
        let share = self.advisory_share + self.advisory_jitter * (2.0 * draw - 1.0);
        if share.is_finite() {
            share.clamp(0.0, 1.0)
        } else {
            0.5
        }
    }
}

/// How far a clock may be set back before the age of a token counts as unknown.
const BACK_STEP_MAX: Duration = Duration::from_secs(300);

/// What to do for a caller who wants a token.
#[derive(Debug)]
pub enum Step {
    /// Give this one.
    Use(Token),
    /// Give this one, and ask for the next without making anybody wait.
    UseAndAsk(Token),
    /// Ask, and wait. The request counts as sent.
    Ask,
    /// Wait for the request that is under way.
    Join,
    /// Say no: the policy forbids a request now.
    Withhold(Error),
}

/// Everything the policy remembers about one identity.
#[derive(Debug, Default)]
pub struct Slot {
    held: Option<Held>,
    is_asking: bool,
    failures: u32,
    /// How many of them, the last ones, looked final.
    permanent_failures: u32,
    /// The last failure since the last token, and when it was.
    last_error: Option<(UnixTime, Error)>,
    /// When the last request began; the floor counts from here.
    asked_at: Option<UnixTime>,
    /// Since when, and for how long, no request may go out.
    pause: Option<(UnixTime, Duration)>,
    /// When the bucket of the login budget will be full again (the generic cell rate algorithm's
    /// "theoretical arrival time").
    budget_full_at: Option<UnixTime>,
}

#[derive(Debug)]
struct Held {
    token: Token,
    advisory_at: UnixTime,
    mandatory_at: UnixTime,
}

impl Held {
    fn new(token: Token, policy: &RefreshPolicy, draw: f64) -> Self {
        let life = token.expiry.at().since(token.issued_at);
        let margin = policy.mandatory_margin.min(life / 50);
        let until = Duration::try_from_secs_f64(life.as_secs_f64() * policy.share(draw));
        let advisory_at = token.issued_at.saturating_add(until.unwrap_or_default());
        let mandatory_at = token.expiry.at().saturating_sub(margin);
        Self {
            token,
            advisory_at: advisory_at.min(mandatory_at),
            mandatory_at,
        }
    }

    /// A token from the future was got before the clock was set back: nothing is known of its age.
    /// Clocks are also set back a little in everyday life, and that changes nothing.
    fn is_valid(&self, now: UnixTime) -> bool {
        self.token.issued_at.since(now) <= BACK_STEP_MAX && now < self.token.expiry.at()
    }
}

impl Slot {
    /// Decides what happens for a caller at `now`. If the answer is to ask, the request counts as
    /// sent, so that nobody else asks too.
    pub fn next_step(&mut self, policy: &RefreshPolicy, now: UnixTime) -> Step {
        let valid = self.held.as_ref().filter(|held| held.is_valid(now));
        if let Some(held) = valid.filter(|held| now < held.mandatory_at) {
            let token = held.token.clone();
            let is_due = now >= held.advisory_at && !self.is_asking;
            return if is_due && self.obstacle(policy, now).is_none() {
                self.ask(policy, now);
                Step::UseAndAsk(token)
            } else {
                Step::Use(token)
            };
        }
        if self.is_asking {
            return Step::Join;
        }
        match self.obstacle(policy, now) {
            None => {
                self.ask(policy, now);
                Step::Ask
            }
            // The last moments of a token are better than none.
            Some(obstacle) => self
                .valid_token(now)
                .map_or_else(|| Step::Withhold(self.withheld(&obstacle)), Step::Use),
        }
    }

    /// The token that is held, if it may be used at `now`.
    #[must_use]
    pub fn valid_token(&self, now: UnixTime) -> Option<Token> {
        self.held
            .as_ref()
            .filter(|held| held.is_valid(now))
            .map(|held| held.token.clone())
    }

    /// Takes in how a request ended. `draw` is a random number from 0 to 1.
    ///
    /// A token that has ended when it arrives counts as a failure that may pass. A source that
    /// withheld the request has not failed, and has used nothing of the budget.
    ///
    /// # Errors
    /// The outcome, as callers are to see it.
    pub fn settle(
        &mut self,
        outcome: Result<Token, Error>,
        policy: &RefreshPolicy,
        now: UnixTime,
        draw: f64,
    ) -> Result<Token, Error> {
        self.is_asking = false;
        let outcome = outcome.and_then(|token| {
            if now < token.expiry.at() {
                Ok(token)
            } else {
                Err(Error::response("the token in the reply has expired already").into_transient())
            }
        });
        match &outcome {
            Ok(token) => {
                self.held = Some(Held::new(token.clone(), policy, draw));
                self.failures = 0;
                self.permanent_failures = 0;
                self.last_error = None;
                self.pause = None;
            }
            Err(error) if error.kind() == ErrorKind::Withheld => {
                let span = error.retry_after().unwrap_or_default().max(policy.floor);
                self.pause = Some((now, span));
                let full_at = self.budget_full_at;
                self.budget_full_at = full_at.map(|at| at.saturating_sub(policy.interval()));
                self.last_error.get_or_insert_with(|| (now, error.clone()));
            }
            Err(error) => {
                self.failures = self.failures.saturating_add(1);
                self.permanent_failures = if is_permanent(error) {
                    self.permanent_failures.saturating_add(1)
                } else {
                    0
                };
                self.pause = Some((now, self.pause_after(error, policy, draw)));
                self.last_error = Some((now, error.clone()));
            }
        }
        outcome
    }

    /// Forgets the token that a server refused, if it is still the one held: a newer one stays.
    /// Says whether it was.
    pub fn invalidate(&mut self, refused: &AccessToken) -> bool {
        let is_it = |held: &mut Held| held.token.access_token.is_same(refused);
        self.held.take_if(is_it).is_some()
    }

    /// The last failure since the last token, and when it was.
    #[must_use]
    pub const fn failure(&self) -> Option<&(UnixTime, Error)> {
        self.last_error.as_ref()
    }

    /// How many requests in a row the budget allows at `now`, if no failure forbids them.
    #[must_use]
    pub fn requests_left(&self, policy: &RefreshPolicy, now: UnixTime) -> u32 {
        let bucket = policy.interval().saturating_mul(policy.burst());
        let owed = self.budget_full_at.unwrap_or(now).since(now);
        if owed > bucket {
            // The clock was set back; see `obstacle`.
            return 1;
        }
        let left = (bucket - owed)
            .as_nanos()
            .checked_div(policy.interval().as_nanos());
        left.and_then(|left| u32::try_from(left).ok())
            .unwrap_or(u32::MAX)
    }

    fn ask(&mut self, policy: &RefreshPolicy, now: UnixTime) {
        self.is_asking = true;
        self.asked_at = Some(now);
        let full_at = self.budget_full_at.unwrap_or(now).max(now);
        self.budget_full_at = Some(full_at.saturating_add(policy.interval()));
    }

    /// What forbids a request at `now`, and for how long. A clock that was set back forbids
    /// nothing.
    fn obstacle(&mut self, policy: &RefreshPolicy, now: UnixTime) -> Option<Obstacle> {
        let left = |since: UnixTime, span: Duration| {
            let passed = if now < since { span } else { now.since(since) };
            Some(span.saturating_sub(passed)).filter(|left| !left.is_zero())
        };
        if let Some(wait) = self.pause.and_then(|(since, span)| left(since, span)) {
            let is_open = self.failures >= policy.breaker_threshold;
            let reason = if is_open {
                Reason::Breaker
            } else {
                Reason::Pause
            };
            return Some(Obstacle { reason, wait });
        }
        if let Some(wait) = self.asked_at.and_then(|since| left(since, policy.floor)) {
            return Some(Obstacle {
                reason: Reason::Floor,
                wait,
            });
        }
        let bucket = policy.interval().saturating_mul(policy.burst());
        let latest = now.saturating_add(bucket);
        // Fuller than full: the clock was set back. One request is granted, not a new burst.
        let full_at = self.budget_full_at.map(|full_at| match full_at > latest {
            true => latest.saturating_sub(policy.interval()),
            false => full_at,
        });
        self.budget_full_at = full_at;
        let needed = full_at?.saturating_add(policy.interval()).since(latest);
        (!needed.is_zero()).then_some(Obstacle {
            reason: Reason::Budget,
            wait: needed,
        })
    }

    /// The pause after a failure that has been counted.
    fn pause_after(&self, error: &Error, policy: &RefreshPolicy, draw: f64) -> Duration {
        let own = if error.refusal().is_some_and(ErrorResponse::is_rate_limit) {
            policy.permanent_pause.longest
        } else if self.permanent_failures > 0 {
            policy.permanent_pause.after(self.permanent_failures)
        } else if self.failures >= policy.breaker_threshold {
            policy.transient_pause.longest
        } else {
            policy
                .transient_pause
                .after(self.failures)
                .mul_f64(draw.clamp(0.0, 1.0))
        };
        own.max(error.retry_after().unwrap_or_default())
            .max(policy.floor)
    }

    fn withheld(&self, obstacle: &Obstacle) -> Error {
        let reason = match obstacle.reason {
            Reason::Pause => "a pause after the last failure is not over",
            Reason::Breaker => "too many failures in a row, one probe at a time",
            Reason::Floor => "the last request was a moment ago",
            Reason::Budget => "the login budget is spent",
        };
        let wait = obstacle.wait;
        let what = format!(
            "no token was asked for: {reason}; next in {:.0} s",
            wait.as_secs_f64()
        );
        match &self.last_error {
            Some((_, last)) => Error::withheld(what, wait).caused_by(last.clone()),
            None => Error::withheld(what, wait),
        }
    }
}

struct Obstacle {
    reason: Reason,
    wait: Duration,
}

enum Reason {
    Pause,
    Breaker,
    Floor,
    Budget,
}

fn is_permanent(error: &Error) -> bool {
    !error.is_transient() && !matches!(error.kind(), ErrorKind::Transport)
}

#[cfg(test)]
mod tests;
