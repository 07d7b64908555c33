//! Reads a database while another process writes to it: never makes one, changes nothing, and holds no old state.
//!
//! Whoever reads one state for long keeps the writer's log from being reused. So rows come in portions, each with a
//! moment of its own; since nothing is changed or removed behind the last row read, they still make one whole.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use highwater_core::dialect::jetstream::{Key, Kind, Operation};
use rusqlite::{Connection, OpenFlags, Row, params};

use super::column::number;
use super::fault::{Fault, while_opening};
use super::wal::wal_of;
use super::{checkpoint, dead_letter, gap, migrate, schema};
use crate::sink::OpenError;
use crate::sink::stored::{StoredCheckpoint, StoredDeadLetter, StoredGap};

/// A reader has nothing better to do than to wait for so long.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// A database to read.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    connection: Connection,
}

/// The number of a row; rows are read in the order of their numbers, beginning after one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowId(pub i64);

impl Reader {
    /// Opens the database at `path`, which must be there.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        if !path.try_exists().map_err(|error| OpenError::input_output(path, &error))? {
            return Err(OpenError::Missing { path: path.to_owned() });
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)
            .and_then(|connection| connection.busy_timeout(BUSY_TIMEOUT).map(|()| connection))
            .map_err(|error| while_opening(path, &error))?;
        migrate::check(&connection, path, schema::STEPS)?;
        Ok(Self { path: path.to_owned(), connection })
    }

    /// Every scope's checkpoint, in the order in which the scopes were first seen.
    pub fn checkpoints(&self) -> Result<Vec<StoredCheckpoint>, OpenError> {
        self.whole(checkpoint::read_all(&self.connection))
    }

    /// Every gap, in the order in which they went on record.
    pub fn gaps(&self) -> Result<Vec<StoredGap>, OpenError> {
        self.whole(gap::read_all(&self.connection))
    }

    /// How many dead letters there are for each reason, by name.
    pub fn dead_letter_counts(&self) -> Result<Vec<(String, u64)>, OpenError> {
        let count = || {
            let sql = "SELECT reason, count(*) FROM dead_letters GROUP BY reason ORDER BY reason";
            let mut select = self.connection.prepare(sql)?;
            let counts = select.query_map([], |row| Ok((row.get(0)?, number(row.get(1)?))))?;
            counts.collect::<rusqlite::Result<_>>()
        };
        self.whole(count().map_err(Fault::from))
    }

    /// Bytes of the database and of its write-ahead log.
    pub fn size(&self) -> Result<u64, OpenError> {
        let failed = |error| OpenError::input_output(&self.path, &error);
        // Where the path is a link, the log lies beside the file that it leads to.
        let real = self.path.canonicalize().map_err(failed)?;
        let log = std::fs::metadata(wal_of(&real)).map_or(0, |log| log.len());
        Ok(std::fs::metadata(real).map_err(failed)?.len() + log)
    }

    /// The number of the last event's row.
    pub fn last_event(&self) -> Result<RowId, OpenError> {
        self.last("events")
    }

    /// The number of the last dead letter's row.
    pub fn last_dead_letter(&self) -> Result<RowId, OpenError> {
        self.last("dead_letters")
    }

    /// Hands the payloads after `after` to `visit`, in the order of first receipt, until it has had enough.
    pub fn payloads(
        &self,
        after: RowId,
        mut visit: impl FnMut(RowId, &[u8]) -> ControlFlow<()>,
    ) -> Result<(), OpenError> {
        let sql = "SELECT id, payload FROM events WHERE id > ?1 ORDER BY id";
        self.rows(sql, after, |id, row| {
            Ok(visit(id, row.get_ref(1)?.as_bytes().map_err(rusqlite::Error::from)?))
        })
    }

    /// Hands the keys and payloads after `after` to `visit`, in the order of first receipt, until it has had enough.
    pub fn keys(
        &self,
        after: RowId,
        mut visit: impl FnMut(RowId, &Key, &[u8]) -> ControlFlow<()>,
    ) -> Result<(), OpenError> {
        let sql = "SELECT id, payload, kind, did, operation, collection, rkey, rev, seq, upstream_time
                   FROM events WHERE id > ?1 ORDER BY id";
        self.rows(sql, after, |id, row| {
            let payload = row.get_ref(1)?.as_bytes().map_err(rusqlite::Error::from)?;
            Ok(visit(id, &key(id, row, payload)?, payload))
        })
    }

    /// Hands the dead letters after `after` to `visit`, in the order in which they were set aside, until it has had
    /// enough.
    pub fn dead_letters(
        &self,
        after: RowId,
        mut visit: impl FnMut(RowId, StoredDeadLetter) -> ControlFlow<()>,
    ) -> Result<(), OpenError> {
        let sql = format!(
            "SELECT dead_letters.id, {} FROM dead_letters JOIN scopes ON scopes.id = dead_letters.scope
             WHERE dead_letters.id > ?1 ORDER BY dead_letters.id",
            dead_letter::COLUMNS
        );
        self.rows(&sql, after, |id, row| Ok(visit(id, dead_letter::read(row, 1)?)))
    }

    fn last(&self, table: &str) -> Result<RowId, OpenError> {
        let sql = format!("SELECT coalesce(max(id), 0) FROM {table}");
        self.whole(self.connection.query_row(&sql, [], |row| row.get(0).map(RowId)).map_err(Fault::from))
    }

    fn rows(
        &self,
        sql: &str,
        after: RowId,
        mut visit: impl FnMut(RowId, &Row<'_>) -> Result<ControlFlow<()>, Fault>,
    ) -> Result<(), OpenError> {
        let mut all = || {
            let mut select = self.connection.prepare_cached(sql)?;
            let mut rows = select.query(params![after.0])?;
            while let Some(row) = rows.next()? {
                if visit(RowId(row.get(0)?), row)?.is_break() {
                    break;
                }
            }
            Ok(())
        };
        self.whole(all())
    }

    fn whole<T>(&self, read: Result<T, Fault>) -> Result<T, OpenError> {
        read.map_err(|fault| fault.into_open_error(&self.path))
    }
}

/// The key of an event's row, as [`Key`] has it.
fn key(id: RowId, row: &Row<'_>, payload: &[u8]) -> Result<Key, Fault> {
    let text = |column: usize| row.get::<_, Box<str>>(column);
    let damaged = |what: &str| Fault::Damaged(format!("row {} of events has no known {what}", id.0));
    let kind = text(2)?;
    let seq = number(row.get(8)?);
    Ok(match Kind::from_name(&kind) {
        Some(Kind::Commit) => Key::Commit {
            rev: text(7)?,
            did: text(3)?,
            collection: text(5)?,
            rkey: text(6)?,
            operation: Operation::from_name(&text(4)?).ok_or_else(|| damaged("operation"))?,
        },
        Some(Kind::Identity) => Key::Identity { seq, did: text(3)?, time: text(9)? },
        Some(Kind::Account) => Key::Account { seq, did: text(3)?, time: text(9)? },
        Some(Kind::Sync) => Key::Sync { rev: text(7)?, did: text(3)?, seq },
        Some(Kind::Other) | None if &*kind == Kind::Other.name() => {
            Key::Other(String::from_utf8_lossy(payload).into())
        }
        Some(Kind::Other) | None => return Err(damaged("kind")),
    })
}
