//! Follows a cursor-resumable WebSocket feed into a sink and never loses its place.
//!
//! What should happen is decided in `highwater-core`, which does no I/O; here is how it is done.

pub mod address;
pub mod clock;
pub mod driver;
pub mod feed;
pub mod follow;
pub mod sink;
pub mod socket;
pub mod zstd;

mod panic;

pub use follow::{FollowError, Highwater, Start};
