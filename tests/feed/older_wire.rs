//! `/subscribe`: cursors are times and include, filters can be changed, and what is refused is refused in words.

use std::time::Duration;

use highwater::feed::{Config, Measure, Wires};
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

use super::client::{Client, V2, config, page, start};

/// The times of all events of the feed.
async fn times(client: &mut Client, count: usize) -> Vec<u64> {
    let mut times = Vec::new();
    for _ in 0..count {
        times.push(client.event().await["time_us"].as_u64().expect("a time"));
    }
    times
}

#[tokio::test]
async fn all_comes_in_order_and_a_cursor_includes_its_event() {
    let address = start(config(Wires::V1, 3_000)).await;
    let mut client = Client::connect(address, "/subscribe?cursor=0").await.expect("accepted");
    let times = times(&mut client, 3_000).await;
    assert!(times.is_sorted_by(|a, b| a < b));

    let again = format!("/subscribe?cursor={}", times[1_500]);
    let mut client = Client::connect(address, &again).await.expect("accepted");
    let first = client.event().await;
    assert_eq!((&first["time_us"], &first["cursor"]), (&Value::from(times[1_500]), &Value::Null));
    assert_eq!(client.event().await["time_us"], times[1_501]);
}

#[tokio::test]
async fn a_cursor_to_come_and_none_are_the_tip() {
    let address = start(Config { rate: 500, events: None, ..config(Wires::V1, 0) }).await;
    let mut early = Client::connect(address, "/subscribe").await.expect("accepted");
    let before = times(&mut early, 100).await[99];
    for query in ["", "?cursor=9999999999999999"] {
        let mut late = Client::connect(address, &format!("/subscribe{query}")).await.expect("accepted");
        assert!(times(&mut late, 1).await[0] > before, "{query}");
    }
}

#[tokio::test]
async fn a_cursor_below_the_floor_is_moved_up_without_a_word() {
    let retention = Some(Measure::Times(1_000));
    let address = start(Config { retention, ..config(Wires::V1, 3_000) }).await;
    let mut client = Client::connect(address, "/subscribe?cursor=1").await.expect("accepted");
    assert_eq!(times(&mut client, 1_000).await.len(), 1_000);
    assert_eq!(client.soon(Duration::from_millis(200)).await, None);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_in_the_servers_words() {
    let address = start(config(Wires::V1, 1)).await;
    let dids = (0..101).map(|n| format!("wantedCollections=a.b.c{n}")).collect::<Vec<_>>().join("&");
    for (query, body) in [
        ("cursor=abc", "invalid cursor: abc"),
        ("wantedCollections=app.bsky.fo*", "invalid subscriber options: invalid collection: app.bsky.fo*"),
        ("wantedDids=nobody", "invalid subscriber options"),
        (dids.as_str(), "invalid subscriber options: too many wanted collections"),
    ] {
        let refused = Client::connect(address, &format!("/subscribe?{query}")).await.err();
        assert_eq!(refused, Some((400, body.to_owned())), "{query}");
    }
    assert_eq!(Client::connect(address, V2).await.err().map(|(status, _)| status), Some(404));
    assert_eq!(page(address, "/").await.0, 200);
}

#[tokio::test]
async fn only_what_is_wanted_comes_and_that_can_be_changed() {
    let address = start(config(Wires::V1, 4_000)).await;
    let path = "/subscribe?cursor=0&requireHello=true&wantedCollections=app.bsky.feed.post";
    let mut client = Client::connect(address, path).await.expect("accepted");
    assert_eq!(client.soon(Duration::from_millis(200)).await, None, "nothing before the hello");
    client.say(Message::text(r#"{"type":"unheard of"}"#)).await;
    let hello = r#"{"type":"options_update","payload":{"wantedCollections":["app.bsky.graph.*"]}}"#;
    client.say(Message::text(hello)).await;
    let mut seen = std::collections::BTreeSet::new();
    for text in client.texts(500).await {
        let event: Value = serde_json::from_str(&text).expect("JSON");
        seen.insert(event["commit"]["collection"].as_str().unwrap_or("none").to_owned());
    }
    assert_eq!(Vec::from_iter(seen), ["app.bsky.graph.block", "app.bsky.graph.follow", "none"]);
}

#[tokio::test]
async fn options_that_are_none_end_the_connection() {
    for (wires, code) in [(Wires::V1, 1000), (Wires::Both, 1008)] {
        let address = start(config(wires, 10)).await;
        let mut client = Client::connect(address, "/subscribe").await.expect("accepted");
        let bad = r#"{"type":"options_update","payload":{"wantedDids":["nobody"]}}"#;
        client.say(Message::text(bad)).await;
        assert_eq!(client.close_code().await, Some(code), "{wires:?}");
    }
}

#[tokio::test]
async fn messages_too_large_for_the_subscriber_are_left_out() {
    let address = start(config(Wires::V1, 2_000)).await;
    let path = "/subscribe?cursor=0&maxMessageSizeBytes=300";
    let mut client = Client::connect(address, path).await.expect("accepted");
    let texts = client.texts(150).await;
    assert!(texts.iter().all(|text| text.len() <= 300));
}

#[tokio::test]
async fn a_second_generation_host_adds_a_cursor_and_takes_it_back() {
    let address = start(config(Wires::Both, 500)).await;
    let mut client = Client::connect(address, "/subscribe?cursor=0").await.expect("accepted");
    let mut cursors = Vec::new();
    for _ in 0..100 {
        cursors.push(client.event().await["cursor"].as_u64().expect("a cursor"));
    }
    assert!(cursors.is_sorted_by(|a, b| a < b));
    let mut client =
        Client::connect(address, &format!("/subscribe?cursor={}", cursors[50])).await.expect("accepted");
    assert_eq!(client.event().await["cursor"], cursors[50]);
}

#[tokio::test]
async fn whoever_is_slow_at_the_tip_is_left_without_a_word() {
    let address = start(Config { rate: 200_000, ..config(Wires::V1, 200_000) }).await;
    let mut client = Client::connect(address, "/subscribe").await.expect("accepted");
    assert!(client.event().await["time_us"].is_u64());
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(client.close_code().await, None);
    let mut patient =
        Client::connect(address, "/subscribe?cursor=0").await.expect("a replay may be as slow as it likes");
    assert_eq!(patient.texts(200_000).await.len(), 200_000);
}

#[tokio::test]
async fn a_ping_is_answered_even_while_events_flow() {
    let address = start(Config { rate: 2_000, events: None, ..config(Wires::V1, 0) }).await;
    let mut client = Client::connect(address, "/subscribe?cursor=0").await.expect("accepted");
    client.say(Message::Ping("are you there".into())).await;
    let mut events = 0;
    loop {
        match client.message().await.expect("it goes on") {
            Message::Pong(content) => break assert_eq!(content, "are you there"),
            _ => events += 1,
        }
        assert!(events < 20_000, "no answer");
    }
}
