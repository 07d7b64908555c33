//! Everything between a source and the process: how connections open, carry, fail, and are heard of too late.

mod connection;
mod course;
mod fate;

pub(crate) use connection::{CLOCK_TRUST, Call, Connection, Stage};
pub(crate) use fate::{Fate, Greeting};

use std::sync::Arc;

use crate::draw::{Draws, Site};
use crate::faults::Faults;
use crate::score::Score;

/// The connections of the process: the one it has, and those it had that may still be heard.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    draws: Draws,
    score: Option<Arc<Score>>,
    dialed: u32,
    /// The one that the machine did not close, nor hear the end of.
    current: Option<Connection>,
    ghosts: Vec<Connection>,
}

impl Network {
    /// No connection yet.
    pub(crate) fn new(draws: Draws, score: Option<Arc<Score>>) -> Self {
        Self { draws, score, dialed: 0, current: None, ghosts: Vec::new() }
    }

    /// Dials; whatever connection was there becomes a ghost.
    pub(crate) fn dial(&mut self, call: Call, faults: &Faults) -> &mut Connection {
        self.part();
        self.dialed += 1;
        let mut stream = self.draws.stream(Site::Connection, u64::from(self.dialed));
        let omens = faults.omens(Site::Mishap, u64::from(self.dialed));
        let fate = Fate::draw(omens, &mut stream, call.options.compress);
        let score = self.score.as_ref().filter(|_| !faults.are_healed());
        let known = score.and_then(|score| score.dials.get(self.dialed as usize - 1));
        self.current.insert(Connection::new(self.dialed, call, fate, stream).going_as(known))
    }

    /// How many connections there were; the number of the last one.
    pub(crate) fn dialed(&self) -> u32 {
        self.dialed
    }

    /// The connection that the machine has.
    pub(crate) fn current(&mut self) -> Option<&mut Connection> {
        self.current.as_mut()
    }

    /// The connection with this number, if anything of it can still be heard.
    pub(crate) fn find(&mut self, number: u32) -> Option<&mut Connection> {
        self.current.iter_mut().chain(&mut self.ghosts).find(|connection| connection.number == number)
    }

    /// Whether this is the connection that the machine has.
    pub(crate) fn is_current(&self, number: u32) -> bool {
        self.current.as_ref().is_some_and(|current| current.number == number)
    }

    /// The machine's connection is over, for it: what may still be heard of it comes too late.
    pub(crate) fn part(&mut self) -> Option<u32> {
        let mut gone = self.current.take()?;
        let number = gone.number;
        gone.is_paused = false;
        if gone.late > 0 {
            self.ghosts.push(gone);
        }
        Some(number)
    }

    /// Nothing of this connection can be heard any more.
    pub(crate) fn forget(&mut self, number: u32) {
        self.ghosts.retain(|ghost| ghost.number != number);
    }

    /// The process is gone, and all of its connections.
    pub(crate) fn clear(&mut self) {
        self.current = None;
        self.ghosts.clear();
    }
}
