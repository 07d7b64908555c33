//! Where in its log a server begins: the cursor rules that the product's own servers follow, and a mood.

use highwater_core::cursor::{Cursor, Place};
use highwater_core::gap::Mark;
use highwater_core::serve::Wire;
use highwater_core::serve::seat::{Bounds, Seat, seat};
use highwater_core::time::WallTime;

use super::log::Log;
use crate::faults::{Measure, Record};

/// Where a subscription begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// With what is told from now on.
    Live,
    /// With what is kept at this place.
    Replay {
        /// The place.
        place: usize,
        /// The server says first that what was asked for is no longer there in full.
        is_outdated: bool,
    },
    /// Nowhere: the server no longer has it, and says so.
    TooOld,
}

impl Start {
    /// The first place in the log that is told; none if that is still to come.
    pub(crate) fn place(self) -> Option<usize> {
        match self {
            Self::Replay { place, .. } => Some(place),
            Self::Live | Self::TooOld => None,
        }
    }
}

/// What a server knows as it answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Knowledge<'a> {
    /// How it speaks.
    pub(crate) wire: Wire,
    /// What it keeps.
    pub(crate) log: &'a Log,
    /// What it takes for the time.
    pub(crate) now: WallTime,
    /// The next number it will give out.
    pub(crate) next_seq: u64,
}

/// How an answer may be odd, though legal. What was made use of is left behind in `used`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Oddities {
    /// A time is answered from the start of the segment that holds it.
    pub(crate) early: Option<Record>,
    /// A time after the last event is answered from the very beginning.
    pub(crate) whole: Option<Record>,
    /// Which of them the server made use of.
    pub(crate) used: Option<Record>,
}

/// Where a subscription to `place` begins.
pub(crate) fn start(server: Knowledge<'_>, place: Place, oddities: &mut Oddities) -> Start {
    let (log, is_legacy) = (server.log, server.wire == Wire::V1);
    let mark = |place: usize| {
        let (cursor, time) = match log.kept(place) {
            Some(told) => (told.telling.seq, told.telling.time),
            None => (Cursor(server.next_seq), server.now),
        };
        Mark { cursor, time }
    };
    let newest = log.end().checked_sub(1).map(|last| mark(last).time);
    let early = oddities.early.filter(|_| !is_legacy);
    let segment = early.map(|early| log.end().saturating_sub(early.number(Measure::Shift) as usize));
    let whole = oddities.whole.filter(|_| is_legacy && newest.is_some());
    oddities.used = early.or(whole);
    let bounds = Bounds {
        oldest: mark(log.floor()),
        next_seq: server.next_seq,
        now: server.now,
        newest: newest.filter(|_| whole.is_some()),
        active_segment: segment.map(|segment| mark(segment.max(log.floor()))),
    };
    let Ok(seated) = seat(server.wire, place, &bounds) else { return Start::TooOld };
    let place = match seated.seat {
        Seat::Live => return Start::Live,
        Seat::Seq(seq) => log.first_numbered(Cursor(seq)),
        Seat::Time(time) => log.first_from(time),
    };
    Start::Replay { place, is_outdated: seated.outdated }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::carrier::Telling;
    use crate::truth::EventId;
    use highwater_core::cursor::CursorKind;
    use highwater_core::time::Instant;

    const T: u64 = 1_700_000_000_000_000;

    /// Ten events, numbered 1 to 10, at times T+10 to T+100; the first three are gone.
    fn ask(wire: Wire, place: Place) -> Start {
        let order = if wire == Wire::V1 { CursorKind::Time } else { CursorKind::Seq };
        let mut log = Log::new(order);
        for n in 1..=10 {
            let time = WallTime::from_micros(T + 10 * n);
            log.tell(Telling { id: EventId(n as u32), time, seq: Cursor(n) }, Instant::from_micros(n));
        }
        assert_eq!(log.trim(Instant::from_micros(4)).count(), 3);
        let mut oddities = Oddities { early: None, whole: None, used: None };
        let now = WallTime::from_micros(T + 105);
        start(Knowledge { wire, log: &log, now, next_seq: 11 }, place, &mut oddities)
    }

    fn time(after: u64) -> Place {
        Place::Time(WallTime::from_micros(T + after))
    }

    fn replay(place: usize) -> Start {
        Start::Replay { place, is_outdated: false }
    }

    #[test]
    fn a_seat_becomes_a_place_in_the_log() {
        let cases = [
            (Wire::V1, Place::Tip, Start::Live),
            (Wire::V1, time(106), Start::Live),
            (Wire::V1, time(70), replay(6)),
            (Wire::V1, time(71), replay(7)),
            (Wire::V1, time(104), replay(10)),
            (Wire::V1, Place::Cursor(Cursor(5)), replay(3)),
            (Wire::V2, Place::Cursor(Cursor(11)), Start::Live),
            (Wire::V2, Place::Cursor(Cursor(10)), replay(9)),
            (Wire::V2, Place::Cursor(Cursor(3)), Start::TooOld),
            (Wire::V2, time(0), Start::Replay { place: 3, is_outdated: true }),
            (Wire::V1OnV2Host, Place::Cursor(Cursor(3)), replay(3)),
            (Wire::V1OnV2Host, time(0), replay(3)),
        ];
        for (wire, place, expected) in cases {
            assert_eq!(ask(wire, place), expected, "{wire:?} {place}");
        }
    }
}
