//! `highwater feed` over real sockets: each rule of either wire, as a subscriber sees it.

mod client;
mod older_wire;
