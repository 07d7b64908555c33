//! An open WebSocket: frames as many as are there, pings and their answers, and an end with or without a word.

use std::future::poll_fn;
use std::io;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Sink as _, SinkExt as _, Stream as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, protocol::CloseFrame};

use super::wishes::Wishes;

/// No frame and no message of a feed is larger.
pub const FRAME_BYTES_MAX: usize = 32 << 20;

/// So much is read from the stream at once. A frame shares the bytes of its chunk, which is filled anew once none does.
pub(super) const CHUNK_BYTES: usize = 128 << 10;

/// So many frames are handed on together; what else is there stays for the next turn.
const FRAMES_MAX: usize = 256;

/// Frames are handed on together up to so many bytes, and the frame that goes beyond.
const BATCH_BYTES_MAX: usize = 1 << 20;

/// How long a server may take to answer our close.
const CLOSE_TIME: Duration = Duration::from_secs(1);

/// An open WebSocket over `S`.
pub(super) struct Line<S> {
    web_socket: WebSocketStream<Metered<S>>,
    heard_bytes: u64,
    pings: u64,
    is_flushing: bool,
    end: Option<End>,
}

/// What a look at the line brought.
#[derive(Debug)]
pub(super) enum Turn {
    /// Something came, be it only a part of a frame.
    Heard {
        /// Whether the newest ping was answered.
        pong: bool,
    },
    /// The line is at its end.
    Ended(End),
    /// The driver wants no more of it.
    Over,
}

/// One message of the server, as it was sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// Text.
    Text(Bytes),
    /// Bytes.
    Binary(Bytes),
}

/// How the server, or the way to it, ended the line.
#[derive(Debug)]
pub(super) enum End {
    /// With a close frame: its code, and its reason.
    Closed(Option<u16>, String),
    /// Without a word, or with a network's error.
    Lost(String),
    /// With something that is not the WebSocket protocol.
    Broken(String),
    /// With a frame above [`FRAME_BYTES_MAX`].
    TooLarge,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Line<S> {
    /// A line over `stream` just upgraded, of which `read` was read already.
    pub(super) async fn new(stream: S, read: Bytes) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(CHUNK_BYTES)
            .write_buffer_size(0)
            .max_write_buffer_size(CHUNK_BYTES)
            .max_message_size(Some(FRAME_BYTES_MAX))
            .max_frame_size(Some(FRAME_BYTES_MAX));
        let stream = Metered { read, stream, bytes: 0 };
        let web_socket = WebSocketStream::from_raw_socket(stream, Role::Client, Some(config)).await;
        Self { web_socket, heard_bytes: 0, pings: 0, is_flushing: false, end: None }
    }

    /// Does what is wished, then lets `take` have whatever frames are there, each at once, until it breaks.
    pub(super) async fn turn(
        &mut self,
        wishes: &Wishes,
        mut take: impl FnMut(Frame) -> ControlFlow<()>,
    ) -> Turn {
        poll_fn(|cx| self.poll_turn(cx, wishes, &mut take)).await
    }

    fn poll_turn(
        &mut self,
        cx: &mut Context<'_>,
        wishes: &Wishes,
        take: &mut impl FnMut(Frame) -> ControlFlow<()>,
    ) -> Poll<Turn> {
        if wishes.poll_over(cx).is_ready() {
            return Poll::Ready(Turn::Over);
        }
        if self.end.is_none() {
            self.end = self.send_pings(cx, wishes.pings()).err().map(End::of);
        }
        if self.end.is_none() && wishes.is_paused() {
            return Poll::Pending;
        }
        let Taken { frames, pong } = self.take_frames(cx, take);
        let bytes = self.web_socket.get_ref().bytes;
        let is_alive = std::mem::replace(&mut self.heard_bytes, bytes) != bytes && self.end.is_none();
        if is_alive || frames > 0 {
            return Poll::Ready(Turn::Heard { pong });
        }
        self.end.take().map_or(Poll::Pending, |end| Poll::Ready(Turn::Ended(end)))
    }

