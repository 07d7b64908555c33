//! How a v2 host reads the number that it is given as a cursor: below 10^15 a seq, from there on a moment. \[S\]

use alloc::format;
use alloc::string::String;

use crate::cursor::{Cursor, Place};
use crate::time::WallTime;

/// The first number that is a moment: microseconds since 1970, in September 2001.
pub(crate) const MOMENT_MIN: u64 = 1_000_000_000_000_000;

/// What `number` means as a cursor.
pub(crate) const fn place(number: u64) -> Place {
    if number < MOMENT_MIN {
        Place::Cursor(Cursor(number))
    } else {
        Place::Time(WallTime::from_micros(number))
    }
}

/// The position that a host says an event has. What would be a moment could never be asked for again.
pub(crate) fn position(number: u64) -> Result<Cursor, String> {
    if number < MOMENT_MIN {
        Ok(Cursor(number))
    } else {
        Err(format!("{number} is no seq: those lie below {MOMENT_MIN}"))
    }
}
