//! The event that both Jetstream wires carry: its own bytes, and what was read of its envelope.

mod shadow;

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use crate::cursor::Cursor;
use crate::dialect::text::Text;
use crate::event::{Event, Payload};
use crate::time::WallTime;

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A record was created, updated or deleted.
    Commit,
    /// A handle or a DID document may have changed.
    Identity,
    /// An account became active, or stopped being so.
    Account,
    /// A repository says where it stands; v2 only.
    Sync,
    /// Something that a newer server says.
    Other,
}

impl Kind {
    /// The kinds that can be asked for.
    pub const KNOWN: [Self; 4] = [Self::Commit, Self::Identity, Self::Account, Self::Sync];

    /// The word for it on the wires, in tables and in flags.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Identity => "identity",
            Self::Account => "account",
            Self::Sync => "sync",
            Self::Other => "other",
        }
    }

    /// The kind that the wires call `name`; [`Kind::Other`] has no name there.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::KNOWN.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a commit did to its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// It is new.
    Create,
    /// It has other content.
    Update,
    /// It is gone.
    Delete,
}

impl Operation {
    /// The word for it on the wires and in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// The operation that the wires call `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Create, Self::Update, Self::Delete].into_iter().find(|operation| operation.name() == name)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What makes an event the same event on whatever wire, from whatever host, whenever it comes again.
///
/// `rev` and `seq` come first: in an index they are near append order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the fields are the wire's own words")]
pub enum Key {
    /// The same on every host.
    Commit { rev: Box<str>, did: Box<str>, collection: Box<str>, rkey: Box<str>, operation: Operation },
    /// The same wherever the same relay is upstream: `seq` and `time` are the relay's.
    Identity { seq: u64, did: Box<str>, time: Box<str> },
    /// As for identities.
    Account { seq: u64, did: Box<str>, time: Box<str> },
    /// The relay's `seq`.
    Sync { rev: Box<str>, did: Box<str>, seq: u64 },
    /// Nothing is known of it, so it is its exact bytes.
    Other(Box<str>),
}

/// One line without tab or line break, different for different keys: parts separated by one space each.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Commit { rev, did, collection, rkey, operation } => {
                let [rev, did, collection, rkey] = [rev, did, collection, rkey].map(|part| Part(part));
                write!(f, "commit {rev} {did} {collection} {rkey} {operation}")
            }
            Self::Identity { seq, did, time } => write!(f, "identity {seq} {} {}", Part(did), Part(time)),
            Self::Account { seq, did, time } => write!(f, "account {seq} {} {}", Part(did), Part(time)),
            Self::Sync { rev, did, seq } => write!(f, "sync {} {} {seq}", Part(rev), Part(did)),
            Self::Other(bytes) => write!(f, "other {}", Part(bytes)),
        }
    }
}

/// A part of a key's line: white space, control characters and backslashes are escaped as in Rust.
struct Part<'a>(&'a str);

impl fmt::Display for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in self.0.split_inclusive(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
            match piece.chars().next_back() {
                Some(last) if last.is_whitespace() || last.is_control() || last == '\\' => {
                    write!(f, "{}{}", &piece[..piece.len() - last.len_utf8()], last.escape_unicode())?;
                }
                _ => f.write_str(piece)?,
            }
        }
        Ok(())
    }
}

/// An event of either Jetstream wire.
///
/// Its envelope's strings are ranges of its bytes, so a clone copies no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jetstream {
    bytes: Bytes,
    did: Text,
    body: Body,
}

/// What is read of an envelope besides the DID, by kind: exactly what a key needs, and what a table shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Commit { operation: Operation, collection: Text, rkey: Text, rev: Text, cid: Option<Text> },
    Identity { seq: u64, time: Text },
    Account { seq: u64, time: Text },
    Sync { rev: Text, seq: u64 },
    Other,
}

/// An event as a wire's reader found it in a frame, without the frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) time: WallTime,
    pub(crate) seq: Option<Cursor>,
    pub(crate) did: Text,
    pub(crate) body: Body,
}

impl Read {
    /// The event, given the bytes that its texts are ranges of.
    pub(crate) fn event(self, bytes: Bytes) -> Event<Jetstream> {
        let Self { time, seq, did, body } = self;
        Event { time, seq, payload: Jetstream { bytes, did, body } }
    }
}

impl Jetstream {
    /// The event object's own bytes: on v1 the frame, on v2 the value of `payload`.
    ///
    /// Of an event too large to keep, the head that its dead letter has.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// What it is about.
    pub fn kind(&self) -> Kind {
        match self.body {
            Body::Commit { .. } => Kind::Commit,
            Body::Identity { .. } => Kind::Identity,
            Body::Account { .. } => Kind::Account,
            Body::Sync { .. } => Kind::Sync,
            Body::Other => Kind::Other,
        }
    }

    /// Whom it is about; empty only where the kind is not known.
    pub fn did(&self) -> &str {
        self.did.read(&self.bytes)
    }

