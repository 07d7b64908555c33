//! One subscriber: sends what it asked for from where it asked, and listens to what it says.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::feed::block::Form;
use crate::feed::server::Server;

/// How often the server asks whether somebody is there.
const PING_EVERY: Duration = Duration::from_secs(30);

/// A reader that takes nothing for so long is dropped.
const WRITE_PATIENCE: Duration = Duration::from_secs(10);

/// Sends the events from position `next` on, until either side has enough.
pub(crate) async fn run(server: &Arc<Server>, stream: TcpStream, read: &Bytes, mut next: u64) {
    let mut socket = WebSocketStream::from_partially_read(stream, read.to_vec(), Role::Server, None).await;
    let mut tip = server.log.watch();
    let mut ping = tokio::time::interval_at(tokio::time::Instant::now() + PING_EVERY, PING_EVERY);
    loop {
        tip.mark_unchanged();
        let frames = server.frames(Form::V1, &mut next);
        if !frames.is_empty() {
            if write(&mut socket, frames).await.is_none() {
                return;
            }
            // Others are served, and the subscriber is heard, between two blocks.
            tokio::task::yield_now().await;
        }
        tokio::select! {
            biased;
            message = socket.next() => match message {
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Text(_) | Message::Binary(_))) => {
                    if socket.flush().await.is_err() { return }
                }
                _ => return,
            },
            _ = ping.tick() => if socket.send(Message::Ping(Bytes::new())).await.is_err() { return },
            () = std::future::ready(()), if server.log.next() > next => {}
            _ = tip.changed() => {}
        }
    }
}

/// Writes whole frames past the WebSocket library, which has nothing left to write itself.
async fn write(socket: &mut WebSocketStream<TcpStream>, mut frames: Bytes) -> Option<()> {
    while !frames.is_empty() {
        let written = tokio::time::timeout(WRITE_PATIENCE, socket.get_mut().write_buf(&mut frames)).await;
        if written.ok()?.ok()? == 0 {
            return None;
        }
    }
    Some(())
}
