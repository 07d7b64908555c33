//! A scope as it is stored: under its origin's name, since the number of a source dies with the process.

use highwater_core::cursor::CursorKind;
use highwater_core::scope::Scope;
use rusqlite::{Connection, OptionalExtension, params};

use super::column::{cursor_kind, cursor_kind_name};
use super::fault::Fault;
use crate::sink::Origins;

/// Where a cursor has a meaning, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredScope {
    /// `host:port`.
    pub host: String,
    /// How it speaks; perhaps a way that only a newer version knows.
    pub dialect: String,
    /// What its cursors count.
    pub kind: CursorKind,
    /// How often the source proved to be another history.
    pub incarnation: u32,
}

impl StoredScope {
    /// Reads it from four columns that begin at `first`: host, dialect, kind, incarnation.
    pub(super) fn read(row: &rusqlite::Row<'_>, first: usize) -> Result<Self, Fault> {
        let kind: String = row.get(first + 2)?;
        Ok(Self {
            host: row.get(first)?,
            dialect: row.get(first + 1)?,
            kind: cursor_kind(&kind)
                .ok_or_else(|| Fault::Damaged(format!("a scope counts in {kind:?}, not in time or seq")))?,
            incarnation: row.get(first + 3)?,
        })
    }

    /// The same scope by number, if its source is in use.
    pub(super) fn scope(&self, origins: &Origins) -> Option<Scope> {
        let source = origins.find(&self.host, &self.dialect)?;
        Some(Scope { source, kind: self.kind, incarnation: self.incarnation })
    }
}

/// The row that `scope` has in `scopes`, made if it is new.
pub(super) fn row_of(connection: &Connection, origins: &Origins, scope: Scope) -> Result<i64, Fault> {
    let origin = origins.of(scope.source);
    let name = params![origin.host, origin.dialect.name(), cursor_kind_name(scope.kind), scope.incarnation];
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
