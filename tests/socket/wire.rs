//! A wire in memory: the product dials at one end, and a script is the server at the other.

use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use highwater::address::Address;
use highwater::socket::{Compression, Dial, News, Sockets, Upstream};
use highwater_core::Input;
use highwater_core::closure::Closure;
use highwater_core::cursor::Place;
use highwater_core::dialect::Subscription;
use highwater_core::dialect::jetstream::Jetstream;
use highwater_core::effect::OpenOptions;
use highwater_core::number::Epoch;
use highwater_core::scope::SourceId;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

/// Nothing takes longer, or it hangs. Virtual time, where time is paused.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// So many bytes are on their way before whoever writes has to wait.
pub(crate) const WIRE_BYTES: usize = 64 << 10;

/// Dials end here.
pub(crate) struct Wire(mpsc::UnboundedSender<DuplexStream>);

/// Where they come out.
pub(crate) struct Server(mpsc::UnboundedReceiver<DuplexStream>);

/// A wire and the server at its end.
pub(crate) fn wire() -> (Wire, Server) {
    let (dialled, accepted) = mpsc::unbounded_channel();
    (Wire(dialled), Server(accepted))
}

impl Dial for Wire {
    type Stream = DuplexStream;

    async fn dial(&self, _: &Address) -> io::Result<DuplexStream> {
        let (ours, theirs) = tokio::io::duplex(WIRE_BYTES);
        let refused = |_| io::Error::new(io::ErrorKind::ConnectionRefused, "nobody listens");
        self.0.send(theirs).map_err(refused)?;
        Ok(ours)
    }
}

impl Server {
    /// The next connection, before a word was said.
    pub(crate) async fn connection(&mut self) -> DuplexStream {
        let connection = tokio::time::timeout(PATIENCE, self.0.recv()).await;
        connection.expect("somebody dials").expect("whoever dials is there")
    }

    /// The next connection, upgraded, and what it asked for.
    pub(crate) async fn web_socket(&mut self) -> (WebSocketStream<DuplexStream>, String) {
        accept(self.connection().await).await
    }

    /// Answers the next connection's request with these bytes, and gives its head.
    pub(crate) async fn answer(&mut self, answer: &[u8]) -> (DuplexStream, String) {
        let mut connection = self.connection().await;
        let head = head(&mut connection).await;
        // Whoever asked may have read enough.
        let _ = connection.write_all(answer).await;
        (connection, head)
    }
}

/// Upgrades a connection, and gives what it asked for.
#[allow(clippy::result_large_err, reason = "the error's type is tungstenite's to choose")]
pub(crate) async fn accept(connection: DuplexStream) -> (WebSocketStream<DuplexStream>, String) {
    let asked = Arc::new(Mutex::new(String::new()));
    let note = Arc::clone(&asked);
    let accepted =
        tokio_tungstenite::accept_hdr_async(connection, move |request: &Request, mut response: Response| {
            *note.lock().unwrap() = request.uri().to_string();
            let protocol = request.headers().get("sec-websocket-protocol").cloned();
            if let Some(protocol) = protocol {
                response.headers_mut().insert("sec-websocket-protocol", protocol);
            }
            Ok(response)
        });
    let web_socket = accepted.await.expect("a WebSocket's request");
    let asked = asked.lock().unwrap().clone();
    (web_socket, asked)
}

/// The head of a request, whole.
pub(crate) async fn head(connection: &mut DuplexStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await.expect("a whole head"));
    }
    String::from_utf8(head).unwrap()
}

/// Connections to one feed over a wire in memory.
pub(crate) struct Client {
    pub(crate) sockets: Sockets<Wire>,
    epoch: Epoch,
}

impl Client {
    /// Of the feed at `url`, uncompressed.
    pub(crate) fn new(wire: Wire, url: &str) -> Self {
        Self::with(wire, url, Compression::Off)
    }

    /// Of the feed at `url`.
    pub(crate) fn with(wire: Wire, url: &str, compression: Compression) -> Self {
        let address = Address::parse(url, None).unwrap();
        let upstream = Upstream::new(address, Arc::new(Subscription::default()), compression);
        Self { sockets: Sockets::new(wire, vec![upstream]), epoch: Epoch(0) }
    }

    /// Begins the next connection.
    pub(crate) fn open(&mut self, place: Place) -> Epoch {
        self.open_with(place, OpenOptions { compress: true, message_bytes_max: None })
    }

    /// Begins the next connection, asking for these.
    pub(crate) fn open_with(&mut self, place: Place, options: OpenOptions) -> Epoch {
        self.epoch = self.epoch.next();
        self.sockets.open(self.epoch, SourceId(0), place, options);
        self.epoch
    }

    /// The next news.
    pub(crate) async fn news(&mut self) -> News {
        let news = poll_fn(|cx| self.sockets.poll_news(cx));
        tokio::time::timeout(PATIENCE, news).await.expect("there is news").expect("no task panics")
    }

    /// The next input.
    pub(crate) async fn input(&mut self) -> Input<Jetstream> {
        self.news().await.input
    }

    /// What the next news says, if it is that the connection ended.
    pub(crate) async fn closed(&mut self) -> (Closure, String) {
        match self.news().await {
            News { input: Input::Closed { epoch, closure }, why: Some(why) } if epoch == self.epoch => {
                (closure, why)
            }
            other => panic!("not closed: {other:?}"),
        }
    }

    /// Opens a connection and awaits it, at both ends.
    pub(crate) async fn connect(&mut self, server: &mut Server) -> (Epoch, WebSocketStream<DuplexStream>) {
        let epoch = self.open(Place::Tip);
        let (web_socket, _) = server.web_socket().await;
        match self.input().await {
            Input::Opened { epoch: opened } if opened == epoch => (epoch, web_socket),
            other => panic!("not opened: {other:?}"),
        }
    }
}
