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
    /// The machine has to account for all up to there.
    owed: Option<WallTime>,
}

/// No checkpoint is written for silence alone unless it accounts for so much more.
const STEP: Duration = Duration::from_secs(60);

impl Staleness {
    /// Nothing is known yet.
    pub(super) fn new(window: Duration) -> Self {
        Self { window, told: None, asked: None, answered: WallTime::default(), owed: None }
    }

    /// A ping is sent.
    pub(super) fn asked(&mut self, wall: WallTime) {
        self.asked = Some(wall);
    }

    /// It is answered while nothing waits; `is_certain` if it has to count.
    pub(super) fn answered(&mut self, is_certain: bool) {
        let Some(asked) = self.asked.take() else { return };
        self.answered = self.answered.max(asked);
        self.owed = is_certain.then_some(asked);
    }

    /// Something else is heard before its answer, or something waits: it counts for nothing.
    pub(super) fn ignored(&mut self) {
        self.asked = None;
    }

    /// The machine has done what it wanted for now: what has to be written of silence, is it being written?
    pub(super) fn look<K>(&mut self, known: &Checkpoint<K>, is_asked: bool) -> Result<(), Violation> {
        let owed = self.owed.take().filter(|owed| known.covered_until + STEP <= *owed);
        must(is_asked || owed.is_none(), Rule::O2Checkpoint, || {
            format!("silence is accounted for until {owed:?}, and that is not written")
        })
    }

    /// A checkpoint is about to be written: it accounts for no more than there is.
    pub(super) fn check<K>(
        &self,
        wall: WallTime,
        known: &Checkpoint<K>,
        next: &Checkpoint<K>,
    ) -> Result<(), Violation> {
        let seen = next.witness.as_ref().map_or(WallTime::default(), |witness| witness.time.min(wall));
        let most = self.covered(known).max(seen);
        must(next.covered_until <= most, Rule::O2Checkpoint, || {
            format!("all until {:?} is accounted for, where {most:?} may be", next.covered_until)
        })
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
