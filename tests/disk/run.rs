//! One run of a few appends, whatever fails in it, and what must be there in the end.

use std::path::{Path, PathBuf};

use highwater::sink::sqlite::Sqlite;
use highwater_core::dialect::jetstream::Jetstream;
use highwater_core::event::Reason;
use highwater_core::gap::{Cause, GapState};
use highwater_core::number::{Fence, Version};
use highwater_core::sink::{Append, Appended, Content, DeadLetter, Sink};
use rusqlite::Connection;

use crate::disk::{Plan, lose_power, operations, plan};
use crate::made::{self, append, commit, gap, origins};

/// Appends in a run.
const APPENDS: u64 = 5;

/// The append that takes the checkpoint from version `expect` on: new events, old ones, a conflict, a gap, a letter.
/// With a content of many bytes it no longer fits into SQLite's cache, and is written before the commit.
fn nth(fence: Fence, expect: u64, content: usize) -> Append<Jetstream> {
    let cid = "b".repeat(content);
    let mut events =
        (expect * 40..expect * 40 + 50).map(|number| commit(number, number, &cid)).collect::<Vec<_>>();
    events.push(commit(0, 1_000 + expect, "other"));
    let mut it = append(fence, expect, events);
    it.gaps = vec![gap(Cause::Cutover, GapState::Unproven, expect, Some(expect + 1))];
    it.dead_letters = vec![DeadLetter {
        after: None,
        reason: Reason::Refused("for a test".into()),
        content: Content::Event(commit(9_000 + expect, 9_000 + expect, "bafy")),
    }];
    it
}

/// What happened in a run.
#[derive(Default)]
struct Story {
    unavailable: u32,
    unknown: u32,
    /// Of the unknown ones, those that turned out to be done.
    done_unheard: u32,
}

/// Opens the sink; while the disk fails, that may fail as well.
fn open(path: &Path) -> Sqlite {
    loop {
        if let Ok(sink) = Sqlite::at(path, origins()) {
            return sink;
        }
    }
}

/// The fence and the version of the checkpoint.
fn load(sink: &mut Sqlite) -> (Fence, Version) {
    loop {
        if let Ok(loaded) = sink.open() {
            let version = loaded.checkpoints.first().map_or(Version(0), |(_, checkpoint)| checkpoint.version);
            return (loaded.fence, version);
        }
    }
}

/// Does all appends at `path`, as the machine would. `crash` looks at what is there after each answer: the version
/// that must be there at least, and at most.
fn run(path: &Path, content: usize, mut crash: impl FnMut(u64, u64)) -> Story {
    let mut story = Story::default();
    let mut sink = open(path);
    let (mut fence, mut version) = load(&mut sink);
    while version.0 < APPENDS {
        match sink.append(&nth(fence, version.0, content)) {
            Appended::Stored { .. } => {
                version = version.next();
                crash(version.0, version.0);
            }
            Appended::Unavailable => {
                story.unavailable += 1;
                crash(version.0, version.0);
            }
            Appended::Unknown => {
                story.unknown += 1;
                crash(version.0, version.0 + 1);
                let before = version;
                (fence, version) = load(&mut sink);
                assert!(version == before || version == before.next());
                story.done_unheard += u32::from(version != before);
            }
            other => panic!("a failing disk is no reason for {other:?}"),
        }
        assert_eq!(sink.ending().get(), None, "a failing disk is no damage");
    }
    story
}

/// Whether the database is sound and holds exactly the first `versions` appends, or some number of them between.
fn check(path: &Path, least: u64, most: u64) {
    let connection = Connection::open(path).unwrap();
    let count =
        |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap().cast_unsigned();
    let verdict: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
    let version = count("SELECT coalesce(max(version), 0) FROM checkpoint");
    assert!((least..=most).contains(&version), "stands at {version}, not between {least} and {most}");
    let events = if version == 0 { 0 } else { version * 40 + 10 };
    assert_eq!(count("SELECT count(*) FROM events"), events);
    assert_eq!(count("SELECT count(*) FROM events WHERE id - 1 <> cursor"), 0, "in order, none left out");
    assert_eq!(count("SELECT count(*) FROM gaps"), version);
    let conflict = u64::from(version > 0);
    assert_eq!(count("SELECT count(*) FROM dead_letters"), version + conflict);
    assert_eq!(count("SELECT coalesce(sum(stored), 0) FROM checkpoint"), events);
}

/// Copies the files of a database as a crash of the process leaves them: all that was written is there.
fn crashed(from: &Path, to: &Path) -> PathBuf {
    for suffix in ["", "-wal"] {
        let name = format!("x.db{suffix}");
        let _ = std::fs::remove_file(to.join(&name));
        let _ = std::fs::copy(from.join(&name), to.join(&name));
    }
    to.join("x.db")
}

/// Every operation of a run, or every so manyth, fails in turn, `count` in a row. Gives how often each answer was
/// given.
fn fail_in_turn(every: usize, count: u64, is_full: bool, content: usize) -> Story {
    let mut all = Story::default();
    for first in (0..).step_by(every) {
        let (folder, after) = (made::folder(), made::folder());
        let path = folder.path().join("x.db");
        plan(Some(Plan { first, count, is_full }));
        let story = run(&path, content, |least, most| {
            let copy = crashed(folder.path(), after.path());
            // Before the tables are there, there is nothing to check.
            if least > 0 {
                let faults = plan_aside(|| check(&copy, least, most));
                assert!(faults >= least);
            }
        });
        let is_over = operations() <= first;
        plan(None);
        check(&path, APPENDS, APPENDS);
        all.unavailable += story.unavailable;
        all.unknown += story.unknown;
        all.done_unheard += story.done_unheard;
        if is_over {
            return all;
        }
    }
    unreachable!("a run ends")
}

/// Looks at a copy on another thread, whose disk is sound. Gives the operations of this one.
fn plan_aside(look: impl FnOnce() + Send) -> u64 {
    std::thread::scope(|scope| scope.spawn(look).join().unwrap());
    operations()
}

#[test]
fn each_write_and_sync_fails_once() {
    let story = fail_in_turn(1, 1, false, 59);
    assert!(story.unknown > 0 && story.unavailable == 0, "all is written at the commit");
}

#[test]
fn the_disk_fails_for_a_while() {
    let story = fail_in_turn(1, 9, false, 59);
    assert!(
        story.unknown > story.done_unheard && story.done_unheard > 0,
        "an append may be done unheard, or not"
    );
}

#[test]
fn the_disk_is_full_for_a_while() {
    assert!(fail_in_turn(1, 5, true, 59).unknown > 0);
}

#[test]
fn the_disk_fails_before_the_commit() {
    let story = fail_in_turn(1_999, 3, true, 60_000);
    assert!(story.unavailable > 0, "a transaction larger than the cache is written while it grows");
}

#[test]
fn what_was_answered_for_survives_a_loss_of_power() {
    let (folder, after) = (made::folder(), made::folder());
    let path = folder.path().join("x.db");
    plan(None);
    run(&path, 59, |least, most| {
        for entry in std::fs::read_dir(after.path()).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
        lose_power(folder.path(), after.path());
        let copy = after.path().join("x.db");
        plan_aside(|| check(&copy, least, most));
    });
}
