//! How events travel to the machine: most seeds carry only what it decides by, some carry the very bytes.

mod letters;
mod wired;

use highwater_core::cursor::{Cursor, CursorKind, Place};
use highwater_core::dialect::Dialect;
use highwater_core::digest::Digest;
use highwater_core::effect::OpenOptions;
use highwater_core::event::{Event, Item, Payload, Reason, Sample};
use highwater_core::payload::{Digested, Redact};
use highwater_core::serve::Wire;
use highwater_core::sink::Loaded;
use highwater_core::time::WallTime;

use bytes::Bytes;

use crate::score::{Score, keyed};
use crate::truth::{EventId, Fact, Filter, Nature};
pub(crate) use wired::Wired;

/// A payload of which the world can tell which event it is.
pub(crate) trait Told: Redact {
    /// The event.
    fn id(&self) -> EventId;

    /// True if no sink takes it.
    fn is_poison(&self) -> bool;

    /// Which of its contents it has; 0 if it has only one.
    fn edition(&self) -> u8;

    /// The event that has this key; none if no event of this world has.
    fn named(key: &Self::Key) -> Option<EventId>;
}

/// An event as one server tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Telling {
    /// The event.
    pub(crate) id: EventId,
    /// The server's time of it.
    pub(crate) time: WallTime,
    /// The server's number for it.
    pub(crate) seq: Cursor,
}

impl Telling {
    /// Where it lies in a scope of this kind.
    pub(crate) fn cursor(&self, kind: CursorKind) -> Cursor {
        match kind {
            CursorKind::Time => Cursor(self.time.as_micros()),
            CursorKind::Seq => self.seq,
        }
    }
}

/// Which content an event is told with. The same telling, told again, has the same.
fn edition(telling: Telling, fact: Fact) -> u8 {
    match fact.nature {
        Nature::TwoFaced => 1 + u8::from(telling.time.as_micros().is_multiple_of(2)),
        Nature::Plain | Nature::Poison | Nature::Oversize | Nature::Huge | Nature::Garbage => 0,
    }
}

/// Makes items of what servers tell.
pub(crate) trait Carrier {
    /// What the machine carries.
    type Payload: Told + PartialEq;

    /// What a server understands when it is asked for `place`.
    fn ask(&self, wire: Wire, filter: Filter, place: Place, options: OpenOptions) -> Place;

    /// The item that arrives.
    fn item(&self, wire: Wire, filter: Filter, telling: Telling, fact: Fact) -> Item<Self::Payload>;

    /// The item that arrives if the frame was garbled on the way.
    fn garbled(&self, telling: Telling) -> Item<Self::Payload>;

    /// A control frame, where the wire has one.
    fn control(&self, wire: Wire) -> Option<Item<Self::Payload>>;

    /// The warning that what was asked for is no longer there in full.
    fn outdated(&self, wire: Wire) -> Item<Self::Payload>;

    /// Which event a frame set aside was.
    fn sampled(&self, sample: &Sample) -> Option<EventId>;

    /// What is durable before the first process starts, if anything is.
    fn found(&self, _: &Score) -> Option<Loaded<<Self::Payload as Payload>::Key>> {
        None
    }
}

/// The small payload of most seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Small {
    id: EventId,
    size: u32,
    is_poison: bool,
    edition: u8,
}

impl Payload for Small {
    type Key = EventId;

    fn key(&self) -> EventId {
        self.id
    }

    fn size(&self) -> usize {
        self.size as usize
    }
}

/// Between 64 and 1,087 bytes, so that limits on bytes and on events are met in turn.
fn size(id: EventId) -> u32 {
    64 + ((id.index().wrapping_mul(0x9e37_79b9) >> 7) % 1024) as u32
}

/// The event's own number, for whoever reads a trace of this world.
impl Digested for EventId {
    fn digest(&self) -> Digest {
        Digest(self.0.into())
    }
}

impl Redact for Small {}

impl Told for Small {
    fn id(&self) -> EventId {
        self.id
    }

    fn is_poison(&self) -> bool {
        self.is_poison
    }

    fn edition(&self) -> u8 {
        self.edition
    }

    fn named(key: &EventId) -> Option<EventId> {
        Some(*key)
    }
}

/// Carries small payloads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Direct;

impl Carrier for Direct {
    type Payload = Small;

    /// A request is a number at most: what kind of number is for the server to guess.
    fn ask(&self, wire: Wire, _: Filter, place: Place, _: OpenOptions) -> Place {
        match (wire, place) {
            (Wire::V1 | Wire::V1OnV2Host, Place::Oldest) => Place::Cursor(Cursor(0)),
            (Wire::V2, Place::Oldest) => Place::Time(WallTime::default()),
            (Wire::V1OnV2Host | Wire::V2, Place::Cursor(cursor)) => {
                Dialect::JetstreamV2.place_of_wire_integer(cursor.0)
            }
            _ => place,
        }
    }

    #[inline]
    fn item(&self, wire: Wire, filter: Filter, telling: Telling, fact: Fact) -> Item<Small> {
        let (is_poison, edition) = (fact.nature == Nature::Poison, edition(telling, fact));
        let payload =
            Small { id: telling.id, size: fact.size.unwrap_or_else(|| size(telling.id)), is_poison, edition };
        let event = Event { time: telling.time, seq: (wire != Wire::V1).then_some(telling.seq), payload };
        match fact.nature {
            Nature::Garbage => self.garbled(telling),
            Nature::Oversize => Item::Oversize(event, sample(telling.id)),
            Nature::Plain | Nature::Poison | Nature::Huge | Nature::TwoFaced => {
                if fact.audience.includes(filter) { Item::Event(event) } else { Item::Filtered(event) }
            }
        }
    }

    fn garbled(&self, telling: Telling) -> Item<Small> {
        Item::Malformed(Reason::Undecodable, sample(telling.id))
    }

    fn control(&self, _: Wire) -> Option<Item<Small>> {
        Some(Item::Info)
    }

    fn outdated(&self, _: Wire) -> Item<Small> {
        Item::Outdated
    }

    fn sampled(&self, sample: &Sample) -> Option<EventId> {
        Some(EventId(u32::try_from(sample.length).ok()?))
    }

    fn found(&self, score: &Score) -> Option<Loaded<EventId>> {
        score.found.as_ref().map(|found| keyed(found, |number| EventId(number.0 as u32)))
    }
}

fn sample(id: EventId) -> Sample {
    let mut sha256 = [0; 32];
    sha256[..4].copy_from_slice(&id.0.to_le_bytes());
    Sample { length: u64::from(id.0), sha256, head: Bytes::new() }
}
