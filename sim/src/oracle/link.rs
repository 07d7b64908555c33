//! O5 and O15: the one connection there may be, and what it can prove.

use highwater_core::checkpoint::Witness;
use highwater_core::cursor::{Cursor, Place};
use highwater_core::event::{Event, Payload};
use highwater_core::number::Epoch;
use highwater_core::scope::{Scope, SourceId};

use super::garble::Garble;

/// No margin is wider: a time so far below the highest is of another history.
const MARGIN_MAX: u64 = 60_000_000;

/// A connection, from its dial to its end.
#[derive(Clone, Debug)]
pub(super) struct Link<K> {
    /// Its number.
    pub(super) epoch: Epoch,
    /// Where to.
    pub(super) source: SourceId,
    /// What it was dialed for.
    pub(super) asked: Place,
    /// Which of its frames could not be read.
    pub(super) garble: Garble,
    /// It is open.
    pub(super) is_open: bool,
    /// The scope that it goes on from, and the event that must come again.
    pub(super) expected: Option<(Scope, Witness<K>)>,
    /// When that event came, in the order of all that is handed in.
    pub(super) proved: Option<u64>,
    /// The highest time, and how far an event lay below it at most.
    pub(super) high: Cursor,
    /// An event lay below the highest by so much.
    pub(super) step_back: u64,
    /// The server's clock went back further than any margin, and that is not on record yet.
    pub(super) owes_gap: bool,
    /// The last number, where events are numbered, and how often one was followed by a lower.
    last_seq: Option<Cursor>,
    pub(super) counted_down: u32,
    /// Something came.
    pub(super) is_fruitful: bool,
}

impl<K: Eq> Link<K> {
    /// A dial.
    pub(super) fn new(epoch: Epoch, source: SourceId, place: Place) -> Self {
        Self {
            epoch,
            source,
            asked: place,
            garble: Garble::default(),
            is_open: false,
            expected: None,
            proved: None,
            high: match place {
                Place::Cursor(cursor) => cursor,
                Place::Time(time) => Cursor(time.as_micros()),
                Place::Tip | Place::Oldest => Cursor(0),
            },
            step_back: 0,
            owes_gap: false,
            last_seq: None,
            counted_down: 0,
            is_fruitful: false,
        }
    }

    /// It asks for what is durable already, to see the witness come: that some of it is gone is no loss.
    pub(super) fn asks_again(&self) -> bool {
        let before = |time| self.expected.as_ref().is_some_and(|(_, witness)| time < witness.time);
        matches!(self.asked, Place::Time(time) if before(time))
    }

    /// It asks for what came since a moment, and goes on from nothing.
    pub(super) fn begins_at_time(&self) -> bool {
        self.expected.is_none() && matches!(self.asked, Place::Time(_))
    }

    /// Whether events came with numbers.
    pub(super) fn is_numbered(&self) -> bool {
        self.last_seq.is_some()
    }

    /// An event came, as number `order` of all that is handed in. True if it is the one that must come again.
    pub(super) fn event<P: Payload<Key = K>>(&mut self, event: &Event<P>, order: u64) -> bool {
        let time = Cursor(event.time.as_micros());
        self.is_fruitful = true;
        let step_back = self.high.0.saturating_sub(time.0);
        self.step_back = self.step_back.max(step_back);
        self.high = self.high.max(time);
        self.owes_gap |= event.seq.is_none() && MARGIN_MAX < step_back;
        self.counted_down += u32::from(event.seq.is_some() && event.seq < self.last_seq);
        self.last_seq = event.seq;
        let is_witness = self.expected.as_ref().is_some_and(|(scope, witness)| {
            event.cursor(scope.kind) == Some(witness.cursor) && event.payload.key() == witness.key
        });
        if is_witness {
            self.proved.get_or_insert(order);
        }
        is_witness
    }
}
