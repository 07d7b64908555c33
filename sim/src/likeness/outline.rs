//! What a machine did and when, in numbers that two runs can be compared by.

use core::fmt;

use highwater_core::cursor::{Cursor, Place};
use highwater_core::effect::{Effect, Notice};
use highwater_core::gap::{Gap, Mark};
use highwater_core::scope::Scope;
use highwater_core::sink::Append;
use highwater_core::time::{Instant, WallTime};

use crate::carrier::Told;
use crate::clock::BEGINNING;
use crate::hash::Hash;

/// Each effect of a run but those that say that something was ignored.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outline {
    /// So many microseconds later than usual all happens.
    later: u64,
    effects: Vec<(Instant, u64)>,
}

/// The first effect in which two runs differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// The effect's number.
    pub(crate) index: usize,
    /// When it came in the one and in the other, by the world's clock.
    pub(crate) at: [Option<Instant>; 2],
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, other] = self.at.map(|at| at.map_or_else(|| "never".to_owned(), |at| at.to_string()));
        write!(f, "effect {}, at {one} and at {other}", self.index)
    }
}

impl Outline {
    /// Of a run in which all happens so many microseconds later.
    pub(crate) fn new(later: u64) -> Self {
        Self { later, effects: Vec::new() }
    }

    /// An effect, by the world's clock.
    pub(crate) fn note<P: Told>(&mut self, now: Instant, effect: &Effect<P>) {
        if !matches!(effect, Effect::Ignored(_)) {
            self.effects.push((now, self.effect(effect).finish()));
        }
    }

    /// Where another run begins to differ.
    pub(crate) fn differs(&self, other: &Self) -> Option<Difference> {
        let both = self.effects.iter().zip(&other.effects);
        let same = both.take_while(|(one, other)| one == other).count();
        let is_all = same == self.effects.len() && same == other.effects.len();
        let at = [self, other].map(|outline| outline.effects.get(same).map(|(at, _)| *at));
        (!is_all).then_some(Difference { index: same, at })
    }

    fn effect<P: Told>(&self, effect: &Effect<P>) -> Hash {
        let hash = Hash::EMPTY;
        match effect {
            Effect::Load { op } => hash.and(1).and(op.0),
            Effect::Open { epoch, source, place, options } => {
                let options = u64::from(options.message_bytes_max.unwrap_or_default()) << 1
                    | u64::from(options.compress);
                let hash = hash.and(2).and(epoch.0).and(u64::from(source.0)).and(options);
                self.place(hash, *place)
            }
            Effect::Ping { epoch } => hash.and(3).and(epoch.0),
            Effect::Pause { epoch } => hash.and(4).and(epoch.0),
            Effect::Resume { epoch } => hash.and(5).and(epoch.0),
            Effect::Close { epoch, reason } => hash.and(6).and(epoch.0).and(*reason as u64),
            Effect::Append(append) => self.append(hash.and(7), append),
            Effect::Flush { op } => hash.and(8).and(op.0),
            Effect::Notice(notice) => self.notice(hash.and(9), *notice),
            Effect::Ignored(_) => hash,
            Effect::Stop(outcome) => hash.and(10).and(*outcome as u64),
        }
    }

    fn append<P: Told>(&self, hash: Hash, append: &Append<P>) -> Hash {
        let checkpoint = &append.checkpoint;
        let hash = scope(hash, append.scope).and(append.op.0).and(append.fence.0).and(append.expect.0);
        let hash = self.place(hash, checkpoint.place).and(self.time(checkpoint.covered_until));
        let hash = hash.and(checkpoint.margin.as_micros()).and(append.dead_letters.len() as u64);
        let hash = append.gaps.iter().fold(hash, |hash, gap| self.gap(hash, gap));
        append
            .events
            .iter()
            .fold(hash, |hash, event| hash.and(u64::from(event.payload.id().0)).and(self.time(event.time)))
    }

    fn notice(&self, hash: Hash, notice: Notice) -> Hash {
        match notice {
            Notice::Gap(gap) => self.gap(hash.and(1), &gap),
            Notice::Poison { time } => hash.and(2).and(self.time(time)),
            Notice::StartIgnored => hash.and(3),
            Notice::Stale { age } => hash.and(4).and(age.as_micros()),
            Notice::Proved { scope: proved } => scope(hash.and(5), proved),
            Notice::NewIncarnation { scope: new } => scope(hash.and(6), new),
            Notice::Switched { to } => hash.and(7).and(u64::from(to.0)),
            Notice::SourceFatal { source } => hash.and(8).and(u64::from(source.0)),
            Notice::SinkUnavailable { delay } => hash.and(9).and(delay.as_micros()),
            Notice::BackingOff { failures, delay } => {
                hash.and(10).and(u64::from(failures)).and(delay.as_micros())
            }
            Notice::Suspended { span } => hash.and(11).and(span.as_micros()),
        }
    }

    fn gap(&self, hash: Hash, gap: &Gap) -> Hash {
        let hash = scope(hash, gap.scope).and(gap.cause as u64).and(gap.state as u64);
        let hash = self.mark(hash, gap.from);
        gap.to.map_or(hash.and(0), |to| self.mark(hash.and(1), to))
    }

    fn mark(&self, hash: Hash, mark: Mark) -> Hash {
        hash.and(self.cursor(mark.cursor)).and(self.time(mark.time))
    }

    fn place(&self, hash: Hash, place: Place) -> Hash {
        match place {
            Place::Tip => hash.and(1),
            Place::Oldest => hash.and(2),
            Place::Time(time) => hash.and(3).and(self.time(time)),
            Place::Cursor(cursor) => hash.and(4).and(self.cursor(cursor)),
        }
    }

    fn time(&self, time: WallTime) -> u64 {
        self.number(time.as_micros())
    }

    fn cursor(&self, cursor: Cursor) -> u64 {
        self.number(cursor.0)
    }

    /// What is no number but a time is told as it would have been on the usual day.
    pub(super) fn number(&self, number: u64) -> u64 {
        if BEGINNING / 2 < number { number - self.later } else { number }
    }
}

fn scope(hash: Hash, scope: Scope) -> Hash {
    hash.and(u64::from(scope.source.0)).and(scope.kind as u64).and(u64::from(scope.incarnation))
}
