//! How feeds speak: pure functions, called by whoever holds the socket.
//!
//! ```text
//! subscription + place  ──request──▶  path, query, subprotocol
//! frame, decompressed   ──decode───▶  an item for the machine, or how the connection ends
//! refusal, close code   ──────────▶   a closure: who must act
//! ```

pub mod filter;
pub mod jetstream;

pub(crate) mod commit;
pub(crate) mod envelope;
pub(crate) mod jetstream_v1;
pub(crate) mod jetstream_v2;
pub(crate) mod name;
pub(crate) mod query;
pub(crate) mod rfc3339;
pub(crate) mod scan;
pub(crate) mod seq;

mod pasted;
mod refusal;
mod subscription;
mod text;

use alloc::format;
use alloc::string::String;
use core::fmt;

use bytes::Bytes;

use crate::closure::Closure;
use crate::config::Source;
use crate::cursor::{Cursor, CursorKind, Place};
use crate::dialect::jetstream::Jetstream;
use crate::dialect::jetstream_v2::Said;
use crate::effect::OpenOptions;
use crate::event::{EVENT_BYTES_MAX, Event, Item, Reason, Sample};
use crate::time::Duration;

pub use pasted::{Pasted, flags_of_query};
pub use subscription::{COLLECTIONS_MAX, DIDS_MAX, Subscription, SubscriptionError};

/// How a feed speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// `/subscribe`: bare events, microseconds.
    JetstreamV1,
    /// `/xrpc/network.bsky.jetstream.subscribeEvents`: typed frames, numbers.
    JetstreamV2,
}

/// What to ask a server for in the WebSocket handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Where the dialect's servers listen, unless the operator's URL says otherwise.
    pub path: &'static str,
    /// What to ask for, encoded, without `?`; may be empty.
    pub query: String,
    /// What to offer as `Sec-WebSocket-Protocol`; a server may leave it unanswered.
    pub subprotocol: Option<&'static str>,
}

/// What a frame is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Something for the machine.
    Item(Item<Jetstream>),
    /// The server says why it ends the connection, which it does right after.
    Error {
        /// What to do about it.
        closure: Closure,
        /// What the server said, for the operator.
        said: String,
    },
}

impl Request {
    /// The request's target, as HTTP has it.
    pub fn path_and_query(&self) -> String {
        if self.query.is_empty() { self.path.into() } else { format!("{}?{}", self.path, self.query) }
    }
}

impl Dialect {
    /// Both.
    pub const ALL: [Self; 2] = [Self::JetstreamV1, Self::JetstreamV2];

