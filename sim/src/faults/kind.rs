//! Every kind of fault, its name, and how often it happens in the usual mix.

use core::fmt;

use crate::draw::Site;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The connection is refused, or its name or certificate is not found good.
    DialRefused,
    /// The connection is never answered.
    DialUnanswered,
    /// 429 or 503, with or without the time to wait.
    ServerBusy,
    /// The server says that another would do better.
    ServerElsewhere,
    /// The dictionary that was asked for is not to be had.
    DictionaryRotated,
    /// The server sends an event or three, the witness first, and hangs up.
    WitnessAndDie,
    /// Frames come that nobody can read.
    Garbled,
    /// The server hangs up with a word.
    Cut,
    /// Nothing comes any more, and nobody says so.
    HalfOpen,
    /// Nothing comes for a while, then all of it.
    Stall,
    /// The replay goes live and forgets what happened in that second.
    CutoverLoss,
    /// The replay goes live and mixes up what happened in that second.
    CutoverReorder,
    /// A time is answered from the start of the segment that holds it, long before.
    EarlyStart,
    /// A time after the last event is answered from the very beginning.
    WholeReplay,
    /// A connection goes on talking after it was closed.
    LateNews,
    /// News comes twice.
    DoubledNews,
    /// A control frame in between.
    ControlFrame,
    /// The source takes no connections for a while.
    Outage,
    /// The server starts anew and sends the last seconds again, under new times.
    ServerRestart,
    /// The server starts anew and what it had not written is gone for good.
    ServerLoss,
    /// The server's clock steps, in either direction, as it starts anew.
    ServerClockStep,
    /// The server starts anew, has forgotten its last numbers, and gives them out again.
    Rollback,
    /// The server is built anew and knows only the last minutes, under new numbers.
    Rebuild,
    /// The server is cut off from the network, then catches up at once.
    Lag,
    /// The server misses events, and does not know.
    Blind,
    /// The sink takes long.
    SinkSlow,
    /// The sink cannot be used for one call.
    SinkUnavailable,
    /// The sink cannot be used for a while: busy, full, read-only.
    SinkOutage,
    /// An append is done, and the reply is lost.
    SinkUnknownDone,
    /// An append is not done, and nobody can tell.
    SinkUnknownUndone,
    /// An append that nobody can tell of lands later, if it is still allowed to.
    SinkUnknownLate,
    /// An event is refused, though it would be taken the next time.
    SinkRefusal,
    /// Another writer raises the fence.
    Fence,
    /// The process dies.
    Crash,
    /// The process dies between two effects of one step.
    CrashMidway,
    /// The process dies and nobody wakes it for long.
    Eviction,
    /// The operator stops the process and starts it again.
    OperatorStop,
    /// The process starts again with another filter.
    FilterChange,
    /// The machine sleeps: its wall clock runs on, its monotonic clock does not.
    Suspend,
    /// The process gets no processor for a while; both clocks run on.
    HostStall,
    /// The wall clock is set.
    WallStep,
    /// An event that no sink takes.
    Poison,
    /// An event too large to keep.
    Oversize,
    /// An event too large for the connection.
    Huge,
    /// An event whose frame nobody can read, ever.
    Garbage,
    /// An event that is told with another content from time to time.
    TwoFaced,
    /// Events of the very same microsecond.
    EqualTimes,
    /// Very many events at once.
    Burst,
    /// No event for long.
    Quiet,
}

/// What a rate counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Once in so many times.
    OneIn(u64),
    /// So many seconds apart.
    SecondsApart(u64),
}

impl Pace {
    /// Whether it happens every so often, rather than once in so many times.
    pub(crate) const fn is_by_clock(self) -> bool {
        matches!(self, Self::SecondsApart(_))
    }

    /// The rate of the usual mix: times, or microseconds.
    pub(crate) const fn usual(self) -> u64 {
        match self {
            Self::OneIn(n) => n,
            Self::SecondsApart(seconds) => seconds * 1_000_000,
        }
    }
}

impl Fault {
    /// Whether it befalls a source, by the clock.
    pub(crate) const fn is_of_source(self) -> bool {
        matches!(
            self,
            Self::Outage
                | Self::ServerRestart
                | Self::ServerLoss
                | Self::ServerClockStep
                | Self::Rollback
                | Self::Rebuild
                | Self::Lag
                | Self::Blind
        )
    }
}

