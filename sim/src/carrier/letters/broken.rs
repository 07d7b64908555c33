//! Frames that are broken: what is no JSON, or lacks what an event must have, is nobody's event.

use bytes::Bytes;
use highwater_core::dialect::{Frame, Subscription};
use highwater_core::event::Item;
use highwater_core::serve::Wire;
use serde::de::IgnoredAny;

use super::made::entry;
use super::{dialect, is_malformed, wire};
use crate::draw::Stream;

/// A frame is nested so deep at most.
const DEPTH_MAX: usize = 128;

/// A frame that is broken, or only looks so.
pub(super) fn check(stream: &mut Stream) {
    match stream.below(4) {
        0 => lacking(stream),
        1 => nested(stream),
        2 => said(stream),
        _ => damaged(stream),
    }
}

/// A few bytes are not what they were.
fn damaged(stream: &mut Stream) {
    let wire = wire(stream);
    let Some(frame) = entry(stream).frame(wire) else { return };
    let mut bytes = frame.to_vec();
    let at = stream.below(bytes.len() as u64) as usize;
    let odd = stream.pick(b"\"\\{}[],:x0-.e \n\x00\x1f\xff\xc3");
    match stream.below(5) {
        0 => bytes.truncate(at),
        // Behind the end.
        3 => bytes.push(odd),
        1 => drop(bytes.remove(at)),
        2 => bytes.insert(at, odd),
        _ => bytes[at] = odd,
    }
    if serde_json::from_slice::<IgnoredAny>(&bytes).is_err() || core::str::from_utf8(&bytes).is_err() {
        is_nobodys(wire, bytes);
    }
}

