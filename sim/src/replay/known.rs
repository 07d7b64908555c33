//! Events of a trace as the oracles want them: numbered as they first come.

use std::collections::BTreeMap;

use highwater_core::Input;
use highwater_core::digest::Digest;
use highwater_core::event::{Event, Item, Payload};
use highwater_core::payload::{Redact, Shadow};

use crate::carrier::Told;
use crate::truth::EventId;

/// A payload of which only the shadow is known, and which event of the trace it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    id: EventId,
    shadow: Shadow,
}

impl Payload for Known {
    type Key = Digest;

    fn key(&self) -> Digest {
        self.shadow.key
    }

    fn size(&self) -> usize {
        self.shadow.size
    }
}

impl Redact for Known {
    fn shadow(&self) -> Shadow {
        self.shadow
    }
}

impl Told for Known {
    fn id(&self) -> EventId {
        self.id
    }

    fn is_poison(&self) -> bool {
        false
    }

    fn edition(&self) -> u8 {
        0
    }

    /// A digest does not say.
    fn named(_: &Digest) -> Option<EventId> {
        None
    }
}

/// The events that have come.
#[derive(Clone, Debug, Default)]
pub(super) struct Roll {
    ids: BTreeMap<Digest, EventId>,
}

impl Roll {
    /// The input, with its events numbered.
    pub(super) fn input(&mut self, input: &Input<Shadow>) -> Input<Known> {
        match input {
            Input::Timeout => Input::Timeout,
            Input::Opened { epoch } => Input::Opened { epoch: *epoch },
            Input::Received { epoch, items } => {
                Input::Received { epoch: *epoch, items: items.iter().map(|item| self.item(item)).collect() }
            }
            Input::Heard { epoch, pong } => Input::Heard { epoch: *epoch, pong: *pong },
            Input::Closed { epoch, closure } => Input::Closed { epoch: *epoch, closure: *closure },
            Input::Loaded { op, loaded } => Input::Loaded { op: *op, loaded: loaded.clone() },
            Input::Appended { op, appended } => Input::Appended { op: *op, appended: appended.clone() },
            Input::Flushed { op, flushed } => Input::Flushed { op: *op, flushed: *flushed },
            Input::StopRequested => Input::StopRequested,
        }
    }

    fn item(&mut self, item: &Item<Shadow>) -> Item<Known> {
        match item {
            Item::Event(event) => Item::Event(self.event(event)),
            Item::Filtered(event) => Item::Filtered(self.event(event)),
            Item::Oversize(event, sample) => Item::Oversize(self.event(event), sample.clone()),
            Item::Outdated => Item::Outdated,
            Item::Info => Item::Info,
            Item::Malformed(reason, sample) => Item::Malformed(reason.clone(), sample.clone()),
        }
    }

    fn event(&mut self, event: &Event<Shadow>) -> Event<Known> {
        let shadow = event.payload;
        let next = EventId(self.ids.len() as u32);
        let id = *self.ids.entry(shadow.key).or_insert(next);
        Event { time: event.time, seq: event.seq, payload: Known { id, shadow } }
    }
}
