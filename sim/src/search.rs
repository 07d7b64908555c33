//! The same machine in a world so small that every state of it can be reached, and each is looked at.
//!
//! A handful of events, one source or two, a sink that is atomic, and a number of faults that may strike at any moment: from
//! the first state on, whatever can happen next is tried, and a state that nothing can tell from one already seen is
//! not tried again. The path that is told to a broken rule is a shortest one. And from every state reached, the world
//! being fair from there on, the machine must get to the end of the feed: that run is a path of the same search, so it
//! costs a pointer a state and not a run.
//!
//! What is checked on every state: O1 and O16 at each end of the feed, and O2 to O8, O10, O11, O15 and O17 at each
//! step, by [`rules`] short enough to be held in a state; O9 from each state; and O6 once for each machine that differs,
//! since no other part of a state has a say in it. What is not in this world, and so is left to the seeds: chance in
//! delays, sources that start anew beside others, queues as sinks, time that passes on the wall clock other than by
//! steps of it, deadlines seen late, events out of order, filters, bytes, and whatever needs more than a handful of
//! events.

mod act;
mod arena;
mod bounds;
mod explore;
mod heal;
mod ledger;
mod model;
mod offer;
mod perform;
mod rules;
mod scene;
mod server;
mod shelf;
mod story;
mod table;
mod tally;
mod twins;

#[cfg(test)]
mod tests;

pub use act::Act;
pub use bounds::{Bounds, Mishap};
pub use explore::{Findings, search};
pub use model::Model;
pub use offer::Offer;
pub use scene::Scene;
pub use story::{Broken, Counterexample};
