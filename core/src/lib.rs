//! Decides when to connect, what to consume, what is durable and how to back off; does no I/O.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

pub mod backoff;
pub mod checkpoint;
pub mod closure;
pub mod config;
pub mod cursor;
pub mod dialect;
pub mod effect;
pub mod event;
pub mod gap;
pub mod input;
pub mod number;
pub mod scope;
pub mod serve;
pub mod sink;
pub mod time;

mod consumer;
mod jitter;

pub use config::Config;
pub use consumer::{Consumer, MESSAGE_BYTES_MAX, Phase, Status};
pub use effect::Effect;
pub use input::Input;
