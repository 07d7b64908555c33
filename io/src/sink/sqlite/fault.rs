//! Which of SQLite's errors mean what: only the meaning may leave this room.

use std::fmt;
use std::path::Path;

use rusqlite::{Error, ErrorCode};

use crate::sink::OpenError;

/// Why a transaction did not happen, or may not have.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The checkpoint has another version than expected.
    Conflict,
    /// A newer writer has raised the fence.
    Fenced,
    /// This event's value can never be stored.
    Refused { index: u32, why: String },
    /// It will pass, or somebody will see to it: nothing changed.
    Unavailable(String),
    /// It failed at the commit itself: the write-ahead log may hold all of it, and the next recovery find it.
    Unknown(String),
    /// What is stored contradicts itself: nothing changed, and nothing ever will.
    Damaged(String),
}

/// What an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// The value at hand: its size, its type, or a rule that somebody put on the table.
    Value,
    /// The statement itself, or something that a statement's own functions said; only the moment can tell which.
    Statement,
    /// The machine: busy, full, failing, read-only, out of memory.
    Machine,
    /// What is stored.
    Content,
}

/// What `error` is about.
pub(super) fn about(error: &Error) -> About {
    match error {
        Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::ConstraintViolation
            | ErrorCode::TooBig
            | ErrorCode::TypeMismatch
            | ErrorCode::ParameterOutOfRange => About::Value,
            ErrorCode::Unknown => About::Statement,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => About::Content,
            // Busy, locked, full, I/O, memory, permissions, and what SQLite may add: it has to pass.
            _ => About::Machine,
        },
        // What was read is not what was written: of another type, out of its range, not UTF-8, not there.
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::QueryReturnedNoRows
        | Error::Utf8Error(..) => About::Content,
        _ => About::Statement,
    }
}

impl From<Error> for Fault {
    /// For any error but that of an event's own insertion: what we write besides events is never at fault.
    fn from(error: Error) -> Self {
        match about(&error) {
            About::Value | About::Machine => Self::Unavailable(error.to_string()),
            About::Statement | About::Content => Self::Damaged(error.to_string()),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict => f.write_str("the checkpoint has another version"),
            Self::Fenced => f.write_str("a newer writer has taken over"),
            Self::Refused { index, why } => write!(f, "event {index} is refused: {why}"),
            Self::Unavailable(why) | Self::Unknown(why) | Self::Damaged(why) => f.write_str(why),
        }
    }
}

/// What `error` means to whoever wanted to open `path`.
pub(super) fn while_opening(path: &Path, error: &Error) -> OpenError {
    let path = path.to_owned();
    let Error::SqliteFailure(failure, _) = error else {
        return OpenError::Damaged { path, what: error.to_string() };
    };
    match failure.code {
        ErrorCode::NotADatabase => OpenError::Foreign { path, why: "it is not a SQLite database".into() },
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => OpenError::Busy { path },
        ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
            OpenError::CannotWrite { path, why: error.to_string() }
        }
        _ => match about(error) {
            About::Machine => OpenError::InputOutput { path, why: error.to_string() },
            About::Value | About::Statement | About::Content => {
                OpenError::Damaged { path, what: error.to_string() }
            }
        },
    }
}

impl Fault {
    /// What this means to whoever wanted to open `path`.
    pub(super) fn into_open_error(self, path: &Path) -> OpenError {
        let path = path.to_owned();
        match self {
            Self::Damaged(what) => OpenError::Damaged { path, what },
            other => OpenError::InputOutput { path, why: other.to_string() },
        }
    }
}
