//! Between two connections: how the last one counts, which source is next, where it goes on.

use alloc::vec::Vec;

use crate::backoff::Backoff;
use crate::checkpoint::Checkpoint;
use crate::consumer::Consumer;
use crate::consumer::approach::Approach;
use crate::consumer::buffer::Entry;
use crate::consumer::ledger::Until;
use crate::consumer::state::Resume;
use crate::cursor::{Cursor, CursorKind, Place};
use crate::effect::{Effect, Notice, OpenOptions, Outcome};
use crate::event::Payload;
use crate::gap::{Cause, Gap, GapState, Mark};
use crate::number::Version;
use crate::scope::{Scope, SourceId};
use crate::time::{Duration, Instant, WallTime};

/// The margin of a scope in which nothing was ever seen out of order.
pub(super) const MARGIN_MIN: Duration = Duration::from_secs(5);
/// A message larger than this ends the connection that it comes on, so a server is asked to leave it out.
pub const MESSAGE_BYTES_MAX: u32 = 32 << 20;

impl<P: Payload> Consumer<P> {
    /// Turns to the first source, once it is known what is durable. `gaps` are those that earlier lives left open.
    pub(super) fn begin(&mut self, gaps: Vec<Gap>) {
        for gap in gaps {
            self.records_mut().remember(gap);
            if gap.to.is_none() {
                let end = self.records().end_of(gap.scope).unwrap_or(gap.from);
                self.await_end(gap, Until::Behind(end.max(gap.from)));
            }
        }
        let source = self.attempts.source;
        let records = self.records_mut();
        let newest = records.newest;
        let known = records.latest(source).map(|(scope, checkpoint)| (scope, checkpoint.filter));
        if let Some((scope, filter)) = known {
            records.turn(scope, None);
            let is_blank = records.end().is_none() && scope.incarnation == 0;
            self.scope = scope;
            if let Some(newest) = newest.filter(|_| is_blank) {
                // Nothing ever came from there, but something from elsewhere did.
                let from = Mark { cursor: Cursor(newest.as_micros()), time: newest };
                self.record_from(scope, from, Cause::HostSwitch, GapState::Unproven, Until::Past);
            }
            if self.config.start != Place::Tip {
                self.tell(Notice::StartIgnored);
            }
            if filter != self.config.filter {
                self.approach = Approach::NewFilter;
                self.record_open(Cause::Filter, GapState::Unproven, Until::Past);
            }
            return;
        }
        let place = newest.map_or(self.config.start, |newest| Place::Time(self.rewound(newest)));
        if place == Place::Tip {
            self.approach = Approach::Now;
        }
        let (scope, fresh) = (self.first_scope(source), self.fresh(place));
        self.records_mut().turn(scope, Some(fresh));
        self.scope = scope;
        if let Some(newest) = newest {
            // Whatever was followed before is not among the sources any more.
            let from = Mark { cursor: Cursor(newest.as_micros()), time: newest };
            self.record_from(scope, from, Cause::HostSwitch, GapState::Unproven, Until::Past);
        }
    }

    /// The last attempt is over and all it brought is durable: counts it, and says when to dial again.
    pub(super) fn next_dial(
        &mut self,
        since: Option<Instant>,
        at_least: Duration,
        elsewhere: bool,
    ) -> Instant {
        let Some(since) = since else {
            return self.now.monotonic;
        };
        if self.approach == Approach::Now {
            self.approach = Approach::Checkpoint;
        }
        if let Some(next) = self.attempts.end(elsewhere) {
            self.switch_to(next);
        }
        let failures = self.attempts.failures;
        let backoff = Backoff { initial: self.config.backoff_initial, max: self.config.backoff_max };
        let delay = backoff.delay(failures, self.config.seed, self.epoch.0).max(at_least);
        self.tell(Notice::BackingOff { failures, delay });
        since + delay
    }

    /// What the next dial asks for.
    pub(super) fn resume(&mut self) -> Resume<P::Key> {
        self.tell_if_stale();
        let reached = self.records().reached();
        let (scope, checkpoint) = self.records().current();
        let leaves_out = self.attempts.leaves_out_large(checkpoint.place);
        let covered = self.records().covered();
        let (place, continuity) =
            self.approach.resume(scope.kind, checkpoint, covered, reached, self.now.wall);
        let from = match (place, scope.kind) {
            (Place::Cursor(cursor), CursorKind::Time) => {
                Mark { cursor, time: WallTime::from_micros(cursor.0) }
            }
            (Place::Time(time), CursorKind::Time) => Mark { cursor: Cursor(time.as_micros()), time },
            (Place::Tip | Place::Oldest | Place::Time(_) | Place::Cursor(_), _) => self.end(),
        };
        let limited = leaves_out.then_some(from);
        if let Some(from) = limited {
            self.record_limit(from, None);
        }
        self.record_skipped(place);
        Resume { place, continuity, limited }
    }

    /// Asks the host to connect.
    pub(super) fn open(&mut self, resume: &Resume<P::Key>) {
        self.epoch = self.epoch.next();
        let options = OpenOptions {
            // v1 compares the compressed length with the limit.
            compress: self.attempts.asks_for_compression() && resume.limited.is_none(),
            message_bytes_max: resume.limited.map(|_| MESSAGE_BYTES_MAX),
        };
        let (epoch, source, place) = (self.epoch, self.attempts.source, resume.place);
        self.push(Effect::Open { epoch, source, place, options });
    }

