//! A whole run, as the program does it: driver, connection and sink on a thread each.

use std::path::Path;
use std::time::Duration;

use highwater::driver::Tally;
use highwater::follow::{Following, IntoSink, sqlite};
use highwater::record::Recorder;
use highwater::sink::each::each;
use highwater::{Highwater, Start};
use rusqlite::{Connection, OpenFlags};
use tokio::sync::watch;

use crate::Result;
use crate::cost::{Cost, Meter};

/// What a recording holds, as the program's flags have it.
const RECORD_BYTES_MAX: u64 = 256 << 20;
const REMEMBER_BYTES_MAX: u64 = 32 << 20;

/// A run whose sink takes everything at once.
pub(crate) fn into_null(url: &str, events: u64) -> Result<Cost> {
    run(follow(url).into(each(|_| ())), events)
}

/// A run into a database.
pub(crate) fn into_sqlite(url: &str, events: u64) -> Result<Cost> {
    let folder = tempfile::tempdir()?;
    run_into(folder.path(), url, events, Recorder::off())
}

/// A run into a database, recorded as `--record` does it.
pub(crate) fn into_sqlite_recorded(url: &str, events: u64) -> Result<Cost> {
    let folder = tempfile::tempdir()?;
    let recorder = Recorder::to_file(folder.path().join("trace.jsonl"), RECORD_BYTES_MAX)?;
    run_into(folder.path(), url, events, recorder)
}

/// A run into a database, recorded as `--record-in-memory` does it; nobody asks for it.
pub(crate) fn into_sqlite_remembered(url: &str, events: u64) -> Result<Cost> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("trace.jsonl");
    let (recorder, _dump) = Recorder::in_memory(path, REMEMBER_BYTES_MAX)?;
    run_into(folder.path(), url, events, recorder)
}

fn run_into(folder: &Path, url: &str, events: u64, recorder: Recorder) -> Result<Cost> {
    let path = folder.join("run.db");
    let cost = run(follow(url).into(sqlite(&path)).record(recorder), events)?;
    expect_rows(&path, events)?;
    Ok(cost)
}

/// A run from the oldest event on.
pub(crate) fn follow(url: &str) -> Highwater {
    Highwater::follow(url).start(Start::Oldest)
}

/// Follows until `events` are durable; that is when the race is over, before anybody says goodbye.
pub(crate) fn run<S: IntoSink>(following: Following<S>, events: u64) -> Result<Cost> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let tally = following.tally();
    let meter = Meter::start()?;
    let mut cost = None;
    let over = async {
        durable(tally, events).await;
        cost = Some(meter.stop());
    };
    let finished = runtime.block_on(following.run(over))?;
    let cost = cost.ok_or_else(|| format!("ended too early: {finished:?}"))??;
    let taken = finished.tally.stored + finished.tally.duplicates;
    if taken < events { Err(format!("only {taken} events: {finished:?}").into()) } else { Ok(cost) }
}

/// Looks from time to time: whoever is woken by each change takes part in the race.
async fn durable(tally: watch::Receiver<Tally>, events: u64) {
    while tally.borrow().stored + tally.borrow().duplicates < events {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Whether each event has its row.
pub(crate) fn expect_rows(path: &Path, events: u64) -> Result<()> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let rows: i64 = connection.query_row("SELECT count(*) FROM events", [], |row| row.get(0))?;
    if rows.cast_unsigned() == events {
        Ok(())
    } else {
        Err(format!("{rows} rows of {events} events").into())
    }
}
