//! The checkpoint of a scope as a row: written whole in the transaction of the data it speaks of.

use highwater_core::checkpoint::{Checkpoint, FilterHash, Witness};
use highwater_core::cursor::Cursor;
use highwater_core::dialect::jetstream::Key;
use highwater_core::number::Version;
use highwater_core::time::Duration;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::column::{bits, number, wall_time};
use super::fault::Fault;
use super::scope;
use crate::sink::stored::{StoredCheckpoint, StoredScope, place_of_words, place_words};

/// The version of the row of `scope`; 0 if there is none.
pub(super) fn version(connection: &Connection, scope: i64) -> Result<Version, Fault> {
    let mut select = connection.prepare_cached("SELECT version FROM checkpoint WHERE scope = ?1")?;
    let version: Option<i64> = select.query_row([scope], |row| row.get(0)).optional()?;
    Ok(Version(number(version.unwrap_or(0))))
}

/// Writes the row of `scope`, in which `stored` more events were received.
pub(super) fn write(
    connection: &Connection,
    scope: i64,
    checkpoint: &Checkpoint<Key>,
    stored: u32,
) -> Result<(), Fault> {
    let (place, position) = place_words(checkpoint.place);
    let witness = checkpoint.witness.as_ref();
    let key = witness.map(|witness| serde_json::to_string(&witness.key)).transpose();
    let key = key.map_err(|error| Fault::Unavailable(format!("a witness cannot be written: {error}")))?;
    connection
        .prepare_cached(
            "INSERT INTO checkpoint (scope, version, place, position, witness_cursor, witness_time_us,
               witness_key, covered_until_us, filter, margin_us, stored)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (scope) DO UPDATE SET version = excluded.version, place = excluded.place,
               position = excluded.position, witness_cursor = excluded.witness_cursor,
               witness_time_us = excluded.witness_time_us, witness_key = excluded.witness_key,
               covered_until_us = excluded.covered_until_us, filter = excluded.filter,
               margin_us = excluded.margin_us, stored = stored + excluded.stored",
        )?
        .execute(params![
            scope,
            bits(checkpoint.version.0),
            place,
            position.map(bits),
            witness.map(|witness| bits(witness.cursor.0)),
            witness.map(|witness| bits(witness.time.as_micros())),
            key,
            bits(checkpoint.covered_until.as_micros()),
            bits(checkpoint.filter.0),
            bits(checkpoint.margin.as_micros()),
            stored,
        ])?;
    Ok(())
}

/// Every scope's checkpoint, in the order in which the scopes were first seen.
pub(super) fn read_all(connection: &Connection) -> Result<Vec<StoredCheckpoint>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT host, dialect, kind, incarnation, version, place, position, witness_cursor, witness_time_us,
           witness_key, covered_until_us, filter, margin_us, stored
         FROM checkpoint JOIN scopes ON scopes.id = checkpoint.scope ORDER BY scopes.id",
    )?;
    let mut rows = select.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let scope = scope::read(row, 0)?;
        let stored = number(row.get(13)?);
        let damaged = {
            let StoredScope { host, dialect, incarnation, .. } = &scope;
            format!("the checkpoint of {host} {dialect} incarnation {incarnation}")
        };
        let checkpoint =
            read(row).and_then(|checkpoint| StoredCheckpoint { scope, checkpoint, stored }.sound());
        all.push(checkpoint.map_err(|what| Fault::Damaged(format!("{damaged}: {what}")))?);
    }
    Ok(all)
}

fn read(row: &Row<'_>) -> Result<Checkpoint<Key>, String> {
    let integer = |column: usize| row.get::<_, i64>(column).map_err(|error| error.to_string());
    let optional = |column: usize| row.get::<_, Option<i64>>(column).map_err(|error| error.to_string());
    let text = |column: usize| row.get::<_, Option<String>>(column).map_err(|error| error.to_string());
    let name = text(5)?.unwrap_or_default();
    let place = place_of_words(&name, optional(6)?.map(number))?;
    let witness = match (optional(7)?, optional(8)?, text(9)?) {
        (None, None, None) => None,
        (Some(cursor), Some(time), Some(key)) => Some(Witness {
            cursor: Cursor(number(cursor)),
            time: wall_time(time),
            key: serde_json::from_str(&key).map_err(|error| format!("its witness is no key: {error}"))?,
        }),
        _ => return Err("a part of its witness is missing".into()),
    };
    Ok(Checkpoint {
        version: Version(number(integer(4)?)),
        place,
        witness,
        covered_until: wall_time(integer(10)?),
        filter: FilterHash(number(integer(11)?)),
        margin: Duration::from_micros(number(integer(12)?)),
    })
}