    fn send_pings(&mut self, cx: &mut Context<'_>, wanted: u64) -> Result<(), Error> {
        let mut web_socket = Pin::new(&mut self.web_socket);
        if self.pings != wanted && web_socket.as_mut().poll_ready(cx)?.is_ready() {
            self.pings = wanted;
            let ping = Message::Ping(Bytes::copy_from_slice(&wanted.to_be_bytes()));
            web_socket.as_mut().start_send(ping)?;
            self.is_flushing = true;
        }
        if self.is_flushing {
            self.is_flushing = web_socket.poll_flush(cx)?.is_pending();
        }
        Ok(())
    }

    fn take_frames(
        &mut self,
        cx: &mut Context<'_>,
        take: &mut impl FnMut(Frame) -> ControlFlow<()>,
    ) -> Taken {
        let (mut taken, mut bytes) = (Taken { frames: 0, pong: false }, 0);
        while self.end.is_none() && taken.frames < FRAMES_MAX && bytes < BATCH_BYTES_MAX {
            let Poll::Ready(message) = Pin::new(&mut self.web_socket).poll_next(cx) else { break };
            let Some(frame) = self.frame_of(message, &mut taken.pong) else { continue };
            (taken.frames, bytes) = (taken.frames + 1, bytes + frame.bytes().len());
            if take(frame).is_break() {
                break;
            }
        }
        taken
    }

    /// The frame that `message` is, if it is one and not of the protocol's own.
    fn frame_of(&mut self, message: Option<Result<Message, Error>>, pong: &mut bool) -> Option<Frame> {
        match message {
            Some(Ok(Message::Text(text))) => return Some(Frame::Text(text.into())),
            Some(Ok(Message::Binary(binary))) => return Some(Frame::Binary(binary)),
            Some(Ok(Message::Pong(payload))) => *pong |= payload[..] == self.pings.to_be_bytes(),
            // A ping is answered by tungstenite, with the next look at the line.
            Some(Ok(Message::Ping(_) | Message::Frame(_))) => {}
            Some(Ok(Message::Close(frame))) => self.end = Some(End::closed(frame)),
            Some(Err(error)) => self.end = Some(End::of(error)),
            None => self.end = Some(End::closed(None)),
        }
        None
    }

    /// Says that it is over and waits for the answer, but not for long; then the stream is dropped.
    pub(super) async fn hang_up(mut self) {
        let farewell = async {
            // An error here is of a line that is dropped anyway.
            let _ = self.web_socket.close(None).await;
            while let Some(Ok(_)) = self.web_socket.next().await {}
            let _ = self.web_socket.flush().await;
        };
        let _ = tokio::time::timeout(CLOSE_TIME, farewell).await;
    }
}

impl Frame {
    fn bytes(&self) -> &Bytes {
        match self {
            Self::Text(bytes) | Self::Binary(bytes) => bytes,
        }
    }
}

impl End {
    fn closed(frame: Option<CloseFrame>) -> Self {
        match frame {
            Some(frame) => Self::Closed(Some(frame.code.into()), frame.reason.to_string()),
            None => Self::Closed(None, String::new()),
        }
    }

    fn of(error: Error) -> Self {
        match error {
            Error::Capacity(CapacityError::MessageTooLong { .. }) => Self::TooLarge,
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
                Self::Lost("it ended without a close frame".into())
            }
            Error::Io(error) => Self::Lost(error.to_string()),
            error => Self::Broken(error.to_string()),
        }
    }
}

/// What one look at the line brought.
struct Taken {
    frames: usize,
    pong: bool,
}

/// A stream that begins with what was read of it before, and counts what is read of it now: any byte is a sign of
/// life, long before it makes a frame.
struct Metered<S> {
    read: Bytes,
    stream: S,
    bytes: u64,
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.read.is_empty() {
            let length = self.read.len().min(buffer.remaining());
            buffer.put_slice(&self.read.split_to(length));
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.bytes += (buffer.filled().len() - before) as u64;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
