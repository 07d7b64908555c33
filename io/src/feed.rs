//! A Jetstream of one's own: says what the network might say, over real sockets, and fails on request.
//!
//! To develop and test against, offline: the events are made up from a seed, or read from a file.

mod block;
mod connection;
mod door;
mod draw;
mod encode;
mod fact;
mod generator;
mod log;
mod server;
mod tid;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;

/// What a feed says, and how.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// What the events are made from.
    pub seed: u64,
    /// How many events there are; without end if there is no number.
    pub events: Option<u64>,
    /// How many events a second come to be; all at once if 0.
    pub rate: u32,
}

/// A feed that listens.
#[derive(Debug)]
pub struct Feed {
    listener: TcpListener,
    config: Config,
}

impl Feed {
    /// Listens; nothing is said before [`Feed::serve`].
    pub async fn open(config: Config) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(config.listen).await?, config })
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` is done.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        let server = server::Server::new(&self.config);
        let listening = tokio::spawn(Arc::clone(&server).listen(self.listener));
        let speaking = tokio::spawn(server.speak(self.config));
        stop.await;
        listening.abort();
        speaking.abort();
    }
}
