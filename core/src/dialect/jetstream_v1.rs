//! The first Jetstream wire, `/subscribe`: bare events, positions in microseconds.
//!
//! A v2 host serves it too and adds a `cursor` to each event, which is its `seq`: then positions are numbers.

use alloc::format;
use alloc::string::{String, ToString};

use serde::Deserialize;

use crate::cursor::Place;
use crate::dialect::commit::Commit;
use crate::dialect::envelope::{Int, Object, Str, Upstream, check_depth, needed, parse, shortened, text_of};
use crate::dialect::jetstream::{Body, Operation, Read};
use crate::dialect::query;
use crate::dialect::scan::Scan;
use crate::dialect::seq::position;
use crate::dialect::subscription::Subscription;
use crate::dialect::text::Text;
use crate::effect::OpenOptions;
use crate::time::WallTime;

/// Where the servers listen.
pub(crate) const PATH: &str = "/subscribe";

/// What to ask for, as a query. Kinds cannot be asked for: identities and accounts always come. [S]
pub(crate) fn query(subscription: &Subscription, place: Place, options: OpenOptions) -> String {
    let mut query = String::new();
    for collection in subscription.collections() {
        query::push(&mut query, "wantedCollections", collection);
    }
    for did in subscription.dids() {
        query::push(&mut query, "wantedDids", did);
    }
    if let Some(max) = options.message_bytes_max {
        query::push(&mut query, "maxMessageSizeBytes", &max.to_string());
    }
    if options.compress {
        query::push(&mut query, "compress", "true");
    }
    if let Some(cursor) = cursor(place) {
        query::push(&mut query, "cursor", &cursor.to_string());
    }
    query
}

