//! Events small enough to write in a script: a number is their key, and all they are.

use bytes::Bytes;
use highwater_core::cursor::{Cursor, CursorKind};
use highwater_core::event::{Event, Item, Payload, Reason, Sample};
use highwater_core::gap::Mark;
use highwater_core::time::WallTime;

use super::words::{Parsed, Value, Words};

/// A payload that is its own key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Small {
    pub(super) key: u64,
    pub(super) size: usize,
}

impl Payload for Small {
    type Key = u64;

    fn key(&self) -> u64 {
        self.key
    }

    fn size(&self) -> usize {
        self.size
    }
}

/// What a script leaves out of an event.
#[derive(Clone, Copy)]
pub(super) struct Unsaid {
    /// The time of events with a number.
    pub(super) time: WallTime,
    /// The size of payloads.
    pub(super) size: usize,
}

/// `13`, `13@999s`, `13=7`, `999s`, `999s=7`: a number is a seq, a moment the server's time; the key is the cursor
/// unless given.
pub(super) fn event(word: &str, unsaid: Unsaid) -> Parsed<Event<Small>> {
    let wrong = || format!("`{word}` should be an event, as `13`, `13@999s`, `999s` or `13=7`");
    let (place, key) = match word.split_once('=') {
        Some((place, key)) => (place, Some(u64::read(key).ok_or_else(wrong)?)),
        None => (word, None),
    };
    let (seq, time) = match (place.split_once('@'), u64::read(place)) {
        (Some((seq, time)), _) => (Some(u64::read(seq).ok_or_else(wrong)?), WallTime::read(time)),
        (None, Some(seq)) => (Some(seq), Some(unsaid.time)),
        (None, None) => (None, WallTime::read(place)),
    };
    let time = time.ok_or_else(wrong)?;
    let key = key.or(seq).unwrap_or(time.as_micros());
    Ok(Event { time, seq: seq.map(Cursor), payload: Small { key, size: unsaid.size } })
}

/// One end of a span, written as the event there.
pub(super) fn mark(word: &str, kind: CursorKind, unsaid: Unsaid) -> Parsed<Mark> {
    let event = event(word, unsaid)?;
    let cursor = event.cursor(kind).ok_or_else(|| format!("`{word}` has no {kind}"))?;
    Ok(Mark { cursor, time: event.time })
}

/// All that is left of the line: events, `11..15` for several, `filtered E`, `oversize E`, `outdated`, `info`,
/// `malformed`, `undecodable`; the last two with `*100` for many.
pub(super) fn items(words: &mut Words<'_>, unsaid: Unsaid) -> Parsed<Vec<Item<Small>>> {
    let mut items = Vec::new();
    while !words.is_done() {
        let word = words.word("a frame")?;
        let (name, times) = match word.split_once('*') {
            Some((name, times)) => {
                (name, u32::read(times).ok_or_else(|| format!("`{times}` should be a number"))?)
            }
            None => (word, 1),
        };
        let item = match name {
            "filtered" => Item::Filtered(event(words.word("an event")?, unsaid)?),
            "oversize" => Item::Oversize(event(words.word("an event")?, unsaid)?, sample()),
            "outdated" => Item::Outdated,
            "info" => Item::Info,
            "malformed" => Item::Malformed(Reason::Malformed("no JSON".to_owned()), sample()),
            "undecodable" => Item::Malformed(Reason::Undecodable, sample()),
            run if run.contains("..") => {
                let ends =
                    run.split_once("..").and_then(|(from, to)| Some(u64::read(from)?..=u64::read(to)?));
                for seq in ends.ok_or_else(|| format!("`{run}` should be a run of events, as `11..15`"))? {
                    items.push(Item::Event(event(&seq.to_string(), unsaid)?));
                }
                continue;
            }
            one => Item::Event(event(one, unsaid)?),
        };
        items.extend((0..times).map(|_| item.clone()));
    }
    Ok(items)
}

fn sample() -> Sample {
    Sample { length: 3, sha256: [0; 32], head: Bytes::from_static(b"???") }
}

#[test]
fn events_are_read_in_all_their_forms() {
    let unsaid = Unsaid { time: WallTime::from_micros(5), size: 1 };
    let read = |word| event(word, unsaid).map(|e| (e.seq.map(|c| c.0), e.time.as_micros(), e.payload.key));
    assert_eq!(read("13"), Ok((Some(13), 5, 13)));
    assert_eq!(read("13@7us"), Ok((Some(13), 7, 13)));
    assert_eq!(read("13@7us=2"), Ok((Some(13), 7, 2)));
    assert_eq!(read("7us"), Ok((None, 7, 7)));
    assert_eq!(read("7us=2"), Ok((None, 7, 2)));
    for word in ["", "x", "13@", "13@7", "=3", "13=x", "x@7us"] {
        assert!(read(word).is_err(), "{word}");
    }
    let frames = |line| items(&mut Words::new(line), unsaid).map(|items| items.len());
    assert_eq!(frames("11 12..14 filtered 15 oversize 16 outdated info malformed*100 undecodable"), Ok(109));
    assert!(frames("12..x").is_err() && frames("malformed*x").is_err() && frames("filtered").is_err());
}
