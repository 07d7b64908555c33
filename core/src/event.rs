//! What a dialect makes of a frame, and what the machine may know of it.

use alloc::string::String;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use serde::{Deserialize, Serialize, Serializer};

use crate::cursor::{Cursor, CursorKind};
use crate::digest::Digest;
use crate::payload::Redact;
use crate::time::WallTime;

pub use crate::payload::Payload;

/// One thing the feed says.
///
/// Written down it is `[time, seq, payload]`: there are many of them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Row<P>")]
pub struct Event<P> {
    /// The server's time of it. On a wire that counts in time this is the cursor as well.
    pub time: WallTime,
    /// The server's number for it, where the wire has one.
    pub seq: Option<Cursor>,
    /// The event's own bytes, and whatever the dialect read of them.
    pub payload: P,
}

type Row<P> = (WallTime, Option<Cursor>, P);

impl<P> From<Row<P>> for Event<P> {
    fn from((time, seq, payload): Row<P>) -> Self {
        Self { time, seq, payload }
    }
}

impl<P: Redact> Serialize for Event<P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.time, self.seq, self.payload.shadow()).serialize(serializer)
    }
}

impl<P> Event<P> {
    /// The event's position as `kind` counts; none if the wire did not number it.
    pub fn cursor(&self, kind: CursorKind) -> Option<Cursor> {
        match kind {
            CursorKind::Time => Some(Cursor(self.time.as_micros())),
            CursorKind::Seq => self.seq,
        }
    }

    /// What the event's position counts in: numbers wherever the wire has them.
    pub fn kind(&self) -> CursorKind {
        if self.seq.is_some() { CursorKind::Seq } else { CursorKind::Time }
    }
}

/// One frame as its dialect understood it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "P: Redact"))]
pub enum Item<P> {
    /// An event the server sends although nobody asked (v1 sends every identity and account). It moves the cursor
    /// and is not stored.
    Filtered(Event<P>),
    /// An event larger than [`EVENT_BYTES_MAX`]: it moves the cursor and is set aside.
    Oversize(Event<P>, Sample),
    /// The server warns that what was asked for is no longer there in full (v2 `#info OutdatedCursor`).
    Outdated,
    /// A control frame that says nothing about position; also what a newer server may add.
    Info,
    /// A frame that is not an event of this dialect. It never moves the cursor.
    Malformed(Reason, Sample),
    /// An event that was asked for.
    #[serde(untagged)]
    Event(Event<P>),
}

/// An event larger than this is set aside as a dead letter: no sink should have to take it.
pub const EVENT_BYTES_MAX: usize = 2 << 20;

/// So much of a frame is kept in a dead letter.
pub const SAMPLE_BYTES_MAX: usize = 64 << 10;

/// What is kept of a frame that is set aside.
///
/// Written down, all that is left of it is its two lengths and the beginning of the hash: what it said stays here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stub", into = "Stub")]
pub struct Sample {
    /// The whole frame's length in bytes.
    pub length: u64,
    /// SHA-256 of the whole frame.
    pub sha256: [u8; 32],
    /// The frame's first [`SAMPLE_BYTES_MAX`] bytes.
    pub head: Bytes,
}

impl Sample {
    /// What is kept of `frame`: a copy, so that the frame itself can go.
    pub fn of(frame: &[u8]) -> Self {
        let head = &frame[..frame.len().min(SAMPLE_BYTES_MAX)];
        Self {
            length: frame.len() as u64,
            sha256: Sha256::digest(frame).into(),
            head: Bytes::copy_from_slice(head),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Stub {
    length: u64,
    kept: u32,
    hash: Digest,
}

impl From<Sample> for Stub {
    fn from(sample: Sample) -> Self {
        let hash = sample.sha256.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        Self { length: sample.length, kept: sample.head.len() as u32, hash: Digest(hash) }
    }
}

impl From<Stub> for Sample {
    fn from(stub: Stub) -> Self {
        static NOTHING: [u8; SAMPLE_BYTES_MAX] = [0; SAMPLE_BYTES_MAX];
        let mut sha256 = [0; 32];
        sha256[..8].copy_from_slice(&stub.hash.0.to_be_bytes());
        let head = &NOTHING[..SAMPLE_BYTES_MAX.min(stub.kept as usize)];
        Self { length: stub.length, sha256, head: Bytes::from_static(head) }
    }
}

/// Why something was set aside as a dead letter. What a text of it says is not written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// Not JSON, or not the JSON that the dialect's envelope asks for; says where.
    Malformed(#[serde(skip)] String),
    /// Larger than [`EVENT_BYTES_MAX`].
    Oversize,
    /// A compressed frame that does not decompress.
    Undecodable,
    /// The sink refused this very event, three times.
    Refused(#[serde(skip)] String),
    /// The same key is stored with other content.
    Conflict,
}
