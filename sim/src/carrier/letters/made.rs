//! Events of every kind: written by the product's servers, read by its dialects, and the same as before.

use bytes::Bytes;
use highwater_core::cursor::Cursor;
use highwater_core::dialect::jetstream::{Jetstream, Kind};
use highwater_core::dialect::{Frame, Subscription};
use highwater_core::event::{Event, Item, Payload as _};
use highwater_core::serve::Wire;
use highwater_core::serve::entry::{Body, Change, Content, Entry, Json};
use highwater_core::time::WallTime;

use super::{dialect, wire};
use crate::draw::Stream;

/// No number of an event is larger: it would be a moment.
const SEQ_MAX: u64 = 999_999_999_999_999;
/// The last moment that the wires can say: the end of the year 9999.
const MOMENT_MAX: u64 = 253_402_300_799_999_999;
/// Collections that a subscription may name.
const COLLECTIONS: [&str; 5] =
    ["app.bsky.feed.post", "app.bsky.feed.like", "app.bsky.graph.follow", "app.bsky.graphs.a", "c.d.e"];

/// An event, there and back.
pub(super) fn check(stream: &mut Stream) {
    let (wire, entry, (subscription, kinds)) = (wire(stream), entry(stream), subscription(stream));
    let Some(frame) = entry.frame(wire) else {
        assert!(matches!(entry.body, Body::Sync { .. }) && wire != Wire::V2, "only v1 cannot say only this");
        return;
    };
    let frame = match stream.below(4) {
        0 => spaced(&frame, stream),
        1 => newer(&frame, stream),
        _ => frame,
    };
    let is_wanted = is_wanted(&entry, &subscription, &kinds);
    match dialect(wire).decode(&subscription, frame.clone()) {
        Frame::Item(Item::Event(event)) if is_wanted => compare(&event, &entry, wire, &frame),
        Frame::Item(Item::Filtered(event)) if !is_wanted => compare(&event, &entry, wire, &frame),
        // A newer server may say what it likes, and gives it no position.
        Frame::Item(Item::Info) if wire == Wire::V2 && entry.kind() == Kind::Other => {}
        other => panic!("{entry:?}, wanted: {is_wanted}, is read as {other:?}"),
    }
}

fn compare(event: &Event<Jetstream>, entry: &Entry, wire: Wire, frame: &Bytes) {
    let payload = &event.payload;
    let cid = match &entry.body {
        Body::Commit { change, .. } => change.content().map(|content| content.cid.as_str()),
        _ => None,
    };
    let seq = (wire != Wire::V1).then_some(Cursor(entry.seq));
    let is_same = event.time == entry.time
        && event.seq == seq
        && payload.did() == entry.did
        && payload.cid() == cid
        && payload.kind() == entry.kind()
        && entry.key().is_none_or(|key| payload.key() == key);
    assert!(is_same, "{entry:?} is read as {event:?}");
    assert!(frame.windows(payload.bytes().len()).any(|part| part == payload.bytes()), "its own bytes");
    let texts =
        [Some(payload.did()), payload.collection(), payload.rkey(), payload.cid(), payload.upstream_time()];
    let revision = payload.rev();
    // A text that was written with an escape is not in the frame.
    let is_owned = |text: &&str| quoted(text).len() > text.len() + 2;
    let owned: usize = texts.into_iter().flatten().chain(revision).filter(is_owned).map(str::len).sum();
    assert_eq!(payload.size(), size_of::<Jetstream>() + payload.bytes().len() + owned, "{event:?}");
}

/// Collections constrain commits alone, and what ends in a star is the beginning of one.
fn is_wanted(entry: &Entry, subscription: &Subscription, kinds: &[Kind]) -> bool {
    let among = |list: &[String], name: &str| list.is_empty() || list.iter().any(|known| known == name);
    let is_kind = kinds.is_empty() || kinds.contains(&entry.kind());
    let is_did = among(subscription.dids(), &entry.did);
    let is_collection = match &entry.body {
        Body::Commit { collection, .. } => {
            let begins = |wanted: &String| {
                wanted.strip_suffix('*').is_some_and(|prefix| collection.starts_with(prefix))
            };
            among(subscription.collections(), collection) || subscription.collections().iter().any(begins)
        }
        _ => true,
    };
    is_kind && is_did && is_collection
}

/// A subscription: to all, or to some of what comes. And once more its kinds.
pub(super) fn subscription(stream: &mut Stream) -> (Subscription, Vec<Kind>) {
    let some = |stream: &mut Stream, all: &[&str]| -> Vec<String> {
        if stream.one_in(2) {
            return Vec::new();
        }
        all.iter().filter(|_| stream.one_in(2)).map(|&name| name.to_owned()).collect()
    };
    let names = [&COLLECTIONS[..], &["app.bsky.graph.*", "c.*"]].concat();
    let (collections, dids) = (some(stream, &names), some(stream, &DIDS));
    let mut kinds: Vec<Kind> = Kind::KNOWN.into_iter().filter(|_| stream.one_in(2)).collect();
    if stream.one_in(2) {
        kinds.clear();
    } else if !collections.is_empty() && !kinds.is_empty() {
        kinds.push(Kind::Commit);
    }
    let subscription = Subscription::new(collections, dids, kinds.clone());
    kinds.sort_unstable();
    kinds.dedup();
    (subscription.expect("what is asked for here can be asked for"), kinds)
}

