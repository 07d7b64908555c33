//! Events like the network's, made up: each from the seed and its number alone, so that a million of them need no
//! memory and any of them can be made again.
//!
//! Events come in fours. Most fours are four events of four accounts; some are one commit with four operations, and
//! some hold a record's deletion and its creation anew, under the same key and a later revision.

mod record;
mod text;

use highwater_core::serve::entry::{Body, Change, Content, Entry, Json};
use highwater_core::time::WallTime;

use crate::feed::draw::Draw;
use crate::feed::tid::tid;

/// Sorts of draws: what is drawn for one purpose does not move what is drawn for another.
mod sort {
    pub(super) const FOUR: u64 = 1;
    pub(super) const ROLE: u64 = 2;
    pub(super) const PLACE: u64 = 3;
    pub(super) const TARGET: u64 = 4;
    pub(super) const CONTENT: u64 = 5;
    pub(super) const CID: u64 = 6;
    pub(super) const ACCOUNT: u64 = 7;
}

/// So many accounts say something.
const ACCOUNTS: u64 = 20_000;

/// A deletion looks so far back for the record it removes.
const LOOK_BACK: u64 = 2_000;

/// The relay's number of event 0, and of no other.
const RELAY_SEQ: u64 = 30_000_000_000;

/// Record keys are of this time and later: 2025-10-09, before anything that is said of them.
const FIRST_RKEY_MICROS: u64 = 1_760_000_000_000_000;

/// Makes events.
#[derive(Clone, Debug)]
pub(crate) struct Generator {
    seed: u64,
    /// Whether there are events that only the newer wire reports.
    sync: bool,
}

/// What an event is about, before its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Create(&'static str),
    /// A commit's further operations: the record has the key of the commit's first.
    Join(&'static str),
    Profile,
    Update,
    /// Removes the record that this earlier event created.
    Delete(u64),
    /// Creates what this earlier event created, after its deletion.
    Recreate(u64),
    /// Removes something from before the first event.
    Forget,
    Identity,
    Account,
    Sync,
}

/// What four events in a row have in common.
enum Four {
    Apart,
    /// One commit: a post and its gates.
    Thread,
    /// One commit: four records removed.
    Purge,
    /// A record removed, then made again.
    Remake,
}

impl Generator {
    /// The events of `seed`; with `sync`, of all four kinds.
    pub(crate) fn new(seed: u64, sync: bool) -> Self {
        Self { seed, sync }
    }

    /// True if event `index` is a further operation of the commit that the event before it belongs to.
    pub(crate) fn continues(&self, index: u64) -> bool {
        !index.is_multiple_of(4) && matches!(self.four(index), Four::Thread | Four::Purge)
    }

    /// Event `index`, which happened at `at` µs since 1970. Operations of one commit are to be given one time.
    ///
    /// It has neither a number nor a time of a host yet.
    pub(crate) fn event(&self, index: u64, at: u64) -> Entry {
        let role = self.role(index);
        let mut draw = Draw::new(self.seed, sort::CONTENT, index);
        let did = self.did(index, role);
        let body = match role {
            Role::Identity => {
                let handle = draw.percent(30).then(|| record::handle(&mut draw));
                Body::Identity { handle, seq: RELAY_SEQ + index, time: record::seconds(at) }
            }
            Role::Account => {
                let (active, status) = draw.one_of(&record::STANDINGS);
                let status = status.map(str::to_owned);
                Body::Account { active, status, seq: RELAY_SEQ + index, time: record::seconds(at) }
            }
            Role::Sync => {
                Body::Sync { rev: self.rev(&did, at), seq: RELAY_SEQ + index, time: record::seconds(at) }
            }
            Role::Create(_)
            | Role::Join(_)
            | Role::Profile
            | Role::Update
            | Role::Delete(_)
            | Role::Recreate(_)
            | Role::Forget => {
                let collection = self.collection(role);
                let rkey = self.rkey(index, role);
                let change = self.change(index, role, collection, at, &mut draw);
                Body::Commit { rev: self.rev(&did, at), collection: collection.to_owned(), rkey, change }
            }
        };
        Entry { seq: 0, time: WallTime::default(), did, body }
    }

    fn four(&self, index: u64) -> Four {
        match Draw::new(self.seed, sort::FOUR, index / 4).below(100) {
            0..3 => Four::Thread,
            3..5 => Four::Purge,
            5..8 => Four::Remake,
            _ => Four::Apart,
        }
    }

