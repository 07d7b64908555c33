//! What goes on record as lost or not to be proved, and what on record still waits for its end.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::consumer::Consumer;
use crate::consumer::approach::overlap;
use crate::consumer::buffer::Entry;
use crate::consumer::cutover::Cutover;
use crate::cursor::{CursorKind, Place};
use crate::effect::Notice;
use crate::event::Payload;
use crate::gap::{Cause, Gap, GapState, Mark};
use crate::scope::Scope;
use crate::time::WallTime;

/// A gap on record whose end is an event still to come.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct OpenGap {
    pub(super) gap: Gap,
    pub(super) until: Until,
}

/// The event that ends a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Until {
    /// The next one, wherever it lies.
    Any,
    /// The next one behind the gap's start.
    Past,
    /// The next one behind what was durable as a life began: the one before may have taken in all that, and left no end.
    Behind(Mark),
}

impl<P: Payload> Consumer<P> {
    /// Puts a span on record, in the order of delivery.
    pub(super) fn record(&mut self, gap: Gap) {
        if gap.state != GapState::Closed {
            self.records_mut().remember(gap);
        }
        self.buffer.push(Entry::Gap(gap));
        self.tell(Notice::Gap(gap));
    }

    /// The gap ends with an event still to come.
    pub(super) fn await_end(&mut self, gap: Gap, until: Until) {
        /// More than these only a damaged ledger has; the oldest stay without an end.
        const OPEN_GAPS_MAX: usize = 64;
        self.open_gaps.retain(|known| !known.gap.is_same(&gap));
        if self.open_gaps.len() == OPEN_GAPS_MAX {
            self.open_gaps.remove(0);
        }
        self.open_gaps.push(OpenGap { gap, until });
    }

    /// Puts a span on record that begins where what is durable ends, and ends with an event still to come.
    pub(super) fn record_open(&mut self, cause: Cause, state: GapState, until: Until) {
        let (scope, from) = (self.scope, self.end());
        self.record_from(scope, from, cause, state, until);
    }

    pub(super) fn record_from(
        &mut self,
        scope: Scope,
        from: Mark,
        cause: Cause,
        state: GapState,
        until: Until,
    ) {
        let gap = Gap { scope, cause, state, from, to: None };
        self.record(gap);
        self.await_end(gap, until);
    }

    /// While a server leaves out large messages nobody knows which; so the record has no end before the connection.
    pub(super) fn record_limit(&mut self, from: Mark, to: Option<Mark>) {
        let (scope, cause, state) = (self.scope, Cause::Oversize, GapState::Unproven);
        self.record(Gap { scope, cause, state, from, to });
    }

    /// What of an overlap was read by connections that died in it is not read again. But nothing tells whether they and
    /// the next lead to one server, and where each puts an event.
    pub(super) fn record_skipped(&mut self, asked: Place) {
        if let Place::Cursor(cursor) = asked {
            self.doubt_overlap(Mark { cursor, time: WallTime::from_micros(cursor.0) });
        }
    }

    /// What of the overlap lies before `to` may hold events that never came: a feed that counts in time tells some of them
    /// after later ones, and only reading all of the overlap again shows that they came too.
    pub(super) fn doubt_overlap(&mut self, to: Mark) {
        let (scope, checkpoint) = self.records().current();
        let Some((begin, _)) = overlap(scope.kind, checkpoint, self.now.wall) else {
            return;
        };
        let from = Mark { cursor: begin, time: WallTime::from_micros(begin.0) };
        let gap = Gap { scope, cause: Cause::Witness, state: GapState::Unproven, from, to: Some(to) };
        if begin < to.cursor && !self.records().remembers(gap) {
            self.record(gap);
        }
    }

    /// A server that counts in time begins at the oldest event it has, silently, where it was asked for an older one:
    /// without a witness, nothing tells how much is missing before the first event.
    pub(super) fn doubt_beginning(&mut self, asked: Place) {
        let (scope, checkpoint) = self.records().current();
        let begins_at_a_time = matches!(asked, Place::Time(_) | Place::Cursor(_));
        if scope.kind == CursorKind::Time && checkpoint.witness.is_none() && begins_at_a_time {
            self.record_open(Cause::Witness, GapState::Unproven, Until::Any);
        }
    }

    /// Ends the gaps that this event lies behind.
    pub(super) fn end_gaps(&mut self, here: Mark) {
        let scope = self.scope;
        let mut ended = Vec::new();
        self.open_gaps.retain(|open| {
            let is_behind = |mark: Mark| {
                if open.gap.scope == scope { here.cursor > mark.cursor } else { here.time > mark.time }
            };
            let is_past = match open.until {
                Until::Any => true,
                Until::Past => is_behind(open.gap.from),
                Until::Behind(mark) => is_behind(mark),
            };
            if is_past {
                ended.push(Gap { to: Some(here), ..open.gap });
            }
            !is_past
        });
        for gap in ended {
            self.record(gap);
        }
    }

    /// The connection ends: whatever the switch from replay to live dropped or put off lies before its furthest event.
    pub(super) fn end_cutover(&mut self) {
        let Some(connection) = self.state.connection() else {
            return;
        };
        let (open, high) = (connection.cutover.open(), connection.high);
        connection.cutover = Cutover::Passed;
        if let (Some(from), Some(cursor)) = (open, high) {
            let time = WallTime::from_micros(cursor.0);
            self.record_cutover(from, Some(Mark { cursor, time }));
        }
    }

    /// A connection soon after another one crosses the switch where that one did: the record is one.
    pub(super) fn begin_cutover(&mut self, from: Mark) {
        let scope = self.scope;
        let before =
            self.last_cutover.filter(|gap| gap.scope == scope && gap.to.is_some_and(|to| from <= to));
        let from = before.map_or(from, |gap| gap.from);
        if let Some(connection) = self.state.connection() {
            connection.cutover.begin_at(from);
        }
        self.record_cutover(from, None);
    }

    pub(super) fn record_cutover(&mut self, from: Mark, to: Option<Mark>) {
        let scope = self.scope;
        let gap = Gap { scope, cause: Cause::Cutover, state: GapState::Unproven, from, to };
        self.last_cutover = Some(gap);
        self.record(gap);
    }
}
