//! The rules by which the small world goes on: from one state by one act to the next.

use std::sync::Arc;

use highwater_core::Config;
use highwater_core::config::Source;
use highwater_core::cursor::{CursorKind, Place};
use highwater_core::number::Fence;
use highwater_core::serve::Wire;
use highwater_core::time::{Duration, Instant, Now};

use super::bounds::{Bounds, Spent};
use super::ledger::Ledger;
use super::scene::{Asked, Line, Scene};
use super::server::{NOON, Server};
use super::shelf::Shelf;

/// The small world within these bounds.
#[derive(Clone, Debug)]
pub struct Model {
    pub(super) bounds: Bounds,
    /// What every process is told at its birth.
    pub(super) config: Config,
    /// A planted bug: once the sink was out, it forgets the events of what it answers for.
    #[cfg(test)]
    pub(super) forgets: bool,
}

impl Model {
    /// The world within these bounds.
    ///
    /// # Panics
    /// If there are more events than [`Bounds::EVENTS_MAX`] or more sources than [`Bounds::SOURCES_MAX`], or none.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        assert!((1..=Bounds::EVENTS_MAX).contains(&bounds.events), "a history has one to eight events");
        assert!((1..=Bounds::SOURCES_MAX).contains(&bounds.sources), "there are one or two sources");
        let kind = if bounds.wire == Wire::V1 { CursorKind::Time } else { CursorKind::Seq };
        let source = Source { kind, patience: Duration::from_secs(4) };
        let mut config = Config::new(vec![source; usize::from(bounds.sources)]);
        config.start = if bounds.at_tip { Place::Tip } else { Place::Oldest };
        // Two events fill a batch and the buffer, so that reading stops and batches are cut.
        (config.batch_events, config.buffer_events) = (2, 2);
        config.batch_delay = bounds.batch_delay;
        // A delay of a millionth of a second has no chance in it, which no state could tell.
        (config.backoff_initial, config.backoff_max) = (INSTANT, INSTANT);
        Self {
            bounds,
            config,
            #[cfg(test)]
            forgets: false,
        }
    }

    /// The first state: nothing has ever happened.
    #[must_use]
    pub fn first(&self) -> Scene {
        Scene {
            machine: None,
            now: Now { monotonic: Instant::ZERO, wall: NOON },
            line: Line::None,
            asked: Asked::Nothing,
            shelf: Arc::new(Shelf::new()),
            fence: Fence(0),
            is_fenced: false,
            server: Server::NEW,
            ledger: Ledger::NEW,
            spent: Spent::default(),
        }
    }
}

/// The least time there is.
const INSTANT: Duration = Duration::from_micros(1);
