//! How long the servers bear with a subscriber, over a pipe, in time that passes only where everybody waits.

use futures_util::StreamExt as _;
use highwater_core::serve::request::{Answer, Handshake, answer};
use tokio::io::{AsyncReadExt as _, DuplexStream};
use tokio::task::JoinHandle;

use super::*;
use crate::feed::config::Config;
use crate::feed::instance::Instance;
use crate::feed::speaker::Speaker;
use crate::feed::wires::Wires;

/// So much fits into the pipe.
const PIPE_BYTES: usize = 16 << 10;

const OLDER: &str = "/subscribe";
const NEWER: &str = "/xrpc/network.bsky.jetstream.subscribeEvents";

/// A server with so many events.
fn server(wires: Wires, events: u64, limit: Option<u32>) -> Arc<Server> {
    let config = Config { wires, events: Some(events), limit, ..Config::default() };
    let (server, events) = config.server().expect("there are no files to read");
    Speaker::new(events).say_all(&server);
    Arc::new(server)
}

/// A subscriber's end of a connection to a server with so many events, and how the connection ends.
async fn subscribed(wires: Wires, target: &str, events: u64) -> (DuplexStream, JoinHandle<Farewell>) {
    connected(&server(wires, events, None), target).await
}

async fn connected(server: &Arc<Server>, target: &str) -> (DuplexStream, JoinHandle<Farewell>) {
    let handshake = Handshake { target, socket_encoding: "", subprotocols: "", extensions: "" };
    let Answer::Subscribe(accepted) = answer(server.host(), None, handshake) else {
        panic!("{target} makes sense")
    };
    let delivery = Delivery::begin(server, accepted, Instance::First).expect("nothing goes wrong");
    let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
    let mut connection = Connection::new(delivery, ours, &Bytes::new(), Ipv4Addr::LOCALHOST.into()).await;
    (theirs, tokio::spawn(async move { connection.serve().await }))
}

/// After how many seconds a connection ends, if within ten minutes.
async fn lasts(ending: JoinHandle<Farewell>) -> Option<u64> {
    let begun = Instant::now();
    tokio::time::timeout(Duration::from_secs(600), ending).await.ok()?.expect("no panic");
    Some(begun.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn who_does_not_answer_a_ping_is_left_by_the_second_server_only() {
    let (_quiet, ending) = subscribed(Wires::V2, NEWER, 1).await;
    assert_eq!(lasts(ending).await, Some(35), "a ping after 30 s, and 5 s for the pong");
    let (_quiet, ending) = subscribed(Wires::Both, OLDER, 1).await;
    assert_eq!(lasts(ending).await, Some(35), "on the older path too");
    let (_quiet, ending) = subscribed(Wires::V1, OLDER, 1).await;
    assert_eq!(lasts(ending).await, None, "the first server never looks");
}

#[tokio::test(start_paused = true)]
async fn who_answers_pings_stays() {
    let (theirs, ending) = subscribed(Wires::V2, NEWER, 1).await;
    let mut socket = WebSocketStream::from_raw_socket(theirs, Role::Client, None).await;
    let reading = tokio::spawn(async move {
        let mut pings = 0;
        while let Some(Ok(Message::Ping(_))) = socket.next().await {
            pings += 1;
            socket.flush().await.expect("somebody listens");
            if pings == 19 {
                return (pings, socket);
            }
        }
        (pings, socket)
    });
    let begun = Instant::now();
    let (pings, _socket) = reading.await.expect("no panic");
    assert_eq!((pings, begun.elapsed().as_secs()), (19, 570), "each half a minute");
    assert!(!ending.is_finished());
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_is_left_when_a_write_takes_too_long() {
    let (_stuck, ending) = subscribed(Wires::V2, &format!("{NEWER}?cursor=1"), 10_000).await;
    assert_eq!(lasts(ending).await, Some(5));
    let (_stuck, ending) = subscribed(Wires::V1, &format!("{OLDER}?cursor=1"), 10_000).await;
    assert_eq!(lasts(ending).await, Some(10));
}

#[tokio::test(start_paused = true)]
async fn who_hardly_reads_and_is_far_behind_is_told_so() {
    let (mut theirs, ending) = subscribed(Wires::V2, &format!("{NEWER}?cursor=1"), 103_000).await;
    let (mut said, begun) = (Vec::new(), Instant::now());
    // A sip each second, until it is over.
    while begun.elapsed() < Duration::from_secs(600) {
        let mut sip = [0; 512];
        match theirs.read(&mut sip).await {
            Ok(0) | Err(_) => break,
            Ok(bytes) => said.extend_from_slice(&sip[..bytes]),
        }
        let is_over = ending.is_finished() || said.windows(15).any(|word| word == b"ConsumerTooSlow");
        tokio::time::sleep(Duration::from_millis(if is_over { 0 } else { 1_000 })).await;
    }
    assert!((60..180).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    let frames = Bytes::from(said);
    let (mut at, mut last) = (0, Bytes::new());
    while at < frames.len() {
        let frame = frames::begun(&frames.slice(at..), 1);
        at += frame.len();
        if frame.first() == Some(&0x81) {
            last = frames::payload(&frame);
        }
    }
    assert_eq!(last, too_slow(), "whole frames, and the error is the last of them");
}

/// How long it takes to read so many events, in tenths of a second.
async fn read(theirs: DuplexStream, events: u32) -> u128 {
    let (begun, mut seen) = (Instant::now(), 0);
    let mut socket = WebSocketStream::from_raw_socket(theirs, Role::Client, None).await;
    while seen < events {
        let message = socket.next().await.expect("more").expect("a message");
        seen += u32::from(message.is_text());
    }
    begun.elapsed().as_millis() / 100
}

#[tokio::test(start_paused = true)]
async fn the_first_server_sends_so_much_to_one_address_whatever_its_sockets() {
    let older = &format!("{OLDER}?cursor=1");
    let limited = server(Wires::V1, 2_500, Some(1_000));
    let (one, _ending) = connected(&limited, older).await;
    assert_eq!(read(one, 2_500).await, 15, "a second's worth at once");
    tokio::time::advance(Duration::from_secs(10)).await;
    let ((one, _ending), (other, _other)) =
        (connected(&limited, older).await, connected(&limited, older).await);
    let (one, other) = tokio::join!(read(one, 2_500), read(other, 2_500));
    assert!((39..=42).contains(&one.max(other)), "{one} {other}");
    let newer = server(Wires::V2, 2_500, Some(1_000));
    let (one, _ending) = connected(&newer, &format!("{NEWER}?cursor=1")).await;
    assert_eq!(read(one, 2_500).await, 0, "the second server has no such limit");
}