/// Zero is the oldest retained; a cursor later than the server's now is the tip, silently. [S]
fn cursor(place: Place) -> Option<u64> {
    match place {
        Place::Tip => None,
        Place::Oldest => Some(0),
        Place::Time(time) => Some(time.as_micros()),
        Place::Cursor(cursor) => Some(cursor.0),
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    did: Str<'a>,
    time_us: Int,
    cursor: Option<Int>,
    #[serde(borrow)]
    kind: Str<'a>,
    #[serde(borrow)]
    commit: Option<Object<Commit<'a>>>,
    #[serde(borrow)]
    identity: Option<Object<Upstream<'a>>>,
    #[serde(borrow)]
    account: Option<Object<Upstream<'a>>>,
}

impl<'a> Envelope<'a> {
    /// The envelope of a commit as servers write it, which nearly every event is.
    fn scan(text: &'a str) -> Option<Self> {
        let mut scan = Scan::new(text);
        let did = scan.after(r#"{"did":"#)?;
        scan.literal(r#","time_us":"#)?;
        let time_us = scan.whole()?;
        let cursor = if scan.passes(r#","cursor":"#) { Some(scan.whole()?) } else { None };
        let kind = scan.after(r#","kind":"#)?;
        scan.literal(r#","commit":{"#)?;
        let commit = Some(Object(Commit::scan(&mut scan)?));
        scan.literal("}}")?;
        scan.end()?;
        Some(Self { did, time_us, cursor, kind, commit, identity: None, account: None })
    }
}

/// As much as an event of a kind we do not know must have.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    did: Option<Str<'a>>,
    time_us: Int,
    cursor: Option<Int>,
    #[serde(borrow)]
    kind: Str<'a>,
}

/// The event in `frame`; the error says what is wrong with it, and where.
pub(crate) fn decode(frame: &[u8]) -> Result<Read, String> {
    let text = text_of(frame)?;
    let envelope = if let Some(envelope) = Envelope::scan(text) {
        Ok(envelope)
    } else {
        check_depth(text)?;
        parse(text)
    };
    match envelope {
        Ok(envelope) if is_known(&envelope.kind) => known(text, envelope),
        Ok(_) => unknown(text),
        Err(why) => match unknown(text) {
            Ok(event) => Ok(event),
            Err(_) => Err(why),
        },
    }
}

fn is_known(kind: &Str<'_>) -> bool {
    matches!(&*kind.0, "commit" | "identity" | "account")
}

fn known(text: &str, envelope: Envelope<'_>) -> Result<Read, String> {
    let Envelope { did, time_us, cursor, kind, commit, identity, account } = envelope;
    let body = match (&*kind.0, commit, identity, account) {
        ("commit", Some(Object(commit)), _, _) => commit.body(text)?,
        ("identity", _, Some(Object(identity)), _) => {
            Body::Identity { seq: identity.seq.0, time: needed(identity.time, "identity.time", text)? }
        }
        ("account", _, _, Some(Object(account))) => {
            Body::Account { seq: account.seq.0, time: needed(account.time, "account.time", text)? }
        }
        (kind, ..) => return Err(format!("no `{kind}`")),
    };
    read(time_us, cursor, Text::of(did.0, text), body)
}

impl Commit<'_> {
    fn body(self, text: &str) -> Result<Body, String> {
        let operation = Operation::from_name(&self.operation.0)
            .ok_or_else(|| format!("unknown operation `{}`", shortened(&self.operation.0)))?;
        let cid = match operation {
            Operation::Create | Operation::Update => Some(needed(self.cid, "commit.cid", text)?),
            Operation::Delete => None,
        };
        let keep = |found: Str<'_>| Text::of(found.0, text);
        let (collection, rkey, rev) = (keep(self.collection), keep(self.rkey), keep(self.rev));
        Ok(Body::Commit { operation, collection, rkey, rev, cid })
    }
}

fn read(time: Int, cursor: Option<Int>, did: Text, body: Body) -> Result<Read, String> {
    let seq = cursor.map(|cursor| position(cursor.0)).transpose()?;
    Ok(Read { time: WallTime::from_micros(time.0), seq, did, body })
}

/// An event that a newer server says: kept, since it has a position.
fn unknown(text: &str) -> Result<Read, String> {
    let head = parse::<Head<'_>>(text)?;
    if is_known(&head.kind) {
        return Err("a kind that is known".into());
    }
    let did = head.did.map_or(Text::Owned("".into()), |did| Text::of(did.0, text));
    read(head.time_us, head.cursor, did, Body::Other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both_ways(text: &str) -> [Result<Read, String>; 2] {
        let scanned = Envelope::scan(text).unwrap_or_else(|| panic!("not scanned: {text}"));
        [known(text, scanned), known(text, parse(text).unwrap())]
    }

    #[test]
    fn commits_as_servers_write_them_are_scanned_and_say_the_same() {
        let golden = [
            include_str!("../../testdata/jetstream_v1.jsonl"),
            include_str!("../../testdata/jetstream_v1_on_v2_host.jsonl"),
        ];
        let is_commit = |text: &&str| text.contains(r#""kind":"commit""#);
        let golden = golden.iter().flat_map(|frames| frames.lines()).filter(is_commit);
        let commit = |cursor: &str, operation: &str, content: &str| {
            let members = r#""collection":"c.d.e","rkey":"k""#;
            let commit = format!(r#"{{"rev":"r","operation":"{operation}",{members}{content}}}"#);
            format!(r#"{{"did":"did:plc:a","time_us":7,{cursor}"kind":"commit","commit":{commit}}}"#)
        };
        let made = [
            commit("", "create", r#","cid":"b","record":{"a":[1,{}]}"#),
            commit(r#""cursor":12,"#, "update", r#","record":null,"cid":"b""#),
            commit("", "delete", ""),
        ];
        for text in golden.chain(made.iter().map(String::as_str)) {
            let [scanned, parsed] = both_ways(text);
            assert_eq!(scanned, parsed);
            assert!(scanned.is_ok(), "{text}");
        }
        for text in [commit("", "undo", ""), commit(r#""cursor":1000000000000000,"#, "delete", "")] {
            let [scanned, parsed] = both_ways(&text);
            assert_eq!(scanned, parsed);
            assert!(scanned.is_err(), "{text}");
        }
    }
}
