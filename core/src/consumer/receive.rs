//! What comes on a connection: proves continuity, puts gaps on record, and joins what waits to become durable.

use alloc::vec::Vec;

use crate::closure::CloseReason;
use crate::consumer::Consumer;
use crate::consumer::approach::Approach;
use crate::consumer::buffer::{Entry, Reach};
use crate::consumer::continuity::{Continuity, Finding};
use crate::consumer::cutover::{Cutover, Step};
use crate::consumer::dial::MARGIN_MIN;
use crate::consumer::ledger::{OpenGap, Until};
use crate::consumer::records::Advance;
use crate::cursor::{Cursor, CursorKind, Place};
use crate::effect::Notice;
use crate::event::{Event, Item, Payload, Reason, Sample};
use crate::gap::{Cause, Gap, GapState, Mark};
use crate::scope::Scope;
use crate::sink::{Content, DeadLetter};
use crate::time::Duration;

/// No margin grows beyond this, whatever a server does.
const MARGIN_MAX: Duration = Duration::from_secs(60);

impl<P: Payload> Consumer<P> {
    /// Takes in what came, as far as the connection outlives it.
    pub(super) fn receive(&mut self, items: Vec<Item<P>>) {
        for item in items {
            let Some(connection) = self.state.connection() else {
                return;
            };
            if connection.malformed.count(matches!(item, Item::Malformed(..))) {
                return self.give_up_on_malformed();
            }
            match item {
                Item::Event(event) => self.receive_event(event, Entry::Event),
                Item::Filtered(event) => self.receive_event(event, Entry::Passed),
                Item::Oversize(event, sample) => {
                    self.set_aside(Reason::Oversize, sample);
                    self.receive_event(event, Entry::Passed);
                }
                Item::Malformed(reason, sample) => self.set_aside(reason, sample),
                Item::Outdated => self.outdated(),
                Item::Info => {}
            }
        }
    }

    fn receive_event(&mut self, event: Event<P>, entry: fn(Event<P>, Reach) -> Entry<P>) {
        let now = self.now;
        let Some(connection) = self.state.connection() else {
            return;
        };
        connection.event_at = connection.reading_time(now.monotonic);
        match connection.continuity.find(&event) {
            Finding::Nothing | Finding::Overlap => {}
            Finding::Witness => return self.prove(&event),
            Finding::Past => {
                if connection.continuity.is_by_number() {
                    self.approach = Approach::WitnessByTime;
                    return self.close(CloseReason::Unproven);
                }
                let mark = mark(&event, connection.kind);
                self.unproven(Cause::Witness, Some(mark));
            }
            Finding::OtherHistory => return self.meet_other_history(&event),
        }
        if !self.follow_numbering(&event) || !self.follow_order(&event) {
            return;
        }
        self.deliver(event, entry);
    }

    /// The event at the checkpoint came again. It is durable already.
    fn prove(&mut self, event: &Event<P>) {
        let scope = self.scope;
        let Some(connection) = self.state.connection() else {
            return;
        };
        let end = mark(event, connection.kind);
        connection.continuity = Continuity::Proved;
        connection.last = Some(end);
        connection.high = connection.high.max(Some(end.cursor));
        let closed = self.records_mut().closed_by(scope, end.cursor);
        self.records_mut().advance = Advance::Yes;
        for gap in closed {
            self.open_gaps.retain(|known| known.gap.from != gap.from || known.gap.cause != gap.cause);
            self.record(Gap { state: GapState::Closed, to: gap.to.or(Some(end)), ..gap });
        }
        self.tell(Notice::Proved { scope });
    }

    /// The event at the checkpoint did not come: says so, and goes on. It may still come.
    pub(super) fn unproven(&mut self, cause: Cause, to: Option<Mark>) {
        let (scope, from, state) = (self.scope, self.end(), GapState::Unproven);
        let Some(connection) = self.state.connection() else {
            return;
        };
        connection.continuity.doubt();
        let gap = Gap { scope, cause, state, from, to };
        self.doubt_overlap(from);
        self.record(gap);
        if to.is_none() {
            self.await_end(gap, Until::Past);
        }
        self.records_mut().advance = Advance::Yes;
    }

    /// Numbers where there was time, or the other way round. False if the connection is over.
    fn follow_numbering(&mut self, event: &Event<P>) -> bool {
        let Some(connection) = self.state.connection() else {
            return false;
        };
        if event.seq.is_some() {
            // One log, replayed and followed alike: nothing is dropped between.
            connection.cutover = Cutover::None;
        }
        match (connection.kind, event.kind()) {
            (CursorKind::Seq, CursorKind::Time) => {
                self.meet_other_history(event);
                false
            }
            (CursorKind::Time, CursorKind::Seq) if connection.continuity.is_settled() => {
                connection.kind = CursorKind::Seq;
                connection.high = None;
                let scope = self.scope;
                let next = Scope { kind: CursorKind::Seq, incarnation: scope.incarnation + 1, ..scope };
                let fresh = self.fresh(Place::Time(event.time));
                self.turn(next, Some(fresh));
                true
            }
            (CursorKind::Time | CursorKind::Seq, _) => true,
        }
    }