/// Whom events are about.
const DIDS: [&str; 3] = ["did:plc:a", "did:plc:b", "did:web:c.example%3A80"];

/// An event of any kind, with anything in it.
pub(super) fn entry(stream: &mut Stream) -> Entry {
    let time = match stream.below(4) {
        0 => stream.below(MOMENT_MAX + 1),
        // Around the ends of years, of Februaries and of centuries.
        1 => stream.pick(&TURNS).saturating_add(stream.below(172_800_000_000)),
        _ => 1_760_000_000_000_000 + stream.below(1 << 50),
    };
    let seq = if stream.one_in(4) { SEQ_MAX - stream.below(3) } else { stream.below(1 << 40) };
    let did = if stream.one_in(4) { text(stream) } else { stream.pick(&DIDS).to_owned() };
    Entry { seq, time: WallTime::from_micros(time), did, body: body(stream) }
}

/// The last days of February and December, in a year after, before and at each kind of leap year.
const TURNS: [u64; 8] = [
    951_696_000_000_000,
    978_134_400_000_000,
    1_709_078_400_000_000,
    1_735_516_800_000_000,
    1_772_150_400_000_000,
    4_107_456_000_000_000,
    4_133_808_000_000_000,
    13_574_476_800_000_000,
];

fn body(stream: &mut Stream) -> Body {
    let (seq, time) = (stream.below(i64::MAX as u64), text(stream));
    match stream.below(8) {
        0 => Body::Identity { handle: stream.one_in(2).then(|| text(stream)), seq, time },
        1 => Body::Account {
            active: stream.one_in(2),
            status: stream.one_in(2).then(|| text(stream)),
            seq,
            time,
        },
        2 => Body::Sync { rev: text(stream), seq, time },
        3 => Body::Other { kind: "newer".to_owned() },
        _ => Body::Commit {
            rev: text(stream),
            collection: stream.pick(&COLLECTIONS).to_owned(),
            rkey: text(stream),
            change: match stream.below(3) {
                0 => Change::Delete,
                1 => Change::Create(content(stream)),
                _ => Change::Update(content(stream)),
            },
        },
    }
}

fn content(stream: &mut Stream) -> Content {
    let record = format!("{{\"a\":{}}}", value(stream, 5));
    Content { record: Json::new(record).expect("an object"), cid: text(stream) }
}

/// Any value, nested so deep at most.
fn value(stream: &mut Stream, depth: u32) -> String {
    let kinds = if depth == 0 { 4 } else { 6 };
    match stream.below(kinds) {
        0 => stream.pick(&["true", "false", "null", "\"\\u00e9\\/\\b\\f\\r\"", "{}", "[]"]).to_owned(),
        1 => stream.pick(&["0", "-0", "-1.50", "7e+01", "0.2E-3", "12e7", "900", "\"\""]).to_owned(),
        2 | 3 => quoted(&text(stream)),
        4 => {
            let parts: Vec<String> = (0..stream.below(4)).map(|_| value(stream, depth - 1)).collect();
            format!("[{}]", parts.join(","))
        }
        _ => {
            let parts = (0..stream.below(4)).map(|n| format!("\"{n}\\n\":{}", value(stream, depth - 1)));
            format!("{{{}}}", parts.collect::<Vec<_>>().join(","))
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a text can be written")
}

/// A text that is plain, or not.
fn text(stream: &mut Stream) -> String {
    const PLAIN: [&str; 4] = ["a", "B", "3", "-"];
    const ODD: [&str; 12] = ["a", "é", "🌧", "\"", "\\", "\n", "\u{1}", "\u{1f}", " ", "/", "\u{7f}", "~"];
    let (length, is_odd) = (stream.below(20), stream.one_in(3));
    (0..length).map(|_| if is_odd { stream.pick(&ODD) } else { stream.pick(&PLAIN) }).collect()
}

/// The same JSON with a member that nobody knows.
fn newer(frame: &Bytes, stream: &mut Stream) -> Bytes {
    let text = core::str::from_utf8(frame).expect("JSON is text");
    let before =
        stream.pick(&[",\"operation\":", ",\"collection\":", ",\"rkey\":", ",\"did\":", ",\"kind\":"]);
    let value = "abcdefghijklmnopqrst".get(..stream.below(20) as usize).unwrap_or_default();
    text.replacen(before, &format!(",\"newer\":\"{value}\"{before}"), 1).into()
}

/// The same JSON with white space between its parts, here and there.
fn spaced(frame: &[u8], stream: &mut Stream) -> Bytes {
    let mut spaced = Vec::with_capacity(frame.len() * 2);
    let (mut in_string, mut is_escaped) = (false, false);
    for &byte in frame {
        spaced.push(byte);
        if is_escaped {
            is_escaped = false;
        } else if in_string {
            is_escaped = byte == b'\\';
            in_string = byte != b'"';
        } else {
            in_string = byte == b'"';
            if matches!(byte, b',' | b':' | b'{' | b'[') && stream.one_in(4) {
                spaced.extend_from_slice(stream.pick(&[" ", "\n", "\t "]).as_bytes());
            }
        }
    }
    spaced.into()
}
