//! Every answer that the SQLite sink can give to an append, each provoked in a real database.

use highwater::sink::sqlite::{Reader, RowId, Sqlite};
use highwater::sink::{Ended, OpenError};
use highwater_core::cursor::{Cursor, CursorKind, Place};
use highwater_core::event::{Reason, Sample};
use highwater_core::gap::{Cause, GapState};
use highwater_core::number::Fence;
use highwater_core::scope::{Scope, SourceId};
use highwater_core::sink::{Appended, Content, DeadLetter, Sink, Unavailable};
use highwater_core::time::WallTime;
use rusqlite::Connection;
use std::ops::ControlFlow;
use std::path::PathBuf;
use tempfile::TempDir;

use super::made::{self, SCOPE, append, commit, commits, event, gap, origins};

/// A sink in a folder of its own, its fence raised.
struct Bench {
    sink: Sqlite,
    fence: Fence,
    path: PathBuf,
    _folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = made::folder();
        let path = folder.path().join("x.db");
        let mut sink = Sqlite::at(&path, origins()).unwrap();
        let fence = sink.open().unwrap().fence;
        Self { sink, fence, path, _folder: folder }
    }

    /// Another program at the same file.
    fn other(&self) -> Connection {
        Connection::open(&self.path).unwrap()
    }

    fn payloads(&self) -> Vec<String> {
        let mut payloads = Vec::new();
        let reader = Reader::open(&self.path).unwrap();
        let visit = |_: RowId, bytes: &[u8]| {
            payloads.push(String::from_utf8(bytes.to_vec()).unwrap());
            ControlFlow::Continue(())
        };
        reader.payloads(RowId(0), visit).unwrap();
        payloads
    }

    /// Reason, detail, position before, bytes kept.
    fn dead_letters(&self) -> Vec<(String, String, Option<Cursor>, usize)> {
        let mut letters = Vec::new();
        let reader = Reader::open(&self.path).unwrap();
        let visit = |_: RowId, letter: highwater::sink::stored::StoredDeadLetter| {
            letters.push((letter.reason.clone(), letter.detail.clone(), letter.after, letter.bytes.len()));
            ControlFlow::Continue(())
        };
        reader.dead_letters(RowId(0), visit).unwrap();
        letters
    }
}

fn stored(stored: u32, duplicates: u32) -> Appended {
    Appended::Stored { stored, duplicates }
}

#[test]
fn what_is_stored_is_there_after_a_restart() {
    let mut bench = Bench::new();
    let first = append(bench.fence, 0, commits(1..4));
    assert_eq!(bench.sink.append(&first), stored(3, 0));
    let mut second = append(bench.fence, 1, commits(3..6));
    second.gaps = vec![
        gap(Cause::HostSwitch, GapState::Unproven, 5, None),
        gap(Cause::Cutover, GapState::Unproven, 4, Some(5)),
    ];
    assert_eq!(bench.sink.append(&second), stored(2, 1));
    drop(bench.sink);

    bench.sink = Sqlite::at(&bench.path, origins()).unwrap();
    let loaded = bench.sink.open().unwrap();
    assert_eq!(loaded.fence, bench.fence.next());
    assert!(loaded.compares);
    assert_eq!(loaded.checkpoints, [(SCOPE, second.checkpoint.clone())]);
    assert_eq!(loaded.newest, Some(WallTime::from_micros(5)));
    assert_eq!(loaded.gaps, [second.gaps[0]], "only what begins at the witness is closed by it");
    let frames =
        commits(1..6).into_iter().map(|event| String::from_utf8(event.payload.bytes().to_vec()).unwrap());
    assert_eq!(bench.payloads(), frames.collect::<Vec<_>>());
}

#[test]
fn the_same_append_again_is_a_conflict_and_changes_nothing() {
    let mut bench = Bench::new();
    let again = append(bench.fence, 0, commits([1]));
    assert_eq!(bench.sink.append(&again), stored(1, 0));
    assert_eq!(bench.sink.append(&again), Appended::Conflict);
    let ahead = append(bench.fence, 2, commits([2]));
    assert_eq!(bench.sink.append(&ahead), Appended::Conflict);
    assert_eq!(bench.payloads().len(), 1);
}

