//! The golden frames: what a server writes and what a client reads, byte for byte and word for word.

use bytes::Bytes;
use highwater_core::cursor::Cursor;
use highwater_core::dialect::jetstream::{Jetstream, Operation};
use highwater_core::dialect::{Dialect, Frame, Subscription};
use highwater_core::event::{Event, Item, Payload};
use highwater_core::serve::Wire;
use highwater_core::serve::entry::Entry;

const V1: &str = include_str!("../testdata/jetstream_v1.jsonl");
const V1_ON_V2_HOST: &str = include_str!("../testdata/jetstream_v1_on_v2_host.jsonl");
const V2: &str = include_str!("../testdata/jetstream_v2.jsonl");

fn event(dialect: Dialect, line: &str) -> Event<Jetstream> {
    let frame = Bytes::copy_from_slice(line.as_bytes());
    match dialect.decode(&Subscription::default(), frame) {
        Frame::Item(Item::Event(event)) => event,
        other => panic!("{other:?}\n{line}"),
    }
}

/// The payload's fields, as `serde_json` finds them by the names of v1.
fn assert_reads(event: &Event<Jetstream>, line: &str) {
    let json: serde_json::Value = serde_json::from_str(line).expect("golden frames are JSON");
    let payload = &event.payload;
    let kind = payload.kind().name();
    let body = &json[kind];
    assert_eq!(json["kind"], kind);
    assert_eq!(json["did"], payload.did());
    assert_eq!(json["time_us"], event.time.as_micros());
    assert_eq!(json["cursor"].as_u64(), event.seq.map(|seq| seq.0));
    assert_eq!(body["operation"].as_str(), payload.operation().map(Operation::name));
    assert_eq!(body["collection"].as_str(), payload.collection());
    assert_eq!(body["rkey"].as_str(), payload.rkey());
    assert_eq!(body["rev"].as_str(), payload.rev());
    assert_eq!(body["cid"].as_str(), payload.cid());
    assert_eq!(body["seq"].as_u64(), payload.upstream_seq());
    assert_eq!(body["time"].as_str(), payload.upstream_time());
    assert_eq!(payload.bytes(), line.as_bytes());
}

#[test]
fn v1_reads_every_kind_and_writes_it_again() {
    for (line, with_cursor) in V1.lines().zip(V1_ON_V2_HOST.lines()) {
        assert_reads(&event(Dialect::JetstreamV1, line), line);
        assert_reads(&event(Dialect::JetstreamV1, with_cursor), with_cursor);

        let entry = Entry::from_v1(with_cursor, 0).expect("an entry");
        assert_eq!(entry.frame(Wire::V1).as_deref(), Some(line.as_bytes()));
        assert_eq!(entry.frame(Wire::V1OnV2Host).as_deref(), Some(with_cursor.as_bytes()));
        assert_eq!(Entry::from_v1(line, entry.seq), Ok(entry));
    }
    assert_eq!((V1.lines().count(), V1_ON_V2_HOST.lines().count()), (10, 10));
}

#[test]
fn v2_says_the_same_events_as_v1() {
    let (commits_and_more, sync) = V2.trim_end().rsplit_once('\n').expect("lines");
    for (line, v1) in commits_and_more.lines().zip(V1_ON_V2_HOST.lines()) {
        let (on_v2, on_v1) = (event(Dialect::JetstreamV2, line), event(Dialect::JetstreamV1, v1));
        assert_eq!((on_v2.time, on_v2.seq), (on_v1.time, on_v1.seq));
        assert_eq!(on_v2.payload.key(), on_v1.payload.key());
        assert_eq!(on_v2.payload.cid(), on_v1.payload.cid());

        let entry = Entry::from_v1(v1, 0).expect("an entry");
        assert_eq!(entry.frame(Wire::V2).as_deref(), Some(line.as_bytes()));
        assert_eq!(entry.payload(Wire::V2).as_ref(), Some(on_v2.payload.bytes()));
        assert_eq!(entry.key(), Some(on_v2.payload.key()));
    }
    let sync = event(Dialect::JetstreamV2, sync);
    assert_eq!(sync.seq, Some(Cursor(4_100_031)));
    assert_eq!(
        sync.payload.key().to_string(),
        format!("sync {} {} 30990000012", sync.payload.rev().unwrap_or_default(), sync.payload.did())
    );
}

/// Runs where somebody has captured frames at hand, and says so where not.
#[test]
#[allow(clippy::print_stdout, reason = "a test that did nothing has to say so")]
fn captured_frames_are_read_and_written() {
    let Some(folder) = std::env::var_os("HIGHWATER_DATA") else {
        println!("skipped: set HIGHWATER_DATA to a folder with jetstream_v1*.jsonl to try captured frames");
        return;
    };
    let mut frames = 0;
    for file in std::fs::read_dir(folder).expect("a folder") {
        let path = file.expect("a file").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !name.starts_with("jetstream_v1") || path.extension().is_none_or(|ext| ext != "jsonl") {
            continue;
        }
        for line in std::fs::read_to_string(&path).expect("text").lines() {
            let read = event(Dialect::JetstreamV1, line);
            assert_reads(&read, line);
            let entry = Entry::from_v1(line, 1).expect("an entry");
            let wire = if read.seq.is_some() { Wire::V1OnV2Host } else { Wire::V1 };
            let written = entry.frame(wire).expect("v1 says all but sync");
            let parse = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).expect("JSON");
            assert_eq!(parse(&written), parse(line.as_bytes()));
            let frame = entry.frame(Wire::V2).expect("v2 says all");
            let on_v2 = event(Dialect::JetstreamV2, std::str::from_utf8(&frame).expect("UTF-8"));
            assert_eq!(on_v2.payload.key(), read.payload.key());
            frames += 1;
        }
    }
    assert!(frames > 0, "the folder has frames");
}
