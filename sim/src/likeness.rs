//! What cannot matter: changes of a run that may change nothing of what counts.
//!
//! An oracle knows what is right. These know nothing, and need not: they compare two runs of the machine, of which one
//! was told the same story in another way. What counts is, for each change:
//!
//! * every answer comes twice: each effect, when it comes, and all that is stored. Only what was ignored is left out.
//! * the machine's clock began at another number: the same. The oracles, too, see the other number.
//! * all happens on another day (the wall clocks of the process and of all servers, and so every time and every cursor
//!   that is one): the same, once the days between are taken off each time.
//! * the process dies at a quiet moment: it is proved that nothing is missing, all that was said is stored, the
//!   checkpoint stands at the last of it and nothing is under way. It is compared with a run whose connection breaks at
//!   that moment, since servers may have another story to tell to whoever asks again. The same events are stored, the
//!   same is set aside, no other gaps go on record, and the same histories are known. What came at the very end does not
//!   count, nor what became of a gap since: who reads on from the store reads more again, and proves more. Gaps
//!   `cutover` do not count, either: an older server may lose something each time it goes live. Where the clock of a server
//!   was set there is no quiet moment: what it tells again hangs on when it is asked. Nor is there one where several
//!   servers stand behind the name, as another may answer.

mod kept;
mod outline;

use core::fmt;

use highwater_core::time::Duration;

pub(crate) use kept::Kept;
pub(crate) use outline::Outline;

/// A change that changes nothing that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// Every answer comes twice.
    AnswersTwice,
    /// The machine's clock began at another number.
    OtherZero,
    /// All happens on another day.
    OtherDay,
    /// The process dies at a quiet moment, and starts again.
    QuietCrash,
}

impl Change {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::AnswersTwice, Self::OtherZero, Self::OtherDay, Self::QuietCrash];

    /// Its name in a plan.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AnswersTwice => "answers-twice",
            Self::OtherZero => "other-zero",
            Self::OtherDay => "other-day",
            Self::QuietCrash => "quiet-crash",
        }
    }

    /// At which number the machine's clock begins.
    pub(crate) const fn zero(self) -> Duration {
        match self {
            Self::OtherZero => Duration::from_micros(1_000_003_123_457),
            Self::AnswersTwice | Self::OtherDay | Self::QuietCrash => Duration::ZERO,
        }
    }

    /// How many microseconds later all happens: even, as some events have one content at even times, another at odd.
    pub(crate) const fn later(self) -> u64 {
        match self {
            Self::OtherDay => 2_592_012_345_678,
            Self::AnswersTwice | Self::OtherZero | Self::QuietCrash => 0,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
