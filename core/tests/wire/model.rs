//! What an envelope says, found out another way: by `serde_json::Value`, and without any of our code.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// The fields of an envelope, as far as an event shows them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Model {
    pub(crate) kind: String,
    pub(crate) did: String,
    pub(crate) time_us: u64,
    pub(crate) cursor: Option<u64>,
    /// Operation, collection, rkey, rev, cid.
    pub(crate) commit: Option<Commit>,
    /// The relay's seq and time.
    pub(crate) upstream: Option<(u64, String)>,
}

pub(crate) type Commit = [Option<String>; 5];

/// What is not exactly an event.
#[derive(Debug)]
pub(crate) struct Bad;

const KINDS: [&str; 3] = ["commit", "identity", "account"];
const SEQ_END: u64 = 1_000_000_000_000_000;

/// What the v1 frame `text` says.
pub(crate) fn v1(text: &str) -> Result<Model, Bad> {
    let members = parse::<Members>(text)?;
    let kind = needed(&members, "kind", string)?;
    let time_us = needed(&members, "time_us", whole)?;
    let cursor = member(&members, "cursor", whole)?;
    let did = member(&members, "did", string)?;
    if cursor.is_some_and(|cursor| cursor >= SEQ_END) {
        return Err(Bad);
    }
    if !KINDS.contains(&kind.as_str()) {
        let (kind, did) = ("other".into(), did.unwrap_or_default());
        return Ok(Model { kind, did, time_us, cursor, commit: None, upstream: None });
    }
    // All that is there must have its shape, even beside another kind.
    let bodies = parse::<Bodies>(text)?;
    let commit = bodies.commit.map(|commit| shape_of_commit(&commit)).transpose()?;
    let identity = bodies.identity.map(|identity| shape_of_upstream(&identity)).transpose()?;
    let account = bodies.account.map(|account| shape_of_upstream(&account)).transpose()?;
    let (commit, upstream) = match kind.as_str() {
        "commit" => (Some(sound_commit(commit.ok_or(Bad)?)?), None),
        "identity" => (None, Some(sound_upstream(identity.ok_or(Bad)?)?)),
        _ => (None, Some(sound_upstream(account.ok_or(Bad)?)?)),
    };
    Ok(Model { kind, did: did.ok_or(Bad)?, time_us, cursor, commit, upstream })
}

fn shape_of_commit(commit: &Members) -> Result<Commit, Bad> {
    member(commit, "record", |record| Some(record.clone()))?;
    let word = |name| needed(commit, name, string).map(Some);
    let cid = member(commit, "cid", string)?;
    Ok([word("operation")?, word("collection")?, word("rkey")?, word("rev")?, cid])
}

/// A delete has no cid, and everything else has one.
fn sound_commit(mut commit: Commit) -> Result<Commit, Bad> {
    match (commit[0].as_deref(), &commit[4]) {
        (Some("delete"), _) => commit[4] = None,
        (Some("create" | "update"), Some(_)) => {}
        _ => return Err(Bad),
    }
    Ok(commit)
}

fn shape_of_upstream(upstream: &Members) -> Result<(u64, Option<String>), Bad> {
    for name in ["did", "handle", "active", "status"] {
        member(upstream, name, |value| Some(value.clone()))?;
    }
    member(upstream, "rev", string)?;
    Ok((needed(upstream, "seq", whole)?, member(upstream, "time", string)?))
}

fn sound_upstream((seq, time): (u64, Option<String>)) -> Result<(u64, String), Bad> {
    Ok((seq, time.ok_or(Bad)?))
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Bad> {
    serde_json::from_str(text).map_err(|_| Bad)
}

fn string(value: &Value) -> Option<String> {
    value.as_str().map(String::from)
}

fn whole(value: &Value) -> Option<u64> {
    value.as_i64().and_then(|number| u64::try_from(number).ok())
}

/// The member called `name`; null is as good as none, two are bad, and so is one of another type.
fn member<T>(of: &Members, name: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Option<T>, Bad> {
    let mut found = of.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value);
    match (found.next(), found.next()) {
        (_, Some(_)) => Err(Bad),
        (None | Some(Value::Null), None) => Ok(None),
        (Some(value), None) => read(value).map(Some).ok_or(Bad),
    }
}

fn needed<T>(of: &Members, name: &str, read: impl Fn(&Value) -> Option<T>) -> Result<T, Bad> {
    member(of, name, read)?.ok_or(Bad)
}

/// The objects of an envelope, with what is said twice: `Value` would forget it.
#[derive(Deserialize)]
struct Bodies {
    commit: Option<Members>,
    identity: Option<Members>,
    account: Option<Members>,
}

/// The members of an object, in order and with repetition.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;

        impl<'de> Visitor<'de> for All {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(All)
    }
}
