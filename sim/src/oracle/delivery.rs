//! O2 and O4: what is appended is what was delivered, in that order, and nothing is passed over.
//!
//! The ledger of delivery is a queue of all that the machine was handed on this connection and that is not durable.
//! An append takes from its front. Passed over may be what is not stored (filtered events), what is durable already
//! (the witness), and what came behind the point where the machine broke the connection off.

use std::collections::VecDeque;

use highwater_core::cursor::{Cursor, CursorKind};
use highwater_core::event::{Event, Item, Sample};
use highwater_core::sink::{Append, Content};

use super::rule::{Rule, Violation, must};
use crate::carrier::Told;
use crate::truth::EventId;

/// What the machine was handed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// To be stored.
    Event,
    /// Moves the cursor and is not stored.
    Passing,
}

/// One thing that the machine was handed and that is not durable.
#[derive(Clone, Copy, Debug)]
struct Handed {
    id: EventId,
    what: What,
    time: Cursor,
    seq: Option<Cursor>,
    /// What its payload holds on to.
    size: usize,
    /// Its place among all that was handed; frames set aside are counted as well.
    order: u64,
    /// It is durable already, so it need not be stored.
    is_witness: bool,
    /// The machine knows that, and said so: it must not be stored.
    is_proof: bool,
}

impl Handed {
    fn cursor(&self, kind: CursorKind) -> Cursor {
        match kind {
            CursorKind::Time => self.time,
            CursorKind::Seq => self.seq.unwrap_or(self.time),
        }
    }
}

/// A frame that must be set aside.
#[derive(Clone, Copy, Debug)]
struct Letter {
    length: u64,
    sha256: [u8; 32],
    size: usize,
    order: u64,
}

impl Letter {
    fn is(&self, sample: &Sample) -> bool {
        self.length == sample.length && self.sha256 == sample.sha256
    }
}

/// What an append takes from the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    handed: usize,
    letters: usize,
}

/// How much waits: a machine may hold on to a little more than it must.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Held {
    /// Bytes of events that have to be stored.
    pub(super) bytes_least: usize,
    /// All events, whatever becomes of them.
    pub(super) events_most: usize,
    /// Bytes of all that came.
    pub(super) bytes_most: usize,
    /// Bytes of what passes, which may wait for the next append.
    passing: usize,
}

/// What an entry of a queue costs besides its payload.
pub(super) const ENTRY_BYTES: usize = 64;

/// All that was delivered and is not durable.
#[derive(Clone, Debug, Default)]
pub(super) struct Delivery {
    queue: VecDeque<Handed>,
    letters: VecDeque<Letter>,
    order: u64,
    /// Whatever was handed from here on may have been dropped with the connection.
    droppable_from: Option<u64>,
    events: usize,
    held: Held,
    /// The highest position taken on this connection.
    peak_time: Cursor,
    peak_seq: Cursor,
    /// The latest time that was handed; what comes with an earlier one came out of order.
    latest: Cursor,
    is_unordered: bool,
}

impl Delivery {
    /// The machine is handed an item. `is_witness` tells an event that must come again.
    pub(super) fn hand<P: Told>(&mut self, item: &Item<P>, is_witness: impl FnOnce(&Event<P>) -> bool) {
        self.order += 1;
        match item {
            Item::Event(event) => {
                let is_witness = is_witness(event);
                self.push(event, What::Event, is_witness);
            }
            Item::Filtered(event) => self.push(event, What::Passing, false),
            Item::Oversize(event, sample) => {
                self.set_aside(sample);
                self.push(event, What::Passing, false);
            }
            Item::Malformed(_, sample) => self.set_aside(sample),
            Item::Outdated | Item::Info => {}
        }
    }

    fn push<P: Told>(&mut self, event: &Event<P>, what: What, is_witness: bool) {
        let time = Cursor(event.time.as_micros());
        self.is_unordered |= time < self.latest;
        self.latest = self.latest.max(time);
        self.events += usize::from(what == What::Event && !is_witness);
        let (id, order, size) = (event.payload.id(), self.order, event.payload.size());
        let handed = Handed { id, what, time, seq: event.seq, size, order, is_witness, is_proof: false };
        self.held.bytes_most += ENTRY_BYTES + size;
        if what == What::Event {
            self.held.events_most += 1;
            self.held.bytes_least += if is_witness { 0 } else { size };
        }
        self.queue.push_back(handed);
    }

