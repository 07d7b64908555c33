//! Carries the very bytes: the product's own server side writes them, the product's own dialects read them.
//!
//! Slower by an order of magnitude, so few seeds do it; what they find is that both sides mean the same.

use bytes::Bytes;
use highwater_core::cursor::Place;
use highwater_core::dialect::jetstream::{Jetstream, Key, Kind};
use highwater_core::dialect::{Dialect, Frame, Subscription};
use highwater_core::effect::OpenOptions;
use highwater_core::event::{EVENT_BYTES_MAX, Item, Sample};
use highwater_core::serve::entry::{Body, Change, Content, Entry, Json};
use highwater_core::serve::{Wire, info, outdated_cursor};

use super::{Carrier, Telling, Told, edition, letters};
use crate::truth::{Audience, EventId, Fact, Filter, Nature};

/// Carries bytes.
#[derive(Clone, Debug)]
pub(crate) struct Wired {
    first: Subscription,
    second: Subscription,
}

/// A commit to one of these is for both subscriptions, or only for the first, or the second.
const COLLECTIONS: [&str; 3] = ["app.bsky.feed.post", "app.bsky.feed.like", "app.bsky.graph.follow"];
/// An oversize event costs as much as thousands of others, so only one in so many really is.
const OVERSIZE_ONE_IN: u32 = 4;
/// The DIDs of this world, which name its events.
const DID: &str = "did:plc:";
/// What stands before the number of the content in the CID of an event that has several.
const EDITION: char = 'x';
/// Digits in a DID of this world.
const DIGITS: usize = 24;

impl Wired {
    /// The two subscriptions of this world.
    pub(crate) fn new() -> Self {
        let subscription = |other: &str| {
            let collections = vec![COLLECTIONS[0].to_owned(), other.to_owned()];
            Subscription::new(collections, Vec::new(), vec![Kind::Commit])
                .expect("two valid collections are asked for")
        };
        Self { first: subscription(COLLECTIONS[1]), second: subscription(COLLECTIONS[2]) }
    }

    fn subscription(&self, filter: Filter) -> &Subscription {
        match filter {
            Filter::First => &self.first,
            Filter::Second => &self.second,
        }
    }

    fn decode(&self, wire: Wire, filter: Filter, frame: Bytes) -> Item<Jetstream> {
        match dialect(wire).decode(self.subscription(filter), frame) {
            Frame::Item(item) => item,
            Frame::Error { said, .. } => unreachable!("this world's servers send no error frames: {said}"),
        }
    }
}

impl Carrier for Wired {
    type Payload = Jetstream;

    fn ask(&self, wire: Wire, filter: Filter, place: Place, options: OpenOptions) -> Place {
        let wanted = self.subscription(filter);
        let accepted = letters::asked(wire, wanted, place, options);
        letters::compare(wire, (wanted, &[Kind::Commit]), place, options, &accepted);
        accepted.place
    }

    fn item(&self, wire: Wire, filter: Filter, telling: Telling, fact: Fact) -> Item<Jetstream> {
        letters::beside(telling.id.0, telling.time.as_micros());
        if fact.nature == Nature::Garbage {
            return self.garbled(telling);
        }
        let frame = entry(telling, fact).frame(wire).expect("every wire can say commits and identities");
        let item = self.decode(wire, filter, frame);
        let is_wanted = fact.audience.includes(filter);
        let is_right = match (&item, fact.nature) {
            (Item::Event(event), _) => is_wanted && event.payload.id() == telling.id,
            (Item::Filtered(event), _) => !is_wanted && event.payload.id() == telling.id,
            (Item::Oversize(..), Nature::Oversize) => is_wanted,
            _ => false,
        };
        assert!(is_right, "{telling:?} of {fact:?} is read as {item:?}");
        item
    }

    fn garbled(&self, telling: Telling) -> Item<Jetstream> {
        let frame = Bytes::from(format!("garbage of {}", did(telling.id)));
        self.decode(Wire::V1, Filter::First, frame)
    }

    fn control(&self, wire: Wire) -> Option<Item<Jetstream>> {
        (wire == Wire::V2).then(|| self.decode(wire, Filter::First, info("Hello", "nothing to see here")))
    }

    fn outdated(&self, wire: Wire) -> Item<Jetstream> {
        self.decode(wire, Filter::First, outdated_cursor())
    }

    fn sampled(&self, sample: &Sample) -> Option<EventId> {
        let head = String::from_utf8_lossy(&sample.head);
        named(head.split_once(DID)?.1)
    }
}

impl Told for Jetstream {
    fn id(&self) -> EventId {
        let name = self.did().strip_prefix(DID).and_then(named);
        name.expect("every event of this world names itself in its DID")
    }

