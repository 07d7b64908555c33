//! A bug planted in the sink, for tests of those who look for bugs.

use highwater_core::sink::{Append, Appended};

use super::{Turn, Worker};
use crate::carrier::Told;
use crate::faults::Fault;

impl<P: Told + PartialEq> Worker<P> {
    /// Plants a bug, for tests of those who look for bugs: the first append after one that could not be done, or of
    /// which nobody could tell, is answered for, and its events are forgotten.
    pub(crate) fn sabotage(&mut self) {
        self.forgets = Some(false);
    }

    pub(super) fn forget(&mut self, append: &Append<P>) -> Option<Appended> {
        let is_next = self.forgets.as_mut()?;
        let undone = [Fault::SinkUnavailable, Fault::SinkUnknownUndone];
        let is_undone = matches!(self.turn, Turn::Wrong(record) if undone.contains(&record.fault));
        let forgets = core::mem::replace(is_next, is_undone) && self.turn == Turn::Plain;
        if !forgets || append.events.is_empty() {
            return None;
        }
        let stored = append.events.len() as u32;
        let emptied = Append { events: append.events.slice(0..0), ..append.clone() };
        match self.sink().append(&emptied) {
            Appended::Stored { .. } => Some(Appended::Stored { stored, duplicates: 0 }),
            refusal => Some(refusal),
        }
    }
}
