//! A run as data: its shape, its chance, and every fault that fires. It can be kept, read, changed and run again.
//!
//! ```text
//! {"plan":1,"seed":31,"mode":"machine","chance":"keyed-v1"}
//! {"sources":[{"wire":"v2","retention_us":3600000000}],"heals_us":60000000, ...}
//! {"fault":"stall","site":"mishap","entity":2,"after_us":1500000,"for_us":40000000}
//! {"fault":"crash","site":"clockwork","entity":0,"at_us":31000000,"for_us":10000,"lands":0}
//! ```
//! A third line, `{"score":...}`, is there if the run begins like one that was recorded: it says which events there
//! were, and how fast everything went. The seed still says what is neither shape nor fault: how long the network takes, which events there are. A fault
//! is found again by what it is and whom it befalls (its `entity`, and its `attempt` if that one is befallen more
//! than once), so that a line can be taken out, or its numbers changed, and the rest stays what it was.

mod shape_text;
mod text;

use std::sync::Arc;

use crate::draw::{Chance, Draws};
use crate::faults::Record;
use crate::likeness::Change;
use crate::mode::Mode;
use crate::score::Score;
use crate::shape::Shape;
pub use text::PlanError;

/// A run as data.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The seed of all that is neither shape nor fault.
    pub(crate) seed: u64,
    /// What the machine carries.
    pub(crate) mode: Mode,
    /// Where the chance comes from that the seed stands for.
    pub(crate) chance: Chance,
    /// What the run is made of.
    pub(crate) shape: Shape,
    /// What goes wrong, and nothing else.
    pub(crate) faults: Vec<Record>,
    /// The recorded run that it begins like, if it does.
    pub(crate) score: Option<Arc<Score>>,
    /// How it is told in another way as well: then both ways must come to the same.
    pub(crate) change: Option<Change>,
}

impl Plan {
    /// The plan of a seed in which these were the faults.
    pub(crate) fn of_seed(seed: u64, mode: Mode, faults: Vec<Record>) -> Self {
        let shape = Shape::drawn(Draws::new(seed));
        Self { seed, mode, chance: Chance::Keyed, shape, faults, score: None, change: None }
    }

    /// The same, told in another way as well.
    pub(crate) fn changed(self, change: Change) -> Self {
        Self { change: Some(change), ..self }
    }

    /// How it is told in another way, if it is.
    pub fn change(&self) -> Option<Change> {
        self.change
    }

    /// The chance of its run.
    pub(crate) fn draws(&self) -> Draws {
        Draws::new(self.seed).with(self.chance)
    }

    /// How many faults it lists.
    pub fn faults(&self) -> usize {
        self.faults.len()
    }

    /// The seed that it was made from.
    pub fn seed(&self) -> u64 {
        self.seed
    }
}
