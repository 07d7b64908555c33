//! One line of a server's log: everything that any of the wires says of an event.

use alloc::boxed::Box;
use alloc::string::{String, ToString};

use serde_json::value::RawValue;

use crate::dialect::filter::Filter;
use crate::dialect::jetstream::{Key, Kind, Operation};
use crate::time::WallTime;

/// One event, as a server has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The host's number for it, from 1.
    pub seq: u64,
    /// When the host saw it; on v1 its position.
    pub time: WallTime,
    /// Whom it is about.
    pub did: String,
    /// What happened.
    pub body: Body,
}

/// What happened. `seq` and `time` in here are the relay's, and the same on every host behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the wire's own words")]
pub enum Body {
    /// A record changed.
    Commit { rev: String, collection: String, rkey: String, change: Change },
    /// A handle or a DID document may have changed.
    Identity { handle: Option<String>, seq: u64, time: String },
    /// An account became active, or stopped being so.
    Account { active: bool, status: Option<String>, seq: u64, time: String },
    /// A repository says where it stands; never on v1.
    Sync { rev: String, seq: u64, time: String },
    /// What a newer server may say.
    Other { kind: String },
}

/// What a commit did to its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Create(Content),
    /// It has other content.
    Update(Content),
    /// It is gone.
    Delete,
}

/// A record and the name of its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The record.
    pub record: Json,
    /// What names exactly this content.
    pub cid: String,
}

/// A text that is one JSON object, as every record is.
#[derive(Clone, Debug)]
pub struct Json(Box<RawValue>);

impl Json {
    /// `text`, without white space around it, if it is one JSON object.
    pub fn new(text: String) -> Option<Self> {
        Self::of(RawValue::from_string(text).ok()?)
    }

    pub(crate) fn of(raw: Box<RawValue>) -> Option<Self> {
        raw.get().starts_with('{').then_some(Self(raw))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    pub(crate) fn raw(&self) -> &RawValue {
        &self.0
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Json {}

impl Change {
    /// The change without its content.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::Create(_) => Operation::Create,
            Self::Update(_) => Operation::Update,
            Self::Delete => Operation::Delete,
        }
    }

    /// What the record is now.
    pub const fn content(&self) -> Option<&Content> {
        match self {
            Self::Create(content) | Self::Update(content) => Some(content),
            Self::Delete => None,
        }
    }
}

impl Entry {
    /// What it is about.
    pub const fn kind(&self) -> Kind {
        match self.body {
            Body::Commit { .. } => Kind::Commit,
            Body::Identity { .. } => Kind::Identity,
            Body::Account { .. } => Kind::Account,
            Body::Sync { .. } => Kind::Sync,
            Body::Other { .. } => Kind::Other,
        }
    }

    /// Whether a connection with this filter gets it; commits without a collection always come. \[S\]
    pub fn passes(&self, filter: &Filter) -> bool {
        let collection = match &self.body {
            Body::Commit { collection, .. } if !collection.is_empty() => Some(collection.as_str()),
            Body::Commit { .. }
            | Body::Identity { .. }
            | Body::Account { .. }
            | Body::Sync { .. }
            | Body::Other { .. } => None,
        };
        filter.wants(self.kind(), &self.did, collection)
    }

    /// The key that a client will find; none of a kind it does not know, whose key is the bytes it got.
    pub fn key(&self) -> Option<Key> {
        let did = self.did.as_str().into();
        Some(match &self.body {
            Body::Commit { rev, collection, rkey, change } => Key::Commit {
                rev: rev.as_str().into(),
                did,
                collection: collection.as_str().into(),
                rkey: rkey.as_str().into(),
                operation: change.operation(),
            },
            Body::Identity { seq, time, .. } => Key::Identity { seq: *seq, did, time: time.as_str().into() },
            Body::Account { seq, time, .. } => Key::Account { seq: *seq, did, time: time.as_str().into() },
            Body::Sync { rev, seq, .. } => Key::Sync { rev: rev.as_str().into(), did, seq: *seq },
            Body::Other { .. } => return None,
        })
    }

    /// The word for its kind on the wires.
    pub(crate) fn kind_name(&self) -> String {
        match &self.body {
            Body::Other { kind } => kind.clone(),
            Body::Commit { .. } | Body::Identity { .. } | Body::Account { .. } | Body::Sync { .. } => {
                self.kind().name().to_string()
            }
        }
    }
}
