//! `subscribeEvents`: cursors are numbers or moments and include, what is too old is refused, nobody may talk back.

use highwater::feed::{Config, Measure, Wires};
use highwater::zstd::{Decompressor, Dictionary};
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

use super::client::{Client, DICTIONARY, V2, config, page, start};

fn seq(event: &Value) -> u64 {
    event["payload"]["seq"].as_u64().expect("a number")
}

#[tokio::test]
async fn all_comes_in_order_and_a_cursor_includes_its_event() {
    let address = start(config(Wires::V2, 2_000)).await;
    let fields = [("sec-websocket-protocol", "xrpc.v1.json")];
    let mut client =
        Client::connect_with(address, &format!("{V2}?cursor=0"), &fields).await.expect("accepted");
    assert_eq!(client.subprotocol.as_deref(), Some("xrpc.v1.json"));
    let mut kinds = std::collections::BTreeSet::new();
    for expected in 1..=2_000 {
        let event = client.event().await;
        assert_eq!(seq(&event), expected);
        let kind = event["payload"]["$type"].as_str().expect("a type");
        kinds.insert(kind.trim_start_matches("network.bsky.jetstream.subscribeEvents#").to_owned());
    }
    assert_eq!(Vec::from_iter(kinds), ["account", "commit", "identity", "sync"]);
    let mut client = Client::connect(address, &format!("{V2}?cursor=1234")).await.expect("accepted");
    assert_eq!(client.subprotocol, None);
    assert_eq!(seq(&client.event().await), 1_234);
    assert_eq!(seq(&client.event().await), 1_235);
}

#[tokio::test]
async fn a_moment_is_a_cursor_too_and_one_below_the_floor_is_said_to_be() {
    let retention = Some(Measure::Times(1_000));
    let address = start(Config { retention, ..config(Wires::V2, 3_000) }).await;
    let mut client =
        Client::connect(address, &format!("{V2}?cursor=1000000000000000")).await.expect("accepted");
    assert_eq!(client.event().await["payload"]["name"], "OutdatedCursor");
    assert_eq!(seq(&client.event().await), 2_001);

    for too_old in [0, 1, 2_000] {
        let (status, body) =
            Client::connect(address, &format!("{V2}?cursor={too_old}")).await.err().expect("refused");
        let body: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!((status, &body["error"]), (400, &Value::from("CursorTooOld")), "{too_old}");
    }
    assert!(Client::connect(address, &format!("{V2}?cursor=2001")).await.is_ok());
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_name() {
    let address = start(config(Wires::V2, 1)).await;
    for (query, error) in [
        ("cursor=-1", "InvalidRequest"),
        ("cursor=abc", "InvalidRequest"),
        ("wantedCollections=app.bsky.feed.post", "InvalidRequest"),
        ("compress=true", "InvalidRequest"),
        ("kinds=gossip", "InvalidRequest"),
        ("zstdDictionary=7", "UnknownZstdDictionary"),
    ] {
        let (status, body) = Client::connect(address, &format!("{V2}?{query}")).await.err().expect("refused");
        let body: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!((status, &body["error"]), (400, &Value::from(error)), "{query}");
    }
    let refused = Client::connect(address, "/subscribe").await.err();
    assert_eq!(refused.map(|(status, _)| status), Some(404), "v2 alone was asked for");
}

#[tokio::test]
async fn whoever_talks_is_shown_out() {
    let address = start(config(Wires::V2, 10)).await;
    for message in [Message::text("{}"), Message::binary(&b"x"[..])] {
        let mut client = Client::connect(address, V2).await.expect("accepted");
        client.say(message).await;
        assert_eq!(client.close_code().await, Some(1008));
    }
}

#[tokio::test]
async fn frames_come_compressed_with_the_dictionary_that_is_given_out() {
    let address = start(config(Wires::Both, 1_500)).await;
    let (status, bytes) = page(address, DICTIONARY).await;
    assert_eq!(status, 200);
    let dictionary = Dictionary::new(&bytes).expect("a dictionary");
    let mut decompressor = Decompressor::new(&dictionary).expect("memory");
    let known = format!("{V2}?cursor=1&zstdDictionary={}", dictionary.id());
    for (compressed, plain) in [
        (known.as_str(), format!("{V2}?cursor=1")),
        ("/subscribe?cursor=1&compress=true", "/subscribe?cursor=1".into()),
    ] {
        let mut compressed = Client::connect(address, compressed).await.expect("accepted");
        let mut plain = Client::connect(address, &plain).await.expect("accepted");
        let (mut sent, mut written) = (0, 0);
        for _ in 0..1_400 {
            let Some(Message::Binary(frame)) = compressed.message().await else { panic!("not binary") };
            let text = plain.message().await.expect("an event").into_text().expect("text");
            assert_eq!(decompressor.decompress(&frame, 1 << 20).expect("a frame"), text.as_bytes());
            sent += frame.len();
            written += text.len();
        }
        assert!(sent * 2 < written, "{sent} of {written} bytes");
    }
    assert_eq!(page(address, &format!("{DICTIONARY}?id=7")).await.0, 400);
}
