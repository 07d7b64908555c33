//! The small things as words: each is told apart from its absence, and none depends on when the machine lives.

use crate::checkpoint::Witness;
use crate::cursor::{Cursor, CursorKind, Place};
use crate::event::{Event, Payload};
use crate::gap::{Gap, Mark};
use crate::scope::Scope;
use crate::time::{Duration, Instant, Now, WallTime};

/// Takes one word after the other.
pub(super) struct Words<F> {
    now: Now,
    take: F,
}

impl<F: FnMut(u64)> Words<F> {
    pub(super) fn new(now: Now, take: F) -> Self {
        Self { now, take }
    }

    #[inline]
    pub(super) fn word(&mut self, word: u64) {
        (self.take)(word);
    }

    /// A list: how long it is, and what is in it.
    pub(super) fn all<'a, T: 'a>(
        &mut self,
        all: impl IntoIterator<Item = &'a T, IntoIter: ExactSizeIterator>,
        each: impl Fn(&mut Self, &'a T),
    ) {
        let all = all.into_iter();
        self.word(all.len() as u64);
        all.for_each(|one| each(self, one));
    }

    pub(super) fn option<T>(&mut self, option: Option<&T>, some: impl FnOnce(&mut Self, &T)) {
        self.word(u64::from(option.is_some()));
        if let Some(value) = option {
            some(self, value);
        }
    }

    pub(super) fn moment(&mut self, at: Instant) {
        self.word(at.as_micros().wrapping_sub(self.now.monotonic.as_micros()));
    }

    /// How long ago that was, where it does not matter any more after `limit`.
    pub(super) fn age(&mut self, at: Instant, limit: Duration) {
        self.word(self.now.monotonic.since(at).min(limit).as_micros());
    }

    /// The start of 1970 stands for never, whenever now is.
    pub(super) fn wall(&mut self, at: WallTime) {
        let is_never = at == WallTime::default();
        let relative = at.as_micros().wrapping_sub(self.now.wall.as_micros());
        self.word(if is_never { 1 << 63 } else { relative });
    }

    /// A position that is a time is as relative as a time.
    pub(super) fn cursor(&mut self, kind: CursorKind, cursor: Cursor) {
        match kind {
            CursorKind::Time => self.wall(WallTime::from_micros(cursor.0)),
            CursorKind::Seq => self.word(cursor.0),
        }
    }

    pub(super) fn place(&mut self, kind: CursorKind, place: Place) {
        match place {
            Place::Tip => self.word(0),
            Place::Oldest => self.word(1),
            Place::Time(time) => {
                self.word(2);
                self.wall(time);
            }
            Place::Cursor(cursor) => {
                self.word(3);
                self.cursor(kind, cursor);
            }
        }
    }

    pub(super) fn scope(&mut self, scope: Scope) {
        let kind = scope.kind as u64;
        self.word(u64::from(scope.source.0) << 40 | kind << 32 | u64::from(scope.incarnation));
    }

    /// The end of a gap may count in another scope than its start, but where the position is the time, it shows.
    pub(super) fn mark(&mut self, mark: &Mark) {
        self.point(mark.cursor, mark.time);
    }

    /// The key stands for itself by where and when it is.
    pub(super) fn witness<K>(&mut self, witness: &Witness<K>) {
        self.point(witness.cursor, witness.time);
    }

    fn point(&mut self, cursor: Cursor, time: WallTime) {
        let is_time = cursor.0 == time.as_micros();
        self.word(if is_time { u64::MAX } else { cursor.0 });
        self.wall(time);
    }

    pub(super) fn gap(&mut self, gap: &Gap) {
        self.scope(gap.scope);
        self.word((gap.cause as u64) << 2 | gap.state as u64);
        self.mark(&gap.from);
        self.option(gap.to.as_ref(), Self::mark);
    }

    pub(super) fn event<P: Payload>(&mut self, event: &Event<P>) {
        self.option(event.seq.as_ref(), |words, seq| words.word(seq.0));
        self.wall(event.time);
        self.word(event.payload.size() as u64);
    }
}
