//! What there is to win: the socket alone, the socket and the decoder, the database alone.

use bytes::Bytes;
use futures_util::StreamExt as _;
use highwater::sink::sqlite::Sqlite;
use highwater::sink::{Origin, Origins};
use highwater_core::dialect::jetstream::{Jetstream, Operation};
use highwater_core::dialect::{Dialect, Frame, Subscription};
use highwater_core::event::{Event, Item};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, params};
use tokio_tungstenite::tungstenite::Message;

use crate::Result;
use crate::cost::{Cost, Meter};

/// As many as a run appends at once.
const BATCH_EVENTS: usize = 1_000;

/// Reads and forgets.
pub(crate) fn read(url: &str, events: u64) -> Result<Cost> {
    let meter = Meter::start()?;
    each(url, events, |frame| drop(std::hint::black_box(frame)))?;
    meter.stop()
}

/// Reads, decodes and forgets.
pub(crate) fn decode(url: &str, events: u64) -> Result<Cost> {
    let (meter, subscription) = (Meter::start()?, Subscription::default());
    each(url, events, |frame| {
        std::hint::black_box(Dialect::JetstreamV1.decode(&subscription, frame));
    })?;
    meter.stop()
}

/// Inserts, having read and decoded before the clock starts: one thread, one transaction a batch, and in it the cursor.
pub(crate) fn insert(url: &str, count: u64) -> Result<Cost> {
    let (mut events, subscription) = (Vec::new(), Subscription::default());
    each(url, count, |frame| {
        let frame = Bytes::copy_from_slice(&frame);
        if let Frame::Item(Item::Event(event)) = Dialect::JetstreamV1.decode(&subscription, frame) {
            events.push(event);
        }
    })?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("bare.db");
    // The sink makes the schema; all else is up to us.
    let origin = Origin { host: "localhost:80".into(), dialect: Dialect::JetstreamV1 };
    drop(Sqlite::at(&path, Origins::new(vec![origin])?)?);
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

/// Calls `take` with each of `events` frames.
fn each(url: &str, events: u64, mut take: impl FnMut(Bytes)) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (mut socket, _) = tokio_tungstenite::connect_async(url).await?;
        for _ in 0..events {
            match socket.next().await {
                Some(Ok(Message::Text(text))) => take(text.into()),
                other => return Err(format!("not an event: {other:?}").into()),
            }
        }
        Ok(())
    })
}
