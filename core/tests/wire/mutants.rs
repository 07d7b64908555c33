//! Valid frames with something changed: they are read as `serde_json::Value` reads them, or not at all.

use bytes::Bytes;
use highwater_core::dialect::jetstream::{Jetstream, Kind, Operation};
use highwater_core::dialect::{Dialect, Frame, Subscription};
use highwater_core::event::{Event, Item, Reason};
use highwater_core::serve::Wire;
use proptest::prelude::*;
use proptest::sample::select;

use crate::entries::entry;
use crate::model::{self, Bad, Model};

const GOLDEN: &str = include_str!("../../testdata/jetstream_v1_on_v2_host.jsonl");

/// What may be put where something else stood.
const TOKENS: [&str; 28] = [
    "",
    " ",
    "\n",
    ",",
    ":",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "null",
    "true",
    "0",
    "-1",
    "1.0",
    "1e3",
    "1e999",
    "9223372036854775807",
    "9223372036854775808",
    "99999999999999999999",
    "\"x\"",
    "{}",
    "[]",
    "\u{0}",
    "\u{feff}",
];

/// Keys that may be said once more, or in other letters.
const KEYS: [&str; 14] = [
    "did",
    "time_us",
    "cursor",
    "kind",
    "commit",
    "identity",
    "account",
    "rev",
    "operation",
    "collection",
    "rkey",
    "cid",
    "record",
    "seq",
];

