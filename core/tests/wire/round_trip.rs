//! What a server writes a client reads, on each wire, and an event is the same event on all of them.

use bytes::Bytes;
use highwater_core::dialect::jetstream::{Jetstream, Key, Kind};
use highwater_core::dialect::{Dialect, Frame, Subscription};
use highwater_core::event::{Event, Item, Payload};
use highwater_core::serve::Wire;
use highwater_core::serve::entry::{Body, Entry};
use proptest::prelude::*;

use crate::entries::entry;

const WIRES: [Wire; 3] = [Wire::V1, Wire::V1OnV2Host, Wire::V2];

const fn dialect(wire: Wire) -> Dialect {
    match wire {
        Wire::V1 | Wire::V1OnV2Host => Dialect::JetstreamV1,
        Wire::V2 => Dialect::JetstreamV2,
    }
}

fn read(wire: Wire, frame: Bytes) -> Item<Jetstream> {
    match dialect(wire).decode(&Subscription::default(), frame) {
        Frame::Item(item) => item,
        Frame::Error { said, .. } => panic!("no error was sent: {said}"),
    }
}

fn assert_same(wire: Wire, entry: &Entry, event: &Event<Jetstream>) -> Result<(), TestCaseError> {
    let payload = &event.payload;
    prop_assert_eq!(event.time, entry.time);
    prop_assert_eq!(event.seq.map(|seq| seq.0), (wire != Wire::V1).then_some(entry.seq));
    prop_assert_eq!(payload.did(), &entry.did);
    prop_assert_eq!(payload.kind(), entry.kind());
    prop_assert_eq!(Some(payload.bytes().clone()), entry.payload(wire));
    prop_assert!(payload.size() > payload.bytes().len());
    if let Some(key) = entry.key() {
        prop_assert_eq!(payload.key(), key);
    }
    let (collection, rkey, rev, cid) = match &entry.body {
        Body::Commit { rev, collection, rkey, change } => {
            let cid = change.content().map(|content| content.cid.as_str());
            prop_assert_eq!(payload.operation(), Some(change.operation()));
            (Some(collection), Some(rkey), Some(rev), cid)
        }
        Body::Sync { rev, .. } => (None, None, Some(rev), None),
        Body::Identity { .. } | Body::Account { .. } | Body::Other { .. } => (None, None, None, None),
    };
    prop_assert_eq!(payload.collection(), collection.map(String::as_str));
    prop_assert_eq!(payload.rkey(), rkey.map(String::as_str));
    prop_assert_eq!(payload.rev(), rev.map(String::as_str));
    prop_assert_eq!(payload.cid(), cid);
    Ok(())
}

proptest! {
    #![proptest_config(crate::cases(256))]

    #[test]
    fn what_is_written_is_read(entry in entry()) {
        for wire in WIRES {
            let Some(frame) = entry.frame(wire) else {
                prop_assert_eq!(entry.kind(), Kind::Sync, "only v2 can say it");
                prop_assert_ne!(wire, Wire::V2);
                continue;
            };
            match read(wire, frame) {
                Item::Event(event) => assert_same(wire, &entry, &event)?,
                // v2's lexicon says to skip what is not known; v1 gives it a position.
                Item::Info => prop_assert_eq!((entry.kind(), wire), (Kind::Other, Wire::V2)),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }

    #[test]
    fn what_v1_says_is_an_entry_again(entry in entry()) {
        if let Some(frame) = entry.frame(Wire::V1OnV2Host) {
            let text = core::str::from_utf8(&frame).expect("JSON is text");
            prop_assert_eq!(Entry::from_v1(text, 0), Ok(entry));
        }
    }

    #[test]
    fn a_key_is_stored_and_shown_whole(one in entry(), other in entry()) {
        let (Some(one), Some(other)) = (one.key(), other.key()) else { return Ok(()) };
        let stored = serde_json::to_string(&one).expect("a key can be written");
        let loaded: Key = serde_json::from_str(&stored).expect("what was written can be read");
        prop_assert_eq!(&loaded, &one);
        prop_assert_eq!(one == other, one.to_string() == other.to_string());
        let line = one.to_string();
        prop_assert!(!line.contains(|c: char| c.is_control() || (c.is_whitespace() && c != ' ')), "{}", line);
    }
}