    fn role(&self, index: u64) -> Role {
        match (self.four(index), index % 4) {
            (Four::Thread, 0) => Role::Create(record::POST),
            (Four::Thread, 1) => Role::Join(record::THREADGATE),
            (Four::Thread, 2) => Role::Join(record::POSTGATE),
            (Four::Thread, _) => Role::Create(record::LIKE),
            (Four::Purge, _) => Role::Forget,
            (Four::Remake, 0) => self.target(index).map_or(Role::Forget, Role::Delete),
            (Four::Remake, 1) => self.target(index - 1).map_or(Role::Create(record::LIKE), Role::Recreate),
            (Four::Remake | Four::Apart, _) => self.lone_role(index),
        }
    }

    /// What an event is that has nothing to do with its neighbours: the network's mix.
    fn lone_role(&self, index: u64) -> Role {
        match Draw::new(self.seed, sort::ROLE, index).below(1_000) {
            0..525 => Role::Create(record::LIKE),
            525..665 => Role::Create(record::POST),
            665..750 => Role::Create(record::REPOST),
            750..855 => Role::Create(record::FOLLOW),
            855..925 => self.target(index).map_or(Role::Forget, Role::Delete),
            925..942 => Role::Identity,
            942..956 => Role::Account,
            956..976 => Role::Profile,
            976..986 => Role::Create(record::BLOCK),
            986..994 => Role::Update,
            _ if self.sync => Role::Sync,
            _ => Role::Create(record::LIKE),
        }
    }

    /// An earlier event that created a record, for event `index` to remove it.
    fn target(&self, index: u64) -> Option<u64> {
        let mut draw = Draw::new(self.seed, sort::TARGET, index);
        let reach = LOOK_BACK.min(index);
        (0..8).map(|_| index.saturating_sub(1 + draw.below(reach.max(1)))).find(|&earlier| {
            let apart = matches!(self.four(earlier), Four::Apart);
            earlier < index && apart && matches!(self.lone_kind(earlier), Some(Role::Create(_)))
        })
    }

    /// The role of an event if it creates a record, without asking what a deletion removes.
    fn lone_kind(&self, index: u64) -> Option<Role> {
        match Draw::new(self.seed, sort::ROLE, index).below(1_000) {
            0..855 | 976..986 => Some(self.lone_role(index)),
            _ => None,
        }
    }

    fn did(&self, index: u64, role: Role) -> String {
        let of = match role {
            Role::Delete(created) | Role::Recreate(created) => created,
            _ if self.continues(index) => index - index % 4,
            _ => index,
        };
        // The smaller of two draws: a few accounts say a lot.
        let mut draw = Draw::new(self.seed, sort::PLACE, of);
        let account = draw.below(ACCOUNTS).min(draw.below(ACCOUNTS));
        record::did(&mut Draw::new(self.seed, sort::ACCOUNT, account))
    }

    /// The revision of a commit to the repository `did` at `at`.
    fn rev(&self, did: &str, at: u64) -> String {
        let clock = did.bytes().fold(self.seed, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        tid(at, clock)
    }

    fn collection(&self, role: Role) -> &'static str {
        match role {
            Role::Create(collection) | Role::Join(collection) => collection,
            Role::Delete(created) | Role::Recreate(created) => self.collection(self.lone_role(created)),
            Role::Profile => record::PROFILE,
            Role::Update => record::BROADCAST,
            Role::Forget | Role::Identity | Role::Account | Role::Sync => record::LIKE,
        }
    }

    fn rkey(&self, index: u64, role: Role) -> String {
        let of = match role {
            Role::Profile => return "self".to_owned(),
            Role::Update => return record::broadcast_rkey(&self.did(index, role)),
            Role::Delete(created) | Role::Recreate(created) => created,
            Role::Join(_) => index - index % 4,
            _ => index,
        };
        tid(FIRST_RKEY_MICROS + of * 1_000, Draw::new(self.seed, sort::CID, of).bits())
    }

    fn change(&self, index: u64, role: Role, collection: &str, at: u64, draw: &mut Draw) -> Change {
        let content = |draw: &mut Draw| {
            let did = self.did(index, role);
            let record =
                Json::new(record::json(collection, &did, at, draw)).expect("records are written as JSON");
            Content { record, cid: record::cid(draw) }
        };
        match role {
            Role::Delete(_) | Role::Forget => Change::Delete,
            Role::Profile | Role::Update => Change::Update(content(draw)),
            _ => Change::Create(content(draw)),
        }
    }
}

#[cfg(test)]
mod tests;
