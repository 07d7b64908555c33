//! A state of the small world: the machine, and all that is around it.

use std::sync::Arc;

use highwater_core::Consumer;
use highwater_core::cursor::Place;
use highwater_core::number::{Epoch, Fence, Op};
use highwater_core::scope::SourceId;
use highwater_core::sink::Append;
use highwater_core::time::Now;

use super::bounds::Spent;
use super::ledger::Ledger;
use super::server::{NOON, Server};
use super::shelf::Shelf;
use crate::carrier::Small;
use crate::hash::Hash;

/// A state of the small world.
#[derive(Debug)]
pub struct Scene {
    /// None while no process runs.
    pub(super) machine: Option<Consumer<Small>>,
    /// What the process's clocks say. The wall clock stands still but for its steps: the passing of time is no news.
    pub(super) now: Now,
    pub(super) line: Line,
    pub(super) asked: Asked,
    pub(super) shelf: Arc<Shelf>,
    /// The newest writer's.
    pub(super) fence: Fence,
    /// Another writer has opened the sink since the process did.
    pub(super) is_fenced: bool,
    pub(super) server: Server,
    pub(super) ledger: Ledger,
    pub(super) spent: Spent,
}

impl Clone for Scene {
    fn clone(&self) -> Self {
        let (machine, asked) = (self.machine.clone(), self.asked.clone());
        Self { machine, asked, shelf: Arc::clone(&self.shelf), ..*self }
    }

    /// Over another scene, whose room it takes over.
    fn clone_from(&mut self, from: &Self) {
        let Self { machine, now, line, asked, shelf, fence, is_fenced, server, ledger, spent } = self;
        machine.clone_from(&from.machine);
        if !matches!((&*asked, &from.asked), (Asked::Nothing, Asked::Nothing)) {
            asked.clone_from(&from.asked);
        }
        if !Arc::ptr_eq(shelf, &from.shelf) {
            *shelf = Arc::clone(&from.shelf);
        }
        (*now, *line, *fence, *is_fenced) = (from.now, from.line, from.fence, from.is_fenced);
        (*server, *ledger, *spent) = (from.server, from.ledger, from.spent);
    }
}

/// The one connection there may be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Line {
    None,
    Dialing {
        epoch: Epoch,
        source: SourceId,
        place: Place,
        /// Nobody will answer.
        is_silent: bool,
    },
    Open(Open),
}

/// A connection that is open.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is true or not whatever the others are")]
pub(super) struct Open {
    pub(super) epoch: Epoch,
    pub(super) source: SourceId,
    /// The event that comes next.
    pub(super) next: u8,
    /// The other side is gone.
    pub(super) is_silent: bool,
    /// A ping is on its way, or its answer.
    pub(super) is_pinged: bool,
    pub(super) is_paused: bool,
    /// The server has to say first that it no longer has all.
    pub(super) is_outdated: bool,
}

/// What the sink owes an answer for.
#[derive(Clone, Debug)]
pub(super) enum Asked {
    Nothing,
    Load(Op),
    Flush(Op),
    Append {
        append: Arc<Append<Small>>,
        /// What waits and is durable then, a bit each.
        covers: u16,
    },
}

impl Asked {
    /// The question's number.
    pub(super) fn op(&self) -> Option<Op> {
        match self {
            Self::Nothing => None,
            Self::Load(op) | Self::Flush(op) => Some(*op),
            Self::Append { append, .. } => Some(append.op),
        }
    }
}

impl Line {
    pub(super) const fn epoch(&self) -> Option<Epoch> {
        match self {
            Self::None => None,
            Self::Dialing { epoch, .. } => Some(*epoch),
            Self::Open(open) => Some(open.epoch),
        }
    }

    pub(super) const fn open(&self) -> Option<&Open> {
        match self {
            Self::Open(open) => Some(open),
            Self::None | Self::Dialing { .. } => None,
        }
    }

    /// What of it the future rests on: numbers do not count, and who was dialed and for what is in the machine.
    fn word(&self) -> u64 {
        match self {
            Self::None => 0,
            Self::Dialing { is_silent, .. } => 1 | u64::from(*is_silent) << 2,
            Self::Open(open) => {
                let flags = [open.is_silent, open.is_pinged, open.is_paused, open.is_outdated];
                let flags = flags.into_iter().fold(0, |bits, flag| bits << 1 | u64::from(flag));
                2 | flags << 2 | u64::from(open.next) << 8
            }
        }
    }
}

impl Scene {
    /// The number that stands for this state: two with the same are taken for one.
    #[must_use]
    pub fn key(&self) -> u64 {
        self.key_with(self.print())
    }

    /// The machine's fingerprint.
    pub(super) fn print(&self) -> u64 {
        self.machine.as_ref().map_or(0, |machine| machine.fingerprint(self.now))
    }

    /// The [`key`](Self::key), where the machine's fingerprint is known.
    pub(super) fn key_with(&self, print: u64) -> u64 {
        let hash = Hash::EMPTY.and(print);
        let hash = self.surroundings().into_iter().fold(hash, Hash::and);
        self.ledger.words().fold(hash, Hash::and).finish()
    }

    /// All that [`key`](Self::key) is made of, word by word.
    #[must_use]
    pub fn words(&self) -> Vec<u64> {
        let mut words = Vec::with_capacity(128);
        if let Some(machine) = &self.machine {
            machine.fingerprint_words(self.now, |word| words.push(word));
        }
        words.extend(self.surroundings());
        words.extend(self.ledger.words());
        words
    }

    fn surroundings(&self) -> [u64; 6] {
        let asked = match &self.asked {
            Asked::Nothing => 0,
            Asked::Load(_) => 1,
            Asked::Flush(_) => 2,
            Asked::Append { covers, .. } => 3 | u64::from(*covers) << 8,
        };
        let [spent, spent_besides] = self.spent.words();
        [
            self.line.word() << 32 | asked << 1 | u64::from(self.is_fenced),
            self.shelf.hash(),
            self.server.word(),
            self.now.wall.as_micros().wrapping_sub(NOON.as_micros()),
            spent,
            spent_besides,
        ]
    }

    /// The source that is asked, or will be.
    pub(super) fn source(&self) -> usize {
        self.machine.as_ref().map_or(0, |machine| usize::from(machine.status().source.0))
    }

    /// Whether an event is stored or set aside.
    pub(super) fn is_safe(&self, id: crate::truth::EventId) -> bool {
        self.shelf.has(id)
    }
}
