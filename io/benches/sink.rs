//! How fast the SQLite sink is, beside SQLite itself: the same rows, schema, pragmas and transactions.
//!
//! ```text
//! bare        one prepared insert a row, a cursor, a transaction for each batch: what there is to win
//! sink        the same appends through the sink: fence, version, ledgers, checkpoint
//! again       the same appends once more: every event is compared by key and found
//! ```
//!
//! They take turns, each with a database of its own; what is printed is the median, the least and the most of the
//! rounds, and CPU time, which other work on the machine does not touch. `cargo bench --bench sink -- 1000000 5`.
#![allow(clippy::print_stdout, reason = "the table is what the program is for")]

use std::time::{Duration, Instant};

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
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, params};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// As many as `highwater run` appends at once.
const BATCH_EVENTS: usize = 1_000;

fn main() -> Result<()> {
    let numbers: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let (count, rounds) = (numbers.first().copied().unwrap_or(300_000), numbers.get(1).copied().unwrap_or(5));
    let events: Vec<_> = (0..count).map(event).collect::<Result<_>>()?;
    let batches: Vec<_> = events.chunks(BATCH_EVENTS).map(|batch| Events::new(batch.to_vec())).collect();
    let mut costs = [const { Vec::new() }; 3];
    for _ in 0..rounds {
        costs[0].push(bare(&batches)?);
        let [first, again] = sink(&batches)?;
        costs[1].push(first);
        costs[2].push(again);
    }
    println!("{count} events, {rounds} rounds, {BATCH_EVENTS} events a transaction");
    println!("{:8}{:>12}{:>12}{:>12}{:>16}", "", "rows/s", "least", "most", "CPU us a row");
    let medians =
        ["bare", "sink", "again"].iter().zip(&costs).map(|(name, costs)| report(name, count, costs));
    let medians: Vec<f64> = medians.collect();
    println!("sink reaches {:.2} of bare", medians[1] / medians[0]);
    Ok(())
}

/// Prints a line, and gives the median of the rates.
fn report(name: &str, count: u64, costs: &[Cost]) -> f64 {
    let mut rates: Vec<f64> = costs.iter().map(|cost| count as f64 / cost.elapsed.as_secs_f64()).collect();
    let mut cpu: Vec<f64> = costs.iter().map(|cost| cost.cpu.as_secs_f64() * 1e6 / count as f64).collect();
    rates.sort_by(f64::total_cmp);
    cpu.sort_by(f64::total_cmp);
    let (median, least, most) = (rates[rates.len() / 2], rates[0], rates[rates.len() - 1]);
    println!("{name:8}{median:12.0}{least:12.0}{most:12.0}{:16.2}", cpu[cpu.len() / 2]);
    median
}

/// What one contestant took.
struct Cost {
    elapsed: Duration,
    cpu: Duration,
}

fn measure(work: impl FnOnce() -> Result<()>) -> Result<Cost> {
    let (begun, cpu) = (Instant::now(), cpu_time()?);
    work()?;
    Ok(Cost { elapsed: begun.elapsed(), cpu: cpu_time()?.saturating_sub(cpu) })
}

#[cfg(unix)]
fn cpu_time() -> Result<Duration> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike as _;
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(micros.cast_unsigned()))
}

#[cfg(not(unix))]
fn cpu_time() -> Result<Duration> {
    Ok(Duration::ZERO)
}

/// The `number`th commit of a feed of many repositories: revisions grow, up to 5 s out of order, as they do there.
fn event(number: u64) -> Result<Event<Jetstream>> {
    let random = |salt: u64| {
        let mixed =
            (number ^ salt << 56).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb) >> 16
    };
    let time = 1_779_719_009_000_000 + number * 500;
    let tid = |salt| {
        let mut bits = (time - random(salt) % 5_000_000) << 10 | random(salt + 1) & 1_023;
        let mut text = [0; 13];
        for character in text.iter_mut().rev() {
            *character = b"234567abcdefghijklmnopqrstuvwxyz"[(bits & 31) as usize];
            bits >>= 5;
        }
        String::from_utf8_lossy(&text).into_owned()
    };
    let (rev, rkey, did) = (tid(1), tid(3), random(5) % 200_000);
    let text = "x".repeat((random(6) % 300) as usize);
    let cid = format!("bafyrei{:052x}", u128::from(random(7)) << 60 | u128::from(random(8)));
    let frame = format!(
        r#"{{"did":"did:plc:{did:024}","time_us":{time},"kind":"commit","commit":{{"rev":"{rev}","operation":"create","collection":"app.bsky.feed.post","rkey":"{rkey}","record":{{"$type":"app.bsky.feed.post","text":"{text}"}},"cid":"{cid}"}}}}"#
    );
    match Dialect::JetstreamV1.decode(&Subscription::default(), Bytes::from(frame)) {
        Frame::Item(Item::Event(event)) => Ok(event),
        other => Err(format!("no event: {other:?}").into()),
    }
}

fn origins() -> Result<Origins> {
    Ok(Origins::new(vec![Origin { host: "localhost:80".into(), dialect: Dialect::JetstreamV1 }])?)
}

/// Appends everything twice.
fn sink(batches: &[Events<Jetstream>]) -> Result<[Cost; 2]> {
    let folder = tempfile::tempdir()?;
    let mut sink = Sqlite::at(&folder.path().join("sink.db"), origins()?)?;
    let fence = sink.open().map_err(|_| "the sink does not open")?.fence;
    let mut version = 0;
    let mut pass = |is_new: bool| {
        measure(|| {
            for batch in batches {
                let answer = sink.append(&append(fence, version, batch));
                let count = batch.len() as u32;
                let (stored, duplicates) = if is_new { (count, 0) } else { (0, count) };
                if answer != (Appended::Stored { stored, duplicates }) {
                    return Err(format!("{answer:?}").into());
                }
                version += 1;
            }
            Ok(())
        })
    };
    Ok([pass(true)?, pass(false)?])
}

fn append(fence: Fence, version: u64, batch: &Events<Jetstream>) -> Append<Jetstream> {
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
            margin: highwater_core::time::Duration::from_secs(5),
        },
    }
}

fn bare(batches: &[Events<Jetstream>]) -> Result<Cost> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("bare.db");
    // The sink makes the tables; all else is up to us.
    drop(Sqlite::at(&path, origins()?)?);
    let connection = Connection::open(&path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    measure(|| {
        for batch in batches {
            connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
            insert(&connection, batch)?;
            connection.prepare_cached("COMMIT")?.execute([])?;
        }
        Ok(())
    })
}

fn insert(connection: &Connection, batch: &[Event<Jetstream>]) -> Result<()> {
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
