//! One HTTP/1.1 request and its answer: an upgrade, a refusal with its whole body, or a dictionary.

use std::pin::pin;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

/// What the head of an answer may take, and what is read ahead of a frame.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// What a server said to a request.
#[derive(Debug)]
pub(super) enum Answer<S> {
    /// 101: from here on the stream is another protocol's.
    Switched {
        /// The stream, ours again.
        stream: S,
        /// What of the other protocol was read already.
        read: Bytes,
        /// What came with it.
        headers: HeaderMap,
    },
    /// Anything else, with as much of its body as was allowed.
    Other(Response<Bytes>),
}

/// Sends `request` and reads the answer, with at most `body_max` bytes of a body and one chunk more.
pub(super) async fn exchange<S>(
    stream: S,
    request: Request<Empty<Bytes>>,
    body_max: usize,
) -> hyper::Result<Answer<S>>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut http = http1::Builder::new();
    let (mut sender, connection) = http.max_buf_size(HEAD_BYTES_MAX).handshake(TokioIo::new(stream)).await?;
    let answer = pin!(async move {
        let response = sender.send_request(request).await?;
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            switch(response).await
        } else {
            with_body(response, body_max).await.map(Answer::Other)
        }
    });
    // hyper moves bytes only while its connection is polled.
    match select(answer, pin!(connection.with_upgrades())).await {
        Either::Left((answer, _)) => answer,
        Either::Right((_, answer)) => answer.await,
    }
}

async fn switch<S>(response: Response<Incoming>) -> hyper::Result<Answer<S>>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let headers = response.headers().clone();
    let upgraded = hyper::upgrade::on(response).await?;
    let parts = upgraded.downcast::<TokioIo<S>>().expect("hyper gives back the stream it was given");
    Ok(Answer::Switched { stream: parts.io.into_inner(), read: parts.read_buf, headers })
}

/// A body that breaks off is no answer: what it did not get to say may have been what decides.
async fn with_body(response: Response<Incoming>, max: usize) -> hyper::Result<Response<Bytes>> {
    let (head, mut body) = response.into_parts();
    let mut bytes = Vec::new();
    while bytes.len() <= max
        && let Some(frame) = body.frame().await
    {
        bytes.extend_from_slice(frame?.data_ref().map_or(&[][..], |data| data));
    }
    Ok(Response::from_parts(head, bytes.into()))
}
