//! Connections that do not come about: what the server said decides who must act, so all of it is read.

use std::time::Duration;

use highwater_core::closure::Closure;
use highwater_core::cursor::{Cursor, Place};
use tokio::io::AsyncWriteExt as _;

use super::wire::{Client, head, wire};

const V1: &str = "ws://feed.example/subscribe";
const V2: &str = "ws://feed.example/xrpc/network.bsky.jetstream.subscribeEvents";
const RETRY: Closure = Closure::Retry { after: None };

/// What comes of a server that answers so.
async fn refused(url: &str, answer: &[u8]) -> (Closure, String) {
    let (wire, mut server) = wire();
    let mut client = Client::new(wire, url);
    client.open(Place::Tip);
    let _connection = server.answer(answer).await;
    client.closed().await
}

#[tokio::test(start_paused = true)]
async fn a_request_says_who_asks_and_for_what() {
    let (wire, mut server) = wire();
    let mut client = Client::new(wire, "ws://feed.example:6008/subscribe");
    client.open(Place::Cursor(Cursor(1_725_911_162_329_308)));
    let (_connection, head) = server.answer(b"HTTP/1.1 503 Warming Up\r\ncontent-length: 0\r\n\r\n").await;
    assert!(head.starts_with("GET /subscribe?cursor=1725911162329308 HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("host: feed.example:6008\r\n"), "{head}");
    assert!(head.contains("user-agent: highwater/"), "{head}");
    assert!(head.contains("sec-websocket-version: 13\r\n"), "{head}");
    assert_eq!(client.closed().await, (RETRY, "HTTP 503 Service Unavailable".into()));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_comes_late_and_in_pieces_still_decides() {
    let (wire, mut server) = wire();
    let mut client = Client::new(wire, V2);
    client.open(Place::Cursor(Cursor(7)));
    let mut connection = server.connection().await;
    head(&mut connection).await;
    let pieces = [
        "HTTP/1.1 400 Bad Request\r\ntransfer-encoding: chunked\r\n",
        "\r\n12\r\n{\"error\":\"CursorTo",
        "\r\n1e\r\noOld\",\"message\":\"below floor\"}\r\n0\r\n\r\n",
    ];
    for piece in pieces {
        connection.write_all(piece.as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let (closure, why) = client.closed().await;
    assert_eq!(closure, Closure::TooOld);
    assert_eq!(why, r#"HTTP 400 Bad Request: {"error":"CursorTooOld","message":"below floor"}"#);
}

#[tokio::test(start_paused = true)]
async fn a_server_says_when_to_come_again() {
    let after = |seconds| Closure::Retry { after: Some(highwater_core::time::Duration::from_secs(seconds)) };
    let answer = b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(refused(V1, answer).await.0, after(7));
    let answer =
        b"HTTP/1.1 503 No\r\nretry-after: Wed, 21 Oct 2015 07:28:00 GMT\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(refused(V1, answer).await.0, after(0));
    let answer =
        b"HTTP/1.1 503 No\r\nretry-after: Wed, 21 Oct 2099 07:28:00 GMT\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(refused(V1, answer).await.0, after(60));
    let answer = b"HTTP/1.1 503 No\r\nretry-after: soon\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(refused(V1, answer).await.0, RETRY);
}

#[tokio::test(start_paused = true)]
async fn what_the_operator_got_wrong_is_said_in_the_servers_words() {
    let said = "invalid subscriber options: \x1b[31minvalid collection";
    let answer = format!("HTTP/1.1 400 Bad Request\r\ncontent-length: {}\r\n\r\n{said}", said.len());
    let (closure, why) = refused(V1, answer.as_bytes()).await;
    assert_eq!(closure, Closure::Fatal);
    assert_eq!(why, "HTTP 400 Bad Request: invalid subscriber options:  [31minvalid collection", "no escape");
    let (closure, why) = refused(V1, b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!((closure, why.as_str()), (Closure::Fatal, "HTTP 404 Not Found"));
    let (closure, _) =
        refused(V1, b"HTTP/1.1 302 Found\r\nlocation: /login\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(closure, Closure::Elsewhere);
}

#[tokio::test(start_paused = true)]
async fn a_body_without_an_end_is_read_so_far_and_no_further() {
    let (wire, mut server) = wire();
    let mut client = Client::new(wire, V1);
    client.open(Place::Tip);
    let (mut connection, _) = server.answer(b"HTTP/1.1 500 No\r\n\r\n").await;
    let mut written = 0_u64;
    while connection.write_all(&[b'x'; 1_024]).await.is_ok() {
        written += 1_024;
        assert!(written < 1 << 20, "it reads and reads");
    }
    let (closure, why) = client.closed().await;
    assert_eq!(closure, RETRY);
    assert!(why.len() < 300, "{why}");
}

#[tokio::test(start_paused = true)]
async fn who_does_not_speak_http_or_hangs_up_is_asked_again() {
    let cut = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 99\r\n\r\n{\"error\":\"Curs";
    for answer in [&cut[..], b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 101 Sw", b"\0\0\0\0\0\0\0\0"] {
        let (wire, mut server) = wire();
        let mut client = Client::new(wire, V1);
        client.open(Place::Tip);
        let (connection, _) = server.answer(answer).await;
        drop(connection);
        let (closure, why) = client.closed().await;
        assert_eq!(closure, RETRY, "{why}");
        assert!(why.starts_with("no answer to the request: "), "{why}");
    }
    let (wire, server) = wire();
    drop(server);
    let mut client = Client::new(wire, V1);
    client.open(Place::Tip);
    assert_eq!(client.closed().await, (RETRY, "cannot connect: nobody listens".into()));
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_that_answers_another_question_is_none() {
    let upgrade = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n";
    let wrong = format!("{upgrade}sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
    for answer in [&wrong, &format!("{upgrade}\r\n")] {
        let (closure, why) = refused(V1, answer.as_bytes()).await;
        assert_eq!(closure, Closure::Elsewhere);
        assert_eq!(why, "it says 101 without being a WebSocket server");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_given_up_before_it_opened_says_nothing_more() {
    let (wire, mut server) = wire();
    let mut client = Client::new(wire, V1);
    let first = client.open(Place::Tip);
    let mut hanging = server.connection().await;
    head(&mut hanging).await;
    client.sockets.close(first);
    let (_, web_socket) = client.connect(&mut server).await;
    assert!(hanging.write_all(b"HTTP/1.1 503 Late\r\n\r\n").await.is_err(), "nobody is there any more");
    drop(web_socket);
    assert_eq!(client.closed().await.0, RETRY);
}
