//! The second Jetstream wire, `network.bsky.jetstream.subscribeEvents`: `xrpc.v1.json` frames, positions in `seq`.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use core::ops::Range;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::cursor::Place;
use crate::dialect::commit::Commit;
use crate::dialect::envelope::{Int, Object, Str, Upstream, check_depth, needed, parse, shortened, text_of};
use crate::dialect::jetstream::{Body, Operation, Read};
use crate::dialect::query;
use crate::dialect::rfc3339;
use crate::dialect::scan::Scan;
use crate::dialect::seq::{MOMENT_MIN, position};
use crate::dialect::subscription::Subscription;
use crate::dialect::text::Text;
use crate::effect::OpenOptions;

/// Where the servers listen.
pub(crate) const PATH: &str = "/xrpc/network.bsky.jetstream.subscribeEvents";
/// Where they hand out the current dictionary; `?id=` asks for one by its number. [S]
pub(crate) const DICTIONARY_PATH: &str = "/xrpc/network.bsky.jetstream.getZstdDictionary";
/// What is offered as `Sec-WebSocket-Protocol`, in exactly this case. [S]
pub(crate) const SUBPROTOCOL: &str = "xrpc.v1.json";
/// What the type of each payload begins with.
pub(crate) const TYPE_PREFIX: &str = "network.bsky.jetstream.subscribeEvents#";

/// What to ask for, as a query.
pub(crate) fn query(
    subscription: &Subscription,
    place: Place,
    options: OpenOptions,
    dictionary: Option<u32>,
) -> String {
    let mut query = String::new();
    for kind in subscription.kinds() {
        query::push(&mut query, "kinds", kind.name());
    }
    for did in subscription.dids() {
        query::push(&mut query, "dids", did);
    }
    for collection in subscription.collections() {
        query::push(&mut query, "collections", collection);
    }
    if let Some(max) = options.message_bytes_max {
        query::push(&mut query, "maxMessageSizeBytes", &max.to_string());
    }
    if let (true, Some(dictionary)) = (options.compress, dictionary) {
        query::push(&mut query, "zstdDictionary", &dictionary.to_string());
    }
    if let Some(cursor) = cursor(place) {
        query::push(&mut query, "cursor", &cursor.to_string());
    }
    query
}

/// A moment below the floor is moved up to it and announced; `cursor=0` would be refused as too old. [S]
fn cursor(place: Place) -> Option<u64> {
    match place {
        Place::Tip => None,
        Place::Oldest => Some(MOMENT_MIN),
        Place::Time(time) => Some(time.as_micros().max(MOMENT_MIN)),
        Place::Cursor(cursor) => Some(cursor.0),
    }
}

/// What a frame says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// An event, and where in the frame its payload stands; all of it if none.
    Event(Read, Option<Range<u32>>),
    /// `#info OutdatedCursor`: the cursor was a moment below the floor.
    Outdated,
    /// Something without a position, or of a type that a newer server may add: the lexicon says to skip it. [D]
    Info,
    /// The connection ends right after it. [S]
    Error { name: String, said: String },
}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow, rename = "$type")]
    kind: Str<'a>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
    // Raw, so that a type we do not know may give them another shape.
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[allow(dead_code, reason = "the record is not read, but named so that a second one is an error")]
struct Payload<'a> {
    #[serde(borrow, rename = "$type")]
    kind: Str<'a>,
    seq: Option<Int>,
    #[serde(borrow)]
    did: Option<Str<'a>>,
    #[serde(borrow)]
    time: Option<Str<'a>>,
    #[serde(borrow)]
    rev: Option<Str<'a>>,
    #[serde(borrow)]
    operation: Option<Str<'a>>,
    #[serde(borrow)]
    collection: Option<Str<'a>>,
    #[serde(borrow)]
    rkey: Option<Str<'a>>,
    #[serde(borrow)]
    cid: Option<Str<'a>>,
    record: Option<IgnoredAny>,
    #[serde(borrow)]
    identity: Option<Object<Upstream<'a>>>,
    #[serde(borrow)]
    account: Option<Object<Upstream<'a>>>,
    #[serde(borrow)]
    sync: Option<Object<Upstream<'a>>>,
    #[serde(borrow)]
    name: Option<Str<'a>>,
}

