//! What a client may say after the handshake: v1 takes a new filter, v2 takes nothing.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::dialect::envelope::parse;
use crate::dialect::filter::Filter;
use crate::serve::Wire;
use crate::serve::options::v1_filter;

/// Nothing longer is read. \[S\]
const MESSAGE_BYTES_MAX: usize = 10_000_000;

/// What the host does about a client's data frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Goes on as before.
    Ignored,
    /// Sends what this asks for from now on; the cursor and the compression stay.
    Update {
        /// Which events.
        filter: Filter,
        /// The limit on messages.
        message_bytes: Limit,
    },
    /// Ends the connection.
    Close {
        /// The close code.
        code: u16,
        /// The close reason.
        reason: String,
    },
}

/// What an update does to the limit on messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// A legacy host sets it at the handshake only. \[R\]
    AsItWas,
    /// From now on this, or none.
    Now(Option<u32>),
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Options {
    wanted_collections: Option<Vec<String>>,
    wanted_dids: Option<Vec<String>>,
    max_message_size_bytes: i64,
}

/// What the host does about a data frame; pings, pongs and closes are no data frames.
pub fn heard(wire: Wire, is_text: bool, message: &[u8]) -> Heard {
    // What a host answers JSON that is none, options that are none, and what is too long. [S]
    let (malformed, invalid, too_long) = match wire {
        Wire::V1 => (1000, 1000, None),
        Wire::V1OnV2Host => (1007, 1008, Some(1009)),
        Wire::V2 => return close(1008, "client messages are not supported"),
    };
    if message.len() > MESSAGE_BYTES_MAX {
        return too_long.map_or(Heard::Ignored, |code| close(code, "message too big"));
    }
    if !is_text {
        return Heard::Ignored;
    }
    let options = match options(message) {
        Ok(Some(options)) => options,
        Ok(None) => return Heard::Ignored,
        Err(why) => return close(malformed, &format!("invalid message: {why}")),
    };
    let (collections, dids) = (options.wanted_collections, options.wanted_dids);
    match v1_filter(&collections.unwrap_or_default(), &dids.unwrap_or_default()) {
        Err(why) => close(invalid, &why),
        Ok(filter) => {
            let max = u32::try_from(options.max_message_size_bytes).ok().filter(|&max| max > 0);
            let message_bytes = if wire == Wire::V1 { Limit::AsItWas } else { Limit::Now(max) };
            Heard::Update { filter, message_bytes }
        }
    }
}

/// The options in an `options_update`; none in a message of another type.
fn options(message: &[u8]) -> Result<Option<Options>, String> {
    let text = core::str::from_utf8(message).map_err(|error| error.to_string())?;
    let envelope = parse::<Envelope<'_>>(text)?;
    match envelope.payload {
        _ if envelope.kind != "options_update" => Ok(None),
        None => Ok(Some(Options::default())),
        Some(payload) => parse(payload.get()).map(Some),
    }
}

/// A close frame's reason has 123 bytes at most (RFC 6455).
fn close(code: u16, reason: &str) -> Heard {
    let end = reason.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|&end| end <= 123).last();
    Heard::Close { code, reason: reason[..end.unwrap_or(0)].to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::jetstream::Kind;

    fn code(heard: &Heard) -> Option<u16> {
        match heard {
            Heard::Close { code, .. } => Some(*code),
            Heard::Ignored | Heard::Update { .. } => None,
        }
    }

    #[test]
    fn an_update_replaces_the_whole_filter() {
        let message = br#"{"type":"options_update","payload":{"wantedCollections":["app.bsky.feed.post"],
            "wantedDids":[],"maxMessageSizeBytes":1000}}"#;
        let Heard::Update { filter, message_bytes } = heard(Wire::V1OnV2Host, true, message) else {
            panic!("an update");
        };
        assert_eq!(message_bytes, Limit::Now(Some(1_000)));
        assert!(filter.wants(Kind::Commit, "did:plc:a", Some("app.bsky.feed.post")));
        assert!(!filter.wants(Kind::Commit, "did:plc:a", Some("app.bsky.feed.like")));
        for empty in [
            r#"{"type":"options_update"}"#,
            r#"{"type":"options_update","payload":null}"#,
            r#"{"type":"options_update","payload":{"wantedCollections":null,"maxMessageSizeBytes":-1}}"#,
        ] {
            let all = Heard::Update { filter: Filter::default(), message_bytes: Limit::Now(None) };
            assert_eq!(heard(Wire::V1OnV2Host, true, empty.as_bytes()), all, "{empty}");
            let all = Heard::Update { filter: Filter::default(), message_bytes: Limit::AsItWas };
            assert_eq!(heard(Wire::V1, true, empty.as_bytes()), all, "{empty}");
        }
    }

    #[test]
    fn each_host_has_its_own_close_codes() {
        let malformed: [&[u8]; 5] = [
            b"{",
            b"[]",
            b"\xff",
            b"{\"type\":7}",
            br#"{"type":"options_update","payload":{"wantedDids":"did:plc:a"}}"#,
        ];
        for message in malformed {
            assert_eq!(code(&heard(Wire::V1, true, message)), Some(1000));
            assert_eq!(code(&heard(Wire::V1OnV2Host, true, message)), Some(1007));
        }
        let invalid = br#"{"type":"options_update","payload":{"wantedDids":["nobody"]}}"#;
        assert_eq!(code(&heard(Wire::V1, true, invalid)), Some(1000));
        assert_eq!(code(&heard(Wire::V1OnV2Host, true, invalid)), Some(1008));
        assert_eq!(code(&heard(Wire::V2, true, b"{}")), Some(1008), "v2 takes no data frame at all");
        assert_eq!(code(&heard(Wire::V2, false, b"")), Some(1008));
    }

    #[test]
    fn what_is_not_for_the_host_is_ignored() {
        for wire in [Wire::V1, Wire::V1OnV2Host] {
            assert_eq!(heard(wire, true, br#"{"type":"hello","payload":7}"#), Heard::Ignored);
            assert_eq!(heard(wire, false, b"{"), Heard::Ignored);
        }
        let long = vec![b' '; MESSAGE_BYTES_MAX + 1];
        assert_eq!(heard(Wire::V1, true, &long), Heard::Ignored);
        assert_eq!(code(&heard(Wire::V1OnV2Host, true, &long)), Some(1009));
    }

    #[test]
    fn a_close_reason_fits_its_frame() {
        let collection = "ü".repeat(300);
        let message =
            format!(r#"{{"type":"options_update","payload":{{"wantedCollections":["{collection}"]}}}}"#);
        let Heard::Close { reason, .. } = heard(Wire::V1, true, message.as_bytes()) else {
            panic!("a close")
        };
        assert!(
            reason.starts_with("invalid subscriber options: invalid collection: ü") && reason.len() >= 122
        );
        assert!(reason.len() <= 123);
    }
}