    /// The server no longer has the checkpoint.
    pub(super) fn too_old(&mut self) -> Option<Outcome> {
        /// The bound of the official clients.
        const CYCLES_MAX: u8 = 5;
        let cycles = match self.approach {
            Approach::CoveredByTime { cycles } => cycles,
            Approach::Checkpoint | Approach::Now | Approach::NewFilter | Approach::WitnessByTime => 0,
        };
        if cycles >= CYCLES_MAX {
            return self.fatal();
        }
        self.approach = Approach::CoveredByTime { cycles: cycles + 1 };
        self.record_open(Cause::TooOld, GapState::Lost, Until::Any);
        None
    }

    /// The source will never accept the subscription. Answers how it all ends if no other source is left.
    pub(super) fn fatal(&mut self) -> Option<Outcome> {
        self.tell(Notice::SourceFatal { source: self.attempts.source });
        if self.attempts.give_up_source() { None } else { Some(Outcome::AllFatal) }
    }

    /// Another history is at the other end: its own scope, from a while before the last durable event on.
    pub(super) fn new_incarnation(&mut self, kind: CursorKind, from: Mark) {
        let scope = self.scope;
        let next = Scope { kind, incarnation: scope.incarnation + 1, ..scope };
        let newest = self.records().newest.unwrap_or(from.time);
        let fresh = self.fresh(Place::Time(self.rewound(newest.min(from.time))));
        self.record_from(scope, from, Cause::Witness, GapState::Unproven, Until::Past);
        self.turn(next, Some(fresh));
        self.approach = Approach::Checkpoint;
    }

    /// From here on in the delivery order, another scope is written.
    pub(super) fn turn(&mut self, scope: Scope, fresh: Option<Checkpoint<P::Key>>) {
        let is_new = fresh.is_some();
        self.buffer.push(Entry::Turn(scope, fresh));
        self.scope = scope;
        if is_new && scope.incarnation > 0 {
            self.tell(Notice::NewIncarnation { scope });
        }
    }

    /// The record of a scope in which nothing was seen yet.
    pub(super) fn fresh(&self, place: Place) -> Checkpoint<P::Key> {
        let covered_until = match (place, self.config.sources[usize::from(self.attempts.source.0)].kind) {
            (Place::Tip, _) => self.now.wall,
            (Place::Time(time), _) => time,
            (Place::Cursor(cursor), CursorKind::Time) => WallTime::from_micros(cursor.0),
            (Place::Oldest | Place::Cursor(_), _) => WallTime::default(),
        };
        Checkpoint {
            version: Version(0),
            place,
            witness: None,
            covered_until,
            filter: self.config.filter,
            margin: MARGIN_MIN,
        }
    }

    /// Where what is durable or on its way ends, or where it will begin.
    pub(super) fn end(&self) -> Mark {
        let records = self.records();
        let (scope, checkpoint) = records.current();
        records.end().unwrap_or_else(|| {
            let time = match checkpoint.place {
                Place::Tip | Place::Oldest => checkpoint.covered_until,
                Place::Time(time) => time,
                Place::Cursor(cursor) if scope.kind == CursorKind::Time => WallTime::from_micros(cursor.0),
                Place::Cursor(cursor) => return Mark { cursor, time: checkpoint.covered_until },
            };
            Mark { cursor: Cursor(time.as_micros()), time }
        })
    }

    fn switch_to(&mut self, source: SourceId) {
        self.tell(Notice::Switched { to: source });
        let (from, newest) = (self.end(), self.records().newest);
        self.record_from(self.scope, from, Cause::HostSwitch, GapState::Unproven, Until::Past);
        let known = self.records().latest(source).map(|(scope, _)| scope);
        if let Some(scope) = known {
            self.turn(scope, None);
        } else {
            let place = match (newest, self.records().current().1.place) {
                (Some(newest), _) => Place::Time(self.rewound(newest)),
                (None, Place::Tip) => Place::Time(self.rewound(self.records().covered())),
                (None, _) => self.config.start,
            };
            let (scope, fresh) = (self.first_scope(source), self.fresh(place));
            self.turn(scope, Some(fresh));
        }
        self.approach = Approach::Checkpoint;
    }

    fn first_scope(&self, source: SourceId) -> Scope {
        let kind = self.config.sources[usize::from(source.0)].kind;
        Scope { source, kind, incarnation: 0 }
    }

    /// As far back as clocks of two hosts may differ, and events may have been late.
    fn rewound(&self, time: WallTime) -> WallTime {
        const REWIND_MIN: Duration = Duration::from_secs(60);
        // A time in the future would be taken for the live tip.
        time.min(self.now.wall) - self.config.rewind.max(REWIND_MIN)
    }

    fn tell_if_stale(&mut self) {
        let Some(end) = self.records().end() else {
            return;
        };
        let age = self.now.wall.since(end.time.max(self.records().covered()));
        if age > self.config.cursor_window {
            self.tell(Notice::Stale { age });
        }
    }
}
