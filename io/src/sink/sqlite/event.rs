//! Events as rows: stored once, by the whole of their key, and never dropped for having come with other content.

use highwater_core::cursor::CursorKind;
use highwater_core::dialect::jetstream::{Jetstream, Kind, Operation};
use highwater_core::event::Event;
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use super::column::{Text, bits};
use super::fault::{About, Fault, about};

const INSERT: &str = "
    INSERT INTO events (scope, cursor, time_us, kind, did, operation, collection, rkey, rev, cid, seq,
      upstream_time, payload)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

/// What a commit may find there already. A conflict with anything but a key is an error: another index is somebody
/// else's, and says no.
const COMMIT_KEY: &str =
    "ON CONFLICT (rev, did, collection, rkey, operation) WHERE kind = 'commit' DO NOTHING";

/// What any other event may find. Each clause costs every row that has it, and most rows are commits.
const OTHER_KEYS: &str = "
    ON CONFLICT (seq, did, kind, upstream_time) WHERE kind IN ('identity', 'account') DO NOTHING
    ON CONFLICT (rev, did, seq) WHERE kind = 'sync' DO NOTHING
    ON CONFLICT (time_us, payload) WHERE kind = 'other' DO NOTHING";

const STORED_CID: &str = "
    SELECT cid FROM events
    WHERE kind = 'commit' AND rev = ?1 AND did = ?2 AND collection = ?3 AND rkey = ?4 AND operation = ?5";

/// What became of one event.
pub(super) enum Put {
    /// It is new.
    Stored,
    /// It is there already.
    Duplicate,
    /// Another is there under the same key.
    Conflict,
}

/// Puts events into one scope.
pub(super) struct Events<'c> {
    connection: &'c Connection,
    scope: i64,
    kind: CursorKind,
    insert_commit: CachedStatement<'c>,
    insert_other: CachedStatement<'c>,
}

impl<'c> Events<'c> {
    /// For events of the scope with this row, whose cursors count in `kind`.
    pub(super) fn of(connection: &'c Connection, scope: i64, kind: CursorKind) -> Result<Self, Fault> {
        Ok(Self {
            connection,
            scope,
            kind,
            insert_commit: connection.prepare_cached(&format!("{INSERT} {COMMIT_KEY}"))?,
            insert_other: connection.prepare_cached(&format!("{INSERT} {OTHER_KEYS}"))?,
        })
    }

    /// Stores `event`, the one at `index` in its append, unless it is there already.
    pub(super) fn put(&mut self, index: u32, event: &Event<Jetstream>) -> Result<Put, Fault> {
        let Some(cursor) = event.cursor(self.kind) else {
            return Err(Fault::Refused { index, why: "its wire gave it no number".into() });
        };
        let it = &event.payload;
        let is_commit = it.kind() == Kind::Commit;
        let insert = if is_commit { &mut self.insert_commit } else { &mut self.insert_other };
        let inserted = insert.execute(params![
            self.scope,
            bits(cursor.0),
            bits(event.time.as_micros()),
            it.kind().name(),
            it.did(),
            it.operation().map_or("", Operation::name),
            it.collection().unwrap_or(""),
            it.rkey().unwrap_or(""),
            it.rev().unwrap_or(""),
            it.cid(),
            bits(it.upstream_seq().unwrap_or(0)),
            it.upstream_time().unwrap_or(""),
            Text(it.bytes()),
        ]);
        match inserted {
            Ok(0) if is_commit => self.compare(index, it),
            Ok(0) => Ok(Put::Duplicate),
            Ok(_) => Ok(Put::Stored),
            Err(error) => Err(self.blame(index, error)),
        }
    }

    /// A commit's key is there: with the same content?
    fn compare(&self, index: u32, it: &Jetstream) -> Result<Put, Fault> {
        let mut select = self.connection.prepare_cached(STORED_CID)?;
        let operation = it.operation().map_or("", Operation::name);
        let key = params![it.rev(), it.did(), it.collection(), it.rkey(), operation];
        let stored: Option<Option<String>> = select.query_row(key, |row| row.get(0)).optional()?;
        match stored {
            Some(cid) if cid.as_deref() == it.cid() => Ok(Put::Duplicate),
            Some(_) => Ok(Put::Conflict),
            None => {
                let why = "the database left it out without an error: is there a trigger that ignores it?";
                Err(Fault::Refused { index, why: why.into() })
            }
        }
    }

    /// What an error of the insertion means.
    ///
    /// A statement can fail because of a value, if somebody's trigger or index computes with it; but then it can be
    /// prepared anew, which it cannot if the table itself is no longer what it was.
    fn blame(&self, index: u32, error: rusqlite::Error) -> Fault {
        match about(&error) {
            About::Value => Fault::Refused { index, why: error.to_string() },
            About::Statement if self.connection.prepare(INSERT).is_ok() => {
                Fault::Refused { index, why: error.to_string() }
            }
            About::Statement | About::Machine | About::Content => error.into(),
        }
    }
}
