//! What the feed has said and still keeps: positions, the times they were given, and who waits for more.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use highwater_core::cursor::Cursor;
use highwater_core::gap::Mark;
use highwater_core::serve::seat::Bounds;
use highwater_core::time::WallTime;
use tokio::sync::watch;

use crate::clock::calendar;
use crate::feed::block::{Block, Slot};
use crate::feed::measure::Measure;

/// A server that starts anew leaves so many positions out: a crash does, and gaps mean nothing.
const VACANT: u64 = 100;

/// The events in the order the server saw them. Positions begin at 1 and grow.
#[derive(Debug)]
pub(crate) struct Log {
    kept: Mutex<Kept>,
    /// The position the next event gets; changes whenever there is something new.
    tip: watch::Sender<u64>,
    retention: Measure,
    stamps: Stamps,
}

/// Where the times come from at which the server sees events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stamps {
    /// From its clock: within one life of the server they grow, and no two are the same.
    Clock,
    /// From the events: they are served from a file.
    Given,
}

#[derive(Debug)]
struct Kept {
    blocks: VecDeque<Arc<Block>>,
    /// Nothing below this position is kept.
    floor: u64,
    next: u64,
    /// The last time given in this life of the server.
    last: u64,
    /// The server's clock is so many µs behind.
    behind: u64,
    appended: u64,
}

impl Log {
    /// An empty log that keeps about the last `retention` events, or those of that time.
    pub(crate) fn new(retention: Measure, stamps: Stamps) -> Self {
        let kept = Kept { blocks: VecDeque::new(), floor: 1, next: 1, last: 0, behind: 0, appended: 0 };
        Self { kept: Mutex::new(kept), tip: watch::Sender::new(1), retention, stamps }
    }

    /// Adds events at the tip, shows them to `witness`, and only then wakes whoever waits there.
    ///
    /// A slot's time is when the event reaches the server by a clock that is right.
    pub(crate) fn append(&self, mut slots: Vec<Slot>, witness: impl FnOnce(&Block)) {
        let mut kept = self.kept();
        if self.stamps == Stamps::Clock {
            for slot in &mut slots {
                slot.time = slot.time.saturating_sub(kept.behind).max(kept.last + 1);
                kept.last = slot.time;
            }
        }
        let block = Arc::new(Block::new(kept.next, slots));
        witness(&block);
        kept.next = block.end();
        kept.appended += block.slots().len() as u64;
        kept.blocks.push_back(block);
        self.evict(&mut kept);
        self.tip.send_replace(kept.next);
    }

    /// The server starts anew, with its clock `behind` by so much more.
    pub(crate) fn restart(&self, behind: Duration) {
        let mut kept = self.kept();
        kept.last = if behind.is_zero() { kept.last } else { 0 };
        kept.behind += u64::try_from(behind.as_micros()).unwrap_or(u64::MAX / 2);
        kept.next += VACANT;
        self.tip.send_replace(kept.next);
    }

    /// Forgets what lies before `position`, but not what is still to come.
    pub(crate) fn forget(&self, position: u64) {
        let mut kept = self.kept();
        kept.floor = kept.floor.max(position.min(kept.next));
        self.evict(&mut kept);
    }

    /// The position the next event gets.
    pub(crate) fn next(&self) -> u64 {
        *self.tip.borrow()
    }

    /// How many events were ever added.
    pub(crate) fn appended(&self) -> u64 {
        self.kept().appended
    }

    /// Tells of every change of the tip.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.tip.subscribe()
    }

    /// What there is, for a server to seat a subscriber.
    pub(crate) fn bounds(&self) -> Bounds {
        let kept = self.kept();
        let now = WallTime::from_micros(calendar().as_micros().saturating_sub(kept.behind));
        let oldest = kept.blocks.front().and_then(|block| {
            block
                .numbered()
                .find(|&(position, _)| position >= kept.floor)
                .map(|(position, slot)| (position, slot.time))
        });
        let oldest = oldest.map_or(Mark { cursor: Cursor(kept.next), time: now }, |(position, time)| Mark {
            cursor: Cursor(position),
            time: WallTime::from_micros(time),
        });
        let newest = kept.blocks.back().and_then(|block| block.slots().last());
        let newest = newest.map(|slot| WallTime::from_micros(slot.time));
        Bounds { oldest, next_seq: kept.next, now, newest, active_segment: None }
    }

    /// The block of the first event kept at or after `position`, and where in it that event is.
    pub(crate) fn at(&self, position: u64) -> Option<(Arc<Block>, usize)> {
        let kept = self.kept();
        let position = position.max(kept.floor);
        let behind = kept.blocks.partition_point(|block| block.end() <= position);
        let block = kept.blocks.get(behind)?;
        Some((Arc::clone(block), position.saturating_sub(block.first()) as usize))
    }

    /// The position of the first event kept that was seen at `micros` or later.
    pub(crate) fn position_at(&self, micros: u64) -> u64 {
        // Not by halves: after a step of the clock, or in a file, times go up and down.
        let kept = self.kept();
        let numbered = kept.blocks.iter().flat_map(|block| block.numbered());
        let mut kept_on = numbered.filter(|&(position, _)| position >= kept.floor);
        kept_on.find(|(_, slot)| slot.time >= micros).map_or(kept.next, |(position, _)| position)
    }

    /// The last events, at most `most` of them, that the server saw within `span` of the last.
    pub(crate) fn recent(&self, most: usize, span: Duration) -> Vec<Slot> {
        let kept = self.kept();
        let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        let newest = kept.blocks.iter().rev().flat_map(|block| block.slots().iter().rev());
        let mut recent: Vec<Slot> = newest
            .take(most)
            .take_while(|slot| slot.time >= kept.last.saturating_sub(micros))
            .copied()
            .collect();
        recent.reverse();
        recent
    }

    fn evict(&self, kept: &mut Kept) {
        match self.retention {
            Measure::Times(events) => kept.floor = kept.floor.max(kept.next.saturating_sub(events)),
            Measure::Time(time) => {
                let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
                let oldest = calendar().as_micros().saturating_sub(kept.behind).saturating_sub(micros);
                let is_old = |block: &&Arc<Block>| block.slots().iter().all(|slot| slot.time < oldest);
                let old = kept.blocks.iter().take_while(is_old).last().map_or(0, |block| block.end());
                kept.floor = kept.floor.max(old);
            }
        }
        while kept.blocks.front().is_some_and(|block| block.end() <= kept.floor) {
            kept.blocks.pop_front();
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
