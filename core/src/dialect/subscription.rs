//! What the operator wants of a feed, checked before any server is asked.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use sha2::{Digest, Sha256};

use crate::checkpoint::FilterHash;
use crate::dialect::filter::Filter;
use crate::dialect::jetstream::{Jetstream, Kind};
use crate::dialect::name::{is_did, is_nsid, is_nsid_prefix};

/// Both wires take so many collections, prefixes included.
pub const COLLECTIONS_MAX: usize = 100;
/// Both wires take so many DIDs.
pub const DIDS_MAX: usize = 10_000;

/// What the operator wants; an empty list wants all. Order and repetition in the lists mean nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscription {
    collections: Vec<String>,
    dids: Vec<String>,
    kinds: Vec<Kind>,
    filter: Filter,
}

/// Why a subscription cannot be: the operator has to write another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubscriptionError {
    /// Neither an NSID nor the beginning of one with `.*`.
    Collection(String),
    /// More than [`COLLECTIONS_MAX`].
    TooManyCollections(usize),
    /// Not a DID.
    Did(String),
    /// More than [`DIDS_MAX`].
    TooManyDids(usize),
    /// [`Kind::Other`] cannot be asked for.
    Kind,
    /// Collections constrain commits, which the kinds exclude.
    CollectionsWithoutCommits,
}

impl Subscription {
    /// Checks the parts and brings them into one order.
    pub fn new(
        mut collections: Vec<String>,
        mut dids: Vec<String>,
        mut kinds: Vec<Kind>,
    ) -> Result<Self, SubscriptionError> {
        if let Some(bad) = collections.iter().find(|c| !is_nsid(c) && !is_nsid_prefix(c)) {
            return Err(SubscriptionError::Collection(bad.clone()));
        }
        if let Some(bad) = dids.iter().find(|did| !is_did(did)) {
            return Err(SubscriptionError::Did(bad.clone()));
        }
        if kinds.contains(&Kind::Other) {
            return Err(SubscriptionError::Kind);
        }
        collections.sort_unstable();
        collections.dedup();
        dids.sort_unstable();
        dids.dedup();
        kinds.sort_unstable();
        kinds.dedup();
        if collections.len() > COLLECTIONS_MAX {
            return Err(SubscriptionError::TooManyCollections(collections.len()));
        }
        if dids.len() > DIDS_MAX {
            return Err(SubscriptionError::TooManyDids(dids.len()));
        }
        if !collections.is_empty() && !kinds.is_empty() && !kinds.contains(&Kind::Commit) {
            return Err(SubscriptionError::CollectionsWithoutCommits);
        }
        let filter = Filter::new(&collections, &dids, &kinds);
        Ok(Self { collections, dids, kinds, filter })
    }

    /// The collections, sorted.
    pub fn collections(&self) -> &[String] {
        &self.collections
    }

    /// The DIDs, sorted.
    pub fn dids(&self) -> &[String] {
        &self.dids
    }

    /// The kinds, in the order of their declaration.
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// Whether `event` was asked for.
    pub fn wants(&self, event: &Jetstream) -> bool {
        self.filter.wants_all() || self.filter.wants(event.kind(), event.did(), event.collection())
    }

    /// Names this set in a checkpoint: the same however it was written, today and next year.
    pub fn hash(&self) -> FilterHash {
        let mut digest = Sha256::new();
        let kinds = self.kinds.iter().map(|kind| kind.name());
        for (tag, value) in (self.collections.iter().map(|c| ("c", c.as_str())))
            .chain(self.dids.iter().map(|did| ("d", did.as_str())))
            .chain(kinds.map(|kind| ("k", kind)))
        {
            // No value has a line break in it: the grammars above see to that.
            digest.update(tag);
            digest.update(value);
            digest.update("\n");
        }
        let head = *digest.finalize().first_chunk::<8>().expect("SHA-256 has 32 bytes");
        FilterHash(u64::from_be_bytes(head))
    }
}

