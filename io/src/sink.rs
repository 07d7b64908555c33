//! Where events go: each sink keeps the place beside the data, so that the two can never disagree.
//!
//! ```text
//! sqlite   one transaction an append; compares keys, so each event is stored once
//! stdout   lines, then the place in a file; an event may be written again after a crash
//! null     nothing at all, for measuring the rest
//! each     a closure; the place is kept for as long as the process lives
//! ```
//!
//! Each has a thread of its own, and is asked by [`worker`].
//!
//! What a sink promises is said by [`highwater_core::sink::Sink`]; a test that takes one takes them all.

pub mod each;
pub mod null;
pub mod sqlite;
pub mod stdout;
pub mod stored;
pub mod worker;

mod ending;
mod ledger;
mod lock;
mod open_error;
mod origin;

pub use ending::{Ended, Ending};
pub use open_error::OpenError;
pub use origin::{Doubled, Origin, Origins};
