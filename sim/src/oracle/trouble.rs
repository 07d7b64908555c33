//! O7: how often a sink is asked again that cannot be used, and that the operator is told of each time.

use highwater_core::Config;
use highwater_core::time::{Duration, Instant};

use super::pace::ceiling;
use super::rule::{Rule, Violation, must};

/// How it stands with a sink.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    initial: Duration,
    max: Duration,
    /// How often in a row it could not be used.
    failures: u32,
    /// When it last said so, and the operator was not told yet.
    untold: Option<Instant>,
    /// When it is to be asked again.
    due: Option<Instant>,
    /// It was asked to persist what it took since.
    is_flushed: bool,
}

impl Trouble {
    /// None yet.
    pub(super) fn new(config: &Config) -> Self {
        Self {
            initial: config.backoff_initial,
            max: config.backoff_max,
            failures: 0,
            untold: None,
            due: None,
            is_flushed: true,
        }
    }

    /// The sink answered: it cannot be used now, or something else.
    pub(super) fn answered(&mut self, at: Instant, is_out: bool) {
        self.due = None;
        self.failures = if is_out { self.failures.saturating_add(1) } else { 0 };
        self.untold = is_out.then_some(at);
    }

    /// It took something, or has persisted all that it took.
    pub(super) fn flushed(&mut self, is_flushed: bool) {
        self.is_flushed = is_flushed;
    }

    /// Whether a sink that persists only now and then was asked to, since it last took something.
    pub(super) fn is_flushed(&self) -> bool {
        self.is_flushed
    }

    /// The operator is told that it is asked again after `delay`.
    pub(super) fn told(&mut self, delay: Duration) -> Result<(), Violation> {
        let ceiling = ceiling(self.initial, self.max, self.failures);
        let is_right = delay <= ceiling && ceiling.as_micros() <= delay.as_micros() * 2;
        must(self.untold.is_some() && is_right, Rule::O7Pace, || {
            format!("the sink is to be asked again after {delay}, for the {}th time", self.failures)
        })?;
        self.due = self.untold.take().map(|since| since + delay);
        Ok(())
    }

    /// Whether the last answer was that it cannot be used.
    pub(super) fn is_any(&self) -> bool {
        self.failures > 0
    }

    /// The sink is asked something.
    pub(super) fn asked(&mut self, at: Instant) -> Result<(), Violation> {
        let due = self.due.take();
        must(due.is_none_or(|due| due <= at), Rule::O7Pace, || {
            format!("the sink is asked again at {at}, before {due:?}")
        })
    }

    /// The machine has done what it wanted for now, and wants to be woken at `next`: is that in time?
    pub(super) fn look(&self, next: Option<Instant>) -> Result<(), Violation> {
        must(self.untold.is_none(), Rule::O7Pace, || "a sink that cannot be used is not told of".to_owned())?;
        let is_in_time = self.due.is_none_or(|due| next.is_some_and(|next| next <= due));
        must(is_in_time, Rule::O7Pace, || {
            format!("the sink is to be asked again at {:?}, and the machine wakes at {next:?}", self.due)
        })
    }
}
