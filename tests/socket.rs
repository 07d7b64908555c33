//! Connections, each by itself: what a server does, and what the driver would be told of it.
//!
//! All of these run in paused time over an in-memory wire, but those of the network itself.

mod compression;
mod frames;
mod network;
mod pings;
mod refusals;
pub(crate) mod wire;