    /// A feed that counts in time may step back a little, and is another history if it steps back far. A feed that
    /// counts in numbers never steps back. False if the connection is over.
    fn follow_order(&mut self, event: &Event<P>) -> bool {
        let margin = self.margin();
        let Some(connection) = self.state.connection() else {
            return false;
        };
        let here = mark(event, connection.kind);
        let Some(high) = connection.high.filter(|high| here.cursor < *high) else {
            return true;
        };
        if connection.kind == CursorKind::Seq {
            self.meet_other_history(event);
            return false;
        }
        let step = Duration::from_micros(high.0 - here.cursor.0);
        if step > margin {
            self.step_back(here);
        } else if connection.last.is_some() && step * 2 > margin {
            self.records_mut().widen_margin((step * 2).max(MARGIN_MIN).min(MARGIN_MAX));
        }
        true
    }

    /// The server's clock went back: from here on it is another history, on the same connection.
    fn step_back(&mut self, here: Mark) {
        self.end_cutover();
        let (scope, end) = (self.scope, self.end());
        let Some(connection) = self.state.connection() else {
            return;
        };
        let from = connection.last.filter(|_| connection.continuity.is_settled()).unwrap_or(end);
        connection.continuity = Continuity::Free;
        connection.high = Some(here.cursor);
        self.record(Gap { scope, cause: Cause::Clock, state: GapState::Unproven, from, to: Some(here) });
        let next = Scope { incarnation: scope.incarnation + 1, ..scope };
        let fresh = self.fresh(Place::Time(here.time));
        self.turn(next, Some(fresh));
    }

    /// The server has another log than the one the checkpoint was made in.
    fn meet_other_history(&mut self, event: &Event<P>) {
        let end = self.end();
        let Some(connection) = self.state.connection() else {
            return;
        };
        let is_settled = connection.continuity.is_settled();
        let from = connection.last.filter(|_| is_settled).unwrap_or(end);
        if !is_settled {
            self.doubt_overlap(end);
        }
        self.new_incarnation(event.kind(), from);
        self.close(CloseReason::Incarnation);
    }

    /// The server says that what was asked for is no longer there in full.
    fn outdated(&mut self) {
        // Whoever asks for the oldest there is knows that.
        let asks_for_oldest = self.records().current().1.place == Place::Oldest;
        // Whoever asks for what is durable already learns from the events whether anything behind that is missing.
        let scope = self.scope;
        let is_taking_over = |open: &OpenGap| open.gap.scope != scope;
        let asks_again = self.open_gaps.iter().any(is_taking_over)
            || self.state.connection().is_some_and(|connection| connection.continuity.is_by_time());
        if !asks_for_oldest && !asks_again {
            self.record_open(Cause::TooOld, GapState::Lost, Until::Any);
        }
    }

    /// Puts an event into the queue, and before it what it ends or begins.
    fn deliver(&mut self, event: Event<P>, entry: fn(Event<P>, Reach) -> Entry<P>) {
        let now = self.now;
        let Some(connection) = self.state.connection() else {
            return;
        };
        let here = mark(&event, connection.kind);
        connection.last = Some(here);
        connection.high = connection.high.max(Some(here.cursor));
        let step = connection.cutover.pass(here.time, now.wall);
        let place = match connection.kind {
            CursorKind::Time => here.cursor.min(Cursor(now.wall.as_micros())),
            CursorKind::Seq => here.cursor,
        };
        match step {
            Step::Nothing => {}
            Step::Begin(from) => self.begin_cutover(from),
            Step::End(from, to) => self.record_cutover(from, Some(to)),
        }
        if !self.open_gaps.is_empty() {
            self.end_gaps(here);
        }
        self.buffer.push(entry(event, Reach { place, cursor: here.cursor }));
    }

    fn set_aside(&mut self, reason: Reason, sample: Sample) {
        let now = self.now.monotonic;
        let Some(connection) = self.state.connection() else {
            return;
        };
        connection.idle_since = connection.reading_time(now);
        let after = connection.last.map(|last| last.cursor);
        self.buffer.push(Entry::Dead(DeadLetter { after, reason, content: Content::Frame(sample) }));
    }

    /// Hardly a frame makes sense: once more without compression, then somewhere else.
    fn give_up_on_malformed(&mut self) {
        if self.attempts.asks_for_compression() {
            self.attempts.forgo_compression();
            self.close(CloseReason::Malformed);
        } else {
            self.close_for_another(CloseReason::Malformed);
        }
    }
}

fn mark<P>(event: &Event<P>, kind: CursorKind) -> Mark {
    Mark { cursor: event.cursor(kind).unwrap_or_default(), time: event.time }
}
