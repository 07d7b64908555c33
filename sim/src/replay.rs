//! Runs from traces: what a machine was told in production, or in the world, is told to the machine of today.
//!
//! * [`strict`]: it says the same, effect for effect and hash for hash, and no input is one that the world would
//!   never give: where it is, the world lacks a fault.
//! * [`inputs`]: it may say something else, as a newer version does, and every oracle still holds.
//! * [`mutate`]: the recorded run is a beginning; faults are put into it, and every oracle still holds.

mod cause;
mod difference;
mod known;
mod legal;
mod lives;
mod mutate;
mod strict;
mod watch;

use core::fmt;

pub use difference::Difference;
pub use lives::{Lives, TraceError};
pub use mutate::{FailedTrial, Mutated, Trials, Unplayable, mutate};
pub use strict::strict;
pub use watch::inputs;

/// What was replayed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Processes.
    pub lives: u64,
    /// Inputs.
    pub steps: u64,
    /// Events in them.
    pub events: u64,
    /// Connections that opened.
    pub connections: u64,
    /// Inputs that answer what the machine of today did not ask, and were left out.
    pub unmatched: u64,
    /// Inputs that answer what the machine of today asked under another number.
    pub renumbered: u64,
    /// Questions of the machine of today that the trace has no answer to.
    pub unanswered: u64,
    /// Lives whose end was torn off.
    pub torn: u64,
}

/// Why a replay did not go through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The machine says something else.
    Different(Difference),
    /// The world would never give such an input.
    Illegal {
        /// Where.
        at: At,
        /// What it cannot do.
        what: String,
    },
    /// An oracle is broken.
    Broken {
        /// Where.
        at: At,
        /// Which, and how.
        what: String,
    },
}

/// A place in a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// The process, counted from 1.
    pub life: u64,
    /// The input of it.
    pub step: u64,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "life {} step {}", self.life, self.step)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Different(difference) => difference.fmt(f),
            Self::Illegal { at, what } => {
                write!(f, "{at}: the world cannot do this, a fault is missing: {what}")
            }
            Self::Broken { at, what } => write!(f, "{at}: {what}"),
        }
    }
}

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lives, steps, events, connections, unmatched, renumbered, unanswered, torn } = self;
        write!(f, "{lives} lives, {steps} steps, {events} events, {connections} connections")?;
        if *torn > 0 {
            write!(f, ", {torn} torn at the end")?;
        }
        if *renumbered > 0 {
            write!(f, "; {renumbered} answers found their question under another number")?;
        }
        if *unanswered > 0 {
            write!(f, "; {unanswered} questions have no answer in the trace")?;
        }
        if *unmatched > 0 {
            write!(f, "; {unmatched} answers to questions that are not asked any more were left out")?;
        }
        Ok(())
    }
}
