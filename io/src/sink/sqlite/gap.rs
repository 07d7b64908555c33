//! The ledger of gaps: one row for each (scope, cause, start), whatever is written of it and how often.

use highwater_core::cursor::Cursor;
use highwater_core::gap::{Gap, GapState, Mark};
use rusqlite::{Connection, Row, params};

use super::column::{bits, number, wall_time};
use super::fault::Fault;
use super::scope;
use crate::sink::Origins;
use crate::sink::stored::{StoredGap, cause_of_word, state_of_word};

/// Puts `gap` on record, or says what is known of it now. A gap that is closed but not on record never was one.
pub(super) fn write(connection: &Connection, origins: &Origins, gap: &Gap) -> Result<(), Fault> {
    let scope = scope::row_of(connection, origins, gap.scope)?;
    let to_cursor = gap.to.map(|to| bits(to.cursor.0));
    let to_time = gap.to.map(|to| bits(to.time.as_micros()));
    let from_cursor = bits(gap.from.cursor.0);
    if gap.state == GapState::Closed {
        connection
            .prepare_cached(
                "UPDATE gaps SET state = 'closed', to_cursor = coalesce(?4, to_cursor),
                   to_time_us = coalesce(?5, to_time_us)
                 WHERE scope = ?1 AND cause = ?2 AND from_cursor = ?3",
            )?
            .execute(params![scope, gap.cause.name(), from_cursor, to_cursor, to_time])?;
        return Ok(());
    }
    connection
        .prepare_cached(
            "INSERT INTO gaps (scope, cause, state, from_cursor, from_time_us, to_cursor, to_time_us)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (scope, cause, from_cursor) DO UPDATE SET state = excluded.state,
               from_time_us = excluded.from_time_us, to_cursor = excluded.to_cursor,
               to_time_us = excluded.to_time_us",
        )?
        .execute(params![
            scope,
            gap.cause.name(),
            gap.state.name(),
            from_cursor,
            bits(gap.from.time.as_micros()),
            to_cursor,
            to_time,
        ])?;
    Ok(())
}

const COLUMNS: &str = "host, dialect, kind, incarnation, cause, state, from_cursor, from_time_us, to_cursor,
    to_time_us FROM gaps JOIN scopes ON scopes.id = gaps.scope";

/// Those of the sources in use that are not closed and begin at their scope's witness, or have no end yet.
pub(super) fn read_open(connection: &Connection, origins: &Origins) -> Result<Vec<Gap>, Fault> {
    let gaps = select(
        connection,
        &format!(
            "SELECT {COLUMNS} JOIN checkpoint ON checkpoint.scope = gaps.scope
             WHERE state <> 'closed' AND (from_cursor = witness_cursor OR to_cursor IS NULL) ORDER BY gaps.id"
        ),
    )?;
    Ok(gaps.iter().filter_map(|gap| gap.gap(origins)).collect())
}

/// Every gap, in the order in which they went on record.
pub(super) fn read_all(connection: &Connection) -> Result<Vec<StoredGap>, Fault> {
    select(connection, &format!("SELECT {COLUMNS} ORDER BY gaps.id"))
}

fn select(connection: &Connection, sql: &str) -> Result<Vec<StoredGap>, Fault> {
    let mut select = connection.prepare_cached(sql)?;
    let mut rows = select.query([])?;
    let mut gaps = Vec::new();
    while let Some(row) = rows.next()? {
        gaps.push(read(row)?);
    }
    Ok(gaps)
}

fn read(row: &Row<'_>) -> Result<StoredGap, Fault> {
    let (cause, state): (String, String) = (row.get(4)?, row.get(5)?);
    let mark = |cursor, time| Mark { cursor: Cursor(number(cursor)), time: wall_time(time) };
    let to = match (row.get::<_, Option<i64>>(8)?, row.get::<_, Option<i64>>(9)?) {
        (Some(cursor), Some(time)) => Some(mark(cursor, time)),
        (None, None) => None,
        _ => return Err(Fault::Damaged("a gap has only half an end".into())),
    };
    Ok(StoredGap {
        scope: scope::read(row, 0)?,
        cause: cause_of_word(&cause).map_err(Fault::Damaged)?,
        state: state_of_word(&state).map_err(Fault::Damaged)?,
        from: mark(row.get(6)?, row.get(7)?),
        to,
    })
}