    /// What a commit did.
    pub fn operation(&self) -> Option<Operation> {
        match self.body {
            Body::Commit { operation, .. } => Some(operation),
            Body::Identity { .. } | Body::Account { .. } | Body::Sync { .. } | Body::Other => None,
        }
    }

    /// A commit's collection.
    pub fn collection(&self) -> Option<&str> {
        match &self.body {
            Body::Commit { collection, .. } => Some(collection.read(&self.bytes)),
            Body::Identity { .. } | Body::Account { .. } | Body::Sync { .. } | Body::Other => None,
        }
    }

    /// A commit's record key.
    pub fn rkey(&self) -> Option<&str> {
        match &self.body {
            Body::Commit { rkey, .. } => Some(rkey.read(&self.bytes)),
            Body::Identity { .. } | Body::Account { .. } | Body::Sync { .. } | Body::Other => None,
        }
    }

    /// The revision of the repository, of a commit or a sync.
    pub fn rev(&self) -> Option<&str> {
        match &self.body {
            Body::Commit { rev, .. } | Body::Sync { rev, .. } => Some(rev.read(&self.bytes)),
            Body::Identity { .. } | Body::Account { .. } | Body::Other => None,
        }
    }

    /// The content identifier of a created or updated record; two events of one key must have the same.
    pub fn cid(&self) -> Option<&str> {
        match &self.body {
            Body::Commit { cid, .. } => cid.as_ref().map(|cid| cid.read(&self.bytes)),
            Body::Identity { .. } | Body::Account { .. } | Body::Sync { .. } | Body::Other => None,
        }
    }

    /// The relay's number of an identity, account or sync.
    pub fn upstream_seq(&self) -> Option<u64> {
        match self.body {
            Body::Identity { seq, .. } | Body::Account { seq, .. } | Body::Sync { seq, .. } => Some(seq),
            Body::Commit { .. } | Body::Other => None,
        }
    }

    /// The relay's time of an identity or account, as written.
    pub fn upstream_time(&self) -> Option<&str> {
        match &self.body {
            Body::Identity { time, .. } | Body::Account { time, .. } => Some(time.read(&self.bytes)),
            Body::Commit { .. } | Body::Sync { .. } | Body::Other => None,
        }
    }

    /// The same event with its bytes copied to the end of `place`: it no longer holds on to what it was read from.
    #[must_use]
    pub fn copied_to(self, place: &mut BytesMut) -> Self {
        place.extend_from_slice(&self.bytes);
        Self { bytes: place.split().freeze(), ..self }
    }

    /// The same event with `head` for bytes: it no longer holds on to a frame too large to keep.
    #[must_use]
    pub(crate) fn detached(&self, head: Bytes) -> Self {
        let keep = |text: &Text| text.detached(&self.bytes);
        let body = match &self.body {
            Body::Commit { operation, collection, rkey, rev, cid } => Body::Commit {
                operation: *operation,
                collection: keep(collection),
                rkey: keep(rkey),
                rev: keep(rev),
                cid: cid.as_ref().map(keep),
            },
            Body::Identity { seq, time } => Body::Identity { seq: *seq, time: keep(time) },
            Body::Account { seq, time } => Body::Account { seq: *seq, time: keep(time) },
            Body::Sync { rev, seq } => Body::Sync { rev: keep(rev), seq: *seq },
            Body::Other => Body::Other,
        };
        Self { bytes: head, did: keep(&self.did), body }
    }
}

impl Payload for Jetstream {
    type Key = Key;

    fn key(&self) -> Key {
        let read = |text: &Text| Box::from(text.read(&self.bytes));
        let did = read(&self.did);
        match &self.body {
            Body::Commit { operation, collection, rkey, rev, cid: _ } => Key::Commit {
                rev: read(rev),
                did,
                collection: read(collection),
                rkey: read(rkey),
                operation: *operation,
            },
            Body::Identity { seq, time } => Key::Identity { seq: *seq, did, time: read(time) },
            Body::Account { seq, time } => Key::Account { seq: *seq, did, time: read(time) },
            Body::Sync { rev, seq } => Key::Sync { rev: read(rev), did, seq: *seq },
            Body::Other => Key::Other(String::from_utf8_lossy(&self.bytes).into()),
        }
    }

    fn size(&self) -> usize {
        let texts = match &self.body {
            Body::Commit { collection, rkey, rev, cid, operation: _ } => {
                collection.heap_bytes()
                    + rkey.heap_bytes()
                    + rev.heap_bytes()
                    + cid.as_ref().map_or(0, Text::heap_bytes)
            }
            Body::Identity { time, .. } | Body::Account { time, .. } => time.heap_bytes(),
            Body::Sync { rev, .. } => rev.heap_bytes(),
            Body::Other => 0,
        };
        size_of::<Self>() + self.bytes.len() + self.did.heap_bytes() + texts
    }
}
