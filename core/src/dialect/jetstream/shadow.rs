//! Shadows of events, for traces: the parts of a key where they lie, so that no key is made for it.

use super::{Body, Jetstream, Key, Kind};
use crate::dialect::text::Text;
use crate::digest::Digest;
use crate::event::Payload;
use crate::trace::{Redact, Shadow};

impl Redact for Jetstream {
    fn digest(key: &Key) -> Digest {
        let bytes = |part: &str| Digest(0).and_bytes(part.as_bytes());
        match key {
            Key::Commit { rev, did, collection, rkey, operation } => {
                of(Kind::Commit, *operation as u64, [rev, did, collection, rkey].map(|part| bytes(part)))
            }
            Key::Identity { seq, did, time } => of(Kind::Identity, *seq, [bytes(did), bytes(time)]),
            Key::Account { seq, did, time } => of(Kind::Account, *seq, [bytes(did), bytes(time)]),
            Key::Sync { rev, did, seq } => of(Kind::Sync, *seq, [bytes(rev), bytes(did)]),
            Key::Other(exact) => of(Kind::Other, 0, [bytes(exact)]),
        }
    }

    fn shadow(&self) -> Shadow {
        let bytes = |part: &Text| Digest(0).and_bytes(part.bytes(&self.bytes));
        let did = bytes(&self.did);
        let key = match &self.body {
            Body::Commit { operation, collection, rkey, rev, cid: _ } => {
                of(Kind::Commit, *operation as u64, [bytes(rev), did, bytes(collection), bytes(rkey)])
            }
            Body::Identity { seq, time } => of(Kind::Identity, *seq, [did, bytes(time)]),
            Body::Account { seq, time } => of(Kind::Account, *seq, [did, bytes(time)]),
            Body::Sync { rev, seq } => of(Kind::Sync, *seq, [bytes(rev), did]),
            Body::Other => Self::digest(&self.key()),
        };
        Shadow { key, size: self.size() }
    }
}

fn of<const PARTS: usize>(kind: Kind, number: u64, parts: [Digest; PARTS]) -> Digest {
    parts.into_iter().fold(Digest(kind as u64).and(number), |hash, part| hash.and(part.0))
}
