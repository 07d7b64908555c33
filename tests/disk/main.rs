//! The SQLite sink on a disk that fails: each write and each sync of a run in turn, once or for a while.
//!
//! Whoever drives the sink here does what the machine does: it takes `Unavailable` as nothing having happened, and
//! after `Unknown` it looks at the version. What counts is what is there in the end, and in what a crash leaves.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod disk;
#[path = "../sink/made.rs"]
#[allow(dead_code, reason = "other tests of sinks need the rest")]
mod made;
mod run;
