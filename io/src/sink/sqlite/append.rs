//! One append: the fence, the version, the events, the ledgers and the new checkpoint, in one transaction.

use highwater_core::dialect::jetstream::Jetstream;
use highwater_core::number::Fence;
use highwater_core::sink::{Append, Appended};
use rusqlite::Connection;

use super::column::number;
use super::event::{Events, Put};
use super::fault::Fault;
use super::transaction::transact;
use super::{checkpoint, dead_letter, gap, scope};
use crate::sink::Origins;
use crate::sink::stored::StoredDeadLetter;

/// Does all of `append`, or nothing.
pub(super) fn append(
    connection: &Connection,
    origins: &Origins,
    append: &Append<Jetstream>,
) -> Result<Appended, Fault> {
    transact(connection, |connection| {
        if fence(connection)? != append.fence {
            return Err(Fault::Fenced);
        }
        let scope = scope::row_of(connection, origins, append.scope)?;
        if checkpoint::version(connection, scope)? != append.expect {
            return Err(Fault::Conflict);
        }
        let (stored, duplicates) = put_events(connection, origins, scope, append)?;
        for letter in &append.dead_letters {
            dead_letter::write(connection, scope, &StoredDeadLetter::of(letter, append.scope, origins))?;
        }
        for gap in &append.gaps {
            gap::write(connection, origins, gap)?;
        }
        checkpoint::write(connection, scope, &append.checkpoint, stored)?;
        Ok(Appended::Stored { stored, duplicates })
    })
}

/// How many events are new, and how many are there already, be it with other content.
fn put_events(
    connection: &Connection,
    origins: &Origins,
    scope: i64,
    append: &Append<Jetstream>,
) -> Result<(u32, u32), Fault> {
    let mut events = Events::of(connection, scope, append.scope.kind)?;
    let (mut stored, mut duplicates) = (0, 0);
    for (index, event) in (0..).zip(append.events.iter()) {
        match events.put(index, event)? {
            Put::Stored => stored += 1,
            Put::Duplicate => duplicates += 1,
            Put::Conflict => {
                let letter = StoredDeadLetter::conflict(event, append.scope, origins);
                dead_letter::write(connection, scope, &letter)?;
                duplicates += 1;
            }
        }
    }
    Ok((stored, duplicates))
}

fn fence(connection: &Connection) -> Result<Fence, Fault> {
    let mut select = connection.prepare_cached("SELECT value FROM meta WHERE name = 'fence'")?;
    Ok(Fence(number(select.query_row([], |row| row.get(0))?)))
}
