//! What was set aside, with its bytes and the reason: each once, however often an overlap brings it again.

use highwater_core::cursor::Cursor;
use rusqlite::{Connection, Row, params};

use super::column::{bits, number, wall_time};
use super::fault::Fault;
use super::scope;
use crate::sink::stored::StoredDeadLetter;

/// Puts `letter` on record in the scope with this row.
pub(super) fn write(connection: &Connection, scope: i64, letter: &StoredDeadLetter) -> Result<(), Fault> {
    let key = letter.key.as_ref().map(serde_json::to_string).transpose();
    let key = key.map_err(|error| Fault::Unavailable(format!("a key cannot be written: {error}")))?;
    connection
        .prepare_cached(
            "INSERT INTO dead_letters (scope, after, reason, detail, time_us, key, cid, length, sha256, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (scope, coalesce(after, ''), sha256) WHERE reason <> 'conflict' DO NOTHING
             ON CONFLICT (key, coalesce(cid, '')) WHERE reason = 'conflict' DO NOTHING",
        )?
        .execute(params![
            scope,
            letter.after.map(|after| bits(after.0)),
            letter.reason,
            letter.detail,
            letter.time.map(|time| bits(time.as_micros())),
            key,
            letter.cid,
            bits(letter.length),
            letter.sha256,
            letter.bytes,
        ])?;
    Ok(())
}

/// What [`read`] reads.
pub(super) const COLUMNS: &str =
    "host, dialect, kind, incarnation, after, reason, detail, time_us, key, cid, length,
    sha256, bytes";

/// Reads a letter from [`COLUMNS`], the first of which is the one at `first`.
pub(super) fn read(row: &Row<'_>, first: usize) -> Result<StoredDeadLetter, Fault> {
    let key: Option<String> = row.get(first + 8)?;
    let key = key.map(|key| serde_json::from_str(&key)).transpose();
    Ok(StoredDeadLetter {
        scope: scope::read(row, first)?,
        after: row.get::<_, Option<i64>>(first + 4)?.map(|after| Cursor(number(after))),
        reason: row.get(first + 5)?,
        detail: row.get(first + 6)?,
        time: row.get::<_, Option<i64>>(first + 7)?.map(wall_time),
        key: key.map_err(|error| Fault::Damaged(format!("a dead letter's key: {error}")))?,
        cid: row.get(first + 9)?,
        length: number(row.get(first + 10)?),
        sha256: row.get(first + 11)?,
        bytes: row.get(first + 12)?,
    })
}
