//! Shadows of events, for traces: the parts of a key where they lie, so that no key is made for it.

use crate::dialect::jetstream::{Jetstream, Key, Kind};
use crate::digest::Digest;
use crate::event::Payload;
use crate::trace::{Redact, Shadow};

impl Redact for Jetstream {
    fn digest(key: &Key) -> Digest {
        match key {
            Key::Commit { rev, did, collection, rkey, operation } => {
                of(Kind::Commit, *operation as u64, [rev, did, collection, rkey])
            }
            Key::Identity { seq, did, time } => of(Kind::Identity, *seq, [did, time]),
            Key::Account { seq, did, time } => of(Kind::Account, *seq, [did, time]),
            Key::Sync { rev, did, seq } => of(Kind::Sync, *seq, [rev, did]),
            Key::Other(bytes) => of(Kind::Other, 0, [bytes]),
        }
    }

    fn shadow(&self) -> Shadow {
        let (kind, did) = (self.kind(), self.did());
        let (rev, time) = (self.rev().unwrap_or_default(), self.upstream_time().unwrap_or_default());
        let seq = self.upstream_seq().unwrap_or_default();
        let key = match (kind, self.operation(), self.collection(), self.rkey()) {
            (Kind::Commit, Some(operation), Some(collection), Some(rkey)) => {
                of(kind, operation as u64, [rev, did, collection, rkey])
            }
            (Kind::Identity | Kind::Account, ..) => of(kind, seq, [did, time]),
            (Kind::Sync, ..) => of(kind, seq, [rev, did]),
            (Kind::Commit | Kind::Other, ..) => Self::digest(&self.key()),
        };
        Shadow { key, size: self.size() }
    }
}

fn of<const PARTS: usize>(kind: Kind, number: u64, parts: [&str; PARTS]) -> Digest {
    parts.into_iter().fold(Digest(kind as u64).and(number), Digest::and_text)
}
