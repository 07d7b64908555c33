//! Where connections come in: speaks HTTP until somebody is let through to a socket of frames.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use highwater_core::serve::Wire;
use highwater_core::serve::reply::Reply;
use highwater_core::serve::request::{Answer, Handshake, answer};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{
    CONNECTION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::feed::connection;
use crate::feed::delivery::Delivery;
use crate::feed::server::Server;

type Written = Response<Full<Bytes>>;

/// The server is away: the connection ends without an answer.
#[derive(Debug)]
struct Away;

impl fmt::Display for Away {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server is away")
    }
}

impl std::error::Error for Away {}

/// Serves what comes over one TCP connection, until it ends.
pub(crate) async fn serve(server: Arc<Server>, stream: TcpStream, permit: OwnedSemaphorePermit) {
    // Frames are written in batches as large as there is something to say; none should wait for another.
    let _ = stream.set_nodelay(true);
    let permit = Arc::new(permit);
    let service = service_fn(|request| {
        let written = respond(&server, request, &permit);
        async { written }
    });
    let io = TokioIo::new(stream);
    let connection = http1::Builder::new().timer(TokioTimer::new()).serve_connection(io, service);
    // What ends a connection early is the asker's affair.
    let _ = connection.with_upgrades().await;
}

fn respond(
    server: &Arc<Server>,
    request: Request<Incoming>,
    permit: &Arc<OwnedSemaphorePermit>,
) -> Result<Written, Away> {
    let instance = server.instance().ok_or(Away)?;
    if request.method() != Method::GET {
        return Ok(spoken(StatusCode::METHOD_NOT_ALLOWED, "text/plain", Bytes::from_static(b"only GET")));
    }
    let dictionary = server.press().dictionary(Wire::V2);
    let accepted = match answer(server.host(), Some(dictionary.id()), handshake(&request)) {
        Answer::Subscribe(accepted) if server.speaks(accepted.wire) => accepted,
        Answer::Subscribe(_) => return Ok(refusal(server, Reply::not_found())),
        Answer::Reply(reply) => return Ok(refusal(server, reply)),
        Answer::Dictionary => {
            return Ok(spoken(StatusCode::OK, "application/octet-stream", dictionary.bytes()));
        }
    };
    let Some(key) = key(request.headers()) else {
        return Ok(spoken(StatusCode::BAD_REQUEST, "text/plain", Bytes::from_static(b"Bad Request")));
    };
    let subprotocol = accepted.subprotocol;
    Ok(match Delivery::begin(server, accepted, instance) {
        Err(reply) => refusal(server, reply),
        Ok(delivery) => {
            tokio::spawn(upgrade(request, delivery, Arc::clone(permit)));
            switching(&key, subprotocol)
        }
    })
}

fn handshake<B>(request: &Request<B>) -> Handshake<'_> {
    let header = |name: HeaderName| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    };
    Handshake {
        target: request.uri().path_and_query().map_or("/", |target| target.as_str()),
        socket_encoding: header(HeaderName::from_static("socket-encoding")),
        subprotocols: header(SEC_WEBSOCKET_PROTOCOL),
        extensions: header(SEC_WEBSOCKET_EXTENSIONS),
    }
}

async fn upgrade(request: Request<Incoming>, delivery: Delivery, permit: Arc<OwnedSemaphorePermit>) {
    let Ok(upgraded) = hyper::upgrade::on(request).await else { return };
    if let Ok(parts) = upgraded.downcast::<TokioIo<TcpStream>>() {
        connection::run(delivery, parts.io.into_inner(), &parts.read_buf).await;
    }
    drop(permit);
}

/// The key of a request for a socket of the one known version.
fn key(headers: &HeaderMap) -> Option<Bytes> {
    let says = |name: HeaderName, token: &str| {
        let value = headers.get(name)?.to_str().ok()?;
        value.split(',').any(|part| part.trim().eq_ignore_ascii_case(token)).then_some(())
    };
    says(CONNECTION, "upgrade")?;
    says(UPGRADE, "websocket")?;
    says(SEC_WEBSOCKET_VERSION, "13")?;
    headers.get(SEC_WEBSOCKET_KEY).map(|key| Bytes::copy_from_slice(key.as_bytes()))
}

fn switching(key: &[u8], subprotocol: Option<&'static str>) -> Written {
    let mut written = Response::new(Full::default());
    *written.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = written.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = HeaderValue::try_from(derive_accept_key(key)) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    if let Some(subprotocol) = subprotocol {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(subprotocol));
    }
    written
}

fn refusal(server: &Server, reply: Reply) -> Written {
    if reply.status >= 400 {
        server.counted.refusals.fetch_add(1, Ordering::Relaxed);
    }
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut written = spoken(status, reply.content_type, reply.body.into());
    if status == StatusCode::SERVICE_UNAVAILABLE {
        written.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    written
}

fn spoken(status: StatusCode, content_type: &'static str, body: Bytes) -> Written {
    let mut written = Response::new(Full::from(body));
    *written.status_mut() = status;
    written.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    written
}
