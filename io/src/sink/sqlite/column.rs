//! How our numbers and bytes look in columns.

use highwater_core::time::WallTime;
use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};

/// The same 64 bits: SQLite has no other integers, and no cursor may be refused for its size.
pub(super) fn bits(number: u64) -> i64 {
    number.cast_signed()
}

/// The way back from [`bits`].
pub(super) fn number(bits: i64) -> u64 {
    bits.cast_unsigned()
}

/// A time that was stored as the [`bits`] of its microseconds.
pub(super) fn wall_time(bits: i64) -> WallTime {
    WallTime::from_micros(number(bits))
}

/// Bytes stored as text, exactly and unread: a dialect has checked them.
pub(super) struct Text<'a>(pub(super) &'a [u8]);

impl ToSql for Text<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(self.0)))
    }
}
