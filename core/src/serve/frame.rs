//! How entries and control messages are written, and how a v1 frame becomes an entry again.

use alloc::borrow::{Cow, ToOwned};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::dialect::envelope::parse;
use crate::dialect::jetstream::Operation;
use crate::dialect::jetstream_v2::TYPE_PREFIX;
use crate::dialect::rfc3339;
use crate::serve::Wire;
use crate::serve::entry::{Body, Change, Content, Entry, Json};
use crate::time::WallTime;

/// A v1 frame; the fields stand in the order of the wire. \[S\]
#[derive(Serialize, Deserialize)]
struct V1<'a> {
    did: Cow<'a, str>,
    time_us: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<u64>,
    kind: Cow<'a, str>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    commit: Option<Commit<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<Identity<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Account<'a>>,
}

/// The value of `payload` in a v2 frame.
#[derive(Serialize)]
struct V2<'a> {
    #[serde(rename = "$type")]
    kind: String,
    seq: u64,
    did: &'a str,
    time: String,
    #[serde(flatten)]
    commit: Option<Commit<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<Identity<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Account<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sync: Option<Sync<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Commit<'a> {
    rev: Cow<'a, str>,
    operation: Operation,
    collection: Cow<'a, str>,
    rkey: Cow<'a, str>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    record: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cid: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
struct Identity<'a> {
    did: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handle: Option<Cow<'a, str>>,
    seq: u64,
    time: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
struct Account<'a> {
    active: bool,
    did: Cow<'a, str>,
    seq: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Cow<'a, str>>,
    time: Cow<'a, str>,
}

#[derive(Serialize)]
struct Sync<'a> {
    did: &'a str,
    rev: &'a str,
    seq: u64,
    time: &'a str,
}

/// The parts of a body, of which a frame has at most one.
#[derive(Default)]
struct Parts<'a> {
    commit: Option<Commit<'a>>,
    identity: Option<Identity<'a>>,
    account: Option<Account<'a>>,
    sync: Option<Sync<'a>>,
}

impl Entry {
    /// The message that says this on `wire`, uncompressed; v1 has no way to say `sync`.
    pub fn frame(&self, wire: Wire) -> Option<Bytes> {
        let payload = self.payload(wire)?;
        Some(match wire {
            Wire::V1 | Wire::V1OnV2Host => payload,
            Wire::V2 => message(&payload),
        })
    }

    /// The event's own bytes on `wire`: the frame, or on v2 the value of `payload`.
    pub fn payload(&self, wire: Wire) -> Option<Bytes> {
        let Parts { commit, identity, account, sync } = self.parts();
        let written = match wire {
            Wire::V1 | Wire::V1OnV2Host if sync.is_some() => return None,
            Wire::V1 | Wire::V1OnV2Host => serde_json::to_vec(&V1 {
                did: Cow::Borrowed(&self.did),
                time_us: self.time.as_micros(),
                cursor: (wire == Wire::V1OnV2Host).then_some(self.seq),
                kind: self.kind_name().into(),
                commit,
                identity,
                account,
            }),
            Wire::V2 => serde_json::to_vec(&V2 {
                kind: format!("{TYPE_PREFIX}{}", self.kind_name()),
                seq: self.seq,
                did: &self.did,
                time: rfc3339::format(self.time),
                commit,
                identity,
                account,
                sync,
            }),
        };
        Some(written.expect("strings and numbers can always be written").into())
    }

    /// The entry that a v1 frame tells of. `seq` is used where the frame has no `cursor`.
    ///
    /// The error says what is wrong with the frame, and where.
    pub fn from_v1(frame: &str, seq: u64) -> Result<Self, String> {
        let read = parse::<V1<'_>>(frame)?;
        let body = match (&*read.kind, read.commit, read.identity, read.account) {
            ("commit", Some(commit), _, _) => commit.body()?,
            ("identity", _, Some(identity), _) => Body::Identity {
                handle: identity.handle.map(Cow::into_owned),
                seq: identity.seq,
                time: identity.time.into_owned(),
            },
            ("account", _, _, Some(account)) => Body::Account {
                active: account.active,
                status: account.status.map(Cow::into_owned),
                seq: account.seq,
                time: account.time.into_owned(),
            },
            (kind @ ("commit" | "identity" | "account"), ..) => {
                return Err(format!("kind `{kind}` without its object"));
            }
            (kind, ..) => Body::Other { kind: kind.to_string() },
        };
        Ok(Self {
            seq: read.cursor.unwrap_or(seq),
            time: WallTime::from_micros(read.time_us),
            did: read.did.into_owned(),
            body,
        })
    }

