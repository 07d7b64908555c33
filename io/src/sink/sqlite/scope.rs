//! The rows of `scopes`.

use highwater_core::scope::Scope;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::fault::Fault;
use crate::sink::Origins;
use crate::sink::stored::{StoredScope, kind_of_word, kind_word};

/// The row of `scope`, made if it is new.
pub(super) fn row_of(connection: &Connection, origins: &Origins, scope: Scope) -> Result<i64, Fault> {
    let origin = origins.of(scope.source);
    let name = params![origin.host, origin.dialect.name(), kind_word(scope.kind), scope.incarnation];
    let known = connection
        .prepare_cached(
            "SELECT id FROM scopes WHERE host = ?1 AND dialect = ?2 AND kind = ?3 AND incarnation = ?4",
        )?
        .query_row(name, |row| row.get(0))
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    let mut insert = connection
        .prepare_cached("INSERT INTO scopes (host, dialect, kind, incarnation) VALUES (?1, ?2, ?3, ?4)")?;
    Ok(insert.insert(name)?)
}

/// Reads a scope from four columns, the first of which is the one at `first`: host, dialect, kind, incarnation.
pub(super) fn read(row: &Row<'_>, first: usize) -> Result<StoredScope, Fault> {
    let kind: String = row.get(first + 2)?;
    Ok(StoredScope {
        host: row.get(first)?,
        dialect: row.get(first + 1)?,
        kind: kind_of_word(&kind).map_err(Fault::Damaged)?,
        incarnation: row.get(first + 3)?,
    })
}
