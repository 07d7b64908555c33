//! What was set aside, with its bytes and the reason: each once, however often an overlap brings it again.

use highwater_core::cursor::Cursor;
use highwater_core::dialect::jetstream::Jetstream;
use highwater_core::event::{Event, Payload, Reason};
use highwater_core::sink::{Content, DeadLetter};
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};

use super::column::bits;
use super::fault::Fault;

/// Its word in the ledger, and what there is to say besides.
fn name(reason: &Reason) -> (&'static str, &str) {
    match reason {
        Reason::Malformed(detail) => ("malformed", detail),
        Reason::Oversize => ("oversize", ""),
        Reason::Undecodable => ("undecodable", ""),
        Reason::Refused(detail) => ("refused", detail),
        Reason::Conflict => ("conflict", ""),
    }
}

/// Puts `letter` on record in the scope with this row.
pub(super) fn write(
    connection: &Connection,
    scope: i64,
    letter: &DeadLetter<Jetstream>,
) -> Result<(), Fault> {
    match &letter.content {
        Content::Event(event) => write_event(connection, scope, letter.after, &letter.reason, event),
        Content::Frame(sample) => {
            let (reason, detail) = name(&letter.reason);
            insert(
                connection,
                Row {
                    scope,
                    after: letter.after,
                    reason,
                    detail,
                    event: None,
                    length: sample.length,
                    sha256: &sample.sha256,
                    bytes: &sample.head,
                },
            )
        }
    }
}

/// Sets aside an event of which another version is stored. Whichever wire, host or overlap brings this version again,
/// it is the same letter, so `own`, its position, tells more than the event before it would.
pub(super) fn write_conflict(
    connection: &Connection,
    scope: i64,
    own: Option<Cursor>,
    event: &Event<Jetstream>,
) -> Result<(), Fault> {
    write_event(connection, scope, own, &Reason::Conflict, event)
}

fn write_event(
    connection: &Connection,
    scope: i64,
    after: Option<Cursor>,
    reason: &Reason,
    event: &Event<Jetstream>,
) -> Result<(), Fault> {
    let (reason, detail) = name(reason);
    let bytes = event.payload.bytes();
    let length = bytes.len() as u64;
    let sha256 = Sha256::digest(bytes);
    insert(
        connection,
        Row { scope, after, reason, detail, event: Some(event), length, sha256: &sha256, bytes },
    )
}

#[derive(Clone, Copy)]
struct Row<'a> {
    scope: i64,
    after: Option<Cursor>,
    reason: &'a str,
    detail: &'a str,
    event: Option<&'a Event<Jetstream>>,
    length: u64,
    sha256: &'a [u8],
    bytes: &'a [u8],
}

fn insert(connection: &Connection, row: Row<'_>) -> Result<(), Fault> {
    let key = row.event.map(|event| serde_json::to_string(&event.payload.key())).transpose();
    let key = key.map_err(|error| Fault::Unavailable(format!("a key cannot be written: {error}")))?;
    connection
        .prepare_cached(
            "INSERT INTO dead_letters (scope, after, reason, detail, time_us, key, cid, length, sha256, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (scope, coalesce(after, ''), sha256) WHERE reason <> 'conflict' DO NOTHING
             ON CONFLICT (key, coalesce(cid, '')) WHERE reason = 'conflict' DO NOTHING",
        )?
        .execute(params![
            row.scope,
            row.after.map(|after| bits(after.0)),
            row.reason,
            row.detail,
            row.event.map(|event| bits(event.time.as_micros())),
            key,
            row.event.and_then(|event| event.payload.cid()),
            bits(row.length),
            row.sha256,
            row.bytes,
        ])?;
    Ok(())
}
