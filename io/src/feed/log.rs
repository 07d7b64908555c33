//! What the feed has said and still keeps: positions, the times they were given, and who waits for more.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::feed::block::{Block, Entry};

/// The events in the order the server saw them. Positions begin at 1, grow, and may leave some out.
#[derive(Debug)]
pub(crate) struct Log {
    kept: Mutex<Kept>,
    /// The position the next event gets; changes whenever there is something new.
    tip: watch::Sender<u64>,
    retention: u64,
}

#[derive(Debug, Default)]
struct Kept {
    blocks: VecDeque<Arc<Block>>,
    events: u64,
}

impl Log {
    /// An empty log that keeps about the last `retention` events.
    pub(crate) fn new(retention: u64) -> Self {
        Self { kept: Mutex::default(), tip: watch::Sender::new(1), retention }
    }

    /// Adds events at the tip and wakes whoever waits there.
    pub(crate) fn append(&self, entries: Vec<Entry>) {
        let mut kept = self.kept();
        let block = Arc::new(Block::new(self.next(), entries));
        kept.events += block.entries().len() as u64;
        let next = block.end();
        kept.blocks.push_back(block);
        while let Some(oldest) = kept.blocks.front().map(|block| block.entries().len() as u64) {
            if kept.events - oldest < self.retention || kept.blocks.len() == 1 {
                break;
            }
            kept.events -= oldest;
            kept.blocks.pop_front();
        }
        drop(kept);
        self.tip.send_replace(next);
    }

    /// The position the next event gets.
    pub(crate) fn next(&self) -> u64 {
        *self.tip.borrow()
    }

    /// Tells of every change of the tip.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.tip.subscribe()
    }

    /// The block of the first event kept at or after `position`.
    pub(crate) fn block(&self, position: u64) -> Option<Arc<Block>> {
        let kept = self.kept();
        let behind = kept.blocks.partition_point(|block| block.end() <= position);
        kept.blocks.get(behind).cloned()
    }

    /// The position of the first event kept that was seen at or after `micros`.
    pub(crate) fn position_at(&self, micros: u64) -> u64 {
        let kept = self.kept();
        let behind = kept
            .blocks
            .partition_point(|block| block.entries().last().is_some_and(|last| last.time < micros));
        kept.blocks.get(behind).map_or_else(
            || self.next(),
            |block| block.first() + block.entries().partition_point(|entry| entry.time < micros) as u64,
        )
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
