//! The database, with events that were read and decoded before the clock starts: alone, and by the sink.

use std::path::Path;

use bytes::Bytes;
use highwater::sink::sqlite::Sqlite;
use highwater::sink::{Origin, Origins};
use highwater_core::checkpoint::{Checkpoint, FilterHash, Witness};
use highwater_core::cursor::{Cursor, CursorKind, Place};
use highwater_core::dialect::jetstream::{Jetstream, Operation};
use highwater_core::dialect::{Dialect, Frame, Subscription};
use highwater_core::event::{Event, Item, Payload as _};
use highwater_core::number::{Fence, Op, Version};
use highwater_core::scope::{Scope, SourceId};
use highwater_core::sink::{Append, Appended, Events, Sink as _};
use highwater_core::time::Duration;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, params};

use crate::Result;
use crate::bare::each;
use crate::cost::{Cost, Meter};

/// As many as a run appends at once.
const BATCH_EVENTS: usize = 1_000;

/// rusqlite on one thread: a prepared insert a row, a transaction a batch, and in it the cursor.
pub(crate) fn insert(url: &str, count: u64) -> Result<Cost> {
    let events = at_hand(url, count)?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("bare.db");
    // The sink makes the schema; all else is up to us.
    drop(open(&path)?);
    let connection = Connection::open(&path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let meter = Meter::start()?;
    for batch in events.chunks(BATCH_EVENTS) {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        insert_batch(&connection, batch)?;
        connection.prepare_cached("COMMIT")?.execute([])?;
    }
    drop(connection);
    let cost = meter.stop()?;
    crate::run::expect_rows(&path, count)?;
    Ok(cost)
}

/// The sink on one thread: fence, version, ledgers and checkpoint too.
pub(crate) fn append(url: &str, count: u64) -> Result<Cost> {
    Appending::begin(url, count)?.pass(true)
}

/// The same appends once more: each event is compared by key and found.
pub(crate) fn append_again(url: &str, count: u64) -> Result<Cost> {
    let mut appending = Appending::begin(url, count)?;
    appending.pass(true)?;
    appending.pass(false)
}

struct Appending {
    batches: Vec<Events<Jetstream>>,
    sink: Sqlite,
    fence: Fence,
    version: u64,
    _folder: tempfile::TempDir,
}

impl Appending {
    fn begin(url: &str, count: u64) -> Result<Self> {
        let events = at_hand(url, count)?;
        let batches = events.chunks(BATCH_EVENTS).map(|batch| Events::new(batch.to_vec())).collect();
        let folder = tempfile::tempdir()?;
        let mut sink = open(&folder.path().join("sink.db"))?;
        let fence = sink.open().map_err(|_| "the sink does not open")?.fence;
        Ok(Self { batches, sink, fence, version: 0, _folder: folder })
    }

    /// Appends everything, and sees that all of it, or nothing, is new.
    fn pass(&mut self, is_new: bool) -> Result<Cost> {
        let meter = Meter::start()?;
        for batch in &self.batches {
            let answer = self.sink.append(&append_of(self.fence, self.version, batch));
            let count = batch.len() as u32;
            let (stored, duplicates) = if is_new { (count, 0) } else { (0, count) };
            if answer != (Appended::Stored { stored, duplicates }) {
                return Err(format!("{answer:?}").into());
            }
            self.version += 1;
        }
        meter.stop()
    }
}

fn append_of(fence: Fence, version: u64, batch: &Events<Jetstream>) -> Append<Jetstream> {
    let last = &batch[batch.len() - 1];
    let cursor = Cursor(last.time.as_micros());
    Append {
        op: Op(version),
        fence,
        scope: Scope { source: SourceId(0), kind: CursorKind::Time, incarnation: 0 },
        expect: Version(version),
        events: batch.clone(),
        dead_letters: Vec::new(),
        gaps: Vec::new(),
        checkpoint: Checkpoint {
            version: Version(version + 1),
            place: Place::Cursor(cursor),
            witness: Some(Witness { cursor, time: last.time, key: last.payload.key() }),
            covered_until: last.time,
            filter: FilterHash(0),
            margin: Duration::from_secs(5),
        },
    }
}

fn insert_batch(connection: &Connection, batch: &[Event<Jetstream>]) -> Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO events (scope, cursor, time_us, kind, did, operation, collection, rkey, rev, cid, seq,
           upstream_time, payload)
         VALUES (1, ?1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING",
    )?;
    for event in batch {
        let it = &event.payload;
        insert.execute(params![
            event.time.as_micros().cast_signed(),
            it.kind().name(),
            it.did(),
            it.operation().map_or("", Operation::name),
            it.collection().unwrap_or(""),
            it.rkey().unwrap_or(""),
            it.rev().unwrap_or(""),
            it.cid(),
            it.upstream_seq().unwrap_or(0).cast_signed(),
            it.upstream_time().unwrap_or(""),
            ToSqlOutput::Borrowed(ValueRef::Text(it.bytes())),
        ])?;
    }
    let cursor = batch.last().map(|event| event.time.as_micros().cast_signed());
    connection.prepare_cached("INSERT OR REPLACE INTO meta VALUES ('cursor', ?1)")?.execute([cursor])?;
    Ok(())
}

fn open(path: &Path) -> Result<Sqlite> {
    let origin = Origin { host: "localhost:80".into(), dialect: Dialect::JetstreamV1 };
    Ok(Sqlite::at(path, Origins::new(vec![origin])?)?)
}

/// The first `count` events, decoded.
fn at_hand(url: &str, count: u64) -> Result<Vec<Event<Jetstream>>> {
    let (mut events, subscription) = (Vec::new(), Subscription::default());
    each(url, count, |frame| {
        let frame = Bytes::copy_from_slice(&frame);
        if let Frame::Item(Item::Event(event)) = Dialect::JetstreamV1.decode(&subscription, frame) {
            events.push(event);
        }
    })?;
    Ok(events)
}
