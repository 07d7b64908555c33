//! What must happen sometimes: a campaign in which a machine never does one of these has proved less than it seems.
//!
//! Each has a least rate: in so many of ten thousand seeds of the usual mixes it happens at least. A new one is added
//! at half of what was measured, and a rate is only ever lowered with a reason. Two are owed never, since the world does
//! not do it: that every source refuses for good, and that what is durable contradicts itself. Scenarios do.

use highwater_core::closure::CloseReason;
use highwater_core::cursor::Place;
use highwater_core::effect::{Effect, Ignored, Notice, Outcome};
use highwater_core::event::{Payload, Reason};
use highwater_core::gap::{Cause, Gap, GapState};
use highwater_core::sink::Append;

macro_rules! sometimes {
    ($($variant:ident $name:literal $least:literal,)*) => {
        /// Something that a machine does now and then.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Sometimes {
            $(#[doc = $name] $variant,)*
        }

        impl Sometimes {
            /// All of them, in the order of their declaration.
            pub(crate) const ALL: [Self; Self::COUNT] = [$(Self::$variant,)*];
            /// How many there are.
            pub(crate) const COUNT: usize = [$($name,)*].len();

            /// Its name in tables.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// In so many of ten thousand seeds it happens at least.
            pub(crate) const fn least(self) -> u64 {
                match self { $(Self::$variant => $least,)* }
            }
        }
    };
}

sometimes! {
    Load "load" 5_000,
    OpenTip "open at the tip" 2_000,
    OpenOldest "open at the oldest" 1_000,
    OpenTime "open at a time" 3_000,
    OpenCursor "open at a cursor" 4_500,
    OpenLimited "open without large messages" 800,
    Ping "ping" 3_500,
    Pause "pause" 4_000,
    Resume "resume" 4_000,
    CloseConnectTimeout "close: connect timeout" 2_000,
    CloseSilent "close: silent" 2_000,
    CloseQuiet "close: quiet" 100,
    ClosePatience "close: patience" 1_500,
    CloseMalformed "close: malformed" 100,
    CloseUnproven "close: unproven" 1_000,
    CloseIncarnation "close: incarnation" 1_000,
    CloseLimitLifted "close: limit lifted" 750,
    CloseStop "close: stop" 5_000,
    AppendEvents "append events" 4_500,
    AppendAlone "append a checkpoint alone" 5_000,
    AppendGap "append a gap" 4_000,
    BuryMalformed "set aside: malformed" 150,
    BuryOversize "set aside: oversize" 1_500,
    BuryUndecodable "set aside: undecodable" 2_000,
    BuryRefused "set aside: refused" 2_000,
    Flush "flush" 5_000,
    StartIgnored "notice: start ignored" 1_500,
    Stale "notice: stale" 1_000,
    Proved "notice: proved" 4_000,
    LostTooOld "lost: too old" 1_000,
    UnprovenWitness "unproven: witness" 3_000,
    UnprovenHostSwitch "unproven: host switch" 1_500,
    UnprovenCutover "unproven: cutover" 2_000,
    UnprovenClock "unproven: clock" 350,
    UnprovenFilter "unproven: filter" 700,
    UnprovenQuiet "unproven: quiet" 550,
    UnprovenOversize "unproven: oversize" 800,
    ClosedGap "a gap is closed" 900,
    NewIncarnation "notice: new incarnation" 2_000,
    Switched "notice: switched" 1_500,
    SourceFatal "notice: source fatal" 150,
    Poison "notice: poison" 2_000,
    SinkUnavailable "notice: sink unavailable" 3_000,
    BackingOff "notice: backing off" 4_500,
    TenthFailure "the tenth bad attempt in a row" 850,
    Suspended "notice: suspended" 1_000,
    IgnoredOldEpoch "ignored: old epoch" 2_500,
    IgnoredOldOp "ignored: old question" 2_500,
    IgnoredStopped "ignored: stopped" 5_000,
    IgnoredOutOfTurn "ignored: out of turn" 550,
    EndStopped "end: stopped" 5_000,
    EndGraceOver "end: grace over" 350,
    EndIdle "end: idle" 100,
    EndGaveUp "end: gave up" 8,
    EndAllFatal "end: all fatal" 0,
    EndFenced "end: fenced" 650,
    EndCorrupt "end: corrupt" 0,
}

/// So many bad attempts in a row are a mark of their own: the delays are as long as they get.
const TENTH: u32 = 10;

/// A set of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks(u64);

impl Marks {
    /// With this one.
    fn add(&mut self, one: Sometimes) {
        self.0 |= 1 << one as u32;
    }

