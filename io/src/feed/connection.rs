//! One subscriber: sends what is next, listens to what it says, and lets happen what goes wrong.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use highwater_core::serve::message::{Heard, heard};
use highwater_core::serve::{PING_INTERVAL, SHUTDOWN, Wire, too_slow};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, Interval};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::feed::allowance::{Allowance, Allowances};
use crate::feed::delivery::{Delivery, Parcel};
use crate::feed::fault::FaultKind;
use crate::feed::frames::{self, Opcode};
use crate::feed::garbage::garbage;
use crate::feed::hazard::Firing;
use crate::feed::server::Server;
use crate::feed::slowness::Slowness;

#[cfg(test)]
mod tests;

/// A half-open connection is let go after so long: whoever has not noticed by then never will.
const HALF_OPEN: Duration = Duration::from_secs(600);

/// A farewell nobody takes is not waited for longer.
const FAREWELL: Duration = Duration::from_secs(1);

/// How a connection ends.
enum End {
    /// The other side has left, or cannot be reached.
    Gone,
    /// Without a word.
    Reset,
    /// Not at all, but nothing follows.
    HalfOpen,
    /// With these words.
    Said(u16, String),
    /// With an error frame, once this is out.
    TooSlow(Bytes),
}

/// A subscriber at the other end of a socket, which is a pipe in tests.
struct Connection<S> {
    server: Arc<Server>,
    delivery: Delivery,
    socket: WebSocketStream<S>,
    life: watch::Receiver<u32>,
    ping: Interval,
    /// The other side has to answer a ping before.
    pong_due: Option<Instant>,
    /// Nothing is sent before.
    stalled: Option<Instant>,
    slowness: Slowness,
    address: IpAddr,
    /// How many events may be looked at for this one, where the first server limits that.
    scan: Option<Allowance>,
}

/// Sends what is to be delivered until either side has enough. `read` was read of the socket already.
pub(crate) async fn run(delivery: Delivery, stream: TcpStream, read: &Bytes) {
    // Who has left already has no address any more, and takes nothing.
    let address = stream.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    let mut connection = Connection::new(delivery, stream, read, address).await;
    if connection.serve().await == Farewell::None {
        // Without a word: the other side is not even told that this was the end.
        let _ = connection.socket.get_mut().set_zero_linger();
    }
}

