//! What must always hold, by number, and how it is said when it does not.

use core::fmt;

/// A rule of the house, by its number in the design.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Every owed event is stored, set aside, or in a gap.
    O1NoLoss,
    /// The checkpoint lies on a durable prefix of what was delivered.
    O2Checkpoint,
    /// Checkpoints only grow, and not before continuity is settled.
    O3Monotonic,
    /// Each event once, in order of first receipt, and nothing unasked.
    O4Once,
    /// One connection at a time.
    O5OneConnection,
    /// Late or doubled news changes nothing.
    O6LateNews,
    /// Dials and retries are paced.
    O7Pace,
    /// What is held is bounded.
    O8Memory,
    /// Healed, the machine catches up.
    O9Liveness,
    /// A stop ends within its grace, and nothing follows.
    O10Stop,
    /// Silence leads to a new connection, and nothing else does.
    O11Silence,
    /// A fenced writer writes nothing.
    O12Fence,
    /// What is made of the events is what they come to.
    O13Fold,
    /// Gaps are recorded where the world had a cause, and nowhere else.
    O15Gaps,
    /// Poison never stops what comes after it; nothing good is set aside.
    O16Poison,
    /// The status is what can be seen from outside.
    O17Status,
    /// The same seed is the same run.
    O18Determinism,
    /// Overlaps are bounded, and are got through.
    O19Overlap,
    /// Fatal is never retried, transient never fatal.
    O20Fatal,
    /// A model of ten lines agrees with the store.
    O21Reference,
    /// What cannot matter changes nothing that counts.
    O22Likeness,
    /// The world itself is sound.
    World,
}

impl Rule {
    /// What it demands.
    pub const fn says(self) -> &'static str {
        match self {
            Self::O1NoLoss => "every owed event is stored, set aside, or in a gap",
            Self::O2Checkpoint => "the checkpoint lies on a durable prefix of what was delivered",
            Self::O3Monotonic => "checkpoints only grow, and not before continuity is settled",
            Self::O4Once => "each event is stored once, in order of first receipt, and nothing unasked",
            Self::O5OneConnection => "there is one connection at a time",
            Self::O6LateNews => "late or doubled news changes nothing",
            Self::O7Pace => "dials and retries are paced",
            Self::O8Memory => "what is held is bounded",
            Self::O9Liveness => "healed, the machine catches up",
            Self::O10Stop => "a stop ends within its grace, and nothing follows",
            Self::O11Silence => "silence leads to a new connection, and nothing else does",
            Self::O12Fence => "a fenced writer writes nothing",
            Self::O13Fold => "what a handler keeps is what the stored events come to, each once and in order",
            Self::O15Gaps => "gaps are recorded where the world had a cause, and nowhere else",
            Self::O16Poison => "poison never stops what comes after it, and nothing good is set aside",
            Self::O17Status => "the status is what can be seen from outside",
            Self::O18Determinism => "the same seed is the same run",
            Self::O19Overlap => "overlaps are bounded, and are got through",
            Self::O20Fatal => "fatal is never retried, and transient is never fatal",
            Self::O21Reference => "a model of ten lines agrees with what the store shows",
            Self::O22Likeness => "what cannot matter changes nothing that counts",
            Self::World => "the world is sound, and nothing in it panics or never ends",
        }
    }

    /// The rule's number in the design.
    pub const fn name(self) -> &'static str {
        match self {
            Self::O1NoLoss => "O1 no loss",
            Self::O2Checkpoint => "O2 checkpoint",
            Self::O3Monotonic => "O3 monotonic",
            Self::O4Once => "O4 once",
            Self::O5OneConnection => "O5 one connection",
            Self::O6LateNews => "O6 late news",
            Self::O7Pace => "O7 pace",
            Self::O8Memory => "O8 memory",
            Self::O9Liveness => "O9 liveness",
            Self::O10Stop => "O10 stop",
            Self::O11Silence => "O11 silence",
            Self::O12Fence => "O12 fence",
            Self::O13Fold => "O13 fold",
            Self::O15Gaps => "O15 gaps",
            Self::O16Poison => "O16 poison",
            Self::O17Status => "O17 status",
            Self::O18Determinism => "O18 determinism",
            Self::O19Overlap => "O19 overlap",
            Self::O20Fatal => "O20 fatal",
            Self::O21Reference => "O21 reference",
            Self::O22Likeness => "O22 likeness",
            Self::World => "world",
        }
    }
}

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule that is broken.
    pub rule: Rule,
    /// How.
    pub what: String,
}

impl Violation {
    /// A rule is broken.
    pub(crate) fn of(rule: Rule, what: impl Into<String>) -> Self {
        Self { rule, what: what.into() }
    }

    /// The world itself is at fault.
    pub(crate) fn of_world(what: impl Into<String>) -> Self {
        Self { rule: Rule::World, what: what.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule.name(), self.what)
    }
}

/// Holds, or breaks a rule; what is said is made only if it breaks.
pub(crate) fn must(holds: bool, rule: Rule, what: impl FnOnce() -> String) -> Result<(), Violation> {
    if holds { Ok(()) } else { Err(Violation { rule, what: what() }) }
}
