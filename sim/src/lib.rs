//! The world on one thread: runs the production machine through seeded faults and checks every step.
//!
//! A [seed](run_seed) is a run: sources that are cut off, restarted, rebuilt and blind, a network that refuses,
//! stalls and falls silent, a sink that is slow, out or does not say, a process that dies between two effects, and
//! two clocks that jump apart. All of it is drawn from the seed, is the worst that is still legal, and happens to the
//! very machine that runs in production: only its host is made up. What must hold is checked at every step from
//! inputs and effects alone, and once more when the books are closed.
//!
//! ```
//! use highwater_sim::{Mode, run_seed};
//!
//! let report = run_seed(0, Mode::Machine).expect("what must hold, holds");
//! assert_eq!(run_seed(0, Mode::Machine).map(|again| again.hash).ok(), Some(report.hash));
//! ```
//!
//! A sink or a handler of yours can take the place of the world's own: that is a [`Trial`].
//!
//! What is not simulated is the shell: real sockets, real databases, threads, signals. Those have tests of their own.

mod agenda;
mod bench;
mod campaign;
mod carrier;
mod clock;
mod coverage;
mod cpu;
mod disk;
mod draw;
mod explore;
mod faults;
mod generator;
mod grouped;
mod hash;
mod healing;
mod host;
mod likeness;
mod mode;
mod network;
mod oracle;
mod picture;
mod plan;
mod reference;
pub mod replay;
mod report;
mod run;
mod scenario;
mod scopes;
mod score;
mod search;
mod server;
mod shape;
mod shown;
mod shrink;
mod sink;
mod storage;
mod tape;
mod trace;
mod trial;
mod truth;
mod world;

pub use bench::{Bench, Rates};
pub use campaign::{Campaign, Found, Modes, Summary};
pub use coverage::{Atlas, Coverage, Seen};
pub use explore::{Explore, Explored, Tally, Way};
pub use faults::{Fault, Fired, Firing, Record};
pub use generator::{Base, Case, CaseError, Generator, Pair};
pub use healing::{CaughtUp, Figures, Healing, HealingRecord, Wait};
pub use likeness::Change;
pub use mode::Mode;
pub use oracle::{Rule, Violation};
pub use picture::{Picture, PictureError};
pub use plan::{Plan, PlanError};
pub use run::{
    Failure, Report, plan_of_case, plan_of_seed, run_case, run_changed, run_plan, run_seed, run_traced,
    scenario_of,
};
pub use search::{Act, Bounds, Broken, Counterexample, Findings, Mishap, Model, Offer, Scene, search};
pub use shown::{Aside, Shown};
pub use shrink::{Budget, Shrunk, Survival, distinct, shrink, survival};
pub use storage::{Storage, Trouble};
pub use trace::{Line, Trace, lanes};
pub use trial::{Failed, Handler, Held, Trial};
