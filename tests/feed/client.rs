//! A feed in this process, and a subscriber that is nothing but a WebSocket library.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt as _;
use highwater::feed::{Config, Feed};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Nothing here takes longer, or it hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// A feed of so many events that are all there from the beginning.
pub(super) fn config(events: u64) -> Config {
    Config { listen: ([127, 0, 0, 1], 0).into(), seed: 1, events: Some(events), rate: 0 }
}

/// Starts a feed; it ends with the test.
pub(super) async fn start(config: Config) -> SocketAddr {
    let feed = Feed::open(config).await.expect("a free port");
    let address = feed.address().expect("an address");
    tokio::spawn(feed.serve(std::future::pending()));
    address
}

/// Somebody who reads.
pub(super) struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    /// Subscribes, or says how that was refused.
    pub(super) async fn connect(address: SocketAddr, path_and_query: &str) -> Result<Self, (u16, String)> {
        match connect_async(format!("ws://{address}{path_and_query}")).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(response)) => {
                let body = response.body().clone().unwrap_or_default();
                Err((response.status().as_u16(), String::from_utf8(body).expect("refusals are text")))
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// The next message, of whatever sort; none when the connection is over.
    pub(super) async fn message(&mut self) -> Option<Message> {
        let next = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("something comes");
        next.and_then(Result::ok)
    }

    /// The next event.
    pub(super) async fn event(&mut self) -> Value {
        let text = self.message().await.expect("an event").into_text().expect("text");
        serde_json::from_str(&text).expect("JSON")
    }
}
