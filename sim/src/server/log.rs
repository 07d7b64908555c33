//! What a server has told and still keeps: one list in the order of telling, one in the order of its cursors.
//!
//! They are the same list until a clock goes back or numbers are given out twice; then a replay is another story
//! than what was told live, as it is with the servers we know.

use highwater_core::cursor::{Cursor, CursorKind};
use highwater_core::time::{Instant, WallTime};

use crate::carrier::Telling;
use crate::truth::EventId;

/// Something told, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    /// What.
    pub(crate) telling: Telling,
    /// When, by the world's clock.
    pub(crate) at: Instant,
}

/// All that a server told and what of it can be told again.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    /// What a replay goes by. By time, something told late with an early time moves in between.
    order: CursorKind,
    told: Vec<Told>,
    kept: Vec<u32>,
    floor: usize,
    latest: WallTime,
    is_sorted_by_time: bool,
}

/// Most servers tell no more than this: so much needs no growing.
const TOLD_USUAL: usize = 4_096;

impl Log {
    /// Nothing told yet.
    pub(crate) fn new(order: CursorKind) -> Self {
        let latest = WallTime::from_micros(0);
        let (told, kept) = (Vec::with_capacity(TOLD_USUAL), Vec::with_capacity(TOLD_USUAL));
        Self { order, told, kept, floor: 0, latest, is_sorted_by_time: true }
    }

    /// Tells something, and keeps it.
    pub(crate) fn tell(&mut self, telling: Telling, at: Instant) {
        let index = self.told.len() as u32;
        self.told.push(Told { telling, at });
        let place = match self.order {
            _ if self.latest <= telling.time => self.kept.len(),
            CursorKind::Time => self.kept.partition_point(|&kept| self.time(kept) <= telling.time),
            CursorKind::Seq => {
                self.is_sorted_by_time = false;
                self.kept.len()
            }
        };
        self.kept.insert(place, index);
        self.latest = self.latest.max(telling.time);
    }

    /// Everything told, in the order of telling.
    pub(crate) fn told(&self) -> &[Told] {
        &self.told
    }

    /// The latest time ever told.
    pub(crate) fn latest(&self) -> WallTime {
        self.latest
    }

    /// The place behind the last one kept.
    pub(crate) fn end(&self) -> usize {
        self.kept.len()
    }

    /// The first place that can be told again.
    pub(crate) fn floor(&self) -> usize {
        self.floor
    }

    /// What is kept at a place.
    pub(crate) fn kept(&self, place: usize) -> Option<Told> {
        self.kept.get(place).map(|&index| self.told[index as usize])
    }

    /// The first place kept with this time or a later one.
    pub(crate) fn first_from(&self, time: WallTime) -> usize {
        let kept = &self.kept[self.floor..];
        let first = if self.is_sorted_by_time {
            kept.partition_point(|&kept| self.time(kept) < time)
        } else {
            kept.iter().position(|&kept| time <= self.time(kept)).unwrap_or(kept.len())
        };
        self.floor + first
    }

    /// The first place kept with this number or a higher one.
    pub(crate) fn first_numbered(&self, seq: Cursor) -> usize {
        let number = |kept: u32| self.told[kept as usize].telling.seq;
        self.floor + self.kept[self.floor..].partition_point(|&kept| number(kept) < seq)
    }

    /// The events kept before this place, or all.
    pub(crate) fn kept_before(&self, place: Option<usize>) -> impl Iterator<Item = EventId> {
        let place = place.unwrap_or(self.kept.len()).max(self.floor);
        self.kept[self.floor..place].iter().map(|&kept| self.told[kept as usize].telling.id)
    }

    /// Gives up what was told before this moment, and says which events those were.
    pub(crate) fn trim(&mut self, before: Instant) -> impl Iterator<Item = EventId> {
        let from = self.floor;
        while self.kept(self.floor).is_some_and(|told| told.at < before) {
            self.floor += 1;
        }
        self.kept[from..self.floor].iter().map(|&kept| self.told[kept as usize].telling.id)
    }

    /// Forgets the last `count` kept, and says which events those were.
    pub(crate) fn forget_last(&mut self, count: usize) -> Vec<Telling> {
        let from = self.kept.len().saturating_sub(count).max(self.floor);
        let gone = self.kept.split_off(from);
        gone.into_iter().map(|kept| self.told[kept as usize].telling).collect()
    }

    fn time(&self, kept: u32) -> WallTime {
        self.told[kept as usize].telling.time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(order: CursorKind, times: &[u64]) -> Log {
        let mut log = Log::new(order);
        for (seq, &time) in times.iter().enumerate() {
            let (id, seq) = (EventId(seq as u32), Cursor(seq as u64 + 1));
            let telling = Telling { id, time: WallTime::from_micros(time), seq };
            log.tell(telling, Instant::from_micros(seq.0));
        }
        log
    }

    fn replay(log: &Log, from: usize) -> Vec<u32> {
        (from..log.end()).filter_map(|place| log.kept(place)).map(|told| told.telling.id.0).collect()
    }

    #[test]
    fn by_time_a_clock_gone_back_moves_events_in_between() {
        let log = log(CursorKind::Time, &[10, 20, 30, 15, 20, 31]);
        assert_eq!(replay(&log, log.first_from(WallTime::from_micros(20))), [1, 4, 2, 5]);
        assert_eq!(log.told().len(), 6);
    }

    #[test]
    fn by_number_a_clock_gone_back_changes_no_order() {
        let mut log = log(CursorKind::Seq, &[10, 20, 30, 15, 20, 31]);
        assert_eq!(replay(&log, log.first_numbered(Cursor(3))), [2, 3, 4, 5]);
        assert_eq!(replay(&log, log.first_from(WallTime::from_micros(25))), [2, 3, 4, 5]);
        assert_eq!(log.forget_last(2).iter().map(|gone| gone.id.0).collect::<Vec<_>>(), [4, 5]);
        assert_eq!(log.trim(Instant::from_micros(3)).collect::<Vec<_>>(), [EventId(0), EventId(1)]);
        assert_eq!(replay(&log, log.floor()), [2, 3]);
    }
}
