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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cursor::Cursor;

    const AT: fn(u64) -> Place = |number| Place::Cursor(Cursor(number));

    fn time(micros: u64) -> WallTime {
        WallTime::from_micros(2_000_000_000_000_000 + micros)
    }

    /// Seqs 100 to 199 are retained, at times 1,000 to 1,990; it is 5,000.
    fn bounds() -> Bounds {
        let oldest = Mark { cursor: Cursor(100), time: time(1_000) };
        Bounds { oldest, next_seq: 200, now: time(5_000), newest: None, active_segment: None }
    }

    fn quiet(wire: Wire, place: Place) -> Option<Seat> {
        seat(wire, place, &bounds()).ok().filter(|seated| !seated.outdated).map(|seated| seated.seat)
    }

    #[test]
    fn a_legacy_host_moves_what_is_too_old_without_a_word() {
        for (place, expected) in [
            (Place::Tip, Seat::Live),
            (Place::Oldest, Seat::Time(time(1_000))),
            (Place::Time(time(999)), Seat::Time(time(1_000))),
            (Place::Time(time(1_990)), Seat::Time(time(1_990))),
            (AT(time(1_500).as_micros()), Seat::Time(time(1_500))),
            (AT(7), Seat::Time(time(1_000))),
            (Place::Time(time(5_000)), Seat::Time(time(5_000))),
            (Place::Time(time(5_001)), Seat::Live),
        ] {
            assert_eq!(quiet(Wire::V1, place), Some(expected), "{place}");
        }
    }

    #[test]
    fn a_quiet_legacy_host_starts_over_for_a_cursor_behind_its_last_event() {
        let bounds = Bounds { newest: Some(time(1_990)), ..bounds() };
        let seat = |micros| seat(Wire::V1, Place::Time(time(micros)), &bounds).map(|seated| seated.seat);
        assert_eq!(seat(1_990), Ok(Seat::Time(time(1_990))));
        assert_eq!(seat(1_991), Ok(Seat::Time(time(1_000))), "never ask for last + 1");
        assert_eq!(seat(5_001), Ok(Seat::Live));
    }

    #[test]
    fn v2_refuses_a_seq_and_announces_a_moment_below_the_floor() {
        let seated = |place| seat(Wire::V2, place, &bounds());
        assert_eq!(seated(AT(99)), Err(TooOld { floor: 100 }));
        assert_eq!(seated(AT(0)), Err(TooOld { floor: 100 }));
        assert_eq!(seated(AT(100)), Ok(silently(Seat::Seq(100))));
        assert_eq!(seated(AT(199)), Ok(silently(Seat::Seq(199))));
        assert_eq!(seated(AT(200)), Ok(silently(Seat::Live)), "a seq to come is the tip");
        assert_eq!(
            seated(Place::Time(time(999))),
            Ok(Seated { seat: Seat::Time(time(1_000)), outdated: true })
        );
        assert_eq!(seated(Place::Time(time(1_000))), Ok(silently(Seat::Time(time(1_000)))));
        assert_eq!(seated(Place::Tip), Ok(silently(Seat::Live)));
    }

    #[test]
    fn zero_is_too_old_only_once_the_floor_has_left_one() {
        let oldest = Mark { cursor: Cursor(1), time: time(0) };
        let young = Bounds { oldest, ..bounds() };
        assert_eq!(seat(Wire::V2, AT(0), &young), Ok(silently(Seat::Seq(0))));
    }

    #[test]
    fn v1_on_a_v2_host_knows_both_and_announces_neither() {
        for (place, expected) in [
            (AT(5), Seat::Seq(100)),
            (AT(150), Seat::Seq(150)),
            (AT(200), Seat::Live),
            (Place::Oldest, Seat::Seq(100)),
            (Place::Time(time(5)), Seat::Time(time(1_000))),
        ] {
            assert_eq!(quiet(Wire::V1OnV2Host, place), Some(expected), "{place}");
        }
    }

    #[test]
    fn a_moment_in_the_active_segment_goes_back_to_its_beginning() {
        let segment = Mark { cursor: Cursor(170), time: time(1_700) };
        let bounds = Bounds { active_segment: Some(segment), ..bounds() };
        for wire in [Wire::V2, Wire::V1OnV2Host] {
            let seat = |micros| seat(wire, Place::Time(time(micros)), &bounds).map(|seated| seated.seat);
            assert_eq!(seat(1_699), Ok(Seat::Time(time(1_699))));
            assert_eq!(seat(1_990), Ok(Seat::Seq(170)));
        }
    }
}
