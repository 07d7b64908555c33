//! How the program ends: every exit code it has, and what the operator reads beside a bad one.
//!
//! The codes are those of `sysexits.h` where it has one, so that a supervisor can tell "try again" from "look at me".

use std::fmt;
use std::io::Write as _;
use std::process::{ExitCode, Termination};

use highwater::sink::OpenError;

/// The exit codes; the number of each is part of the command line's contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// All that was asked for is done, or one signal ended it well.
    Done = 0,
    /// A proof failed: something was lost or doubled.
    ProofFailed = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// What is stored, or was given as input, is not what it should be.
    CorruptData = 65,
    /// There is no such database, or no such file to read.
    NoInput = 66,
    /// Every feed refused for good, or none was good for too long.
    Unavailable = 69,
    /// A mistake of ours.
    Bug = 70,
    /// What should be made cannot be.
    CannotCreate = 73,
    /// A disk or a pipe failed.
    InputOutput = 74,
    /// Another writer holds the lock, or has taken over: worth trying again later.
    Locked = 75,
    /// The configuration cannot work, or the database is of a newer version.
    Configuration = 78,
    /// A second SIGINT ended it at once.
    Interrupted = 130,
    /// A second SIGTERM ended it at once.
    Terminated = 143,
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}

/// What went wrong, and what whoever must act can do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    what: String,
    hint: Option<String>,
}

impl Failure {
    /// Something went wrong: `what` says what, in one line, without a full stop.
    pub(crate) fn new(exit: Exit, what: impl fmt::Display) -> Self {
        Self { exit, what: what.to_string(), hint: None }
    }

    /// Says what to do next.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }

    /// Tells the operator, on standard error, and gives the code to end with.
    pub(crate) fn tell(self) -> Exit {
        // Nobody is left to be told if standard error is gone.
        let _ = write!(std::io::stderr().lock(), "{self}");
        self.exit
    }
}

impl From<&OpenError> for Failure {
    fn from(error: &OpenError) -> Self {
        let exit = match error {
            OpenError::Locked { .. } | OpenError::Busy { .. } => Exit::Locked,
            OpenError::Missing { .. } => Exit::NoInput,
            OpenError::Foreign { .. } | OpenError::Damaged { .. } => Exit::CorruptData,
            OpenError::Newer { .. } | OpenError::Older { .. } => Exit::Configuration,
            OpenError::CannotWrite { .. } => Exit::CannotCreate,
            OpenError::InputOutput { .. } => Exit::InputOutput,
        };
        Self::new(exit, error).hint(error.hint())
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::from(&error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "error: {}", self.what)?;
        match &self.hint {
            Some(hint) => writeln!(f, "hint: {hint}"),
            None => Ok(()),
        }
    }
}