impl fmt::Display for SubscriptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Collection(text) => write!(
                f,
                "`{text}` is not a collection: write an NSID, as in app.bsky.feed.post, or a prefix, as in app.bsky.graph.*"
            ),
            Self::TooManyCollections(count) => {
                write!(f, "{count} collections, where the servers take {COLLECTIONS_MAX}: use prefixes")
            }
            Self::Did(text) => {
                write!(f, "`{text}` is not a DID: write it whole, as in did:plc:ewvi7nxzyoun6zhxrhs64oiz")
            }
            Self::TooManyDids(count) => {
                write!(f, "{count} DIDs, where the servers take {DIDS_MAX}: run one highwater for each part")
            }
            Self::Kind => f.write_str("only commit, identity, account and sync can be asked for"),
            Self::CollectionsWithoutCommits => f.write_str(
                "collections constrain commits: ask for the kind `commit` too, or for no collection",
            ),
        }
    }
}

impl core::error::Error for SubscriptionError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscription(
        collections: &[&str],
        dids: &[&str],
        kinds: &[Kind],
    ) -> Result<Subscription, SubscriptionError> {
        let owned = |list: &[&str]| list.iter().map(|&item| item.into()).collect();
        Subscription::new(owned(collections), owned(dids), kinds.to_vec())
    }

    #[test]
    fn the_hash_is_of_the_set_and_means_the_same_next_year() {
        let hash = |collections: &[&str], dids: &[&str], kinds: &[Kind]| {
            subscription(collections, dids, kinds).expect("valid").hash().0
        };
        let (post, graph) = ("app.bsky.feed.post", "app.bsky.graph.*");
        let golden = hash(&[post, graph], &["did:plc:a", "did:web:b.example"], &[Kind::Commit, Kind::Sync]);
        let shuffled = hash(
            &[graph, post, graph],
            &["did:web:b.example", "did:plc:a"],
            &[Kind::Sync, Kind::Commit, Kind::Sync],
        );
        assert_eq!(golden, shuffled);
        assert_eq!(golden, GOLDEN);
        assert_eq!(hash(&[], &[], &[]), GOLDEN_ALL);
        let others =
            [hash(&[post], &[], &[]), hash(&[], &["did:plc:a"], &[]), hash(&[], &[], &[Kind::Commit])];
        assert!(others.iter().all(|other| ![golden, GOLDEN_ALL].contains(other)), "{others:x?}");
    }

    /// `printf 'capp.bsky.feed.post\ncapp.bsky.graph.*\nddid:plc:a\nddid:web:b.example\nkcommit\nksync\n' | sha256sum`
    const GOLDEN: u64 = 0x9cd8_b236_d261_8743;
    /// `printf '' | sha256sum`
    const GOLDEN_ALL: u64 = 0xe3b0_c442_98fc_1c14;

    #[test]
    fn what_a_server_would_refuse_is_refused_before() {
        use SubscriptionError as E;
        assert_eq!(subscription(&["app.bsky.fo*"], &[], &[]), Err(E::Collection("app.bsky.fo*".into())));
        assert_eq!(subscription(&[], &["handle.example"], &[]), Err(E::Did("handle.example".into())));
        assert_eq!(subscription(&[], &[], &[Kind::Other]), Err(E::Kind));
        assert_eq!(subscription(&["a.b.c"], &[], &[Kind::Account]), Err(E::CollectionsWithoutCommits));
        assert!(subscription(&["a.b.c"], &[], &[Kind::Account, Kind::Commit]).is_ok());
    }

    #[test]
    fn limits_are_counted_without_repetition() {
        let many = |count: usize, name: &dyn Fn(usize) -> String| (0..count).map(name).collect::<Vec<_>>();
        let collections = |count| many(count, &|i| format!("app.bsky.c{i}"));
        let dids = |count| many(count, &|i| format!("did:plc:{i}"));
        let new = |c, d| Subscription::new(c, d, Vec::new());
        assert!(new(collections(100), dids(10_000)).is_ok());
        assert!(new([collections(100), collections(100)].concat(), Vec::new()).is_ok());
        assert_eq!(new(collections(101), Vec::new()), Err(SubscriptionError::TooManyCollections(101)));
        assert_eq!(new(Vec::new(), dids(10_001)), Err(SubscriptionError::TooManyDids(10_001)));
    }
}
