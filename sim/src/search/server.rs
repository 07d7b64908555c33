//! The small server: at most eight events in a history, two histories, and the cursor rules of the product's own.

use highwater_core::cursor::{Cursor, Place};
use highwater_core::gap::Mark;
use highwater_core::serve::Wire;
use highwater_core::serve::seat::{Bounds, Seat, TooOld, seat};
use highwater_core::time::{Duration, Instant, WallTime};

use crate::carrier::Telling;
use crate::truth::{Audience, EventId, Fact, Nature};

/// Where everybody's clock stands at first; the server's never moves.
pub(super) const NOON: WallTime = WallTime::from_micros(1_760_000_000_000_000);

/// The first event of all happened so long before.
const FIRST: Duration = Duration::from_secs(90);
/// One event comes so long after the other: two of them lie within the least margin.
const APART: Duration = Duration::from_secs(2);

/// What the server has told, and what of it it can tell again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Server {
    /// 0, and 1 once it was rebuilt.
    pub(super) history: u8,
    /// So many of its events have happened: one happens as somebody first hears of it.
    pub(super) told: u8,
    /// So many of those it can no longer tell.
    pub(super) floor: u8,
}

/// Where a subscription begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Start {
    /// The first event that comes.
    pub(super) next: u8,
    /// Before it the server says that what was asked for is no longer there in full.
    pub(super) is_outdated: bool,
}

impl Server {
    pub(super) const NEW: Self = Self { history: 0, told: 0, floor: 0 };

    /// The event at this place of its history, where a history has so many.
    pub(super) const fn id(self, index: u8, events: u8) -> EventId {
        EventId((self.history * events + index) as u32)
    }

    /// An event as the server tells it: a rebuilt one counts from one again.
    pub(super) fn telling(id: EventId, events: u8) -> Telling {
        let time = NOON - FIRST + APART * u64::from(id.0);
        Telling { id, time, seq: Cursor(u64::from(id.0 % u32::from(events)) + 1) }
    }

    /// Where a subscription to `place` begins.
    pub(super) fn seat(self, wire: Wire, place: Place, events: u8) -> Result<Start, TooOld> {
        let mark = |index: u8| {
            let telling = Self::telling(self.id(index, events), events);
            Mark { cursor: telling.seq, time: telling.time }
        };
        let next_seq = u64::from(self.told) + 1;
        let empty = Mark { cursor: Cursor(next_seq), time: NOON };
        let oldest = if self.floor < self.told { mark(self.floor) } else { empty };
        let bounds = Bounds { oldest, next_seq, now: NOON, newest: None, active_segment: None };
        let seated = seat(wire, place, &bounds)?;
        let is_wanted = |mark: Mark| match seated.seat {
            Seat::Live => false,
            Seat::Seq(seq) => mark.cursor.0 >= seq,
            Seat::Time(time) => mark.time >= time,
        };
        let next = (self.floor..self.told).find(|&index| is_wanted(mark(index))).unwrap_or(self.told);
        Ok(Start { next, is_outdated: seated.outdated })
    }

    pub(super) const fn word(self) -> u64 {
        (self.history as u64) << 16 | (self.told as u64) << 8 | self.floor as u64
    }
}

/// What the network knows of an event.
pub(super) const fn fact(nature: Nature) -> Fact {
    Fact { at: Instant::ZERO, audience: Audience::Both, nature, is_same_time: false, size: None }
}
