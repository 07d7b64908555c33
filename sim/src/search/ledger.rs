//! What the rules remember on the way to a state, in a few words, so that it is part of the state.

use highwater_core::time::{Instant, WallTime};

use super::server::NOON;
use crate::truth::EventId;

/// So much waits at most: the machine stops reading long before.
const WAITING_MAX: usize = 12;

/// Something handed to the machine that is not durable yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handed {
    Event(EventId),
    Garbage(EventId),
}

impl Handed {
    pub(super) const fn id(self) -> EventId {
        match self {
            Self::Event(id) | Self::Garbage(id) => id,
        }
    }
}

/// What waits in the machine, in the order in which it was handed in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    handed: [Handed; WAITING_MAX],
    len: u8,
}

impl Waiting {
    const NONE: Self = Self { handed: [Handed::Event(EventId(0)); WAITING_MAX], len: 0 };

    pub(super) fn all(&self) -> &[Handed] {
        &self.handed[..usize::from(self.len)]
    }

    /// False if it would be more than any machine may hold.
    pub(super) fn push(&mut self, handed: Handed) -> bool {
        let has_room = usize::from(self.len) < WAITING_MAX;
        if has_room {
            self.handed[usize::from(self.len)] = handed;
            self.len += 1;
        }
        has_room
    }

    pub(super) fn pop(&mut self) {
        self.len = self.len.saturating_sub(1);
    }

    /// Takes out those whose bits are set.
    pub(super) fn take(&mut self, mask: u16) {
        let before = *self;
        self.len = 0;
        for (index, handed) in before.all().iter().enumerate() {
            if mask & 1 << index == 0 {
                self.push(*handed);
            }
        }
    }
}

/// How often each event was refused: four bits for each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusals(u64);

impl Refusals {
    pub(super) const fn of(self, id: EventId) -> u8 {
        (self.0 >> (4 * id.0)) as u8 & 0xf
    }

    pub(super) const fn count(&mut self, id: EventId) {
        self.0 += 1 << (4 * id.0);
    }

    pub(super) const fn forget(&mut self, id: EventId) {
        self.0 &= !(0xf << (4 * id.0));
    }
}

/// What is known of the process that runs, and what the world has to answer for.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is true or not whatever the others are")]
pub(super) struct Ledger {
    pub(super) waiting: Waiting,
    /// The event that must come again on this connection.
    pub(super) awaited: Option<EventId>,
    /// It came, or it is on record that it did not.
    pub(super) is_settled: bool,
    /// A gap went on record since the checkpoint last moved.
    pub(super) has_told_gap: bool,
    /// The source refused to go on from the checkpoint, as it no longer has what follows; it has not moved since.
    pub(super) is_too_old: bool,
    /// Something was appended, and since then the sink was not asked to make sure of it.
    pub(super) is_unflushed: bool,
    /// What the wall clock said when the machine was last told something.
    pub(super) wall: WallTime,
    /// An append that nobody knows of is done, and made these durable.
    pub(super) unheard: Option<u16>,
    /// How often each event was refused that is neither stored nor set aside since.
    pub(super) refusals: Refusals,
    pub(super) attempt: Attempt,
    pub(super) failures: u32,
    pub(super) is_stopping: bool,
    /// No source can tell these any more.
    pub(super) gone: u32,
    /// And nothing could have told the machine so.
    pub(super) excused: u32,
    /// No sink takes these.
    pub(super) poison: u32,
    /// Nobody could read these as they came.
    pub(super) garbled: u32,
}

/// The connection that is dialed or open, or was last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    pub(super) is_good: bool,
    pub(super) is_ponged: bool,
    pub(super) opened: Option<Instant>,
    pub(super) ended: Option<Instant>,
    /// When anything was last heard, as the machine counts: it does not while reading is paused.
    pub(super) heard: Instant,
    /// When reading was last paused.
    pub(super) paused: Instant,
}

impl Attempt {
    pub(super) const NONE: Self = Self {
        is_good: false,
        is_ponged: false,
        opened: None,
        ended: None,
        heard: Instant::ZERO,
        paused: Instant::ZERO,
    };
}

impl Ledger {
    pub(super) const NEW: Self = Self {
        waiting: Waiting::NONE,
        awaited: None,
        is_settled: true,
        has_told_gap: false,
        is_too_old: false,
        is_unflushed: false,
        wall: NOON,
        unheard: None,
        refusals: Refusals(0),
        attempt: Attempt::NONE,
        failures: 0,
        is_stopping: false,
        gone: 0,
        excused: 0,
        poison: 0,
        garbled: 0,
    };

    /// The process is gone, and with it what it had not made durable.
    pub(super) fn end_life(&mut self) {
        let Self { gone, excused, poison, garbled, .. } = *self;
        *self = Self { gone, excused, poison, garbled, ..Self::NEW };
    }

    /// All of it that the future rests on.
    pub(super) fn words(&self) -> impl Iterator<Item = u64> {
        let of_record = [self.is_settled, self.has_told_gap, self.is_too_old];
        let of_life = [self.unheard.is_some(), self.is_stopping, self.is_unflushed];
        let flags = of_record.into_iter().chain(of_life).fold(0, |bits, flag| bits << 1 | u64::from(flag));
        let awaited = self.awaited.map_or(0, |id| u64::from(id.0) + 1);
        let waiting = self.waiting.all().iter().fold(1_u64, |word, handed| {
            let is_garbage = matches!(handed, Handed::Garbage(_));
            word << 5 | u64::from(handed.id().0) << 1 | u64::from(is_garbage)
        });
        let of_world = u64::from(self.gone) << 32 | u64::from(self.excused);
        let of_events = u64::from(self.poison) << 32 | u64::from(self.garbled);
        [flags << 16 | awaited, self.refusals.0, waiting, of_world, of_events].into_iter()
    }
}
