//! Which events are wanted: the one matcher, for what a client asks and for what a server was asked.

use alloc::string::String;
use alloc::vec::Vec;

use crate::dialect::jetstream::Kind;

/// A set of events; each empty list leaves that side open. The lists are sorted and say nothing twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    collections: Vec<String>,
    /// With the dot, without the star: `app.bsky.graph.`
    prefixes: Vec<String>,
    dids: Vec<String>,
    kinds: Vec<Kind>,
}

impl Filter {
    /// The events of these collections (`prefix.*` is all below), these DIDs, and these kinds.
    pub fn new(collections: &[String], dids: &[String], kinds: &[Kind]) -> Self {
        let prefixes = collections.iter().filter_map(|c| c.strip_suffix('*')).map(String::from);
        let whole = collections.iter().filter(|c| !c.ends_with('*')).cloned();
        Self {
            prefixes: sorted(prefixes.collect()),
            collections: sorted(whole.collect()),
            dids: sorted(dids.to_vec()),
            kinds: sorted(kinds.to_vec()),
        }
    }

    /// Whether every event is in the set, so that nothing of it need be read.
    pub fn wants_all(&self) -> bool {
        let Self { collections, prefixes, dids, kinds } = self;
        collections.is_empty() && prefixes.is_empty() && dids.is_empty() && kinds.is_empty()
    }

    /// Whether an event is in the set; `collection` is a commit's, and nothing else has one.
    pub fn wants(&self, kind: Kind, did: &str, collection: Option<&str>) -> bool {
        self.wants_kind(kind) && self.wants_did(did) && collection.is_none_or(|c| self.wants_collection(c))
    }

    fn wants_kind(&self, kind: Kind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    fn wants_did(&self, did: &str) -> bool {
        self.dids.is_empty() || self.dids.binary_search_by(|wanted| wanted.as_str().cmp(did)).is_ok()
    }

    fn wants_collection(&self, collection: &str) -> bool {
        (self.collections.is_empty() && self.prefixes.is_empty())
            || self.collections.binary_search_by(|wanted| wanted.as_str().cmp(collection)).is_ok()
            || self.prefixes.iter().any(|prefix| collection.starts_with(prefix.as_str()))
    }
}

fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort_unstable();
    list.dedup();
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(collections: &[&str], dids: &[&str], kinds: &[Kind]) -> Filter {
        let owned = |list: &[&str]| list.iter().map(|&item| item.into()).collect::<Vec<String>>();
        Filter::new(&owned(collections), &owned(dids), kinds)
    }

    #[test]
    fn an_empty_filter_wants_all() {
        let all = filter(&[], &[], &[]);
        assert!(all.wants_all() && !filter(&[], &[], &[Kind::Sync]).wants_all());
        assert!(all.wants(Kind::Commit, "did:plc:a", Some("app.bsky.feed.post")));
        assert!(all.wants(Kind::Other, "", None));
    }

    #[test]
    fn a_prefix_ends_at_a_dot() {
        let graph = filter(&["app.bsky.graph.*", "org.example.bed"], &[], &[]);
        for (collection, wanted) in [
            ("app.bsky.graph.follow", true),
            ("app.bsky.graph.a.b", true),
            ("app.bsky.graphs.follow", false),
            ("app.bsky.graph", false),
            ("org.example.bed", true),
            ("org.example.bed.x", false),
            ("", false),
        ] {
            assert_eq!(graph.wants(Kind::Commit, "did:plc:a", Some(collection)), wanted, "{collection}");
        }
        assert!(graph.wants(Kind::Identity, "did:plc:a", None), "collections constrain commits only");
    }

    #[test]
    fn dids_constrain_every_kind_and_kinds_every_did() {
        let two = filter(&[], &["did:plc:b", "did:plc:a", "did:plc:b"], &[Kind::Account, Kind::Commit]);
        assert!(
            two.wants(Kind::Account, "did:plc:a", None)
                && two.wants(Kind::Commit, "did:plc:b", Some("c.d.e"))
        );
        assert!(
            !two.wants(Kind::Account, "did:plc:c", None) && !two.wants(Kind::Identity, "did:plc:a", None)
        );
        assert_eq!(two, filter(&[], &["did:plc:a", "did:plc:b"], &[Kind::Commit, Kind::Account]));
    }
}
