//! Frames that only a dictionary opens: where it comes from, and what if it is not to be had.

use futures_util::SinkExt as _;
use highwater::socket::{Compression, FRAME_BYTES_MAX};
use highwater::zstd::Dictionary;
use highwater_core::Input;
use highwater_core::closure::Closure;
use highwater_core::cursor::Place;
use highwater_core::effect::OpenOptions;
use highwater_core::event::{Item, Reason};
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::tungstenite::Message;

use super::frames::{identity, times};
use super::wire::{Client, Server, wire};

const V1: &str = "ws://feed.example/subscribe";
const V2: &str = "ws://feed.example/xrpc/network.bsky.jetstream.subscribeEvents";
const PLAIN: OpenOptions = OpenOptions { compress: false, message_bytes_max: None };

/// A dictionary of this number.
fn dictionary(id: u32) -> Vec<u8> {
    let samples: Vec<String> = (0..2_000).map(|n| identity(n * 7_919)).collect();
    let mut bytes = zstd::dict::from_samples(&samples, 8 << 10).unwrap();
    bytes[4..8].copy_from_slice(&id.to_le_bytes());
    bytes
}

fn compressed(dictionary: &[u8], content: &[u8]) -> Message {
    let mut compressor = zstd::bulk::Compressor::with_dictionary(3, dictionary).unwrap();
    Message::binary(compressor.compress(content).unwrap())
}

/// Hands out a dictionary, and gives the path it was asked for at.
async fn hand_out(server: &mut Server, bytes: &[u8]) -> String {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", bytes.len());
    let (mut connection, asked) = server.answer(head.as_bytes()).await;
    connection.write_all(bytes).await.unwrap();
    asked.lines().next().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_given_dictionary_opens_frames_and_a_damaged_one_is_set_aside() {
    let bytes = dictionary(1_612_007_021);
    let compression = Compression::With(Dictionary::new(&bytes).unwrap());
    let (wire, mut server) = wire();
    let mut client = Client::with(wire, V1, compression);
    client.open(Place::Tip);
    let (mut web_socket, asked) = server.web_socket().await;
    assert_eq!(asked, "/subscribe?compress=true");
    assert!(matches!(client.input().await, Input::Opened { .. }));
    web_socket.feed(compressed(&bytes, identity(1).as_bytes())).await.unwrap();
    web_socket.feed(Message::binary(b"not zstd".to_vec())).await.unwrap();
    web_socket.feed(Message::text(identity(2))).await.unwrap();
    web_socket.flush().await.unwrap();
    let Input::Received { items, .. } = client.input().await else { panic!("nothing received") };
    let [Item::Event(_), Item::Malformed(Reason::Undecodable, sample), Item::Event(_)] = &items[..] else {
        panic!("{items:?}")
    };
    assert_eq!((sample.length, &sample.head[..]), (8, &b"not zstd"[..]));
    web_socket.send(compressed(&bytes, &vec![b' '; FRAME_BYTES_MAX + 1])).await.unwrap();
    assert_eq!(client.closed().await.0, Closure::TooLarge);
}

#[tokio::test(start_paused = true)]
async fn a_dictionary_is_fetched_once_and_kept_until_it_is_refused() {
    let (old, new) = (dictionary(20_260_811), dictionary(20_261_101));
    let (wire, mut server) = wire();
    let mut client = Client::with(wire, V2, Compression::Fetched);

    client.open(Place::Tip);
    let asked = hand_out(&mut server, &old).await;
    assert_eq!(asked, "GET /xrpc/network.bsky.jetstream.getZstdDictionary HTTP/1.1");
    let (web_socket, asked) = server.web_socket().await;
    assert!(asked.ends_with("?zstdDictionary=20260811"), "{asked}");
    assert!(matches!(client.input().await, Input::Opened { .. }));
    drop(web_socket);
    client.closed().await;

    client.open(Place::Tip);
    let refusal = r#"{"error":"UnknownZstdDictionary","message":"rotated"}"#;
    let answer = format!("HTTP/1.1 400 Bad Request\r\ncontent-length: {}\r\n\r\n{refusal}", refusal.len());
    let (_, asked) = server.answer(answer.as_bytes()).await;
    assert!(asked.contains("?zstdDictionary=20260811 "), "kept: {asked}");
    assert_eq!(client.closed().await.0, Closure::Renegotiate);

    client.open(Place::Tip);
    hand_out(&mut server, &new).await;
    let (mut web_socket, asked) = server.web_socket().await;
    assert!(asked.ends_with("?zstdDictionary=20261101"), "{asked}");
    assert!(matches!(client.input().await, Input::Opened { .. }));
    let frame = r#"{"$type":"message","payload":{"$type":"network.bsky.jetstream.subscribeEvents#sync","seq":7,"did":"did:plc:a","time":"2026-05-25T14:23:29.132431Z","sync":{"did":"did:plc:a","rev":"3k","seq":9,"time":"2026-05-25T14:23:29.1Z","blocks":""}}}"#;
    web_socket.send(compressed(&new, frame.as_bytes())).await.unwrap();
    assert_eq!(times(client.input().await), [1_779_719_009_132_431]);
}

#[tokio::test(start_paused = true)]
async fn without_a_dictionary_there_is_no_compression_and_no_harm() {
    for answer in [
        "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nno magic!",
    ] {
        let (wire, mut server) = wire();
        let mut client = Client::with(wire, V2, Compression::Fetched);
        client.open(Place::Tip);
        server.answer(answer.as_bytes()).await;
        let (closure, why) = client.closed().await;
        assert_eq!(closure, Closure::Renegotiate, "{why}");
        client.open_with(Place::Tip, PLAIN);
        let (_web_socket, asked) = server.web_socket().await;
        assert!(!asked.contains("zstd"), "{asked}");
        assert!(matches!(client.input().await, Input::Opened { .. }));
    }
}

#[tokio::test(start_paused = true)]
async fn a_dictionary_without_an_end_is_not_taken_in() {
    let (wire, mut server) = wire();
    let mut client = Client::with(wire, V2, Compression::Fetched);
    client.open(Place::Tip);
    let (mut connection, _) = server.answer(b"HTTP/1.1 200 OK\r\n\r\n").await;
    let mut written = 0_usize;
    while connection.write_all(&[0x37; 8 << 10]).await.is_ok() {
        written += 8 << 10;
        assert!(written < 16 << 20, "it reads and reads");
    }
    assert_eq!(client.closed().await.0, Closure::Renegotiate);
}