    /// The machine says that the event came again which is at the checkpoint.
    pub(super) fn proved(&mut self) {
        if let Some(witness) = self.queue.iter_mut().find(|handed| handed.is_witness) {
            witness.is_proof = true;
        }
    }

    fn set_aside(&mut self, sample: &Sample) {
        let (length, sha256, order, size) = (sample.length, sample.sha256, self.order, sample.head.len());
        self.held.bytes_most += ENTRY_BYTES + size;
        self.letters.push_back(Letter { length, sha256, size, order });
    }

    /// A mark between what was handed before and after.
    pub(super) fn order(&self) -> u64 {
        self.order
    }

    /// The machine broke off: what was handed after the mark may be gone.
    pub(super) fn break_off(&mut self, mark: u64) {
        self.droppable_from = Some(self.droppable_from.map_or(mark, |from| from.min(mark)));
    }

    /// A new connection is dialed: all that the last one brought must be durable. Says what was dropped.
    pub(super) fn dial(&mut self) -> Result<Vec<EventId>, Violation> {
        let dropped = self.settle_all(Rule::O5OneConnection, "a dial")?;
        (self.peak_time, self.peak_seq) = (Cursor(0), Cursor(0));
        (self.latest, self.is_unordered) = (Cursor(0), false);
        Ok(dropped)
    }

    /// Everything must be durable by now, but for what may have been dropped. Says what was.
    pub(super) fn settle_all(&mut self, rule: Rule, when: &str) -> Result<Vec<EventId>, Violation> {
        let left = self.queue.iter().find(|handed| self.must_be_stored(handed));
        must(left.is_none(), rule, || format!("{when} while {left:?} is not durable"))?;
        let letter = self.letters.front().filter(|letter| !self.is_droppable(letter.order));
        must(letter.is_none(), rule, || format!("{when} while {letter:?} is not durable"))?;
        let dropped = self.waiting().collect();
        self.queue.clear();
        self.letters.clear();
        (self.events, self.held) = (0, Held::default());
        self.droppable_from = None;
        Ok(dropped)
    }

    fn is_droppable(&self, order: u64) -> bool {
        self.droppable_from.is_some_and(|from| from < order)
    }

    fn must_be_stored(&self, handed: &Handed) -> bool {
        handed.what == What::Event && !handed.is_witness && !self.is_droppable(handed.order)
    }

    /// What an append takes, if it takes it rightly.
    pub(super) fn take<P: Told>(&self, append: &Append<P>) -> Result<Taken, Violation> {
        let mut taken = Taken::default();
        for event in append.events.iter() {
            taken.handed = 1 + self.find(taken.handed, event)?;
        }
        for letter in &append.dead_letters {
            match &letter.content {
                Content::Event(event) => taken.handed = 1 + self.find(taken.handed, event)?,
                Content::Frame(sample) => {
                    let rest = self.letters.iter().skip(taken.letters);
                    let skipped = rest.take_while(|letter| !letter.is(sample)).count();
                    let index = taken.letters + skipped;
                    let known = self.letters.get(index);
                    must(known.is_some(), Rule::O16Poison, || {
                        format!("a frame is set aside that nobody handed in: {} bytes", sample.length)
                    })?;
                    taken.letters = index + 1;
                }
            }
        }
        let last = taken.handed.checked_sub(1).and_then(|last| self.queue.get(last));
        let left = self.letters.get(taken.letters).filter(|letter| !self.is_droppable(letter.order));
        if let (Some(last), Some(left)) = (last, left) {
            must(last.order < left.order, Rule::O2Checkpoint, || {
                format!("{} is appended before the frame that came before it is set aside", last.id)
            })?;
        }
        Ok(taken)
    }

