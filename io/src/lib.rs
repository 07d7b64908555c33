//! Follows a cursor-resumable WebSocket feed into a sink and never loses its place.
//!
//! What should happen is decided in `highwater-core`, which does no I/O; here is how it is done.
//!
//! ```text
//!   socket    connections: TLS, the upgrade, frames, pings; a task each
//!   sink      databases and pipes; a thread each
//!   driver    the only loop: does what the machine says, tells it what happens
//!   record    what the machine was told and did, to be replayed
//!   follow    the library's face: what to follow, where to put it, until when
//!   feed      a server of one's own, to develop and test against
//! ```
//!
//! Each post of the network, stored once, across restarts, stalls, outages and failovers:
//!
//! ```
//! use highwater::Highwater;
//! use highwater::follow::sqlite;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! # let config = highwater::feed::Config { events: Some(1_000), rate: 0, ..Default::default() };
//! # let feed = highwater::feed::Feed::open(config).await?;
//! # let (east, west) = (format!("ws://{}", feed.address()?), "ws://127.0.0.1:9");
//! # tokio::spawn(feed.serve(std::future::pending()));
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("posts.db");
//! # let ctrl_c = tokio::time::sleep(std::time::Duration::from_millis(500));
//! let finished = Highwater::follow(east)
//!     .or(west)
//!     .collection("app.bsky.feed.post")
//! #   .start(highwater::Start::Oldest)
//!     .into(sqlite(path))
//!     .run(ctrl_c)
//!     .await?;
//! println!("{} posts stored, and then {:?}", finished.tally.stored, finished.outcome);
//! # assert!(finished.tally.stored > 100);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A [`Sink`](highwater_core::sink::Sink) of one's own goes there as well, and so does a
//! [closure](sink::each::each). Dropping the future at any moment is a crash, and safe: what is durable is what counts.

pub mod address;
pub mod clock;
pub mod driver;
pub mod feed;
pub mod follow;
pub mod record;
pub mod sink;
pub mod socket;
pub mod zstd;

mod panic;

pub use follow::{FollowError, Highwater, Start};
