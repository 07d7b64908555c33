//! End to end, scenarios, captured traces, planted bugs, tidiness: one binary, one link.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bugs;
#[cfg(unix)]
mod campaigns;
mod cli;
mod driver;
mod feed;
mod program;
mod replay;
mod scenario;
mod search;
mod sink;
mod socket;
mod tidy;
mod world;
