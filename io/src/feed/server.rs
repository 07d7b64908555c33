//! The feed as a whole: what there is to say, and when it comes to be.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::net::TcpListener;

use crate::feed::block::{Entry, Form, Framed, Opcode};
use crate::feed::generator::Generator;
use crate::feed::log::Log;
use crate::feed::{Config, door, encode};

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) log: Log,
    generator: Generator,
}

/// So many events come to be at once at most.
const BLOCK_EVENTS: u64 = 1_024;

/// How often events come to be.
const TICK: Duration = Duration::from_millis(5);

impl Server {
    pub(crate) fn new(config: &Config) -> Arc<Self> {
        let retention = u64::MAX;
        Arc::new(Self { log: Log::new(retention), generator: Generator::new(config.seed, false) })
    }

    /// Lets whoever comes in, for ever.
    pub(crate) async fn listen(self: Arc<Self>, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => drop(tokio::spawn(door::serve(Arc::clone(&self), stream))),
                // Out of files, most likely: that passes.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    /// Makes events come to be at their rate, until there are enough.
    pub(crate) async fn speak(self: Arc<Self>, config: Config) {
        let events = config.events.unwrap_or(u64::MAX);
        let begun = tokio::time::Instant::now();
        let (mut index, mut at, mut last) = (0, 0, 0);
        while index < events {
            let due = match config.rate {
                0 => events,
                rate => begun.elapsed().as_micros() as u64 * u64::from(rate) / 1_000_000,
            };
            let due = due.min(events).min(index + BLOCK_EVENTS);
            let mut entries = Vec::new();
            while index < due {
                last = now_micros().max(last + 1);
                if !self.generator.continues(index) {
                    at = last;
                }
                entries.push(Entry { index, at, time: last });
                index += 1;
            }
            if entries.is_empty() {
                tokio::time::sleep(TICK).await;
            } else {
                self.log.append(entries);
                tokio::task::yield_now().await;
            }
        }
    }

    /// The frames of the next events kept from position `next` on, which moves past them.
    pub(crate) fn frames(&self, form: Form, next: &mut u64) -> Bytes {
        let Some(block) = self.log.block(*next) else { return Bytes::new() };
        let framed = block.framed(form, |block| {
            let encode =
                |entry: &Entry| encode::v1(&self.generator.event(entry.index, entry.at), entry.time, None);
            Framed::new(Opcode::Text, block.entries().iter().map(encode))
        });
        let from = next.saturating_sub(block.first()) as usize;
        *next = block.end();
        framed.slice(from, block.entries().len())
    }
}

fn now_micros() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since.as_micros() as u64
}
