//! How small the world is: how many events there are, and how often what may go wrong.

use core::fmt;

use highwater_core::serve::Wire;
use highwater_core::time::Duration;

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
    /// The source sends us to another one; only where there is another.
    Away,
    /// The source will never have us; only where there is another.
    Fatal,
}

impl Mishap {
    /// All there are.
    pub const ALL: [Self; 17] = [
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
        Self::Away,
        Self::Fatal,
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
            Self::Away => "away",
            Self::Fatal => "fatal",
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
    /// How each source speaks.
    pub wire: Wire,
    /// How many sources tell the same; [`Bounds::SOURCES_MAX`] at most.
    pub sources: u8,
    /// A life without a record begins with what comes next, and not with the oldest there is.
    pub at_tip: bool,
    /// For so long a batch waits for more.
    pub batch_delay: Duration,
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
    /// One that is asked first, and one for when it fails.
    pub const SOURCES_MAX: u8 = 2;
    /// How often something went wrong is counted in four bits.
    pub const EACH_MAX: u8 = 15;

    /// How often this may go wrong.
    #[inline]
    pub fn of(&self, mishap: Mishap) -> u8 {
        self.each[mishap as usize].min(self.faults)
    }

    /// What there is to tell, and by whom.
    pub(super) const fn feed(&self) -> Feed {
        Feed { events: self.events, sources: self.sources, at_tip: self.at_tip }
    }
}

/// What is searched unless told otherwise: a few hundred thousand states, which is a matter of seconds.
impl Default for Bounds {
    fn default() -> Self {
        Self {
            wire: Wire::V2,
            sources: 1,
            at_tip: false,
            batch_delay: Duration::ZERO,
            events: 2,
            faults: 3,
            each: [3; Mishap::ALL.len()],
            depth: u32::MAX,
            states: 20_000_000,
        }
    }
}

/// What there is to tell, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Feed {
    pub(super) events: u8,
    pub(super) sources: u8,
    pub(super) at_tip: bool,
}

/// How often what went wrong on the way to a state: four bits for each kind, and how often anything did in the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Spent(u128);

/// Where the sum of all is.
const TOTAL: u32 = 120;

impl Spent {
    #[inline]
    pub(super) const fn of(self, mishap: Mishap) -> u8 {
        (self.0 >> (4 * mishap as u32)) as u8 & 0xf
    }

    pub(super) const fn spend(&mut self, mishap: Mishap) {
        self.0 += 1 << (4 * mishap as u32) | 1 << TOTAL;
    }

    #[inline]
    pub(super) const fn total(self) -> u8 {
        (self.0 >> TOTAL) as u8
    }

    pub(super) const fn words(self) -> [u64; 2] {
        [self.0 as u64, (self.0 >> 64) as u64]
    }
}
