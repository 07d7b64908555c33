//! How a sink says that it is over for good: none of the answers to an append can, for all of them are worth a retry.

use std::sync::{Arc, OnceLock};

/// Why a sink will never take anything again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Nobody reads what is written any more. All that counts as written was.
    ReaderGone,
    /// What is stored is damaged; says what and where.
    Damaged(String),
}

/// Whether a sink is over, for whoever drives it: to be looked at after each of the sink's answers.
///
/// Once it is set nothing that was not durable becomes so; whoever sees it stops without waiting.
#[derive(Clone, Debug, Default)]
pub struct Ending(Arc<OnceLock<Ended>>);

impl Ending {
    /// Why the sink is over; none while it is not.
    pub fn get(&self) -> Option<&Ended> {
        self.0.get()
    }

    /// The first reason stays.
    pub(crate) fn set(&self, ended: Ended) {
        let _ = self.0.set(ended);
    }
}
