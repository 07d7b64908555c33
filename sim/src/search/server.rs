//! The small servers: at most eight events in a history, two histories, and the cursor rules of the product's own.
//!
//! Where there are two, both tell the same events, each under its own numbers and by its own clock, and each forgets by
//! itself.

use highwater_core::cursor::{Cursor, Place};
use highwater_core::gap::Mark;
use highwater_core::scope::SourceId;
use highwater_core::serve::Wire;
use highwater_core::serve::seat::{Bounds, Seat, TooOld, seat};
use highwater_core::time::{Duration, Instant, WallTime};

use super::bounds::{Bounds as Limits, Feed};

use crate::carrier::Telling;
use crate::truth::{Audience, EventId, Fact, Nature};

/// Where everybody's clock stands at first; the server's never moves.
pub(super) const NOON: WallTime = WallTime::from_micros(1_760_000_000_000_000);

/// The first event of all happened so long before.
const FIRST: Duration = Duration::from_secs(90);
/// One event comes so long after the other: two of them lie within the least margin.
const APART: Duration = Duration::from_secs(2);

/// Where a life begins at the tip, they happen about when it begins: the first so long before. The least margin is
/// more, so a clock that is behind by so much loses nothing.
const FIRST_AT_TIP: Duration = Duration::from_millis(4_500);
/// And so long one after the other.
const APART_AT_TIP: Duration = Duration::from_secs(1);
/// The second source's clock is behind by so much: less than one event comes after the other.
const BEHIND: Duration = Duration::from_millis(500);
/// And its numbers are so much greater.
const AHEAD: u64 = 100;

/// What the servers have told, and what of it they can tell again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Server {
    /// 0, and 1 once it was rebuilt.
    pub(super) history: u8,
    /// So many of its events have happened: one happens as somebody first hears of it.
    pub(super) told: u8,
    /// So many of those each source can no longer tell.
    pub(super) floors: [u8; Limits::SOURCES_MAX as usize],
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
    pub(super) const NEW: Self = Self { history: 0, told: 0, floors: [0; 2] };

    /// The event at this place of its history, where a history has so many.
    pub(super) const fn id(self, index: u8, events: u8) -> EventId {
        EventId((self.history * events + index) as u32)
    }

    /// The first so many events of its history, a bit each.
    pub(super) const fn first(self, count: u8, events: u8) -> u32 {
        ((1 << count) - 1) << (self.history * events)
    }

    /// An event as a source tells it: a rebuilt one counts from one again.
    pub(super) fn telling(id: EventId, feed: Feed, source: SourceId) -> Telling {
        let source = u64::from(source.0);
        let (first, apart) = if feed.at_tip { (FIRST_AT_TIP, APART_AT_TIP) } else { (FIRST, APART) };
        let time = NOON - first + apart * u64::from(id.0) - BEHIND * source;
        let number = u64::from(id.0 % u32::from(feed.events)) + 1;
        Telling { id, time, seq: Cursor(number + AHEAD * source) }
    }

    /// Where a subscription to `place` begins.
    pub(super) fn seat(
        self,
        wire: Wire,
        place: Place,
        feed: Feed,
        source: SourceId,
    ) -> Result<Start, TooOld> {
        let floor = self.floors[usize::from(source.0)];
        let mark = |index: u8| {
            let telling = Self::telling(self.id(index, feed.events), feed, source);
            Mark { cursor: telling.seq, time: telling.time }
        };
        let next_seq = u64::from(self.told) + 1 + AHEAD * u64::from(source.0);
        let empty = Mark { cursor: Cursor(next_seq), time: NOON };
        let oldest = if floor < self.told { mark(floor) } else { empty };
        let bounds = Bounds { oldest, next_seq, now: NOON, newest: None, active_segment: None };
        let seated = seat(wire, place, &bounds)?;
        let is_wanted = |mark: Mark| match seated.seat {
            Seat::Live => false,
            Seat::Seq(seq) => mark.cursor.0 >= seq,
            Seat::Time(time) => mark.time >= time,
        };
        let next = (floor..self.told).find(|&index| is_wanted(mark(index))).unwrap_or(self.told);
        Ok(Start { next, is_outdated: seated.outdated })
    }

    pub(super) const fn word(self) -> u64 {
        let [first, second] = self.floors;
        (second as u64) << 24 | (self.history as u64) << 16 | (self.told as u64) << 8 | first as u64
    }
}

/// What the network knows of an event.
pub(super) const fn fact(nature: Nature) -> Fact {
    Fact { at: Instant::ZERO, audience: Audience::Both, nature, is_same_time: false, size: None }
}
