//! A closure for a sink: it sees each event, in order, and the place is kept for as long as the process lives.

use std::collections::BTreeMap;
use std::fmt;

use highwater_core::checkpoint::Checkpoint;
use highwater_core::dialect::jetstream::{Jetstream, Key};
use highwater_core::event::Event;
use highwater_core::number::{Fence, Version};
use highwater_core::scope::Scope;
use highwater_core::sink::{Append, Appended, Loaded, Sink, Unavailable};
use highwater_core::time::WallTime;

/// Calls a closure with each event.
///
/// Within a process an event comes at least once, again only where a resume overlaps. A new process begins where it is
/// told to start: whoever needs more keeps the place beside what is made of the events, and so implements [`Sink`].
pub struct Each<F> {
    closure: F,
    fence: Fence,
    checkpoints: BTreeMap<Scope, Checkpoint<Key>>,
    newest: Option<WallTime>,
}

/// A sink that calls `closure` with each event.
pub fn each<F: FnMut(&Event<Jetstream>)>(closure: F) -> Each<F> {
    Each { closure, fence: Fence(0), checkpoints: BTreeMap::new(), newest: None }
}

impl<F: FnMut(&Event<Jetstream>)> Sink<Jetstream> for Each<F> {
    fn open(&mut self) -> Result<Loaded<Key>, Unavailable> {
        self.fence = self.fence.next();
        Ok(Loaded {
            fence: self.fence,
            compares: false,
            checkpoints: self.checkpoints.iter().map(|(scope, at)| (*scope, at.clone())).collect(),
            newest: self.newest,
            gaps: Vec::new(),
        })
    }

    fn append(&mut self, append: &Append<Jetstream>) -> Appended {
        let version = self.checkpoints.get(&append.scope).map_or(Version(0), |checkpoint| checkpoint.version);
        if append.fence != self.fence {
            return Appended::Fenced;
        }
        if append.expect != version {
            return Appended::Conflict;
        }
        for event in append.events.iter() {
            (self.closure)(event);
            self.newest = self.newest.max(Some(event.time));
        }
        self.checkpoints.insert(append.scope, append.checkpoint.clone());
        Appended::Stored { stored: append.events.len() as u32, duplicates: 0 }
    }

    fn flush(&mut self) -> Result<(), Unavailable> {
        Ok(())
    }
}

impl<F> fmt::Debug for Each<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Each {{ {} scopes }}", self.checkpoints.len())
    }
}