macro_rules! kinds {
    ($($fault:ident $name:literal $site:ident $pace:ident($n:literal),)*) => {
        impl Fault {
            /// Every kind, in the order of their declaration.
            pub const ALL: [Self; Self::COUNT] = [$(Self::$fault,)*];
            /// How many kinds there are.
            pub const COUNT: usize = [$(Self::$fault,)*].len();

            /// The kind's name in reports; its chance hangs on it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$fault => $name,)* }
            }

            /// Where it happens, and where its chance comes from.
            pub(crate) const fn site(self) -> Site {
                match self { $(Self::$fault => Site::$site,)* }
            }

            /// How often it happens in the usual mix.
            pub(crate) const fn pace(self) -> Pace {
                match self { $(Self::$fault => Pace::$pace($n),)* }
            }
        }
    };
}

kinds! {
    DialRefused "dial-refused" Mishap OneIn(12),
    DialUnanswered "dial-unanswered" Mishap OneIn(40),
    ServerBusy "server-busy" Mishap OneIn(20),
    ServerElsewhere "server-elsewhere" Mishap OneIn(60),
    DictionaryRotated "dictionary-rotated" Mishap OneIn(30),
    WitnessAndDie "witness-and-die" Mishap OneIn(12),
    Garbled "garbled" Mishap OneIn(30),
    Cut "cut" Mishap SecondsApart(120),
    HalfOpen "half-open" Mishap SecondsApart(240),
    Stall "stall" Mishap SecondsApart(120),
    CutoverLoss "cutover-loss" Mishap OneIn(4),
    CutoverReorder "cutover-reorder" Mishap OneIn(4),
    EarlyStart "early-start" Mishap OneIn(6),
    WholeReplay "whole-replay" Mishap OneIn(6),
    LateNews "late-news" Mishap OneIn(3),
    DoubledNews "doubled-news" Doubled OneIn(100),
    ControlFrame "control-frame" Control OneIn(200),
    Outage "outage" Clockwork SecondsApart(300),
    ServerRestart "server-restart" Clockwork SecondsApart(300),
    ServerLoss "server-loss" Clockwork SecondsApart(900),
    ServerClockStep "server-clock-step" Clockwork SecondsApart(900),
    Rollback "rollback" Clockwork SecondsApart(600),
    Rebuild "rebuild" Clockwork SecondsApart(1_200),
    Lag "lag" Clockwork SecondsApart(400),
    Blind "blind" Clockwork SecondsApart(900),
    SinkSlow "sink-slow" SinkFault OneIn(100),
    SinkUnavailable "sink-unavailable" SinkFault OneIn(150),
    SinkOutage "sink-outage" Clockwork SecondsApart(300),
    SinkUnknownDone "sink-unknown-done" SinkFault OneIn(300),
    SinkUnknownUndone "sink-unknown-undone" SinkFault OneIn(300),
    SinkUnknownLate "sink-unknown-late" SinkFault OneIn(400),
    SinkRefusal "sink-refusal" SinkFault OneIn(400),
    Fence "fence" Clockwork SecondsApart(1_200),
    Crash "crash" Clockwork SecondsApart(200),
    CrashMidway "crash-midway" Midway OneIn(4_000),
    Eviction "eviction" Clockwork SecondsApart(900),
    OperatorStop "operator-stop" Clockwork SecondsApart(500),
    FilterChange "filter-change" Succession OneIn(20),
    Suspend "suspend" Clockwork SecondsApart(600),
    HostStall "host-stall" Clockwork SecondsApart(200),
    WallStep "wall-step" Clockwork SecondsApart(900),
    Poison "poison" Oddity OneIn(600),
    Oversize "oversize" Oddity OneIn(800),
    Huge "huge" Oddity OneIn(3_000),
    Garbage "garbage" Oddity OneIn(800),
    TwoFaced "two-faced" Oddity OneIn(200),
    EqualTimes "equal-times" Oddity OneIn(20),
    Burst "burst" Oddity OneIn(500),
    Quiet "quiet" Oddity OneIn(500),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
