//! A sink that keeps only the place, and that only while it lives: for measuring all the rest.

use highwater_core::dialect::jetstream::{Jetstream, Key};
use highwater_core::sink::{Append, Appended, Loaded, Sink, Unavailable};

use super::Origins;
use super::ledger::Ledger;

/// Takes everything, keeps nothing.
#[derive(Debug)]
pub struct Null {
    origins: Origins,
    ledger: Ledger,
}

impl Null {
    /// `origins` are the names of the sources in use.
    pub fn new(origins: Origins) -> Self {
        Self { origins, ledger: Ledger::default() }
    }
}

impl Sink<Jetstream> for Null {
    fn open(&mut self) -> Result<Loaded<Key>, Unavailable> {
        Ok(self.ledger.open(&self.origins))
    }

    fn append(&mut self, append: &Append<Jetstream>) -> Appended {
        if let Some(objection) = self.ledger.objection(append, &self.origins) {
            return objection;
        }
        self.ledger.record(append, &self.origins);
        Appended::Stored { stored: append.events.len() as u32, duplicates: 0 }
    }

    fn flush(&mut self) -> Result<(), Unavailable> {
        Ok(())
    }
}
