//! Brings an older database up to date, in one transaction; leaves a newer one and a stranger's alone.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::fault::{Fault, while_opening};
use super::schema::APPLICATION_ID;
use super::transaction::transact;
use crate::sink::OpenError;

/// Makes the database one of version `steps.len()`; an empty one is of version 0.
pub(super) fn migrate(connection: &Connection, path: &Path, steps: &[&str]) -> Result<(), OpenError> {
    let known = i64::from(steps.len() as u32);
    let found = version(connection, path)?;
    let pending = usize::try_from(found).ok().and_then(|found| steps.get(found..));
    let Some(pending) = pending else {
        return Err(OpenError::Newer { path: path.to_owned(), found, known });
    };
    if pending.is_empty() {
        return Ok(());
    }
    let migrated = transact(connection, |connection| {
        for step in pending {
            connection.execute_batch(step)?;
        }
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('schema_version', ?1)", [known])?;
        Ok(())
    });
    migrated.map_err(|fault: Fault| fault.into_open_error(path))
}

/// Checks that the database is ours and of the newest version, without changing it.
pub(super) fn check(connection: &Connection, path: &Path, steps: &[&str]) -> Result<(), OpenError> {
    let known = i64::from(steps.len() as u32);
    let path = path.to_owned();
    match version(connection, &path)? {
        0 => Err(OpenError::Foreign { path, why: "it is empty".into() }),
        found if found > known => Err(OpenError::Newer { path, found, known }),
        found if found < known => Err(OpenError::Older { path, found, known }),
        _ => Ok(()),
    }
}

/// The version of the schema; 0 if there is nothing at all.
pub(super) fn version(connection: &Connection, path: &Path) -> Result<i64, OpenError> {
    let read = |error| while_opening(path, &error);
    let id: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(read)?;
    let tables = "SELECT count(*) FROM sqlite_schema";
    let tables: i64 = connection.query_row(tables, [], |row| row.get(0)).map_err(read)?;
    match (id, tables) {
        (0, 0) => Ok(0),
        (APPLICATION_ID, _) => {
            let sql = "SELECT value FROM meta WHERE name = 'schema_version'";
            let version = connection.query_row(sql, [], |row| row.get(0)).optional().map_err(read)?;
            let what = "it does not say which version it is of";
            version
                .filter(|version| *version > 0)
                .ok_or_else(|| OpenError::Damaged { path: path.to_owned(), what: what.into() })
        }
        _ => Err(OpenError::Foreign { path: path.to_owned(), why: "another program made it".into() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::sqlite::schema;

    const NEXT: &str = "ALTER TABLE events ADD COLUMN seen INTEGER NOT NULL DEFAULT 7";

    fn fresh() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        migrate(&connection, Path::new("x"), schema::STEPS).unwrap();
        connection
    }

    #[test]
    fn an_older_database_is_brought_up_to_date_and_keeps_its_rows() {
        let connection = fresh();
        let row = "INSERT INTO events VALUES (1, 1, 2, 3, 'other', '', '', '', '', '', NULL, 0, '', 'p')";
        connection.execute_batch(row).unwrap();
        let steps = &[schema::STEPS, &[NEXT]].concat();
        migrate(&connection, Path::new("x"), steps).unwrap();
        migrate(&connection, Path::new("x"), steps).unwrap();
        check(&connection, Path::new("x"), steps).unwrap();
        let seen: (String, i64) = connection
            .query_row("SELECT payload, seen FROM events", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        assert_eq!(seen, ("p".into(), 7));
        let newer = migrate(&connection, Path::new("x"), schema::STEPS);
        assert_eq!(newer, Err(OpenError::Newer { path: "x".into(), found: 2, known: 1 }));
    }

    #[test]
    fn a_migration_that_fails_changes_nothing() {
        let connection = fresh();
        let steps = &[schema::STEPS, &[NEXT, "ALTER TABLE nothing ADD COLUMN x"]].concat();
        assert!(matches!(migrate(&connection, Path::new("x"), steps), Err(OpenError::Damaged { .. })));
        assert_eq!(version(&connection, Path::new("x")), Ok(1));
        let columns = "SELECT count(*) FROM pragma_table_info('events') WHERE name = 'seen'";
        assert_eq!(connection.query_row(columns, [], |row| row.get::<_, i64>(0)), Ok(0));
    }

    #[test]
    fn a_reader_changes_nothing_and_says_what_it_found() {
        let connection = Connection::open_in_memory().unwrap();
        let found = check(&connection, Path::new("x"), schema::STEPS);
        assert!(matches!(found, Err(OpenError::Foreign { .. })), "{found:?}");
        connection.execute_batch("CREATE TABLE theirs (x)").unwrap();
        let found = migrate(&connection, Path::new("x"), schema::STEPS);
        assert!(matches!(found, Err(OpenError::Foreign { .. })), "{found:?}");
        let steps = &[schema::STEPS, &[NEXT]].concat();
        assert!(matches!(check(&fresh(), Path::new("x"), steps), Err(OpenError::Older { found: 1, .. })));
    }
}
