//! Campaigns against the real program: real processes, real sockets on loopback, a real database, real kills.
//!
//! `cargo test` runs a small sample of each; the programs in `tests/bin/` run them for as long as one likes:
//! `cargo run --release -p highwater-tests --bin kills -- --kills 100`.

pub mod bugs;
pub mod data;
pub mod feed;
pub mod garden;
pub mod kills;
pub mod ledger;
pub mod mutants;
pub mod program;
pub mod rounds;
pub mod search;
pub mod searched;
pub mod stall;
pub mod told;
pub mod truth;

/// Why a campaign could not be run to its end; for the person who started it.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