    /// With those of an effect.
    pub(crate) fn add_effect<P: Payload>(&mut self, effect: &Effect<P>) {
        match effect {
            Effect::Load { .. } => self.add(Sometimes::Load),
            Effect::Open { place, options, .. } => {
                self.add(match place {
                    Place::Tip => Sometimes::OpenTip,
                    Place::Oldest => Sometimes::OpenOldest,
                    Place::Time(_) => Sometimes::OpenTime,
                    Place::Cursor(_) => Sometimes::OpenCursor,
                });
                if options.message_bytes_max.is_some() {
                    self.add(Sometimes::OpenLimited);
                }
            }
            Effect::Ping { .. } => self.add(Sometimes::Ping),
            Effect::Pause { .. } => self.add(Sometimes::Pause),
            Effect::Resume { .. } => self.add(Sometimes::Resume),
            Effect::Close { reason, .. } => self.add(of_close(*reason)),
            Effect::Append(append) => self.add_append(append),
            Effect::Flush { .. } => self.add(Sometimes::Flush),
            Effect::Notice(notice) => self.add_notice(notice),
            Effect::Ignored(why) => self.add(of_ignored(*why)),
            Effect::Stop(outcome) => self.add(of_outcome(*outcome)),
        }
    }

    fn add_append<P: Payload>(&mut self, append: &Append<P>) {
        let is_alone = append.events.is_empty() && append.dead_letters.is_empty() && append.gaps.is_empty();
        if is_alone {
            self.add(Sometimes::AppendAlone);
        }
        if !append.events.is_empty() {
            self.add(Sometimes::AppendEvents);
        }
        if !append.gaps.is_empty() {
            self.add(Sometimes::AppendGap);
        }
        for letter in &append.dead_letters {
            self.add(match letter.reason {
                Reason::Malformed(_) => Sometimes::BuryMalformed,
                Reason::Oversize => Sometimes::BuryOversize,
                Reason::Undecodable => Sometimes::BuryUndecodable,
                Reason::Refused(_) | Reason::Conflict => Sometimes::BuryRefused,
            });
        }
    }

    fn add_notice(&mut self, notice: &Notice) {
        self.add(match notice {
            Notice::StartIgnored => Sometimes::StartIgnored,
            Notice::Stale { .. } => Sometimes::Stale,
            Notice::Proved { .. } => Sometimes::Proved,
            Notice::Gap(gap) => of_gap(gap),
            Notice::NewIncarnation { .. } => Sometimes::NewIncarnation,
            Notice::Switched { .. } => Sometimes::Switched,
            Notice::SourceFatal { .. } => Sometimes::SourceFatal,
            Notice::Poison { .. } => Sometimes::Poison,
            Notice::SinkUnavailable { .. } => Sometimes::SinkUnavailable,
            Notice::BackingOff { failures: TENTH, .. } => Sometimes::TenthFailure,
            Notice::BackingOff { .. } => Sometimes::BackingOff,
            Notice::Suspended { .. } => Sometimes::Suspended,
        });
    }

    /// Takes them out one by one, in their order.
    pub(crate) fn take(&mut self) -> Option<Sometimes> {
        let first = self.0.trailing_zeros() as usize;
        self.0 &= self.0.wrapping_sub(1);
        Sometimes::ALL.get(first).copied()
    }
}

const fn of_close(reason: CloseReason) -> Sometimes {
    match reason {
        CloseReason::ConnectTimeout => Sometimes::CloseConnectTimeout,
        CloseReason::Silent => Sometimes::CloseSilent,
        CloseReason::Quiet => Sometimes::CloseQuiet,
        CloseReason::Patience => Sometimes::ClosePatience,
        CloseReason::Malformed => Sometimes::CloseMalformed,
        CloseReason::Unproven => Sometimes::CloseUnproven,
        CloseReason::Incarnation => Sometimes::CloseIncarnation,
        CloseReason::LimitLifted => Sometimes::CloseLimitLifted,
        CloseReason::Stop => Sometimes::CloseStop,
    }
}

const fn of_gap(gap: &Gap) -> Sometimes {
    match (gap.state, gap.cause) {
        (GapState::Closed, _) => Sometimes::ClosedGap,
        (_, Cause::TooOld) => Sometimes::LostTooOld,
        (_, Cause::Witness) => Sometimes::UnprovenWitness,
        (_, Cause::HostSwitch) => Sometimes::UnprovenHostSwitch,
        (_, Cause::Cutover) => Sometimes::UnprovenCutover,
        (_, Cause::Clock) => Sometimes::UnprovenClock,
        (_, Cause::Filter) => Sometimes::UnprovenFilter,
        (_, Cause::Quiet) => Sometimes::UnprovenQuiet,
        (_, Cause::Oversize) => Sometimes::UnprovenOversize,
    }
}

const fn of_ignored(why: Ignored) -> Sometimes {
    match why {
        Ignored::OldEpoch => Sometimes::IgnoredOldEpoch,
        Ignored::OldOp => Sometimes::IgnoredOldOp,
        Ignored::Stopped => Sometimes::IgnoredStopped,
        Ignored::OutOfTurn => Sometimes::IgnoredOutOfTurn,
    }
}

const fn of_outcome(outcome: Outcome) -> Sometimes {
    match outcome {
        Outcome::Stopped => Sometimes::EndStopped,
        Outcome::GraceOver => Sometimes::EndGraceOver,
        Outcome::Idle => Sometimes::EndIdle,
        Outcome::GaveUp => Sometimes::EndGaveUp,
        Outcome::AllFatal => Sometimes::EndAllFatal,
        Outcome::Fenced => Sometimes::EndFenced,
        Outcome::Corrupt => Sometimes::EndCorrupt,
    }
}
