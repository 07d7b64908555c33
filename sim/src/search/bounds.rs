//! How small the world is: how many events there are, and how often what may go wrong.

use core::fmt;

use highwater_core::serve::Wire;

/// What may go wrong in the small world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mishap {
    /// An open connection ends.
    Cut,
    /// A dial ends without a connection.
    Refused,
    /// The other side is gone, and nobody says so.
    Silence,
    /// A deadline comes before the news that was on its way.
    Slow,
    /// The sink cannot be used.
    SinkOut,
    /// The sink does not say what became of an append.
    Unknown,
    /// The sink refuses a good event, once.
    Refusal,
    /// An event that no sink takes.
    Poison,
    /// An event whose frame nobody can read.
    Garbage,
    /// The process dies.
    Crash,
    /// The operator stops the process.
    Stop,
    /// The wall clock jumps by an hour.
    ClockStep,
    /// The server gives up all that it told so far.
    Retention,
    /// The server is another history from now on.
    Rebuild,
    /// Another writer opens the sink.
    Fence,
}

impl Mishap {
    /// All there are.
    pub const ALL: [Self; 15] = [
        Self::Cut,
        Self::Refused,
        Self::Silence,
        Self::Slow,
        Self::SinkOut,
        Self::Unknown,
        Self::Refusal,
        Self::Poison,
        Self::Garbage,
        Self::Crash,
        Self::Stop,
        Self::ClockStep,
        Self::Retention,
        Self::Rebuild,
        Self::Fence,
    ];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Refused => "refused",
            Self::Silence => "silence",
            Self::Slow => "slow",
            Self::SinkOut => "sink-out",
            Self::Unknown => "unknown",
            Self::Refusal => "refusal",
            Self::Poison => "poison",
            Self::Garbage => "garbage",
            Self::Crash => "crash",
            Self::Stop => "stop",
            Self::ClockStep => "clock-step",
            Self::Retention => "retention",
            Self::Rebuild => "rebuild",
            Self::Fence => "fence",
        }
    }
}

impl fmt::Display for Mishap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The limits of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How the source speaks.
    pub wire: Wire,
    /// Events in each history of the source; [`Bounds::EVENTS_MAX`] at most.
    pub events: u8,
    /// So much may go wrong on one path.
    pub faults: u8,
    /// So often each of [`Mishap::ALL`]; [`Bounds::EACH_MAX`] at most.
    pub each: [u8; Mishap::ALL.len()],
    /// No path is longer.
    pub depth: u32,
    /// No more states are reached.
    pub states: u32,
}

impl Bounds {
    /// Each event is a bit, and there are two histories.
    pub const EVENTS_MAX: u8 = 8;
    /// How often something went wrong is counted in four bits.
    pub const EACH_MAX: u8 = 15;

    /// How often this may go wrong.
    pub fn of(&self, mishap: Mishap) -> u8 {
        self.each[mishap as usize].min(self.faults)
    }
}

/// What is searched unless told otherwise: a few hundred thousand states, which is a matter of seconds.
impl Default for Bounds {
    fn default() -> Self {
        Self {
            wire: Wire::V2,
            events: 2,
            faults: 3,
            each: [3; Mishap::ALL.len()],
            depth: u32::MAX,
            states: 20_000_000,
        }
    }
}

/// How often what went wrong on the way to a state: four bits for each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Spent(u64);

impl Spent {
    pub(super) fn of(self, mishap: Mishap) -> u8 {
        (self.0 >> (4 * mishap as u64)) as u8 & 0xf
    }

    pub(super) fn spend(&mut self, mishap: Mishap) {
        self.0 += 1 << (4 * mishap as u64);
    }

    pub(super) fn total(self) -> u8 {
        Mishap::ALL.into_iter().map(|mishap| self.of(mishap)).sum()
    }

    pub(super) const fn word(self) -> u64 {
        self.0
    }
}
