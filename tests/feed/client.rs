//! A feed in this process, and a subscriber that is nothing but a WebSocket library.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use highwater::feed::{Config, Feed, Wires};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

/// Where the newer wire is.
pub(super) const V2: &str = "/xrpc/network.bsky.jetstream.subscribeEvents";

/// Where its dictionary is.
pub(super) const DICTIONARY: &str = "/xrpc/network.bsky.jetstream.getZstdDictionary";

/// Nothing here takes longer, or it hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// A feed of so many events that are all there from the beginning.
pub(super) fn config(wires: Wires, events: u64) -> Config {
    Config { wires, events: Some(events), rate: 0, ..Config::default() }
}

/// Starts a feed; it ends with the test.
pub(super) async fn start(config: Config) -> SocketAddr {
    let feed = Feed::open(config).await.expect("a free port");
    let address = feed.address().expect("an address");
    tokio::spawn(feed.serve(std::future::pending()));
    address
}

/// Somebody who reads.
pub(super) struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(super) subprotocol: Option<String>,
}

impl Client {
    /// Subscribes, or says how that was refused.
    pub(super) async fn connect(address: SocketAddr, path_and_query: &str) -> Result<Self, (u16, String)> {
        Self::connect_with(address, path_and_query, &[]).await
    }

    /// Subscribes with header fields of its own.
    pub(super) async fn connect_with(
        address: SocketAddr,
        path_and_query: &str,
        fields: &[(&'static str, &'static str)],
    ) -> Result<Self, (u16, String)> {
        let mut request = format!("ws://{address}{path_and_query}").into_client_request().expect("a URL");
        for &(name, value) in fields {
            request.headers_mut().insert(name, value.parse().expect("a value"));
        }
        // Large enough for the largest there is.
        let limits = WebSocketConfig::default().max_frame_size(Some(40 << 20));
        match connect_async_with_config(request, Some(limits), false).await {
            Ok((socket, response)) => {
                let subprotocol = response.headers().get("sec-websocket-protocol");
                let subprotocol = subprotocol.map(|value| value.to_str().expect("text").to_owned());
                Ok(Self { socket, subprotocol })
            }
            Err(Error::Http(response)) => {
                let body = response.body().clone().unwrap_or_default();
                Err((response.status().as_u16(), String::from_utf8(body).expect("refusals are text")))
            }
            // Away: no answer at all.
            Err(_) => Err((0, String::new())),
        }
    }

    /// Subscribes as soon as it is let in.
    pub(super) async fn insist(address: SocketAddr, path_and_query: &str) -> Self {
        for _ in 0..200 {
            if let Ok(client) = Self::connect(address, path_and_query).await {
                return client;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("never let in at {path_and_query}");
    }

    /// How it is refused, as soon as anybody is there to refuse it.
    pub(super) async fn refused(address: SocketAddr, path_and_query: &str) -> (u16, String) {
        for _ in 0..200 {
            match Self::connect(address, path_and_query).await.err() {
                Some((0, _)) => tokio::time::sleep(Duration::from_millis(20)).await,
                Some(refused) => return refused,
                None => panic!("let in at {path_and_query}"),
            }
        }
        panic!("nobody there at {path_and_query}");
    }

    /// The next message, of whatever sort; none when the connection is over.
    pub(super) async fn message(&mut self) -> Option<Message> {
        let next = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("something comes");
        next.and_then(Result::ok)
    }

    /// The next message, if one comes soon.
    pub(super) async fn soon(&mut self, within: Duration) -> Option<Message> {
        tokio::time::timeout(within, self.socket.next()).await.ok().flatten().and_then(Result::ok)
    }

    /// The next event.
    pub(super) async fn event(&mut self) -> Value {
        let text = self.message().await.expect("an event").into_text().expect("text");
        serde_json::from_str(&text).expect("JSON")
    }

    /// The texts of the next messages, until so many came or the connection is over.
    pub(super) async fn texts(&mut self, most: usize) -> Vec<String> {
        let mut texts = Vec::new();
        while texts.len() < most {
            match self.message().await {
                Some(Message::Text(text)) => texts.push(text.to_string()),
                Some(_) => {}
                None => break,
            }
        }
        texts
    }

    /// Says something.
    pub(super) async fn say(&mut self, message: Message) {
        self.socket.send(message).await.expect("somebody listens");
    }

    /// The close code, after whatever came before it; none if the connection ends without one.
    pub(super) async fn close_code(&mut self) -> Option<u16> {
        loop {
            match self.message().await {
                Some(Message::Close(frame)) => return frame.map(|frame| frame.code.into()),
                Some(_) => {}
                None => return None,
            }
        }
    }
}

/// Asks for a page that is no socket, as soon as anybody answers: its status and its body.
pub(super) async fn page(address: SocketAddr, path_and_query: &str) -> (u16, Vec<u8>) {
    let request = format!("GET {path_and_query} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    for _ in 0..200 {
        let mut stream = TcpStream::connect(address).await.expect("somebody listens");
        let mut answer = Vec::new();
        if stream.write_all(request.as_bytes()).await.is_ok()
            && stream.read_to_end(&mut answer).await.is_ok()
            && let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n")
        {
            let status = std::str::from_utf8(&answer[9..12]).expect("a status").parse().expect("a number");
            return (status, answer.split_off(end + 4));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("nobody there at {path_and_query}");
}