#[derive(Clone, Debug)]
enum Mutation {
    /// Takes `cut` characters out and puts a token in.
    Replace { at: usize, cut: usize, token: &'static str },
    /// Says a part of the frame again, somewhere.
    Copy { from: usize, length: usize, to: usize },
    /// Says a member again, with another value.
    Member { key: &'static str, token: &'static str, first: bool },
    /// Gives a member another value.
    Value { key: &'static str, token: &'static str },
    /// Writes the first letter of a key as an escape.
    Escape { key: &'static str },
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let (at, key, token) = (|| 0..4096_usize, || select(KEYS.to_vec()), || select(TOKENS.to_vec()));
    prop_oneof![
        (at(), 0..4_usize, token()).prop_map(|(at, cut, token)| Mutation::Replace { at, cut, token }),
        (at(), 1..80_usize, at()).prop_map(|(from, length, to)| Mutation::Copy { from, length, to }),
        (key(), token(), any::<bool>()).prop_map(|(key, token, first)| Mutation::Member {
            key,
            token,
            first
        }),
        (key(), token()).prop_map(|(key, token)| Mutation::Value { key, token }),
        key().prop_map(|key| Mutation::Escape { key }),
    ]
}

fn mutated(frame: &str, mutation: &Mutation) -> String {
    let mut chars: Vec<char> = frame.chars().collect();
    let place = |at: usize| at % (frame.chars().count() + 1);
    match mutation {
        Mutation::Replace { at, cut, token } => {
            let at = place(*at);
            let end = (at + cut).min(chars.len());
            chars.splice(at..end, token.chars());
        }
        Mutation::Copy { from, length, to } => {
            let from = place(*from);
            let part = chars[from..(from + length).min(chars.len())].to_vec();
            let to = place(*to);
            chars.splice(to..to, part);
        }
        Mutation::Member { key, token, first: true } => {
            return frame.replacen('{', &format!("{{\"{key}\":{token},"), 1);
        }
        Mutation::Member { key, token, first: false } => {
            let end = frame.rfind('}').unwrap_or(frame.len());
            return format!("{},\"{key}\":{token}{}", &frame[..end], &frame[end..]);
        }
        Mutation::Value { key, token } => {
            let Some((before, after)) = frame.split_once(&format!("\"{key}\":")) else { return frame.into() };
            let end = after.find([',', '}']).unwrap_or(after.len());
            return format!("{before}\"{key}\":{token}{}", &after[end..]);
        }
        Mutation::Escape { key } => {
            let escaped = format!("\"\\u{:04x}{}\":", u32::from(key.as_bytes()[0]), &key[1..]);
            return frame.replacen(&format!("\"{key}\":"), &escaped, 1);
        }
    }
    chars.into_iter().collect()
}

/// What `Value` cannot hold although it is JSON, and we need not: it stands in the part that is not ours.
fn is_beyond_value(text: &str) -> bool {
    let Err(error) = serde_json::from_str::<serde_json::Value>(text) else { return false };
    let why = error.to_string();
    ["surrogate", "number out of range", "hex escape", "recursion limit"]
        .iter()
        .any(|known| why.contains(known))
}

fn model_of(event: &Event<Jetstream>) -> Model {
    let payload = &event.payload;
    let owned = |text: Option<&str>| text.map(String::from);
    let kind = payload.kind();
    Model {
        kind: kind.name().into(),
        did: payload.did().into(),
        time_us: event.time.as_micros(),
        cursor: event.seq.map(|seq| seq.0),
        commit: (kind == Kind::Commit).then(|| {
            let operation = payload.operation().map(Operation::name);
            let [rkey, rev, cid] = [payload.rkey(), payload.rev(), payload.cid()].map(owned);
            [owned(operation), owned(payload.collection()), rkey, rev, cid]
        }),
        upstream: payload.upstream_seq().zip(owned(payload.upstream_time())),
    }
}

/// Holds what we read of `text` against what `Value` reads of it.
fn agrees(text: &str) -> Result<(), TestCaseError> {
    let frame = Bytes::copy_from_slice(text.as_bytes());
    let item = match Dialect::JetstreamV1.decode(&Subscription::default(), frame) {
        Frame::Item(item) => item,
        Frame::Error { .. } => return Err(TestCaseError::fail("v1 has no error frames")),
    };
    match (item, model::v1(text)) {
        (Item::Event(event), Ok(model)) => prop_assert_eq!(model_of(&event), model, "{}", text),
        (Item::Event(_), Err(Bad)) => prop_assert!(is_beyond_value(text), "read, but is nothing: {}", text),
        (Item::Malformed(Reason::Malformed(why), sample), Err(Bad)) => {
            prop_assert!(!why.is_empty() && why.chars().count() < 300, "{}", why);
            prop_assert_eq!(sample.length, text.len() as u64);
        }
        (item, model) => prop_assert!(false, "{:?} but {:?}: {}", item, model, text),
    }
    Ok(())
}

proptest! {
    #![proptest_config(crate::cases(1024))]

    #[test]
    fn a_changed_golden_frame_is_read_as_value_reads_it(
        line in select(GOLDEN.lines().collect::<Vec<_>>()),
        mutations in prop::collection::vec(mutation(), 1..4),
    ) {
        agrees(&mutations.iter().fold(line.to_string(), |frame, mutation| mutated(&frame, mutation)))?;
    }

    #[test]
    fn a_changed_frame_is_read_as_value_reads_it(
        entry in entry(),
        mutations in prop::collection::vec(mutation(), 0..4),
    ) {
        let Some(frame) = entry.frame(Wire::V1OnV2Host) else { return Ok(()) };
        let frame = String::from_utf8(frame.to_vec()).expect("JSON is text");
        agrees(&mutations.iter().fold(frame, |frame, mutation| mutated(&frame, mutation)))?;
    }

    /// The same event in a v2 frame is read, or not read, alike: the envelope of a message adds nothing.
    #[test]
    fn a_changed_payload_is_read_alike_in_either_layout(
        entry in entry(),
        mutations in prop::collection::vec(mutation(), 0..3),
    ) {
        let payload = String::from_utf8(entry.payload(Wire::V2).expect("v2 says all").to_vec()).expect("text");
        let payload = mutations.iter().fold(payload, |payload, mutation| mutated(&payload, mutation));
        let decode = |text: String| Dialect::JetstreamV2.decode(&Subscription::default(), text.into());
        let usual = decode(format!(r#"{{"$type":"message","payload":{payload}}}"#));
        let spaced = decode(format!(r#" {{ "payload" : {payload} , "$type" : "message" }} "#));
        // A mutation may close the payload early and go on with members of its own: that reads in one layout only.
        let is_one_value = serde_json::from_str::<serde_json::Value>(&payload).is_ok();
        match (usual, spaced) {
            (Frame::Item(Item::Malformed(..)), Frame::Item(Item::Malformed(..))) => {}
            (usual, spaced) if is_one_value => prop_assert_eq!(usual, spaced),
            _ => {}
        }
    }
}