    fn is_poison(&self) -> bool {
        self.rkey().is_some_and(|rkey| rkey.starts_with("poison"))
    }

    fn edition(&self) -> u8 {
        let edition = self.cid().and_then(|cid| cid.split_once(EDITION)?.1.parse().ok());
        edition.unwrap_or(0)
    }

    fn named(key: &Key) -> Option<EventId> {
        match key {
            Key::Commit { did, .. }
            | Key::Identity { did, .. }
            | Key::Account { did, .. }
            | Key::Sync { did, .. } => did.strip_prefix(DID).and_then(named),
            Key::Other(_) => None,
        }
    }
}

const fn dialect(wire: Wire) -> Dialect {
    match wire {
        Wire::V1 | Wire::V1OnV2Host => Dialect::JetstreamV1,
        Wire::V2 => Dialect::JetstreamV2,
    }
}

fn did(id: EventId) -> String {
    format!("{DID}{:0DIGITS$}", id.0)
}

fn named(digits: &str) -> Option<EventId> {
    digits.get(..DIGITS)?.parse().ok().map(EventId)
}

fn entry(telling: Telling, fact: Fact) -> Entry {
    let id = telling.id;
    let cid = match edition(telling, fact) {
        0 => format!("bafy{}", id.0),
        edition => format!("bafy{}{EDITION}{edition}", id.0),
    };
    let body = match fact.audience {
        Audience::Both => commit(id, fact.nature, COLLECTIONS[0], cid),
        Audience::Only(Filter::First) => commit(id, fact.nature, COLLECTIONS[1], cid),
        Audience::Only(Filter::Second) => commit(id, fact.nature, COLLECTIONS[2], cid),
        Audience::Uninvited | Audience::Nobody => {
            Body::Identity { handle: None, seq: u64::from(id.0), time: "2026-01-01T00:00:00Z".to_owned() }
        }
    };
    Entry { seq: telling.seq.0, time: telling.time, did: did(id), body }
}

fn commit(id: EventId, nature: Nature, collection: &str, cid: String) -> Body {
    let rkey = match nature {
        Nature::Poison => format!("poison{}", id.0),
        Nature::Plain | Nature::Oversize | Nature::Huge | Nature::Garbage | Nature::TwoFaced => {
            format!("3k{}", id.0)
        }
    };
    let is_oversize = nature == Nature::Oversize && id.0.is_multiple_of(OVERSIZE_ONE_IN);
    let length = if is_oversize { EVENT_BYTES_MAX } else { id.index().wrapping_mul(0x9e37_79b9) % 512 };
    let record = Json::new(format!("{{\"text\":\"{}\"}}", "x".repeat(length))).expect("a record is JSON");
    let content = Content { record, cid };
    let (rev, collection) = (format!("3l{:011}", id.0), collection.to_owned());
    Body::Commit { rev, collection, rkey, change: Change::Create(content) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use highwater_core::cursor::Cursor;
    use highwater_core::time::{Instant, WallTime};

    #[test]
    fn an_event_is_known_again_on_every_wire() {
        let carrier = Wired::new();
        let time = WallTime::from_micros(1_760_000_000_000_000);
        let telling = Telling { id: EventId(4), time, seq: Cursor(17) };
        for nature in [Nature::Plain, Nature::Poison, Nature::Oversize, Nature::Garbage] {
            let fact =
                Fact { at: Instant::ZERO, audience: Audience::Both, nature, is_same_time: false, size: None };
            for wire in [Wire::V1, Wire::V1OnV2Host, Wire::V2] {
                let (id, is_poison) = match carrier.item(wire, Filter::First, telling, fact) {
                    Item::Event(event) => (Some(event.payload.id()), event.payload.is_poison()),
                    Item::Oversize(_, sample) | Item::Malformed(_, sample) => {
                        (carrier.sampled(&sample), false)
                    }
                    other => panic!("{other:?}"),
                };
                assert_eq!(
                    (id, is_poison),
                    (Some(EventId(4)), nature == Nature::Poison),
                    "{wire:?} {nature:?}"
                );
            }
        }
    }

    #[test]
    fn a_filter_is_told_from_the_other() {
        let carrier = Wired::new();
        let telling = Telling { id: EventId(1), time: WallTime::from_micros(1 << 50), seq: Cursor(1) };
        let audience = Audience::Only(Filter::First);
        let fact =
            Fact { at: Instant::ZERO, audience, nature: Nature::Plain, is_same_time: false, size: None };
        let is_event = |filter| matches!(carrier.item(Wire::V1, filter, telling, fact), Item::Event(_));
        assert!(is_event(Filter::First) && !is_event(Filter::Second));
    }
}