/// Whether a connection ended with a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Farewell {
    None,
    Said,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    async fn new(delivery: Delivery, stream: S, read: &Bytes, address: IpAddr) -> Self {
        let server = Arc::clone(delivery.server());
        server.counted.connections.fetch_add(1, Ordering::Relaxed);
        let interval = Duration::from(PING_INTERVAL);
        let limit = server.allowances().filter(|_| delivery.form().wire == Wire::V1);
        Self {
            scan: limit.map(Allowances::scan),
            life: server.life(),
            server,
            slowness: Slowness::new(delivery.position()),
            delivery,
            socket: WebSocketStream::from_partially_read(stream, read.to_vec(), Role::Server, None).await,
            ping: tokio::time::interval_at(Instant::now() + interval, interval),
            pong_due: None,
            stalled: None,
            address,
        }
    }

    async fn serve(&mut self) -> Farewell {
        let Err(end) = self.converse().await;
        self.end(end).await
    }

    async fn converse(&mut self) -> Result<Infallible, End> {
        let mut tip = self.server.log().watch();
        loop {
            tip.mark_unchanged();
            let has_more = self.deliver().await?;
            let pong_due = self.pong_due;
            let stalled = self.stalled;
            tokio::select! {
                biased;
                _ = self.life.changed() => return Err(self.farewell()),
                message = self.socket.next() => self.hear(message).await?,
                _ = self.ping.tick() => self.ping().await?,
                () = until(pong_due) => return Err(End::Gone),
                () = until(stalled) => self.stalled = None,
                () = tokio::task::yield_now(), if has_more => {}
                _ = tip.changed(), if !has_more => {}
            }
        }
    }

    /// Sends one parcel; false if there is nothing to send now.
    async fn deliver(&mut self) -> Result<bool, End> {
        if self.stalled.is_some() || self.delivery.waits_for_hello() {
            return Ok(false);
        }
        let before = self.delivery.position();
        let parcel = match self.allowed() {
            Ok(most) => self.delivery.next(most),
            Err(again) => {
                self.stalled = Some(again);
                return Ok(false);
            }
        };
        match parcel {
            Parcel::Nothing => Ok(false),
            Parcel::Left => Err(End::Reset),
            Parcel::Frames(frames, count, firing) => {
                self.spend(count, self.delivery.position().saturating_sub(before));
                self.write(frames).await?;
                self.server.counted.frames.fetch_add(count, Ordering::Relaxed);
                match firing {
                    Some(firing) => self.suffer(firing).await.map(|()| true),
                    None => Ok(true),
                }
            }
        }
    }

    /// How many events may be looked at now, or when the next one may.
    fn allowed(&self) -> Result<u64, Instant> {
        let (Some(allowances), Some(scan)) = (self.server.allowances(), &self.scan) else {
            return Ok(u64::MAX);
        };
        Ok(allowances.of(self.address, |allowance| allowance.left())?.min(scan.left()?))
    }

    /// So many events were sent, of so many that were looked at.
    fn spend(&mut self, sent: u64, looked_at: u64) {
        if let (Some(allowances), Some(scan)) = (self.server.allowances(), &mut self.scan) {
            allowances.of(self.address, |allowance| allowance.spend(sent));
            scan.spend(looked_at);
        }
    }

    /// Writes whole frames past the WebSocket library, which has nothing left to write itself.
    async fn write(&mut self, frames: Bytes) -> Result<(), End> {
        let patience = Duration::from(self.server.host().write_timeout());
        let mut left = frames.clone();
        while !left.is_empty() {
            let stream = self.socket.get_mut();
            match tokio::time::timeout(patience, stream.write_buf(&mut left)).await {
                Ok(Ok(written)) if written > 0 => {}
                Ok(_) => return Err(End::Gone),
                Err(_) => return Err(End::Reset),
            }
            if self.is_too_slow() {
                let written = frames.len() - left.len();
                return Err(End::TooSlow(frames::begun(&frames, written).slice(written..)));
            }
        }
        Ok(())
    }

    /// Whether the second server gives up on this reader; the first blocks, or has an outbox.
    fn is_too_slow(&mut self) -> bool {
        let (position, tip) = (self.delivery.position(), self.server.log().next());
        self.delivery.form().wire == Wire::V2 && self.slowness.judge(position, tip)
    }

    async fn hear(&mut self, message: Option<Result<Message, Error>>) -> Result<(), End> {
        match message {
            Some(Ok(Message::Text(text))) => self.take(true, text.as_bytes()),
            Some(Ok(Message::Binary(bytes))) => self.take(false, &bytes),
            Some(Ok(Message::Pong(_))) => {
                self.pong_due = None;
                Ok(())
            }
            // The library has its answer ready; it must be out before frames are written past it.
            Some(Ok(Message::Ping(_))) => self.socket.flush().await.map_err(|_| End::Gone),
            Some(Ok(Message::Close(_))) => {
                let _ = tokio::time::timeout(FAREWELL, self.socket.flush()).await;
                Err(End::Gone)
            }
            Some(Ok(Message::Frame(_)) | Err(_)) | None => Err(End::Gone),
        }
    }

    fn take(&mut self, is_text: bool, message: &[u8]) -> Result<(), End> {
        match heard(self.delivery.form().wire, is_text, message) {
            Heard::Ignored => Ok(()),
            Heard::Update { filter, message_bytes } => {
                self.delivery.update(filter, message_bytes);
                Ok(())
            }
            Heard::Close { code, reason } => Err(End::Said(code, reason)),
        }
    }

    async fn ping(&mut self) -> Result<(), End> {
        let patience = self.server.host().pong_timeout();
        self.pong_due = self.pong_due.or(patience.map(|patience| Instant::now() + Duration::from(patience)));
        self.socket.send(Message::Ping(Bytes::new())).await.map_err(|_| End::Gone)
    }

    /// Lets a fault happen.
    async fn suffer(&mut self, mut firing: Firing) -> Result<(), End> {
        match firing.kind {
            FaultKind::Drop => {
                if firing.draw.percent(50) {
                    let frame = frames::frame(Opcode::Text, &[b' '; 200]);
                    self.write(frame.slice(..firing.draw.between(1, 200) as usize)).await?;
                }
                Err(End::Reset)
            }
            FaultKind::HalfOpen => Err(End::HalfOpen),
            FaultKind::Stall => {
                let millis = firing.draw.between(2_000, 6_000);
                self.stalled = Some(Instant::now() + Duration::from_millis(millis));
                Ok(())
            }
            FaultKind::Malformed => {
                let content = garbage(firing.before, firing.draw);
                let frame = self.server.press().aside(content.as_bytes(), self.delivery.form());
                self.write(frame).await
            }
            _ => {
                self.server.befall(firing, self.delivery.position());
                Err(self.farewell())
            }
        }
    }

    /// What a server that stops says: the first one nothing.
    fn farewell(&self) -> End {
        match self.delivery.form().wire {
            Wire::V1 => End::Reset,
            Wire::V1OnV2Host | Wire::V2 => End::Said(SHUTDOWN.0, SHUTDOWN.1.to_owned()),
        }
    }

    async fn end(&mut self, end: End) -> Farewell {
        match end {
            End::Gone => return Farewell::Said,
            End::Reset => return Farewell::None,
            End::HalfOpen => drop(tokio::time::timeout(HALF_OPEN, self.life.changed()).await),
            End::Said(code, reason) => self.close(code, reason).await,
            End::TooSlow(begun) => {
                let error = self.server.press().aside(&too_slow(), self.delivery.form());
                let last = async {
                    self.socket.get_mut().write_all(&begun).await?;
                    self.socket.get_mut().write_all(&error).await
                };
                let patience = Duration::from(self.server.host().write_timeout());
                // Who does not even take that is told nothing more.
                if !matches!(tokio::time::timeout(patience, last).await, Ok(Ok(()))) {
                    return Farewell::None;
                }
                self.close(CloseCode::Normal.into(), String::new()).await;
            }
        }
        Farewell::Said
    }

    async fn close(&mut self, code: u16, reason: String) {
        let frame = CloseFrame { code: code.into(), reason: reason.into() };
        let farewell = async {
            self.socket.close(Some(frame)).await?;
            while self.socket.next().await.is_some_and(|message| message.is_ok()) {}
            Ok::<_, Error>(())
        };
        let _ = tokio::time::timeout(FAREWELL, farewell).await;
    }
}

/// Done at a moment, or never.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