#[test]
fn a_writer_whose_fence_is_old_changes_nothing() {
    let mut bench = Bench::new();
    let old = bench.fence;
    let newer = bench.sink.open().unwrap().fence;
    assert_eq!(bench.sink.append(&append(old, 0, commits([1]))), Appended::Fenced);
    assert_eq!(bench.sink.append(&append(Fence(newer.0 + 1), 0, commits([1]))), Appended::Fenced);
    assert_eq!(bench.payloads(), [""; 0]);
    assert_eq!(bench.sink.append(&append(newer, 0, commits([1]))), stored(1, 0));
}

#[test]
fn a_second_writer_does_not_begin() {
    let bench = Bench::new();
    match Sqlite::at(&bench.path, origins()) {
        Err(OpenError::Locked { holder, .. }) => assert_eq!(holder, Some(std::process::id())),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_refused_event_is_named_and_nothing_of_its_batch_stays() {
    let mut bench = Bench::new();
    let trigger = "CREATE TRIGGER no BEFORE INSERT ON events WHEN new.cursor = 3
                   BEGIN SELECT raise(ABORT, 'not three'); END";
    bench.other().execute_batch(trigger).unwrap();
    match bench.sink.append(&append(bench.fence, 0, commits(1..6))) {
        Appended::Refused { index: 2, why } => assert!(why.contains("not three"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(bench.payloads(), [""; 0]);
    let mut rest = append(bench.fence, 0, commits([1, 2, 4, 5]));
    let letter = DeadLetter {
        after: Some(Cursor(2)),
        reason: Reason::Refused("not three".into()),
        content: Content::Event(commit(3, 3, "bafy")),
    };
    let bytes = commit(3, 3, "bafy").payload.bytes().len();
    rest.dead_letters = vec![letter.clone(), letter];
    assert_eq!(bench.sink.append(&rest), stored(4, 0));
    assert_eq!(bench.dead_letters(), [("refused".into(), "not three".into(), Some(Cursor(2)), bytes)]);
}

#[test]
fn what_somebody_computes_of_an_event_can_refuse_it_too() {
    let mut bench = Bench::new();
    let index = "CREATE INDEX theirs ON events (json_extract(did, '$.x'))";
    bench.other().execute_batch(index).unwrap();
    match bench.sink.append(&append(bench.fence, 0, commits([1]))) {
        Appended::Refused { index: 0, why } => assert!(why.contains("malformed JSON"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(bench.sink.ending().get(), None);
}

#[test]
fn an_event_that_somebody_leaves_out_is_refused_and_not_forgotten() {
    let mut bench = Bench::new();
    let trigger = "CREATE TRIGGER no BEFORE INSERT ON events BEGIN SELECT raise(IGNORE); END";
    bench.other().execute_batch(trigger).unwrap();
    let answer = bench.sink.append(&append(bench.fence, 0, commits([1])));
    assert!(matches!(answer, Appended::Refused { index: 0, .. }), "{answer:?}");
    bench.other().execute_batch("DROP TRIGGER no; CREATE UNIQUE INDEX theirs ON events (did)").unwrap();
    let answer = bench.sink.append(&append(bench.fence, 0, commits([1, 2])));
    assert!(matches!(answer, Appended::Refused { index: 1, .. }), "{answer:?}");
}

#[test]
fn an_event_without_a_number_has_no_place_among_numbers() {
    let mut bench = Bench::new();
    let mut odd = append(bench.fence, 0, commits([1]));
    odd.scope = Scope { source: SourceId(2), kind: CursorKind::Seq, incarnation: 0 };
    assert!(matches!(bench.sink.append(&odd), Appended::Refused { index: 0, .. }));
}

#[test]
fn while_another_program_writes_it_is_unavailable() {
    let mut bench = Bench::new();
    let other = bench.other();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begun = std::time::Instant::now();
    assert_eq!(bench.sink.append(&append(bench.fence, 0, commits([1]))), Appended::Unavailable);
    assert_eq!(bench.sink.open(), Err(Unavailable));
    assert!(begun.elapsed().as_secs() < 5, "a stop must not wait for the other program");
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(bench.sink.append(&append(bench.fence, 0, commits([1]))), stored(1, 0));
}

#[test]
fn a_program_that_reads_does_not_matter() {
    let mut bench = Bench::new();
    let other = bench.other();
    other.execute_batch("BEGIN; SELECT count(*) FROM events").unwrap();
    assert_eq!(bench.sink.append(&append(bench.fence, 0, commits([1]))), stored(1, 0));
}

#[test]
fn a_key_with_another_content_is_set_aside_once() {
    let mut bench = Bench::new();
    let events =
        vec![commit(1, 1, "bafy"), commit(1, 2, "other"), commit(1, 3, "bafy"), commit(1, 4, "other")];
    assert_eq!(bench.sink.append(&append(bench.fence, 0, events.clone())), stored(1, 3));
    assert_eq!(bench.sink.append(&append(bench.fence, 1, events)), stored(0, 4));
    let length = commit(1, 2, "other").payload.bytes().len();
    assert_eq!(bench.dead_letters(), [("conflict".into(), String::new(), Some(Cursor(2)), length)]);
    assert_eq!(bench.payloads().len(), 1);
}

#[test]
fn events_of_other_kinds_are_compared_whole() {
    let mut bench = Bench::new();
    let identity = |time: u64, seq: u64, said: &str| {
        event(format!(
            r#"{{"did":"did:plc:a","time_us":{time},"kind":"identity","identity":{{"did":"did:plc:a","seq":{seq},"time":"{said}"}}}}"#
        ))
    };
    let account = event(
        r#"{"did":"did:plc:a","time_us":9,"kind":"account","account":{"active":true,"did":"did:plc:a","seq":1,"time":"t"}}"#
            .into(),
    );
    let unknown = |time: u64| event(format!(r#"{{"did":"did:plc:a","time_us":{time},"kind":"news"}}"#));
    let events = vec![
        identity(1, 1, "t"),
        identity(2, 1, "t"),
        identity(3, 1, "u"),
        identity(4, 2, "t"),
        account,
        unknown(6),
        unknown(6),
        unknown(7),
    ];
    assert_eq!(bench.sink.append(&append(bench.fence, 0, events)), stored(6, 2));
    let mut keys = Vec::new();
    let visit = |_: RowId, key: &highwater_core::dialect::jetstream::Key, _: &[u8]| {
        keys.push(key.to_string());
        ControlFlow::Continue(())
    };
    Reader::open(&bench.path).unwrap().keys(RowId(0), visit).unwrap();
    assert_eq!(
        keys[..4],
        [
            "identity 1 did:plc:a t",
            "identity 1 did:plc:a u",
            "identity 2 did:plc:a t",
            "account 1 did:plc:a t"
        ]
    );
    assert_eq!(keys.len(), 6);
}

#[test]
fn a_frame_set_aside_is_set_aside_once_for_each_place() {
    let mut bench = Bench::new();
    let letter = |after: Option<u64>, bytes: &'static [u8]| DeadLetter {
        after: after.map(Cursor),
        reason: Reason::Malformed("no brace".into()),
        content: Content::Frame(Sample::of(&bytes::Bytes::from_static(bytes))),
    };
    let mut it = append(bench.fence, 0, commits([1]));
    it.dead_letters = vec![
        letter(None, b"a"),
        letter(Some(u64::MAX), b"a"),
        letter(Some(1), b"a"),
        letter(Some(1), b"b"),
        letter(None, b"a"),
        letter(Some(1), b"a"),
    ];
    assert_eq!(bench.sink.append(&it), stored(1, 0));
    let places: Vec<_> = bench.dead_letters().into_iter().map(|(_, _, after, _)| after).collect();
    assert_eq!(places, [None, Some(Cursor(u64::MAX)), Some(Cursor(1)), Some(Cursor(1))]);
}

#[test]
fn a_gap_is_one_line_whatever_is_written_of_it() {
    let mut bench = Bench::new();
    let mut version = 0;
    let mut write = |bench: &mut Bench, state, from, to| {
        let mut it = append(bench.fence, version, Vec::new());
        it.gaps = vec![gap(Cause::Witness, state, from, to)];
        assert_eq!(bench.sink.append(&it), stored(0, 0));
        version += 1;
        let gaps = Reader::open(&bench.path).unwrap().gaps().unwrap();
        gaps.into_iter()
            .map(|gap| (gap.state, gap.from.cursor.0, gap.to.map(|to| to.cursor.0)))
            .collect::<Vec<_>>()
    };
    assert_eq!(write(&mut bench, GapState::Closed, 5, None), []);
    assert_eq!(write(&mut bench, GapState::Unproven, 5, None), [(GapState::Unproven, 5, None)]);
    assert_eq!(write(&mut bench, GapState::Unproven, 5, Some(9)), [(GapState::Unproven, 5, Some(9))]);
    assert_eq!(write(&mut bench, GapState::Closed, 5, None), [(GapState::Closed, 5, Some(9))]);
    let both = [(GapState::Closed, 5, Some(9)), (GapState::Lost, 9, Some(11))];
    assert_eq!(write(&mut bench, GapState::Lost, 9, Some(11)), both);
}

#[test]
fn a_checkpoint_that_makes_no_sense_is_named() {
    for (damage, word) in [
        ("UPDATE checkpoint SET witness_key = '{\"commit\":3}'", "witness"),
        ("UPDATE checkpoint SET version = -1", "version"),
        ("UPDATE scopes SET incarnation = 4294967295", "incarnation"),
    ] {
        let mut bench = Bench::new();
        assert_eq!(bench.sink.append(&append(bench.fence, 0, commits([1]))), stored(1, 0));
        bench.other().execute_batch(damage).unwrap();
        assert_eq!(bench.sink.open(), Err(Unavailable));
        match bench.sink.ending().get() {
            Some(Ended::Damaged(what)) => {
                assert!(what.contains("a.example:443") && what.contains(word), "{what}");
            }
            other => panic!("{other:?}"),
        }
        drop(bench.sink);
        match Sqlite::at(&bench.path, origins()) {
            Err(OpenError::Damaged { what, .. }) => assert!(what.contains("a.example:443"), "{what}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_table_that_is_gone_is_no_reason_to_refuse_events() {
    let mut bench = Bench::new();
    assert_eq!(bench.sink.append(&append(bench.fence, 0, commits([1]))), stored(1, 0));
    bench.other().execute_batch("DROP TABLE events").unwrap();
    assert_eq!(bench.sink.append(&append(bench.fence, 1, commits([2]))), Appended::Unavailable);
    assert!(matches!(bench.sink.ending().get(), Some(Ended::Damaged(_))));
}

#[test]
fn any_number_of_64_bits_comes_back() {
    let mut bench = Bench::new();
    let mut it = append(bench.fence, 0, vec![commit(1, 1, "bafy")]);
    it.checkpoint.place = Place::Time(WallTime::from_micros(1 << 63));
    it.checkpoint.witness.as_mut().unwrap().cursor = Cursor(u64::MAX);
    it.gaps = vec![gap(Cause::TooOld, GapState::Lost, u64::MAX, Some(u64::MAX - 1))];
    assert_eq!(bench.sink.append(&it), stored(1, 0));
    let loaded = bench.sink.open().unwrap();
    assert_eq!(loaded.checkpoints, [(SCOPE, it.checkpoint)]);
    assert_eq!(loaded.gaps, it.gaps);
}
