//! Decides when to connect, what to consume, what is durable and how to back off; does no I/O.
//!
//! ```text
//!   what happened                       what to do about it
//!
//!   Opened, Received, Heard, Closed ──┐          ┌──> Open, Ping, Pause, Resume, Close    the network
//!   Loaded, Appended, Flushed ────────┼ Consumer ┼──> Load, Append, Flush                 the sink
//!   Timeout, StopRequested ───────────┘          └──> Notice, Ignored, Stop               the host
//! ```
//!
//! A host owns the sockets, the database and the clocks. It hands in each thing that happens, does what is asked for
//! in that order, answers every question once, and hands in [`Input::Timeout`] at [`Consumer::next_timeout`]. Late
//! and doubled news is welcome: it changes nothing.
//!
//! ```
//! use highwater_core::config::Source;
//! use highwater_core::cursor::CursorKind;
//! use highwater_core::dialect::jetstream::Jetstream;
//! use highwater_core::time::{Duration, Instant, Now, WallTime};
//! use highwater_core::{Config, Consumer, Effect, Input};
//!
//! let source = Source { kind: CursorKind::Seq, patience: Duration::from_secs(4) };
//! let mut now = Now { monotonic: Instant::ZERO, wall: WallTime::from_micros(1_700_000_000_000_000) };
//! let mut consumer = Consumer::<Jetstream>::new(Config::new(vec![source]), now);
//!
//! // 1. Do what is asked for, until nothing is. The first thing is to say what is durable.
//! while let Some(effect) = consumer.poll_effect() {
//!     match effect {
//!         Effect::Load { op } => println!("open the database, then answer question {op}"),
//!         Effect::Open { epoch, place, .. } => println!("connection {epoch}: subscribe at {place}"),
//!         Effect::Append(append) => println!("in one transaction: {append}"),
//!         effect => println!("{effect}"),
//!     }
//! }
//! // 2. Wait for whatever comes first: news, or this moment.
//! assert_eq!(consumer.next_timeout(), None, "nothing is due while the database is being asked");
//! // 3. Hand it in, with the time, and go on with 1.
//! now.monotonic = now.monotonic + Duration::from_secs(1);
//! consumer.handle(now, Input::StopRequested);
//! assert!(matches!(consumer.poll_effect(), Some(Effect::Stop(_))));
//! ```
//!
//! Beside the machine stand the wires, pure as well: [`dialect`] is how a client speaks them, [`serve`] how a server
//! does. The [`sink::Sink`] trait is what the machine rests on: compare-and-append, and nothing else.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

pub mod backoff;
pub mod checkpoint;
pub mod closure;
pub mod config;
pub mod cursor;
pub mod dialect;
pub mod digest;
pub mod effect;
pub mod event;
pub mod gap;
pub mod input;
pub mod number;
pub mod payload;
pub mod scope;
pub mod serve;
pub mod sink;
pub mod time;
pub mod trace;

mod consumer;
mod jitter;

pub use config::Config;
pub use consumer::{Consumer, MESSAGE_BYTES_MAX, Phase, Status};
pub use effect::Effect;
pub use input::Input;

/// The code in README.md compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
