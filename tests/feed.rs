//! `highwater feed` over real sockets: each rule of either wire, as a subscriber sees it.

mod client;
mod faults;
mod newer_wire;
mod older_wire;
#[cfg(unix)]
mod program;
mod truth;
