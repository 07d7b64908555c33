//! A Jetstream of one's own: says what the network might say, over real sockets, and fails on request.
//!
//! To develop and test against, offline: the events are made up from a seed, or read from a file. What a host answers
//! and how it writes is `highwater_core::serve`; here are the sockets, the clock and the faults.
//!
//! ```text
//! speaker ──slots──▶ log ──blocks──▶ delivery ──parcels──▶ connection ──▶ socket
//!    ▲                ▲                  ▲                     ▲
//! source            truth              press                 door
//! ```

mod allowance;
mod block;
mod config;
mod connection;
mod cutover;
mod delivery;
mod dictionary;
mod door;
mod draw;
mod error;
mod fault;
mod frames;
mod garbage;
mod generator;
mod hazard;
mod instance;
mod log;
mod measure;
mod press;
mod server;
mod slowness;
mod source;
mod speaker;
mod tid;
mod truth;
mod wires;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;

pub use config::Config;
pub use error::FeedError;
pub use fault::{Fault, FaultKind, NotAFault};
pub use measure::{Measure, NotAMeasure};
pub use wires::Wires;

use server::Server;
use speaker::Speaker;

/// So many connections at once; more wait to be let in.
const CONNECTIONS_MAX: u32 = 1_024;

/// At the end connections have so long to say farewell.
const FAREWELL: Duration = Duration::from_secs(2);

/// A feed that listens.
#[derive(Debug)]
pub struct Feed {
    listener: TcpListener,
    server: Arc<Server>,
    speaker: Speaker,
    pace: Pace,
}

/// When events come to be.
#[derive(Clone, Copy, Debug)]
enum Pace {
    /// They were all there from the beginning.
    Done,
    /// So many a second.
    Steady(u32),
    /// When somebody has read all others.
    OnDemand,
}

/// What a feed did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Events that came to be, however often.
    pub events: u64,
    /// Frames sent, again and again.
    pub frames: u64,
    /// Subscribers let in.
    pub connections: u64,
    /// Requests refused.
    pub refusals: u64,
    /// How often each fault that was asked for happened.
    pub faults: Vec<(FaultKind, u64)>,
}

impl Feed {
    /// Listens, and makes everything ready that can be; nothing is said before [`Feed::serve`].
    pub async fn open(config: Config) -> Result<Self, FeedError> {
        let listen = config.listen;
        let (rate, is_endless) = (config.rate, config.events.is_none() && config.serve.is_none());
        let (server, events) = config.server()?;
        let listener = TcpListener::bind(listen).await.map_err(|error| FeedError::Listen(listen, error))?;
        let mut speaker = Speaker::new(events);
        let pace = match rate {
            0 if is_endless => Pace::OnDemand,
            0 => {
                speaker.say_all(&server);
                server.prepare();
                Pace::Done
            }
            rate => Pace::Steady(rate),
        };
        Ok(Self { listener, server: Arc::new(server), speaker, pace })
    }

    /// Where it listens.
    pub fn address(&self) -> Result<SocketAddr, FeedError> {
        self.listener.local_addr().map_err(|error| FeedError::Listen(([0, 0, 0, 0], 0).into(), error))
    }

    /// Serves until `stop` is done, or the truth cannot be written.
    pub async fn serve(mut self, stop: impl Future<Output = ()>) -> Result<Summary, FeedError> {
        let server = Arc::clone(&self.server);
        let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX as usize));
        let listening = tokio::spawn(listen(self.listener, Arc::clone(&server), Arc::clone(&permits)));
        let speaking = tokio::spawn(async move {
            match self.pace {
                Pace::Done => {}
                Pace::Steady(rate) => self.speaker.say_steadily(&self.server, rate).await,
                Pace::OnDemand => self.speaker.say_on_demand(&self.server).await,
            }
        });
        let failed = async {
            match server.truth() {
                Some(truth) => truth.failed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop => {}
            () = failed => {}
        }
        listening.abort();
        speaking.abort();
        server.stop();
        let _ = tokio::time::timeout(FAREWELL, permits.acquire_many(CONNECTIONS_MAX)).await;
        server.finish()
    }
}

async fn listen(listener: TcpListener, server: Arc<Server>, permits: Arc<Semaphore>) {
    while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(door::serve(Arc::clone(&server), stream, permit))),
            // Out of files, most likely: that passes.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

impl Server {
    fn finish(&self) -> Result<Summary, FeedError> {
        self.truth().map_or(Ok(()), truth::Truth::finish).map_err(FeedError::Truth)?;
        let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        Ok(Summary {
            events: self.log().appended(),
            frames: count(&self.counted.frames),
            connections: count(&self.counted.connections),
            refusals: count(&self.counted.refusals),
            faults: self.hazards().counts(),
        })
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events, frames, connections, refusals, .. } = self;
        write!(
            f,
            "{events} events, {frames} frames to {connections} connections, {refusals} requests refused"
        )?;
        for (kind, count) in &self.faults {
            write!(f, "\n{count:>8} {kind}")?;
        }
        Ok(())
    }
}
