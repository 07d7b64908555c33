//! A trace as a picture: who did what to whom, what came of what, and where the machine stood after each step.
//!
//! A trace holds what the machine was told; where it stood is found by telling it all again. The same picture is then
//! drawn as text, as a file for Perfetto, or as a page.

mod page;
mod perfetto;
mod reader;
#[cfg(test)]
mod tests;
mod text;

use core::fmt;

use highwater_core::Status;
use highwater_core::scope::SourceId;
use highwater_core::time::Instant;
use highwater_core::trace::LineError;

/// What a trace tells.
#[derive(Clone, Debug)]
pub struct Picture {
    /// So many sources are known to the machines.
    sources: u16,
    lives: Vec<Life>,
    rows: Vec<Row>,
    /// Where the machine stood: each row names one.
    states: Vec<Option<Status>>,
}

/// A process, from its start to its end.
#[derive(Clone, Debug)]
struct Life {
    from: Instant,
    to: Instant,
    /// How it ended, if that is known.
    verdict: Option<String>,
}

/// One thing that happened.
#[derive(Clone, Debug)]
struct Row {
    /// Which process it was, counted from zero.
    life: usize,
    /// The last input before it, or that it is.
    n: u64,
    /// When, by the world's clock.
    at: Instant,
    /// When, by the process's own.
    own: Instant,
    what: What,
    from: Actor,
    to: Actor,
    text: String,
    /// The row of the question that this is the answer to.
    asked: Option<usize>,
    /// Where the machine stood after it.
    state: usize,
}

/// What a row tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Birth,
    Input(Mark),
    Effect(Mark),
    Fault,
    End,
}

/// What an input or an effect means to the picture, besides its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    /// A connection begins: its number.
    Opens(u64),
    /// A connection is over: its number.
    Closes(u64),
    /// The sink is asked for something.
    Asks,
    /// The sink has answered.
    Answers,
    /// Nothing more than it says.
    Plain,
}

/// Who does something, or has it done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Actor {
    Operator,
    Sink,
    Machine,
    Source(SourceId),
}

/// Why a file is no trace that can be drawn.
#[derive(Debug)]
pub enum PictureError {
    /// A line is none of a trace.
    Line {
        /// Its number, from 1.
        number: usize,
        /// Why.
        error: LineError,
    },
    /// There is a step before any process began.
    Headless,
    /// There is nothing in it.
    Empty,
}

impl Picture {
    /// What the actors are called, in the order of their lanes.
    fn actors(&self) -> Vec<String> {
        let sources = (0..self.sources).map(|source| match self.sources {
            1 => "server".to_owned(),
            _ => format!("server {source}"),
        });
        ["operator", "sink", "machine"].map(str::to_owned).into_iter().chain(sources).collect()
    }

    /// Where the machine stood after a row; none if that is not known.
    fn state(&self, row: &Row) -> Option<&Status> {
        self.states.get(row.state)?.as_ref()
    }
}

impl Actor {
    /// The place of its lane.
    fn lane(self) -> usize {
        match self {
            Self::Operator => 0,
            Self::Sink => 1,
            Self::Machine => 2,
            Self::Source(source) => 3 + usize::from(source.0),
        }
    }
}

impl fmt::Display for PictureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { number, error } => write!(f, "line {number} is {error}"),
            Self::Headless => f.write_str("it does not begin with the head of a trace"),
            Self::Empty => f.write_str("there is nothing in it"),
        }
    }
}

impl std::error::Error for PictureError {}
