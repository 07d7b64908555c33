//! O17: the operator is told, before each dial, of a checkpoint older than a server is believed to keep events.

use highwater_core::checkpoint::Checkpoint;
use highwater_core::time::{Duration, WallTime};

use super::rule::{Rule, Violation, must};

/// How old what is durable is.
#[derive(Clone, Debug)]
pub(super) struct Staleness {
    window: Duration,
    /// What was told since the last dial.
    told: Option<Duration>,
    /// When the last ping was sent, and the last that was answered: silence may be accounted for up to there.
    asked: Option<WallTime>,
    answered: WallTime,
}

impl Staleness {
    /// Nothing is known yet.
    pub(super) fn new(window: Duration) -> Self {
        Self { window, told: None, asked: None, answered: WallTime::default() }
    }

    /// A ping is sent.
    pub(super) fn asked(&mut self, wall: WallTime) {
        self.asked = Some(wall);
    }

    /// It is answered.
    pub(super) fn answered(&mut self) {
        self.answered = self.answered.max(self.asked.take().unwrap_or_default());
    }

    /// The operator is told.
    pub(super) fn told(&mut self, age: Duration) {
        self.told = Some(age);
    }

    /// Nothing later can be accounted for, with this checkpoint.
    pub(super) fn covered<K>(&self, checkpoint: &Checkpoint<K>) -> WallTime {
        checkpoint.covered_until.max(self.answered)
    }

    /// A dial: was the operator told, and only if there was reason to?
    pub(super) fn dial<K>(&mut self, wall: WallTime, checkpoint: &Checkpoint<K>) -> Result<(), Violation> {
        let told = self.told.take();
        let age = |covered: WallTime| {
            let witness = checkpoint.witness.as_ref()?;
            Some(wall.since(witness.time.max(covered)))
        };
        let (least, most) = (age(self.covered(checkpoint)), age(checkpoint.covered_until));
        let is_right = match told {
            Some(age) => self.window < age && least <= Some(age) && Some(age) <= most,
            None => least.is_none_or(|least| least <= self.window),
        };
        must(is_right, Rule::O17Status, || {
            format!("told of an age of {told:?}, where it is {least:?} to {most:?} of {}", self.window)
        })
    }
}
