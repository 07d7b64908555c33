//! All or nothing, and knowing which: the one place where a transaction begins and ends.

use rusqlite::Connection;

use super::fault::Fault;

/// Does `work` in one write transaction.
///
/// The write lock is taken at once, so that what `work` reads still holds as it writes. Whatever fails before the
/// commit has changed nothing. A commit that fails with the transaction still open has changed nothing either, since
/// SQLite refused it before it wrote; any other failed commit may be in the write-ahead log.
pub(super) fn transact<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, Fault>,
) -> Result<T, Fault> {
    run(connection, "BEGIN IMMEDIATE")?;
    let done = work(connection).and_then(|done| match run(connection, "COMMIT") {
        Ok(()) => Ok(done),
        Err(error) if connection.is_autocommit() => Err(Fault::Unknown(error.to_string())),
        Err(error) => Err(Fault::Unavailable(error.to_string())),
    });
    if !connection.is_autocommit() {
        // If this fails too, the transaction is still open: whoever owns the connection sees that and drops it.
        let _ = run(connection, "ROLLBACK");
    }
    done
}

fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(|_| ())
}
