//! A writer killed at any moment leaves whole batches: all that it answered for, and perhaps one more.

use std::io::{BufRead as _, BufReader, Write as _};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};

use highwater::sink::sqlite::{Reader, RowId, Sqlite};
use highwater_core::sink::{Appended, Sink};

use super::made::{self, append, commits, origins};

/// Names the database to whoever is to be killed: this same test, in a process of its own.
const VICTIM: &str = "HIGHWATER_TEST_VICTIM";

/// Events in each append; the version of the checkpoint counts the appends.
const BATCH: u64 = 50;

#[test]
fn whole_batches_and_all_that_was_answered_for() {
    if let Some(path) = std::env::var_os(VICTIM) {
        write_for_ever(Path::new(&path));
    }
    let folder = made::folder();
    let path = folder.path().join("x.db");
    let mut stood = 0;
    for life in 1..=12 {
        let answered = live_for(&path, life * 3);
        let mut sink = Sqlite::at(&path, origins()).expect("the lock dies with its holder");
        let loaded = sink.open().unwrap();
        stood = loaded.checkpoints.first().map_or(stood, |(_, checkpoint)| checkpoint.version.0);
        assert!(stood == answered || stood == answered + 1, "stands at {stood}, answered for {answered}");
        drop(sink);
        let mut numbers = Vec::new();
        let visit = |_: RowId, payload: &[u8]| {
            let json: serde_json::Value = serde_json::from_slice(payload).unwrap();
            numbers.push(json["time_us"].as_u64().unwrap());
            ControlFlow::Continue(())
        };
        Reader::open(&path).unwrap().payloads(RowId(0), visit).unwrap();
        assert!(numbers.iter().copied().eq(0..stood * BATCH), "each once, in order, up to a boundary");
    }
}

/// Starts a writer, kills it after it has answered for so many appends, and gives the last version it answered for.
fn live_for(path: &Path, appends: usize) -> u64 {
    let mut victim = Command::new(std::env::current_exe().unwrap());
    victim.args(["--exact", "sink::kill::whole_batches_and_all_that_was_answered_for", "--nocapture"]);
    let mut victim = victim.env(VICTIM, path).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut versions = lines.by_ref().filter_map(|line| line.strip_prefix("version ")?.parse().ok());
    let last: u64 = versions.by_ref().take(appends).last().expect("the victim writes");
    victim.kill().unwrap();
    victim.wait().unwrap();
    // What it said before it died still lies in the pipe.
    versions.last().unwrap_or(last)
}

fn write_for_ever(path: &Path) -> ! {
    let mut sink = Sqlite::at(path, origins()).unwrap();
    let loaded = sink.open().unwrap();
    let mut version = loaded.checkpoints.first().map_or(0, |(_, checkpoint)| checkpoint.version.0);
    let mut stdout = std::io::stdout();
    loop {
        let batch = append(loaded.fence, version, commits(version * BATCH..(version + 1) * BATCH));
        assert_eq!(sink.append(&batch), Appended::Stored { stored: BATCH as u32, duplicates: 0 });
        version += 1;
        stdout.write_all(format!("\nversion {version}\n").as_bytes()).unwrap();
    }
}