impl<'a> Payload<'a> {
    /// The payload of a commit as servers write it, which nearly every event is.
    fn scan(text: &'a str) -> Option<Self> {
        let mut scan = Scan::new(text);
        let kind = scan.after(r#"{"$type":"#)?;
        scan.literal(r#","seq":"#)?;
        let seq = Some(scan.whole()?);
        let did = Some(scan.after(r#","did":"#)?);
        let time = Some(scan.after(r#","time":"#)?);
        scan.literal(",")?;
        let Commit { rev, operation, collection, rkey, cid, .. } = Commit::scan(&mut scan)?;
        scan.literal("}")?;
        scan.end()?;
        let [rev, operation, collection, rkey] = [rev, operation, collection, rkey].map(Some);
        Some(Self { kind, seq, did, time, rev, operation, collection, rkey, cid, ..Self::default() })
    }
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, rename = "$type")]
    kind: Str<'a>,
}

/// What `frame` says; the error says what is wrong with it, and where.
pub(crate) fn decode(frame: &[u8]) -> Result<Said, String> {
    let text = text_of(frame)?;
    let inner = text.strip_prefix(r#"{"$type":"message","payload":"#).and_then(|rest| rest.strip_suffix('}'));
    if let Some((raw, payload)) = inner.and_then(|raw| Some((raw, Payload::scan(raw)?))) {
        return known(text, raw, payload).map_err(|why| format!("payload: {why}"));
    }
    check_depth(text)?;
    let outer = parse::<Frame<'_>>(text)?;
    match (&*outer.kind.0, outer.payload) {
        ("message", Some(payload)) => message(text, payload.get()).map_err(|why| format!("payload: {why}")),
        ("message", None) => Err("message without `payload`".into()),
        ("error", _) => {
            let (name, message) = (string(outer.error), string(outer.message));
            let said = if message.is_empty() { name.clone() } else { format!("{name}: {message}") };
            Ok(Said::Error { name, said })
        }
        _ => Ok(Said::Info),
    }
}

/// The string that `value` is, or its JSON.
fn string(value: Option<&RawValue>) -> String {
    let Some(value) = value else { return String::new() };
    let text = serde_json::from_str::<String>(value.get());
    shortened(&text.unwrap_or_else(|_| value.get().into()))
}

fn message(text: &str, payload: &str) -> Result<Said, String> {
    match parse::<Payload<'_>>(payload) {
        Ok(payload_read) => known(text, payload, payload_read),
        Err(why) => match parse::<Head<'_>>(payload) {
            Ok(head) if !is_known(&head.kind) => Ok(Said::Info),
            Ok(_) | Err(_) => Err(why),
        },
    }
}

fn is_known(kind: &Str<'_>) -> bool {
    let name = kind.0.strip_prefix(TYPE_PREFIX);
    matches!(name, Some("commit" | "identity" | "account" | "sync" | "info"))
}

fn known(text: &str, raw: &str, mut payload: Payload<'_>) -> Result<Said, String> {
    let body = match payload.kind.0.strip_prefix(TYPE_PREFIX) {
        Some("commit") => payload.commit(raw)?,
        Some("identity") => {
            let Object(identity) = payload.identity.take().ok_or("no `identity`")?;
            Body::Identity { seq: identity.seq.0, time: needed(identity.time, "identity.time", raw)? }
        }
        Some("account") => {
            let Object(account) = payload.account.take().ok_or("no `account`")?;
            Body::Account { seq: account.seq.0, time: needed(account.time, "account.time", raw)? }
        }
        Some("sync") => {
            let Object(sync) = payload.sync.take().ok_or("no `sync`")?;
            Body::Sync { rev: needed(sync.rev, "sync.rev", raw)?, seq: sync.seq.0 }
        }
        Some("info") if payload.name.is_some_and(|name| name.0 == "OutdatedCursor") => {
            return Ok(Said::Outdated);
        }
        _ => return Ok(Said::Info),
    };
    let time = payload.time.ok_or("no `time`")?.0;
    let read = Read {
        time: rfc3339::parse(&time).ok_or("`time` is not RFC 3339")?,
        seq: Some(position(payload.seq.ok_or("no `seq`")?.0)?),
        did: needed(payload.did, "did", raw)?,
        body,
    };
    let span = Text::span_of(raw, text).ok_or("a payload that is not in its frame")?;
    Ok(Said::Event(read, Some(span)))
}

impl Payload<'_> {
    fn commit(&mut self, raw: &str) -> Result<Body, String> {
        let operation = self.operation.take().map_or(Cow::Borrowed(""), |operation| operation.0);
        let operation = Operation::from_name(&operation)
            .ok_or_else(|| format!("unknown operation `{}`", shortened(&operation)))?;
        let cid = match operation {
            Operation::Create | Operation::Update => Some(needed(self.cid.take(), "cid", raw)?),
            Operation::Delete => None,
        };
        Ok(Body::Commit {
            operation,
            collection: needed(self.collection.take(), "collection", raw)?,
            rkey: needed(self.rkey.take(), "rkey", raw)?,
            rev: needed(self.rev.take(), "rev", raw)?,
            cid,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_as_servers_write_them_are_scanned_and_say_the_same() {
        let golden = include_str!("../../testdata/jetstream_v2.jsonl").lines();
        let mut commits = 0;
        for text in golden.filter(|text| text.contains("subscribeEvents#commit")) {
            let raw = parse::<Frame<'_>>(text).unwrap().payload.unwrap().get();
            let scanned = known(text, raw, Payload::scan(raw).unwrap()).unwrap();
            assert_eq!(scanned, known(text, raw, parse(raw).unwrap()).unwrap());
            assert!(matches!(scanned, Said::Event(..)));
            commits += 1;
        }
        assert!(commits > 3);
    }
}
