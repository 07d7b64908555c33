//! Where connections come in: speaks HTTP until somebody is let through to a WebSocket.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_TYPE, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::feed::connection;
use crate::feed::server::Server;

type Answer = Response<Full<Bytes>>;

/// Serves what comes over one TCP connection, until it ends.
pub(crate) async fn serve(server: Arc<Server>, stream: TcpStream) {
    // Frames are written in batches as large as there is something to say; none should wait for another.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let answer = answer(&server, request);
        async { Ok::<_, Infallible>(answer) }
    });
    let connection =
        http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    // What ends a connection early is the asker's affair.
    let _ = connection.with_upgrades().await;
}

fn answer(server: &Arc<Server>, request: Request<Incoming>) -> Answer {
    if request.method() != Method::GET {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "only GET\n");
    }
    match request.uri().path() {
        "/" => plain(StatusCode::OK, "highwater feed\n"),
        "/subscribe" => subscribe(server, request),
        _ => plain(StatusCode::NOT_FOUND, "there is /subscribe\n"),
    }
}

fn subscribe(server: &Arc<Server>, request: Request<Incoming>) -> Answer {
    let Some(accept) = accept_key(&request) else {
        return plain(StatusCode::BAD_REQUEST, "Bad Request\n");
    };
    let query = request.uri().query().unwrap_or_default();
    let cursor = query.split('&').find_map(|pair| pair.strip_prefix("cursor="));
    let cursor = match cursor.map(str::parse::<i64>) {
        Some(Err(_)) => {
            return plain(StatusCode::BAD_REQUEST, format!("invalid cursor: {}", cursor.unwrap_or_default()));
        }
        Some(Ok(cursor)) => Some(u64::try_from(cursor).unwrap_or(0)),
        None => None,
    };
    let next = cursor.map_or_else(|| server.log.next(), |cursor| server.log.position_at(cursor));
    let server = Arc::clone(server);
    tokio::spawn(async move {
        let Ok(upgraded) = hyper::upgrade::on(request).await else { return };
        if let Ok(parts) = upgraded.downcast::<TokioIo<TcpStream>>() {
            connection::run(&server, parts.io.into_inner(), &parts.read_buf, next).await;
        }
    });
    switching(&accept)
}

/// The answer to the key of a request for a WebSocket of the one known version.
fn accept_key<B>(request: &Request<B>) -> Option<String> {
    let says = |name, token: &str| {
        let value = request.headers().get(name)?.to_str().ok()?;
        value.split(',').any(|part| part.trim().eq_ignore_ascii_case(token)).then_some(())
    };
    says(CONNECTION, "upgrade")?;
    says(UPGRADE, "websocket")?;
    says(hyper::header::SEC_WEBSOCKET_VERSION, "13")?;
    Some(derive_accept_key(request.headers().get(SEC_WEBSOCKET_KEY)?.as_bytes()))
}

fn switching(accept: &str) -> Answer {
    let mut answer = plain(StatusCode::SWITCHING_PROTOCOLS, "");
    let headers = answer.headers_mut();
    headers.clear();
    headers.insert(CONNECTION, hyper::header::HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, hyper::header::HeaderValue::from_static("websocket"));
    if let Ok(accept) = accept.parse() {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    answer
}

fn plain(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::from(body.into()));
    *answer.status_mut() = status;
    let text = hyper::header::HeaderValue::from_static("text/plain; charset=utf-8");
    answer.headers_mut().insert(CONTENT_TYPE, text);
    answer
}