    fn parts(&self) -> Parts<'_> {
        let did = Cow::Borrowed(self.did.as_str());
        match &self.body {
            Body::Commit { rev, collection, rkey, change } => Parts {
                commit: Some(Commit {
                    rev: rev.into(),
                    operation: change.operation(),
                    collection: collection.into(),
                    rkey: rkey.into(),
                    record: change.content().map(|content| content.record.raw()),
                    cid: change.content().map(|content| Cow::Borrowed(content.cid.as_str())),
                }),
                ..Parts::default()
            },
            Body::Identity { handle, seq, time } => {
                let handle = handle.as_deref().map(Cow::Borrowed);
                let identity = Identity { did, handle, seq: *seq, time: time.into() };
                Parts { identity: Some(identity), ..Parts::default() }
            }
            Body::Account { active, status, seq, time } => {
                let status = status.as_deref().map(Cow::Borrowed);
                let account = Account { active: *active, did, seq: *seq, status, time: time.into() };
                Parts { account: Some(account), ..Parts::default() }
            }
            Body::Sync { rev, seq, time } => {
                Parts { sync: Some(Sync { did: &self.did, rev, seq: *seq, time }), ..Parts::default() }
            }
            Body::Other { .. } => Parts::default(),
        }
    }
}

impl Commit<'_> {
    fn body(self) -> Result<Body, String> {
        let record = self.record.and_then(|record| Json::of(record.to_owned()));
        let content = record.zip(self.cid).map(|(record, cid)| Content { record, cid: cid.into_owned() });
        let change = match (self.operation, content) {
            (Operation::Create, Some(content)) => Change::Create(content),
            (Operation::Update, Some(content)) => Change::Update(content),
            (Operation::Delete, _) => Change::Delete,
            (operation, None) => return Err(format!("{operation} without `record` and `cid`")),
        };
        Ok(Body::Commit {
            rev: self.rev.into_owned(),
            collection: self.collection.into_owned(),
            rkey: self.rkey.into_owned(),
            change,
        })
    }
}

/// A v2 frame that carries `payload`.
fn message(payload: &[u8]) -> Bytes {
    let parts: [&[u8]; 3] = [br#"{"$type":"message","payload":"#, payload, b"}"];
    parts.concat().into()
}

#[derive(Serialize)]
struct Info<'a> {
    #[serde(rename = "$type")]
    kind: String,
    name: &'a str,
    message: &'a str,
}

/// A v2 frame that says something without a position. \[D\]
pub fn info(name: &str, message_text: &str) -> Bytes {
    let info = Info { kind: format!("{TYPE_PREFIX}info"), name, message: message_text };
    message(&written(&info))
}

/// What v2 says first, when a moment below the floor was asked for. \[S\]
pub fn outdated_cursor() -> Bytes {
    info(
        "OutdatedCursor",
        "the requested cursor is older than what is retained; starting at the oldest event",
    )
}

#[derive(Serialize)]
struct Error<'a> {
    #[serde(rename = "$type")]
    kind: &'a str,
    #[serde(rename = "error")]
    name: &'a str,
    message: &'a str,
}

/// The v2 frame after which the server closes: `ConsumerTooSlow`, `InternalError`. \[S\]
pub fn error(name: &str, message: &str) -> Bytes {
    written(&Error { kind: "error", name, message }).into()
}

/// The last word to a v2 subscriber that is far behind and does not get ahead. \[S\]
pub fn too_slow() -> Bytes {
    error("ConsumerTooSlow", "the consumer is too far behind, and too slow to catch up")
}

fn written(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("strings and numbers can always be written")
}