    /// The word for it in flags, tables and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::JetstreamV1 => "jetstream_v1",
            Self::JetstreamV2 => "jetstream_v2",
        }
    }

    /// The dialect that is called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name)
    }

    /// The dialect spoken at a URL's path.
    pub fn from_path(path: &str) -> Option<Self> {
        match path {
            "" | "/" | jetstream_v1::PATH => Some(Self::JetstreamV1),
            jetstream_v2::PATH => Some(Self::JetstreamV2),
            _ => None,
        }
    }

    /// Where its servers listen.
    pub const fn path(self) -> &'static str {
        match self {
            Self::JetstreamV1 => jetstream_v1::PATH,
            Self::JetstreamV2 => jetstream_v2::PATH,
        }
    }

    /// Where its servers hand out the dictionary their frames are compressed with; v1's do not.
    pub const fn dictionary_path(self) -> Option<&'static str> {
        match self {
            Self::JetstreamV1 => None,
            Self::JetstreamV2 => Some(jetstream_v2::DICTIONARY_PATH),
        }
    }

    /// What the machine must know of a source that speaks so.
    ///
    /// Patience: a v2 host waits 5 s for a write or a pong, a legacy host 10 s for a write \[S\]; less a margin. Which of
    /// them answers on v1's path is not known before its first event, so both are taken for the less patient one.
    pub const fn source(self) -> Source {
        let kind = match self {
            Self::JetstreamV1 => CursorKind::Time,
            Self::JetstreamV2 => CursorKind::Seq,
        };
        Source { kind, patience: Duration::from_secs(4) }
    }

    /// What to ask for. `dictionary` is the number of the zstd dictionary at hand, which only v2 has to be told.
    pub fn request(
        self,
        subscription: &Subscription,
        place: Place,
        options: OpenOptions,
        dictionary: Option<u32>,
    ) -> Request {
        let (query, subprotocol) = match self {
            Self::JetstreamV1 => (jetstream_v1::query(subscription, place, options), None),
            Self::JetstreamV2 => (
                jetstream_v2::query(subscription, place, options, dictionary),
                Some(jetstream_v2::SUBPROTOCOL),
            ),
        };
        Request { path: self.path(), query, subprotocol }
    }

    /// What `frame`, decompressed, is. Never panics, never recurses, whatever it holds.
    pub fn decode(self, subscription: &Subscription, frame: Bytes) -> Frame {
        let said = match self {
            Self::JetstreamV1 => jetstream_v1::decode(&frame).map(|read| Said::Event(read, None)),
            Self::JetstreamV2 => jetstream_v2::decode(&frame),
        };
        Frame::Item(match said {
            Ok(Said::Event(read, None)) => item(subscription, read.event(frame)),
            Ok(Said::Event(read, Some(span))) => {
                item(subscription, read.event(frame.slice(span.start as usize..span.end as usize)))
            }
            Ok(Said::Outdated) => Item::Outdated,
            Ok(Said::Info) => Item::Info,
            Ok(Said::Error { name, said }) => {
                return Frame::Error { closure: refusal::of_error_frame(&name), said };
            }
            Err(why) => Item::Malformed(Reason::Malformed(why), Sample::of(&frame)),
        })
    }

    /// What an HTTP answer other than 101 means; `retry_after` is its `Retry-After` in seconds.
    pub fn refusal(self, status: u16, body: &[u8], retry_after: Option<u64>) -> Closure {
        refusal::of_status(status, body, retry_after)
    }

    /// What a close code means; none where the connection ended without one.
    pub fn close_code(self, code: Option<u16>) -> Closure {
        refusal::of_close_code(code)
    }

    /// Where a number given by the operator as `--start` lies.
    pub fn place_of_wire_integer(self, integer: u64) -> Place {
        match self {
            Self::JetstreamV1 => Place::Cursor(Cursor(integer)),
            Self::JetstreamV2 => seq::place(integer),
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn item(subscription: &Subscription, event: Event<Jetstream>) -> Item<Jetstream> {
    let is_wanted = subscription.wants(&event.payload);
    if event.payload.bytes().len() <= EVENT_BYTES_MAX {
        return if is_wanted { Item::Event(event) } else { Item::Filtered(event) };
    }
    let sample = Sample::of(event.payload.bytes());
    let payload = event.payload.detached(sample.head.clone());
    let event = Event { payload, ..event };
    if is_wanted { Item::Oversize(event, sample) } else { Item::Filtered(event) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::jetstream::Key;
    use crate::event::Payload;

    #[test]
    fn an_event_has_the_same_key_on_both_wires() {
        let v1 = br#"{"did":"did:plc:a","time_us":1779719009132431,"kind":"commit","commit":{"rev":"3mm","operation":"delete","collection":"app.bsky.feed.like","rkey":"3mk"}}"#;
        let v2 = br#"{"$type":"message","payload":{"$type":"network.bsky.jetstream.subscribeEvents#commit","seq":7,"did":"did:plc:a","time":"2026-05-25T14:23:29.132431Z","rev":"3mm","operation":"delete","collection":"app.bsky.feed.like","rkey":"3mk"}}"#;
        let read = |dialect: Dialect, frame: &'static [u8]| match dialect
            .decode(&Subscription::default(), Bytes::from_static(frame))
        {
            Frame::Item(Item::Event(event)) => event,
            other => panic!("{other:?}"),
        };
        let (v1, v2) = (read(Dialect::JetstreamV1, v1), read(Dialect::JetstreamV2, v2));
        assert_eq!(v1.time, v2.time);
        assert_eq!((v1.seq, v2.seq), (None, Some(Cursor(7))));
        assert_eq!(v1.payload.key(), v2.payload.key());
        let line = "commit 3mm did:plc:a app.bsky.feed.like 3mk delete";
        assert_eq!(v1.payload.key().to_string(), line);
        assert_eq!(Key::Other("a\t\\b".into()).to_string(), r"other a\u{9}\u{5c}b");
        assert!(
            v2.payload.bytes().starts_with(br#"{"$type":"network"#) && v2.payload.bytes().ends_with(b"}")
        );
    }
}
