//! Inputs with payloads that are all of one size, as those of scenarios are.

use highwater_core::Input;
use highwater_core::event::{Event, Item, Payload};

use crate::carrier::{Small, Told as _};
use crate::truth::EventId;

/// The size of all payloads.
pub(super) const PAYLOAD_BYTES: usize = 500;

/// A payload of that size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SameSize(pub(super) EventId);

impl Payload for SameSize {
    type Key = EventId;

    fn key(&self) -> EventId {
        self.0
    }

    fn size(&self) -> usize {
        PAYLOAD_BYTES
    }
}

/// The same input with such payloads.
pub(super) fn same_size(input: &Input<Small>) -> Input<SameSize> {
    match input {
        Input::Timeout => Input::Timeout,
        Input::Opened { epoch } => Input::Opened { epoch: *epoch },
        Input::Received { epoch, items } => {
            Input::Received { epoch: *epoch, items: items.iter().map(item).collect() }
        }
        Input::Heard { epoch, pong } => Input::Heard { epoch: *epoch, pong: *pong },
        Input::Closed { epoch, closure } => Input::Closed { epoch: *epoch, closure: *closure },
        Input::Loaded { op, loaded } => Input::Loaded { op: *op, loaded: loaded.clone() },
        Input::Appended { op, appended } => Input::Appended { op: *op, appended: appended.clone() },
        Input::Flushed { op, flushed } => Input::Flushed { op: *op, flushed: *flushed },
        Input::StopRequested => Input::StopRequested,
    }
}

fn item(item: &Item<Small>) -> Item<SameSize> {
    match item {
        Item::Event(it) => Item::Event(event(it)),
        Item::Filtered(it) => Item::Filtered(event(it)),
        Item::Oversize(it, sample) => Item::Oversize(event(it), sample.clone()),
        Item::Outdated => Item::Outdated,
        Item::Info => Item::Info,
        Item::Malformed(reason, sample) => Item::Malformed(reason.clone(), sample.clone()),
    }
}

fn event(event: &Event<Small>) -> Event<SameSize> {
    Event { time: event.time, seq: event.seq, payload: SameSize(event.payload.id()) }
}
