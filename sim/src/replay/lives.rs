//! The lives that a trace tells of.

use core::fmt;

use highwater_core::trace::{Head, Line, LineError, Step};

/// All of a trace: one file, or one after the other.
#[derive(Clone, Debug, Default)]
pub struct Lives {
    pub(super) lives: Vec<Life>,
}

/// The life of a process, or the part of it that a file holds.
#[derive(Clone, Debug)]
pub(super) struct Life {
    pub(super) head: Head,
    pub(super) steps: Vec<Step>,
    /// Its last line is torn.
    pub(super) is_torn: bool,
}

/// Why a text is no trace. Whoever wrote the file has to mend it, or a newer version has to read it.
#[derive(Debug)]
pub struct TraceError {
    line: usize,
    why: Why,
}

#[derive(Debug)]
enum Why {
    Line(LineError),
    /// A step comes before any life has begun.
    Headless,
    /// There is nothing in it.
    Empty,
}

impl Lives {
    /// Reads the text of a trace, behind what was read before. A line that is torn is dropped where a kill can have
    /// torn it: at the end, or before another life begins.
    pub fn read(&mut self, text: &str) -> Result<(), TraceError> {
        let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line)).peekable();
        if lines.peek().is_none() {
            return Err(TraceError { line: 1, why: Why::Empty });
        }
        while let Some((number, text)) = lines.next() {
            let told = match Line::read(text) {
                Ok(told) => told,
                Err(error) => {
                    let is_end = lines.peek().is_none_or(|(_, next)| next.starts_with("{\"trace\":"));
                    let life =
                        self.lives.last_mut().filter(|_| is_end && matches!(error, LineError::Text(_)));
                    let Some(life) = life else {
                        return Err(TraceError { line: number, why: Why::Line(error) });
                    };
                    life.is_torn = true;
                    continue;
                }
            };
            if let Line::Head(head) = told {
                let life = Life { head: *head, steps: Vec::new(), is_torn: false };
                self.lives.push(life);
                continue;
            }
            let Some(life) = self.lives.last_mut() else {
                return Err(TraceError { line: number, why: Why::Headless });
            };
            match told {
                Line::Step(step) => life.steps.push(step),
                Line::Head(_) | Line::Fault(_) | Line::End(_) => {}
            }
        }
        Ok(())
    }

    /// The plan of the run, if it was one of the simulator's.
    pub fn plan(&self) -> Option<&str> {
        self.lives.first()?.head.plan.as_deref()
    }

    /// The version of the machine that it was recorded with.
    pub fn core(&self) -> Option<&str> {
        self.lives.first().map(|life| life.head.core.as_str())
    }
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line;
        match &self.why {
            Why::Line(error) => write!(f, "line {line}: {error}"),
            Why::Headless => write!(f, "line {line}: the line that begins a life, with `trace`, is missing"),
            Why::Empty => f.write_str("there is nothing in it"),
        }
    }
}

impl std::error::Error for TraceError {}
