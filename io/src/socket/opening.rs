//! From nothing to an open line: dial, a dictionary if one is needed, upgrade; or why not.

use std::error::Error;
use std::sync::Arc;

use bytes::Bytes;
use highwater_core::closure::Closure;
use highwater_core::cursor::Place;
use highwater_core::effect::OpenOptions;
use http_body_util::Empty;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Request, Response, StatusCode};
use jiff::Timestamp;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::decoder::Decoder;
use super::dial::Dial;
use super::exchange::{Answer, exchange};
use super::line::Line;
use super::upstream::{Compression, Upstream};
use crate::zstd::{DICTIONARY_BYTES_MAX, Decompressor, Dictionary};

/// So much of a refusal's body is read: it names an error in a line.
const REFUSAL_BYTES_MAX: usize = 64 << 10;

/// So much of it is shown to the operator.
const SHOWN_BYTES_MAX: usize = 200;

const USER_AGENT: &str =
    concat!("highwater/", env!("CARGO_PKG_VERSION"), " (+", env!("CARGO_PKG_REPOSITORY"), ")");

/// What the machine asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    pub(super) place: Place,
    pub(super) options: OpenOptions,
}

/// Why no connection came about.
#[derive(Debug)]
pub(super) struct Refused {
    /// What the machine is told.
    pub(super) closure: Closure,
    /// What the operator is told.
    pub(super) why: String,
}

/// Opens a line to `upstream` and makes the decoder for what it will say.
///
/// A dictionary that the server no longer knows is forgotten, so that the next attempt fetches it anew.
pub(super) async fn open<D: Dial>(
    dial: &D,
    upstream: &Upstream,
    ask: Ask,
) -> Result<(Line<D::Stream>, Decoder), Refused> {
    let wanted = if ask.options.compress { upstream.compression() } else { &Compression::Off };
    let dictionary = match wanted {
        Compression::Off => None,
        Compression::With(dictionary) => Some(dictionary.clone()),
        Compression::Fetched => match upstream.fetched() {
            Some(dictionary) => Some(dictionary),
            None => Some(fetch(dial, upstream).await?),
        },
    };
    let opened = upgrade(dial, upstream, ask, dictionary.as_ref()).await;
    let is_refused = matches!(opened, Err(Refused { closure: Closure::Renegotiate, .. }));
    if let Compression::Fetched = wanted {
        upstream.remember(dictionary.filter(|_| !is_refused));
    }
    opened
}

