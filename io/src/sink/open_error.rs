//! Why a sink, or a database to read, could not be opened: each says who must act, and what to do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why something stored could not be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// Another process writes to it, and goes on doing so.
    Locked {
        /// What was to be written to.
        path: PathBuf,
        /// The other process, if it left its number.
        holder: Option<u32>,
    },
    /// Another program is in the midst of a change.
    Busy {
        /// What was to be opened.
        path: PathBuf,
    },
    /// There is nothing to read, and reading makes nothing.
    Missing {
        /// What was to be read.
        path: PathBuf,
    },
    /// It is something else than what we write.
    Foreign {
        /// What was to be opened.
        path: PathBuf,
        /// What it is instead.
        why: String,
    },
    /// It is ours, and holds what we never wrote.
    Damaged {
        /// What was to be opened.
        path: PathBuf,
        /// What is wrong, and where.
        what: String,
    },
    /// A newer version of this program wrote it.
    Newer {
        /// What was to be opened.
        path: PathBuf,
        /// The version of its schema.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// An older version of this program wrote it, and reading changes nothing.
    Older {
        /// What was to be read.
        path: PathBuf,
        /// The version of its schema.
        found: i64,
        /// The version that can be read.
        known: i64,
    },
    /// It cannot be made, or not be written to.
    CannotWrite {
        /// What was to be written to.
        path: PathBuf,
        /// What the operating system said.
        why: String,
    },
    /// A disk failed, or is full.
    InputOutput {
        /// What was to be opened.
        path: PathBuf,
        /// What the operating system said.
        why: String,
    },
}

impl OpenError {
    /// What whoever must act can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Locked { .. } => "stop the other process, or write to another file",
            Self::Busy { .. } => "try again once the other program is done",
            Self::Missing { .. } => "check the path; `highwater run` makes the database",
            Self::Foreign { .. } => {
                "give the path of a database made by highwater; `highwater run` makes one where there is none"
            }
            Self::Damaged { .. } => "keep a copy of it, then restore a backup or start with a new file",
            Self::Newer { .. } => "use the version of highwater that wrote it, or a newer one",
            Self::Older { .. } => "let `highwater run` write to it once, which brings it up to date",
            Self::CannotWrite { .. } => "check that the directory exists and may be written to by this user",
            Self::InputOutput { .. } => "check the disk and the space left on it",
        }
    }

    pub(crate) fn cannot_write(path: &Path, error: &io::Error) -> Self {
        Self::CannotWrite { path: path.to_owned(), why: error.to_string() }
    }

    pub(crate) fn input_output(path: &Path, error: &io::Error) -> Self {
        Self::InputOutput { path: path.to_owned(), why: error.to_string() }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked { path, holder: None } => write!(f, "another process writes to {}", path.display()),
            Self::Locked { path, holder: Some(id) } => write!(f, "process {id} writes to {}", path.display()),
            Self::Busy { path } => write!(f, "another program is changing {}", path.display()),
            Self::Missing { path } => write!(f, "there is no {}", path.display()),
            Self::Foreign { path, why } => write!(f, "{} is not ours: {why}", path.display()),
            Self::Damaged { path, what } => write!(f, "{} is damaged: {what}", path.display()),
            Self::Newer { path, found, known } => {
                write!(f, "{} has schema {found}, newer than {known}", path.display())
            }
            Self::Older { path, found, known } => {
                write!(f, "{} has schema {found}, older than {known}", path.display())
            }
            Self::CannotWrite { path, why } => write!(f, "cannot write {}: {why}", path.display()),
            Self::InputOutput { path, why } => write!(f, "cannot use {}: {why}", path.display()),
        }
    }
}

impl std::error::Error for OpenError {}
