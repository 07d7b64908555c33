//! A handshake, and what the host answers: what a subscriber will get, or a reply that says why not.

use alloc::string::String;
use alloc::vec::Vec;

use crate::cursor::Place;
use crate::dialect::filter::Filter;
use crate::dialect::jetstream::Kind;
use crate::dialect::jetstream_v2::{DICTIONARY_PATH, SUBPROTOCOL};
use crate::dialect::{Dialect, query, seq};
use crate::serve::options::{v1_filter, v2_lists, value, values};
use crate::serve::reply::Reply;
use crate::serve::{Host, V1_DICTIONARY, Wire};
use crate::time::WallTime;

type Pairs = [(String, String)];

/// What of a request a host looks at. A header that is not there is empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct Handshake<'a> {
    /// Path and query, as they stand in the request line.
    pub target: &'a str,
    /// `Socket-Encoding`.
    pub socket_encoding: &'a str,
    /// `Sec-WebSocket-Protocol`.
    pub subprotocols: &'a str,
    /// `Sec-WebSocket-Extensions`.
    pub extensions: &'a str,
}

/// What the host does about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Opens a connection.
    Subscribe(Accepted),
    /// Gives the v2 dictionary's bytes.
    Dictionary,
    /// Says something instead.
    Reply(Reply),
}

/// What a subscriber asked for, and gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// What is spoken.
    pub wire: Wire,
    /// Which events.
    pub filter: Filter,
    /// From where on; [`seat`](crate::serve::seat::seat) finds the place in the log.
    pub place: Place,
    /// The number of the zstd dictionary that every message is compressed with.
    pub dictionary: Option<u32>,
    /// Messages above this many bytes are skipped, silently.
    pub message_bytes_max: Option<u32>,
    /// Nothing is sent before the first `options_update`.
    pub waits_for_hello: bool,
    /// What to answer as `Sec-WebSocket-Protocol`.
    pub subprotocol: Option<&'static str>,
}

impl Accepted {
    /// Whether a message goes out: v1 looks at what goes over the wire, the v2 host at the plain text. \[S\]
    pub fn admits(&self, plain_bytes: usize, compressed_bytes: Option<usize>) -> bool {
        let Some(max) = self.message_bytes_max else { return true };
        let measured = match self.wire {
            Wire::V1 => compressed_bytes.unwrap_or(plain_bytes),
            Wire::V1OnV2Host | Wire::V2 => plain_bytes,
        };
        measured <= max as usize
    }
}

/// What `host` answers. `dictionary` is the number of the one it gives to v2 clients, if any.
pub fn answer(host: Host, dictionary: Option<u32>, handshake: Handshake<'_>) -> Answer {
    let (path, query) = handshake.target.split_once('?').unwrap_or((handshake.target, ""));
    let pairs = query::pairs(query);
    let wire = match path {
        "/" => return Answer::Reply(Reply::text(200, "Welcome to Jetstream")),
        DICTIONARY_PATH if host == Host::V2 => return dictionary_answer(dictionary, &pairs),
        _ => Dialect::from_path(path).and_then(|dialect| host.wire(dialect)),
    };
    let accepted = match wire {
        None => Err(Reply::not_found()),
        Some(Wire::V2) => v2(dictionary, &pairs, handshake),
        Some(wire @ (Wire::V1 | Wire::V1OnV2Host)) => v1(wire, &pairs, handshake),
    };
    accepted.map_or_else(Answer::Reply, Answer::Subscribe)
}

fn dictionary_answer(dictionary: Option<u32>, pairs: &Pairs) -> Answer {
    let asked = value(pairs, "id").map(str::parse::<u32>);
    match (dictionary, asked) {
        (None, _) => Answer::Reply(Reply::not_found()),
        (Some(_), None) => Answer::Dictionary,
        (Some(have), Some(asked)) if asked == Ok(have) => Answer::Dictionary,
        (Some(_), Some(_)) => Answer::Reply(Reply::unknown_dictionary()),
    }
}