async fn upgrade<D: Dial>(
    dial: &D,
    upstream: &Upstream,
    mut ask: Ask,
    dictionary: Option<&Dictionary>,
) -> Result<(Line<D::Stream>, Decoder), Refused> {
    let dialect = upstream.address().dialect();
    let decompressor = dictionary.map(Decompressor::new).transpose();
    let decompressor = decompressor.map_err(|error| Refused::retry("no memory for zstd", &error))?;
    ask.options.compress = dictionary.is_some();
    let id = dictionary.map(Dictionary::id);
    let asked = dialect.request(upstream.subscription(), ask.place, ask.options, id);
    let key = generate_key();
    let mut request = get(upstream, upstream.address().path(), &asked.query)?;
    let headers = request.headers_mut();
    let mut set = |name: HeaderName, value: &str| {
        headers.insert(name, HeaderValue::from_str(value).expect("keys and names are plain ASCII"));
    };
    set(header::CONNECTION, "Upgrade");
    set(header::UPGRADE, "websocket");
    set(header::SEC_WEBSOCKET_VERSION, "13");
    set(header::SEC_WEBSOCKET_KEY, &key);
    if let Some(subprotocol) = asked.subprotocol {
        set(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
    }
    match send(dial, upstream, request, REFUSAL_BYTES_MAX).await? {
        Answer::Switched { stream, read, headers } => {
            check_upgrade(&headers, &key, asked.subprotocol)?;
            let decoder = Decoder::new(dialect, Arc::clone(upstream.subscription()), decompressor);
            Ok((Line::new(stream, read).await, decoder))
        }
        Answer::Other(response) => Err(refused(upstream, &response)),
    }
}

async fn fetch<D: Dial>(dial: &D, upstream: &Upstream) -> Result<Dictionary, Refused> {
    let without = |why: String| Refused { closure: Closure::Renegotiate, why };
    let dialect = upstream.address().dialect();
    let path = dialect.dictionary_path().ok_or_else(|| without("it hands out no dictionary".into()))?;
    let request = get(upstream, path, "")?;
    match send(dial, upstream, request, DICTIONARY_BYTES_MAX).await? {
        Answer::Other(response) if response.status() == StatusCode::OK => {
            Dictionary::new(response.body()).map_err(|error| without(format!("its dictionary is {error}")))
        }
        // Whatever keeps the dictionary away need not keep the events away.
        Answer::Other(response) => Err(without(format!("no dictionary: {}", shown(&response)))),
        Answer::Switched { .. } => {
            Err(without("it changes the protocol instead of sending a dictionary".into()))
        }
    }
}

fn get(upstream: &Upstream, path: &str, query: &str) -> Result<Request<Empty<Bytes>>, Refused> {
    let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    Request::get(target)
        .header(header::HOST, upstream.address().host_header())
        .header(header::USER_AGENT, USER_AGENT)
        .body(Empty::new())
        // Only of a URL that HTTP cannot carry, such as one with too many DIDs in it.
        .map_err(|error| Refused {
            closure: Closure::Fatal,
            why: format!("the request cannot be sent: {error}"),
        })
}

async fn send<D: Dial>(
    dial: &D,
    upstream: &Upstream,
    request: Request<Empty<Bytes>>,
    body_max: usize,
) -> Result<Answer<D::Stream>, Refused> {
    let stream = dial.dial(upstream.address()).await;
    let stream = stream.map_err(|error| Refused::retry("cannot connect", &error))?;
    let answer = exchange(stream, request, body_max).await;
    answer.map_err(|error| Refused::retry("no answer to the request", &error))
}

/// Whether 101 was the answer to our own question (RFC 6455, 4.1).
fn check_upgrade(headers: &HeaderMap, key: &str, offered: Option<&str>) -> Result<(), Refused> {
    let said = |name: HeaderName| headers.get(name).map(HeaderValue::as_bytes);
    let broken = |why: &str| Err(Refused { closure: Closure::Elsewhere, why: why.to_owned() });
    if said(header::SEC_WEBSOCKET_ACCEPT) != Some(derive_accept_key(key.as_bytes()).as_bytes()) {
        return broken("it says 101 without being a WebSocket server");
    }
    if said(header::SEC_WEBSOCKET_EXTENSIONS).is_some() {
        return broken("it uses a WebSocket extension that nobody offered");
    }
    match said(header::SEC_WEBSOCKET_PROTOCOL) {
        Some(chosen) if Some(chosen) != offered.map(str::as_bytes) => {
            broken("it chose a protocol nobody offered")
        }
        Some(_) | None => Ok(()),
    }
}

fn refused(upstream: &Upstream, response: &Response<Bytes>) -> Refused {
    let retry_after =
        response.headers().get(header::RETRY_AFTER).and_then(|value| seconds(value.to_str().ok()?));
    let status = response.status().as_u16();
    let closure = upstream.address().dialect().refusal(status, response.body(), retry_after);
    Refused { closure, why: shown(response) }
}

/// `Retry-After` in seconds from now: a number, or a date.
fn seconds(value: &str) -> Option<u64> {
    let date = || jiff::fmt::rfc2822::parse(value).ok().map(|date| date.timestamp());
    let until = |date: Timestamp| u64::try_from(date.as_second() - Timestamp::now().as_second()).unwrap_or(0);
    value.trim().parse().ok().or_else(|| date().map(until))
}

fn shown(response: &Response<Bytes>) -> String {
    let body = response.body();
    let text = String::from_utf8_lossy(&body[..body.len().min(SHOWN_BYTES_MAX)]);
    // A server must not write to our terminal.
    let text = text.trim().replace(char::is_control, " ");
    if text.is_empty() {
        format!("HTTP {}", response.status())
    } else {
        format!("HTTP {}: {text}", response.status())
    }
}

impl Refused {
    fn retry(what: &str, error: &(dyn Error + 'static)) -> Self {
        Self { closure: Closure::Retry { after: None }, why: format!("{what}: {}", chain(error)) }
    }
}

/// An error and its causes in one line, each said once.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut texts = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !texts.iter().any(|said| said.contains(&text)) {
            texts.push(text);
        }
        cause = error.source();
    }
    texts.join(": ")
}
