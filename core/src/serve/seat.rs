//! Where in its log a server begins for a subscriber: the cursor rules, whatever the log holds.

use crate::cursor::Place;
use crate::gap::Mark;
use crate::serve::Wire;
use crate::time::WallTime;

/// What a server's log holds, as far as cursors go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The oldest event retained: its seq, and its time. Of an empty log: `next_seq`, and now.
    pub oldest: Mark,
    /// The seq that the next event will have.
    pub next_seq: u64,
    /// The server's wall clock.
    pub now: WallTime,
    /// The newest event's time, to have a legacy host behave as it does when nothing is at or after a cursor. \[R\]
    pub newest: Option<WallTime>,
    /// Where the segment begins that is still being written, to have a v2 host go back there for a moment inside
    /// it. \[I\]
    pub active_segment: Option<Mark>,
}

/// Where to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seat {
    /// With whatever comes next.
    Live,
    /// With the first event whose seq is this or greater.
    Seq(u64),
    /// With the first event whose time is this or later.
    Time(WallTime),
}

/// Where a subscriber begins, and what he is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seated {
    /// Where.
    pub seat: Seat,
    /// The first frame has to be [`outdated_cursor`](crate::serve::outdated_cursor).
    pub outdated: bool,
}

/// The cursor lies below the floor; answer [`Reply::too_old`](crate::serve::reply::Reply::too_old) with the floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooOld {
    /// The oldest seq retained.
    pub floor: u64,
}

/// Where a subscriber that asks for `place` begins. Every cursor includes the event it names. \[S\]
pub fn seat(wire: Wire, place: Place, bounds: &Bounds) -> Result<Seated, TooOld> {
    match wire {
        Wire::V1 => Ok(silently(v1(place, bounds))),
        Wire::V1OnV2Host => Ok(silently(match place {
            Place::Cursor(cursor) if cursor.0 < bounds.oldest.cursor.0 => Seat::Seq(bounds.oldest.cursor.0),
            Place::Tip | Place::Oldest | Place::Time(_) | Place::Cursor(_) => numbered(place, bounds),
        })),
        Wire::V2 => v2(place, bounds),
    }
}

fn silently(seat: Seat) -> Seated {
    Seated { seat, outdated: false }
}

/// A moment too old is moved up without a word, and a moment to come is the tip. \[S\]
fn v1(place: Place, bounds: &Bounds) -> Seat {
    let time = match place {
        Place::Tip => return Seat::Live,
        Place::Oldest => return Seat::Time(bounds.oldest.time),
        Place::Time(time) => time,
        Place::Cursor(cursor) => WallTime::from_micros(cursor.0),
    };
    if time > bounds.now {
        return Seat::Live;
    }
    // Nothing to replay is taken for being far behind, and the replay starts over from the very beginning. [R]
    if bounds.newest.is_some_and(|newest| time > newest) {
        return Seat::Time(bounds.oldest.time);
    }
    Seat::Time(time.max(bounds.oldest.time))
}

fn v2(place: Place, bounds: &Bounds) -> Result<Seated, TooOld> {
    match place {
        // Zero too, once the floor has left 1. [S]
        Place::Cursor(cursor) if cursor.0.max(1) < bounds.oldest.cursor.0 => {
            Err(TooOld { floor: bounds.oldest.cursor.0 })
        }
        Place::Time(time) => {
            Ok(Seated { seat: numbered(place, bounds), outdated: time < bounds.oldest.time })
        }
        Place::Tip | Place::Oldest | Place::Cursor(_) => Ok(silently(numbered(place, bounds))),
    }
}

/// The rules that both wires of a v2 host share: a seq to come is the tip, without a word. \[S\]
fn numbered(place: Place, bounds: &Bounds) -> Seat {
    match place {
        Place::Tip => Seat::Live,
        Place::Oldest => Seat::Seq(bounds.oldest.cursor.0),
        Place::Cursor(cursor) if cursor.0 >= bounds.next_seq => Seat::Live,
        Place::Cursor(cursor) => Seat::Seq(cursor.0),
        Place::Time(time) => match bounds.active_segment {
            Some(segment) if time >= segment.time => Seat::Seq(segment.cursor.0.max(bounds.oldest.cursor.0)),
            _ => Seat::Time(time.max(bounds.oldest.time)),
        },
    }
}