    /// The index of an event in the queue, at or behind `from`, if all between may be passed over.
    fn find<P: Told>(&self, from: usize, event: &Event<P>) -> Result<usize, Violation> {
        let id = event.payload.id();
        for (index, handed) in self.queue.iter().enumerate().skip(from) {
            let is_same = handed.time.0 == event.time.as_micros() && handed.seq == event.seq;
            if handed.what == What::Event && handed.id == id && is_same && !handed.is_proof {
                return Ok(index);
            }
            must(!self.must_be_stored(handed), Rule::O4Once, || {
                format!("{id} is appended although {} came first and is not durable", handed.id)
            })?;
        }
        Err(Violation { rule: Rule::O4Once, what: format!("{id} is appended but waits nowhere") })
    }

    /// A checkpoint at `cursor` is about to be written with what was taken.
    pub(super) fn reach(
        &self,
        taken: Taken,
        kind: CursorKind,
        cursor: Cursor,
        margin: u64,
    ) -> Result<(), Violation> {
        let mut peak = match kind {
            CursorKind::Time => self.peak_time,
            CursorKind::Seq => self.peak_seq,
        };
        let mut rest = taken.handed;
        for (index, handed) in self.queue.iter().enumerate() {
            let is_covered = index < taken.handed || !self.must_be_stored(handed);
            if !is_covered || (index >= taken.handed && cursor <= peak) {
                break;
            }
            peak = peak.max(handed.cursor(kind));
            rest = index + 1;
        }
        must(cursor <= peak, Rule::O2Checkpoint, || {
            format!("the checkpoint goes to {cursor} though only {peak} is covered")
        })?;
        let resume = match kind {
            CursorKind::Time => Cursor(cursor.0.saturating_sub(margin)),
            CursorKind::Seq => cursor,
        };
        let count = if self.is_unordered { usize::MAX } else { 1 };
        let mut high = peak;
        // A clock that went back further than the margin begins another history, with a checkpoint of its own.
        let is_same_history = |handed: &&Handed| {
            let here = handed.cursor(kind);
            high = high.max(here);
            kind == CursorKind::Seq || high.0 <= here.0.saturating_add(margin)
        };
        let left = self.queue.iter().skip(rest).take_while(is_same_history);
        let mut left = left.filter(|handed| self.must_be_stored(handed)).take(count);
        let behind = left.find(|handed| handed.cursor(kind) < resume);
        must(behind.is_none(), Rule::O2Checkpoint, || {
            format!("the checkpoint goes to {cursor}, past {behind:?}, which is not durable")
        })
    }

    /// What was taken is durable.
    pub(super) fn durable(&mut self, taken: Taken) {
        (0..taken.handed).for_each(|_| self.pass());
        // What passes moves the checkpoint along with what came before it, or with the next append.
        let mut passing = if taken.handed == 0 { self.held.passing } else { 0 };
        while let Some(front) = self.queue.front().filter(|handed| handed.what == What::Passing) {
            passing += ENTRY_BYTES + front.size;
            self.pass();
        }
        self.held.passing = passing;
        for letter in self.letters.drain(..taken.letters) {
            self.held.bytes_most -= ENTRY_BYTES + letter.size;
        }
        self.is_unordered &= !self.queue.is_empty();
    }

    fn pass(&mut self) {
        let Some(handed) = self.queue.pop_front() else { return };
        self.held.bytes_most -= ENTRY_BYTES + handed.size;
        if handed.what == What::Event {
            self.held.events_most -= 1;
            self.held.bytes_least -= if handed.is_witness { 0 } else { handed.size };
            self.events -= usize::from(!handed.is_witness);
        }
        self.peak_time = self.peak_time.max(handed.time);
        self.peak_seq = self.peak_seq.max(handed.seq.unwrap_or_default());
    }

    /// How many events wait to be durable.
    pub(super) fn events(&self) -> usize {
        self.events
    }

    /// How much waits.
    pub(super) fn held(&self) -> Held {
        Held { bytes_most: self.held.bytes_most + self.held.passing, ..self.held }
    }

    /// Events that wait to be durable.
    pub(super) fn waiting(&self) -> impl Iterator<Item = EventId> {
        let events = self.queue.iter().filter(|handed| handed.what == What::Event && !handed.is_witness);
        events.map(|handed| handed.id)
    }

    /// Whether some of what waits may be gone with its connection.
    pub(super) fn may_have_dropped(&self) -> bool {
        self.droppable_from.is_some()
    }

    /// Nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.events == 0 && self.letters.is_empty()
    }
}
