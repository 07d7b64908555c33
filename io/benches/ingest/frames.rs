//! What the source says: events of `highwater feed`, recorded once, as the bytes that go over the network.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use tokio_tungstenite::tungstenite::{Message, connect};

use crate::Result;

/// WebSocket frames one after the other.
#[derive(Debug)]
pub(crate) struct Frames {
    pub(crate) bytes: Vec<u8>,
    events: u64,
    payload_bytes: u64,
}

impl Frames {
    /// The first `events` events of a feed.
    pub(crate) fn of_feed(events: u64) -> Result<Self> {
        let mut feed = Command::new(env!("CARGO_BIN_EXE_highwater"))
            .args(["feed", "--listen", "127.0.0.1:0", "--rate", "0", "--events", &events.to_string()])
            .stdout(Stdio::piped())
            .spawn()?;
        let recorded = Self::record(&mut feed, events);
        feed.kill()?;
        feed.wait()?;
        recorded
    }

    fn record(feed: &mut std::process::Child, events: u64) -> Result<Self> {
        let mut line = String::new();
        BufReader::new(feed.stdout.take().ok_or("no pipe")?).read_line(&mut line)?;
        let url = line.trim().strip_prefix("listening ").ok_or("the feed does not say where it listens")?;
        let url = url.split_whitespace().next().unwrap_or(url);
        let (mut socket, _) = connect(format!("{}/subscribe?cursor=0", url.trim_end_matches('/')))?;
        let mut frames = Self { bytes: Vec::new(), events, payload_bytes: 0 };
        let mut left = events;
        while left > 0 {
            if let Message::Text(text) = socket.read()? {
                frames.push(text.as_bytes());
                left -= 1;
            }
        }
        Ok(frames)
    }

    /// A whole, unmasked text frame (RFC 6455, section 5.2).
    fn push(&mut self, payload: &[u8]) {
        self.bytes.push(0x81);
        match payload.len() {
            short @ 0..126 => self.bytes.push(short as u8),
            long @ 126..0x1_0000 => {
                self.bytes.push(126);
                self.bytes.extend((long as u16).to_be_bytes());
            }
            longer => {
                self.bytes.push(127);
                self.bytes.extend((longer as u64).to_be_bytes());
            }
        }
        self.bytes.extend_from_slice(payload);
        self.payload_bytes += payload.len() as u64;
    }

    /// The mean size of an event.
    pub(crate) fn bytes_per_event(&self) -> u64 {
        self.payload_bytes / self.events.max(1)
    }
}
