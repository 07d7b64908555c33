//! What is durable, for a machine that begins or has lost count; reading it shuts out every earlier writer.

use highwater_core::dialect::jetstream::Key;
use highwater_core::number::Fence;
use highwater_core::sink::Loaded;
use highwater_core::time::WallTime;
use rusqlite::{Connection, OptionalExtension};

use super::column::{number, wall_time};
use super::fault::Fault;
use super::transaction::transact;
use super::{checkpoint, gap};
use crate::sink::Origins;

/// Raises the fence, and reads what there is of the sources in use.
pub(super) fn load(connection: &Connection, origins: &Origins) -> Result<Loaded<Key>, Fault> {
    transact(connection, |connection| {
        let raise = "UPDATE meta SET value = value + 1 WHERE name = 'fence' RETURNING value";
        let fence = connection.prepare_cached(raise)?.query_row([], |row| row.get(0))?;
        let stored = checkpoint::read_all(connection)?.into_iter();
        let checkpoints = stored.filter_map(|it| Some((it.scope.scope(origins)?, it.checkpoint))).collect();
        Ok(Loaded {
            fence: Fence(number(fence)),
            compares: true,
            checkpoints,
            newest: newest(connection)?,
            gaps: gap::read_open(connection, origins)?,
        })
    })
}

/// The time of the event stored last: found at once in a database of any size, and where a refill has brought older
/// ones since, it only makes the overlap wider.
fn newest(connection: &Connection) -> Result<Option<WallTime>, Fault> {
    let mut select = connection.prepare_cached("SELECT time_us FROM events ORDER BY id DESC LIMIT 1")?;
    Ok(select.query_row([], |row| row.get(0)).optional()?.map(wall_time))
}