fn v1(wire: Wire, pairs: &Pairs, handshake: Handshake<'_>) -> Result<Accepted, Reply> {
    let invalid = |why: &str| Reply::invalid(wire, why);
    let filter = v1_filter(&values(pairs, "wantedCollections"), &values(pairs, "wantedDids"));
    let compress = value(pairs, "compress") == Some("true") || handshake.socket_encoding.contains("zstd");
    if wire == Wire::V1OnV2Host && compress && handshake.extensions.contains("permessage-deflate") {
        return Err(invalid("zstd and permessage-deflate cannot be used together"));
    }
    Ok(Accepted {
        wire,
        filter: filter.map_err(|why| invalid(&why))?,
        place: v1_place(wire, value(pairs, "cursor")).map_err(|why| invalid(&why))?,
        dictionary: compress.then_some(V1_DICTIONARY),
        // Whatever is not a number is no limit, silently. [S]
        message_bytes_max: value(pairs, "maxMessageSizeBytes")
            .and_then(|max| max.parse().ok())
            .filter(|&max| max > 0),
        waits_for_hello: value(pairs, "requireHello") == Some("true"),
        subprotocol: None,
    })
}

/// Zero and less is the oldest. On a v2 host a number below 10^15 is a seq. \[S\]
fn v1_place(wire: Wire, cursor: Option<&str>) -> Result<Place, String> {
    let Some(text) = cursor else { return Ok(Place::Tip) };
    let cursor: i64 = text.parse().map_err(|_| ["invalid cursor: ", text].concat())?;
    Ok(match u64::try_from(cursor) {
        Err(_) | Ok(0) => Place::Oldest,
        Ok(number) if wire == Wire::V1OnV2Host => seq::place(number),
        Ok(micros) => Place::Time(WallTime::from_micros(micros)),
    })
}

fn v2(dictionary: Option<u32>, pairs: &Pairs, handshake: Handshake<'_>) -> Result<Accepted, Reply> {
    let invalid = |why: &str| Reply::invalid(Wire::V2, why);
    // So that nobody takes this for v1 with another path. [S]
    if let Some((name, _)) = pairs.iter().find(|(name, value)| is_of_v1(name, value)) {
        return Err(invalid(&["unsupported parameter: ", name].concat()));
    }
    let number = |name: &str| match value(pairs, name).map(str::parse::<u32>) {
        None => Ok(None),
        Some(Ok(number)) => Ok(Some(number)),
        Some(Err(_)) => Err(invalid(&["invalid ", name].concat())),
    };
    let asked = number("zstdDictionary")?;
    if asked.is_some() && asked != dictionary {
        return Err(Reply::unknown_dictionary());
    }
    let offered = handshake.subprotocols.split(',').map(str::trim);
    Ok(Accepted {
        wire: Wire::V2,
        filter: v2_filter(pairs).map_err(|why| invalid(&why))?,
        place: v2_place(value(pairs, "cursor")).map_err(|why| invalid(&why))?,
        dictionary: asked,
        message_bytes_max: number("maxMessageSizeBytes")?.filter(|&max| max > 0),
        waits_for_hello: false,
        subprotocol: offered.into_iter().any(|name| name == SUBPROTOCOL).then_some(SUBPROTOCOL),
    })
}

fn is_of_v1(name: &str, value: &str) -> bool {
    matches!((name, value), ("wantedCollections" | "wantedDids" | "requireHello", _) | ("compress", "true"))
}

fn v2_filter(pairs: &Pairs) -> Result<Filter, String> {
    let (collections, dids) = (values(pairs, "collections"), values(pairs, "dids"));
    v2_lists(&collections, &dids)?;
    let mut kinds = Vec::new();
    for name in values(pairs, "kinds") {
        kinds.push(Kind::from_name(&name).ok_or_else(|| ["unknown kind: ", &name].concat())?);
    }
    if kinds.len() > Kind::KNOWN.len() {
        return Err("at most 4 kinds".into());
    }
    if !collections.is_empty() && !kinds.is_empty() && !kinds.contains(&Kind::Commit) {
        return Err("collections need the kind commit".into());
    }
    Ok(Filter::new(&collections, &dids, &kinds))
}

/// Below 10^15 a seq, from there on a moment; nothing else is taken. \[S\]
fn v2_place(cursor: Option<&str>) -> Result<Place, String> {
    match cursor.map(|text| (text, text.parse::<u64>())) {
        None => Ok(Place::Tip),
        Some((text, Err(_))) => Err(["invalid cursor: ", text].concat()),
        Some((_, Ok(number))) => Ok(seq::place(number)),
    }
}
