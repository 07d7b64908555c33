//! Events a second that one thread decodes, beside what `serde_json` needs to read an envelope and forget it.
//!
//! The frames are the golden ones, each copied to its own place in memory; the median of interleaved rounds counts.
#![allow(clippy::print_stdout, reason = "a bench tells its result")]

use std::borrow::Cow;
use std::hint::black_box;
use std::time::Instant;

use bytes::Bytes;
use highwater_core::dialect::{Dialect, Frame, Subscription};
use highwater_core::event::{Item, Payload};
use serde::Deserialize;
use serde::de::IgnoredAny;

const ROUNDS: usize = 9;
const COPIES: usize = 2_000;

/// The least that a client of v1 has to read.
#[derive(Deserialize)]
#[allow(dead_code, reason = "read and forgotten: that is what is measured")]
struct Bare<'a> {
    did: &'a str,
    time_us: u64,
    kind: &'a str,
    commit: Option<BareCommit<'a>>,
    identity: Option<IgnoredAny>,
    account: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "read and forgotten: that is what is measured")]
struct BareCommit<'a> {
    rev: &'a str,
    operation: &'a str,
    #[serde(borrow)]
    collection: Cow<'a, str>,
    #[serde(borrow)]
    rkey: Cow<'a, str>,
    cid: Option<&'a str>,
}

/// A name, the frames to read, and how.
type Contest<'a> = (&'a str, &'a [Bytes], &'a dyn Fn(&[Bytes]));

fn frames(lines: &str) -> Vec<Bytes> {
    let lines: Vec<&str> = lines.lines().collect();
    (0..COPIES).flat_map(|_| lines.iter().map(|line| Bytes::copy_from_slice(line.as_bytes()))).collect()
}

fn decode(dialect: Dialect, frames: &[Bytes], use_key: bool) {
    let subscription = Subscription::default();
    for frame in frames {
        // As the shell does, lest a small frame pin a large read.
        match dialect.decode(&subscription, Bytes::copy_from_slice(frame)) {
            Frame::Item(Item::Event(event)) if use_key => {
                black_box(event.payload.key());
            }
            Frame::Item(Item::Event(event)) => {
                black_box(event);
            }
            other => panic!("{other:?}"),
        }
    }
}

fn main() {
    let v1 = frames(include_str!("../testdata/jetstream_v1.jsonl"));
    let v2 = frames(include_str!("../testdata/jetstream_v2.jsonl"));
    let contests: [Contest<'_>; 4] = [
        ("serde_json, borrowed envelope", &v1, &|frames| {
            for frame in frames {
                black_box(serde_json::from_slice::<Bare<'_>>(frame).expect("golden frames are JSON"));
            }
        }),
        ("jetstream_v1", &v1, &|frames| decode(Dialect::JetstreamV1, frames, false)),
        ("jetstream_v1 and its key", &v1, &|frames| decode(Dialect::JetstreamV1, frames, true)),
        ("jetstream_v2", &v2, &|frames| decode(Dialect::JetstreamV2, frames, false)),
    ];
    let mut rates = vec![Vec::new(); contests.len()];
    for _ in 0..ROUNDS {
        for ((_, frames, run), rates) in contests.iter().zip(&mut rates) {
            let start = Instant::now();
            run(frames);
            let micros = start.elapsed().as_micros().max(1);
            rates.push(frames.len() as u128 * 1_000_000 / micros);
        }
    }
    for ((name, frames, _), rates) in contests.iter().zip(&mut rates) {
        rates.sort_unstable();
        let bytes = frames.iter().map(Bytes::len).sum::<usize>() / frames.len();
        println!("{name:32} {:>9} events/s of {bytes} bytes (median of {ROUNDS})", rates[ROUNDS / 2]);
    }
}
