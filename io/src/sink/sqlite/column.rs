//! How our numbers and words look in columns.

use highwater_core::cursor::{CursorKind, Place};
use highwater_core::gap::{Cause, GapState};
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

pub(super) const fn cursor_kind_name(kind: CursorKind) -> &'static str {
    match kind {
        CursorKind::Time => "time",
        CursorKind::Seq => "seq",
    }
}

pub(super) fn cursor_kind(name: &str) -> Option<CursorKind> {
    [CursorKind::Time, CursorKind::Seq].into_iter().find(|kind| cursor_kind_name(*kind) == name)
}

pub(super) fn cause(name: &str) -> Option<Cause> {
    Cause::ALL.into_iter().find(|cause| cause.name() == name)
}

pub(super) fn gap_state(name: &str) -> Option<GapState> {
    [GapState::Lost, GapState::Unproven, GapState::Closed].into_iter().find(|state| state.name() == name)
}

/// The columns `place` and `position`.
pub(super) fn of_place(place: Place) -> (&'static str, Option<i64>) {
    match place {
        Place::Tip => ("tip", None),
        Place::Oldest => ("oldest", None),
        Place::Time(time) => ("time", Some(bits(time.as_micros()))),
        Place::Cursor(cursor) => ("cursor", Some(bits(cursor.0))),
    }
}

/// The way back from [`of_place`].
pub(super) fn place(name: &str, position: Option<i64>) -> Option<Place> {
    match (name, position) {
        ("tip", None) => Some(Place::Tip),
        ("oldest", None) => Some(Place::Oldest),
        ("time", Some(bits)) => Some(Place::Time(wall_time(bits))),
        ("cursor", Some(bits)) => Some(Place::Cursor(highwater_core::cursor::Cursor(number(bits)))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use highwater_core::cursor::Cursor;

    #[test]
    fn every_place_comes_back() {
        let time = WallTime::from_micros(u64::MAX);
        for it in [Place::Tip, Place::Oldest, Place::Time(time), Place::Cursor(Cursor(1 << 63))] {
            let (name, position) = of_place(it);
            assert_eq!(place(name, position), Some(it));
        }
        assert_eq!(place("cursor", None), None);
        assert_eq!(place("tip", Some(1)), None);
    }
}
