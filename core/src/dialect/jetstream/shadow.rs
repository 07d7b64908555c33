//! Shadows of events, for traces: the parts of a key where they lie, so that no key is made for it.

use super::{Body, Jetstream, Key, Kind};
use crate::digest::Digest;
use crate::event::Payload;
use crate::payload::{Digested, Redact, Shadow};

impl Digested for Key {
    fn digest(&self) -> Digest {
        match self {
            Self::Commit { rev, did, collection, rkey, operation } => {
                of(Kind::Commit, *operation as u64, [rev, did, collection, rkey].map(|part| part.as_bytes()))
            }
            Self::Identity { seq, did, time } => of(Kind::Identity, *seq, [did.as_bytes(), time.as_bytes()]),
            Self::Account { seq, did, time } => of(Kind::Account, *seq, [did.as_bytes(), time.as_bytes()]),
            Self::Sync { rev, did, seq } => of(Kind::Sync, *seq, [rev.as_bytes(), did.as_bytes()]),
            Self::Other(exact) => of(Kind::Other, 0, [exact.as_bytes()]),
        }
    }
}

impl Redact for Jetstream {
    fn shadow(&self) -> Shadow {
        let frame = &self.bytes[..];
        let did = self.did.bytes(frame);
        let key = match &self.body {
            Body::Commit { operation, collection, rkey, rev, cid: _ } => {
                let parts = [rev.bytes(frame), did, collection.bytes(frame), rkey.bytes(frame)];
                of(Kind::Commit, *operation as u64, parts)
            }
            Body::Identity { seq, time } => of(Kind::Identity, *seq, [did, time.bytes(frame)]),
            Body::Account { seq, time } => of(Kind::Account, *seq, [did, time.bytes(frame)]),
            Body::Sync { rev, seq } => of(Kind::Sync, *seq, [rev.bytes(frame), did]),
            Body::Other => self.key().digest(),
        };
        Shadow { key, size: self.size() }
    }
}

fn of<const PARTS: usize>(kind: Kind, number: u64, parts: [&[u8]; PARTS]) -> Digest {
    let mut digest = Digest(kind as u64).and(number);
    for part in parts {
        digest = digest.and_bytes(part);
    }
    digest
}