/// Something is not there, is there twice, or is of another type.
fn lacking(stream: &mut Stream) {
    const V1: &str = r#"{"did":"d","time_us":7,"cursor":9,"kind":"commit","commit":{"rev":"r","operation":"create","collection":"c.d.e","rkey":"k","record":{},"cid":"b"}}"#;
    const V2: &str = r#"{"$type":"message","payload":{"$type":"network.bsky.jetstream.subscribeEvents#commit","seq":9,"did":"d","time":"2026-01-01T00:00:00Z","rev":"r","operation":"update","collection":"c.d.e","rkey":"k","record":{},"cid":"b"}}"#;
    const HASH_FIRST: &str = r#"{"did":"d","time_us":7,"kind":"commit","commit":{"rev":"r","operation":"create","collection":"c.d.e","rkey":"k","cid":"b","record":{"a":1}}}"#;
    const IDENTITY: &str =
        r#"{"did":"d","time_us":7,"cursor":9,"kind":"identity","identity":{"did":"d","seq":5,"time":"t"}}"#;
    const SYNC: &str = r#"{"$type":"message","payload":{"$type":"network.bsky.jetstream.subscribeEvents#sync","seq":9,"did":"d","time":"2026-01-01T00:00:00Z","sync":{"did":"d","rev":"r","seq":4,"time":"t"}}}"#;
    // Each with a part of it, and what may stand there instead: nothing may.
    const PARTS: [(Wire, &str, &str, &[&str]); 27] = [
        (Wire::V1, HASH_FIRST, "}}}", &["}}", "}}}}", "}]}"]),
        (Wire::V1, V1, r#""did":"d","#, &["", r#""did":7,"#, r#""did":"d","did":"d","#]),
        (
            Wire::V1,
            V1,
            r#""time_us":7,"#,
            &["", r#""time_us":-7,"#, r#""time_us":"7","#, r#""time_us":7.5,"#],
        ),
        (Wire::V1, V1, "7", &["07", "99999999999999999999"]),
        (Wire::V1, V1, r#""cursor":9"#, &[r#""cursor":1000000000000000"#, r#""cursor":-9"#]),
        (Wire::V1, V1, r#""kind":"commit","#, &["", r#""kind":"identity","#, r#""kind":"account","#]),
        (Wire::V1, V1, r#""rev":"r","#, &[""]),
        (Wire::V1, V1, r#""operation":"create","#, &["", r#""operation":"undo","#]),
        (Wire::V1, V1, r#""collection":"c.d.e","#, &[""]),
        (Wire::V1, V1, r#""rkey":"k","#, &["", r#""rkey":null,"#]),
        (Wire::V1, V1, r#","cid":"b""#, &["", r#","cid":"b","cid":"b""#]),
        (Wire::V1, V1, r#""record":{}"#, &[r#""record":{},"record":{}"#]),
        (Wire::V1, IDENTITY, r#""seq":5,"#, &["", r#""seq":-5,"#]),
        (Wire::V1, IDENTITY, r#","time":"t""#, &[""]),
        (Wire::V1, IDENTITY, r#"{"did":"d","seq":5,"time":"t"}"#, &["null", r#"["d",5]"#]),
        (Wire::V2, V2, r#","seq":9"#, &["", r#","seq":-9"#, r#","seq":1000000000000000"#]),
        (Wire::V2, V2, r#","did":"d""#, &["", r#","did":null"#]),
        (Wire::V2, V2, r#","time":"2026-01-01T00:00:00Z""#, &["", r#","time":7"#, r#","time":"now""#]),
        (Wire::V2, V2, r#","rev":"r""#, &["", r#","rev":"r","rev":"r""#]),
        (Wire::V2, V2, r#","operation":"update""#, &["", r#","operation":"undo""#]),
        (Wire::V2, V2, r#","collection":"c.d.e""#, &[""]),
        (Wire::V2, V2, r#","rkey":"k""#, &[""]),
        (Wire::V2, V2, r#","cid":"b""#, &["", r#","cid":["b"]"#]),
        (Wire::V2, V2, r#","record":{}"#, &[r#","record":{},"record":1"#]),
        (Wire::V2, SYNC, r#""rev":"r","#, &[""]),
        (Wire::V2, SYNC, r#""seq":4,"#, &[""]),
        (Wire::V2, SYNC, r#"{"did":"d","rev":"r","seq":4,"time":"t"}"#, &["null"]),
    ];
    let (wire, frame, part, others) = stream.pick(&PARTS);
    let other = stream.pick(others);
    is_nobodys(wire, frame.replacen(part, other, 1).into_bytes());
    assert!(!is_malformed(&read(wire, frame.as_bytes().to_vec())), "nothing is wrong with {frame}");
}

/// A record may be nested deep, and no deeper.
fn nested(stream: &mut Stream) {
    let wire = wire(stream);
    // The envelope's own two levels, and the record's.
    let room = DEPTH_MAX - 3;
    let depth = room + stream.below(3) as usize;
    let odd = if stream.one_in(2) { r#""[[\"{{\\","# } else { "" };
    let deep = format!("{{\"a\":{odd}{}{}}}", "[".repeat(depth), "]".repeat(depth)).replace(",[", ",\"b\":[");
    let space = stream.pick(&["", " "]);
    let frame = match wire {
        Wire::V1 | Wire::V1OnV2Host => format!(
            r#"{{"did":"d",{space}"time_us":7,"kind":"commit","commit":{{"rev":"r","operation":"create","collection":"c.d.e","rkey":"k","record":{deep},"cid":"b"}}}}"#
        ),
        Wire::V2 => format!(
            r#"{{"$type":"message","payload":{{{space}"$type":"network.bsky.jetstream.subscribeEvents#commit","seq":9,"did":"d","time":"2026-01-01T00:00:00Z","rev":"r","operation":"create","collection":"c.d.e","rkey":"k","record":{deep},"cid":"b"}}}}"#
        ),
    };
    // Hardly anything besides brackets.
    let deep = "[".repeat(depth + 1) + &"]".repeat(depth + 1);
    let short = format!(r#"{{"time_us":7,"kind":"x","a":{space}{deep}}}"#);
    let is_short_too_deep = is_malformed(&read(Wire::V1, short.into_bytes()));
    assert_eq!(is_short_too_deep, room + 1 < depth, "{depth} deep in a short frame");
    let is_too_deep = room < depth;
    let said = read(wire, frame.clone().into_bytes());
    assert!(is_malformed(&said) == is_too_deep, "{depth} deep: {frame} is read as {said:?}");
}

/// What a v2 server says besides events.
fn said(stream: &mut Stream) {
    const INFOS: [&str; 5] = [
        r#"{"$type":"message","payload":{"$type":"network.bsky.jetstream.subscribeEvents#newer","seq":"x"}}"#,
        r#"{"$type":"message","payload":{"$type":"network.bsky.jetstream.subscribeEvents#info","name":"Hello"}}"#,
        r#"{"$type":"newer","payload":7}"#,
        r#"{"$type":"message","payload":{"$type":"commit","seq":[]}}"#,
        r#"{ "$type":"newer"}"#,
    ];
    const OUTDATED: &str = r#"{"$type":"message","payload":{"$type":"network.bsky.jetstream.subscribeEvents#info","name":"OutdatedCursor"}}"#;
    const WRONG: [&str; 4] = [
        r#"{"$type":"message"}"#,
        r#"{"payload":{}}"#,
        r#"{"$type":"message","payload":{"$type":"network.bsky.jetstream.subscribeEvents#info","name":7}}"#,
        r#"["message"]"#,
    ];
    let info = stream.pick(&INFOS);
    let read_as = |text: &str| read(Wire::V2, text.as_bytes().to_vec());
    assert!(matches!(read_as(info), Frame::Item(Item::Info)), "{info}");
    assert!(matches!(read_as(OUTDATED), Frame::Item(Item::Outdated)), "{OUTDATED}");
    is_nobodys(Wire::V2, stream.pick(&WRONG).as_bytes().to_vec());
}

fn is_nobodys(wire: Wire, frame: Vec<u8>) {
    let shown = String::from_utf8_lossy(&frame).into_owned();
    let read = read(wire, frame);
    assert!(is_malformed(&read), "{shown} is read as {read:?}");
}

fn read(wire: Wire, frame: Vec<u8>) -> Frame {
    dialect(wire).decode(&Subscription::default(), Bytes::from(frame))
}
