//! The sink for pipes: what it writes, what it remembers, and how it ends when nobody reads.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use highwater::sink::stdout::Stdout;
use highwater::sink::{Ended, OpenError};
use highwater_core::cursor::Cursor;
use highwater_core::event::{Reason, Sample};
use highwater_core::gap::{Cause, GapState};
use highwater_core::sink::{Appended, Content, DeadLetter, Sink};
use highwater_core::time::WallTime;
use tempfile::TempDir;

use super::made::{self, SCOPE, append, commits, event, gap, origins};

/// A pipe whose reader takes so many bytes and goes.
#[derive(Clone)]
struct Pipe {
    taken: Arc<Mutex<Vec<u8>>>,
    max: usize,
}

impl Pipe {
    fn of(max: usize) -> Self {
        Self { taken: Arc::default(), max }
    }

    fn lines(&self) -> usize {
        String::from_utf8_lossy(&self.taken.lock().unwrap()).matches('\n').count()
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = self.taken.lock().unwrap();
        let count = bytes.len().min(self.max - taken.len());
        if count == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        taken.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn folder() -> (TempDir, PathBuf) {
    let folder = made::folder();
    let path = folder.path().join("place.json");
    (folder, path)
}

fn sink(pipe: &Pipe, path: &Path) -> Result<Stdout, OpenError> {
    Stdout::to(Box::new(pipe.clone()), Some(path), origins())
}

#[test]
fn the_place_is_there_after_a_flush_and_a_restart() {
    let (_folder, path) = folder();
    let pipe = Pipe::of(usize::MAX);
    let mut it = sink(&pipe, &path).unwrap();
    let fence = it.open().unwrap().fence;
    let mut first = append(fence, 0, commits(1..4));
    first.gaps = vec![gap(Cause::Witness, GapState::Unproven, 3, None)];
    assert_eq!(it.append(&first), Appended::Stored { stored: 3, duplicates: 0 });
    it.flush().unwrap();
    drop(it);

    let mut it = sink(&pipe, &path).unwrap();
    let loaded = it.open().unwrap();
    assert_eq!(loaded.fence, fence.next());
    assert!(!loaded.compares);
    assert_eq!(loaded.checkpoints, [(SCOPE, first.checkpoint.clone())]);
    assert_eq!(loaded.gaps, first.gaps);
    assert_eq!(loaded.newest, Some(WallTime::from_micros(3)));
    assert_eq!(it.append(&append(fence, 1, commits([4]))), Appended::Fenced);
    assert_eq!(it.append(&append(loaded.fence, 0, commits([4]))), Appended::Conflict);
    let lines = commits(1..4).into_iter().flat_map(|event| [event.payload.bytes().clone(), "\n".into()]);
    assert_eq!(*pipe.taken.lock().unwrap(), lines.collect::<Vec<Bytes>>().concat());
}

#[test]
fn the_place_is_persisted_every_thousand_events() {
    let (_folder, path) = folder();
    let pipe = Pipe::of(usize::MAX);
    let mut it = sink(&pipe, &path).unwrap();
    let fence = it.open().unwrap().fence;
    let versions = |path: &Path| {
        let json: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        json["scopes"].as_array().unwrap().iter().map(|scope| scope["version"].as_u64().unwrap()).sum::<u64>()
    };
    it.append(&append(fence, 0, commits(0..999)));
    assert_eq!(versions(&path), 0, "not yet");
    it.append(&append(fence, 1, commits([999])));
    assert_eq!(versions(&path), 2);
    it.append(&append(fence, 2, commits([1000])));
    assert_eq!(versions(&path), 2);
    it.flush().unwrap();
    assert_eq!(versions(&path), 3);
}

#[test]
fn when_nobody_reads_it_ends_at_what_was_written_whole() {
    let (_folder, path) = folder();
    let line = commits([1])[0].payload.bytes().len() + 1;
    let pipe = Pipe::of(line * 3 + 5);
    let mut it = sink(&pipe, &path).unwrap();
    let fence = it.open().unwrap().fence;
    let first = append(fence, 0, commits(1..3));
    assert_eq!(it.append(&first), Appended::Stored { stored: 2, duplicates: 0 });
    assert_eq!(it.ending().get(), None);
    assert_eq!(it.append(&append(fence, 1, commits(3..6))), Appended::Unavailable);
    assert_eq!(it.ending().get(), Some(&Ended::ReaderGone));
    assert_eq!(it.append(&append(fence, 1, commits(3..6))), Appended::Unavailable);
    assert_eq!(pipe.lines(), 3);
    drop(it);
    let loaded = sink(&pipe, &path).unwrap().open().unwrap();
    assert_eq!(loaded.checkpoints, [(SCOPE, first.checkpoint)], "what was not written was not passed");
}

#[test]
fn an_event_of_two_lines_is_refused_before_anything_is_written() {
    let (_folder, path) = folder();
    let pipe = Pipe::of(usize::MAX);
    let mut it = sink(&pipe, &path).unwrap();
    let fence = it.open().unwrap().fence;
    let mut events = commits(1..3);
    events.push(event("{\"did\":\"did:plc:a\",\n\"time_us\":3,\"kind\":\"news\"}".into()));
    assert!(matches!(it.append(&append(fence, 0, events)), Appended::Refused { index: 2, .. }));
    assert_eq!(pipe.lines(), 0);
}

#[test]
fn dead_letters_are_lines_beside_the_place_and_a_broken_one_is_cut() {
    let (folder, path) = folder();
    let letters = folder.path().join("place.json.dead-letters.jsonl");
    std::fs::write(&letters, "{\"whole\":1}\n{\"bro").unwrap();
    let mut it = sink(&Pipe::of(usize::MAX), &path).unwrap();
    let fence = it.open().unwrap().fence;
    let mut one = append(fence, 0, commits([1]));
    one.dead_letters = vec![DeadLetter {
        after: Some(Cursor(1)),
        reason: Reason::Undecodable,
        content: Content::Frame(Sample::of(&Bytes::from_static(b"\xff\x00"))),
    }];
    it.append(&one);
    it.flush().unwrap();
    let text = std::fs::read_to_string(&letters).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1]["reason"], "undecodable");
    assert_eq!(lines[1]["bytes"], "/wA=");
    assert_eq!(lines[1]["after"], 1);
}

#[test]
fn what_is_no_place_is_named_and_left_alone() {
    let (_folder, path) = folder();
    let open = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let error = sink(&Pipe::of(0), &path).map(|_| ()).unwrap_err();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        error
    };
    assert!(matches!(open(""), OpenError::Foreign { .. }));
    assert!(matches!(open("hello"), OpenError::Foreign { .. }));
    assert!(matches!(open("{\"highwater_checkpoint\":2}"), OpenError::Newer { found: 2, .. }));
    assert!(matches!(open("{\"highwater_checkpoint\":1}"), OpenError::Damaged { .. }));
    let scope = r#"{"host":"h","dialect":"d","kind":"time","incarnation":0,"version":1,"place":"tip","position":null,"witness":null,"covered_until_us":0,"filter":"0","margin_us":0,"stored":0}"#;
    let whole = format!(r#"{{"highwater_checkpoint":1,"fence":1,"gaps":[],"scopes":[{scope}]}}"#);
    for (sound, damage, word) in [
        (r#""kind":"time""#, r#""kind":"moon""#, "moon"),
        (r#""version":1,"#, r#""version":18446744073709551615,"#, "version"),
        (r#""fence":1"#, r#""fence":18446744073709551615"#, "fence"),
    ] {
        match open(&whole.replacen(sound, damage, 1)) {
            OpenError::Damaged { what, .. } => assert!(what.contains(word), "{what}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn two_writers_of_one_place_there_are_not() {
    let (_folder, path) = folder();
    let _first = sink(&Pipe::of(0), &path).unwrap();
    assert!(matches!(sink(&Pipe::of(0), &path), Err(OpenError::Locked { .. })));
    let nowhere = path.join("no/such");
    assert!(matches!(sink(&Pipe::of(0), &nowhere), Err(OpenError::CannotWrite { .. })));
}

#[test]
fn without_a_file_the_place_lives_as_long_as_the_sink() {
    let mut it = Stdout::to(Box::new(Pipe::of(usize::MAX)), None, origins()).unwrap();
    let fence = it.open().unwrap().fence;
    let first = append(fence, 0, commits([1]));
    it.append(&first);
    it.flush().unwrap();
    assert_eq!(it.open().unwrap().checkpoints, [(SCOPE, first.checkpoint)]);
}
