//! Each fault on request, as a subscriber suffers it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use highwater::feed::{Config, Feed, Summary, Wires};
use highwater::zstd::{Decompressor, Dictionary};
use highwater_core::dialect::{Dialect, Frame, Subscription};
use highwater_core::event::{Item, Payload as _};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;

use super::client::{Client, DICTIONARY, V2, config, page};
use super::truth;

/// A feed that goes wrong, what it wrote down, and how it is ended.
struct Feeding {
    address: SocketAddr,
    truth: PathBuf,
    stop: oneshot::Sender<()>,
    summary: JoinHandle<Summary>,
    _folder: tempfile::TempDir,
}

impl Feeding {
    async fn start(config: Config, faults: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let truth = folder.path().join("truth.tsv");
        let faults = faults.iter().map(|fault| fault.parse().expect("a fault")).collect();
        let feed = Feed::open(Config { truth: Some(truth.clone()), faults, ..config }).await.expect("a feed");
        let address = feed.address().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let serve = async { feed.serve(async { drop(stopped.await) }).await.expect("no error") };
        Self { address, truth, stop, summary: tokio::spawn(serve), _folder: folder }
    }

    /// Ends the feed: how often its one fault happened.
    async fn times(self) -> u64 {
        self.stop.send(()).expect("it serves");
        self.summary.await.expect("a summary").faults[0].1
    }
}

fn key(text: &str) -> Option<String> {
    let all = Subscription::new(Vec::new(), Vec::new(), Vec::new()).expect("all");
    match Dialect::JetstreamV1.decode(&all, text.to_owned().into()) {
        Frame::Item(Item::Event(event)) => Some(event.payload.key().to_string()),
        _ => None,
    }
}

fn time(text: &str) -> u64 {
    let event: Value = serde_json::from_str(text).expect("JSON");
    event["time_us"].as_u64().expect("a time")
}

#[tokio::test]
async fn drop_ends_a_connection_without_a_word() {
    let feed = Feeding::start(config(Wires::V2, 1_000), &["drop=500"]).await;
    let mut client = Client::connect(feed.address, &format!("{V2}?cursor=1")).await.expect("accepted");
    assert_eq!(client.close_code().await, None);
    assert_eq!(feed.times().await, 1);
}

#[tokio::test]
async fn half_open_says_nothing_and_answers_nothing() {
    let feed = Feeding::start(config(Wires::V1, 1_000), &["half-open=500"]).await;
    let mut client = Client::connect(feed.address, "/subscribe?cursor=1").await.expect("accepted");
    while client.soon(Duration::from_millis(300)).await.is_some() {}
    client.say(Message::Ping("hello?".into())).await;
    assert_eq!(client.soon(Duration::from_millis(500)).await, None);
    assert_eq!(feed.times().await, 1);
}

#[tokio::test]
async fn stall_says_nothing_for_a_while_and_answers() {
    let feed = Feeding::start(config(Wires::V1, 1_000), &["stall=900"]).await;
    let mut client = Client::connect(feed.address, "/subscribe?cursor=1").await.expect("accepted");
    let mut events = 0;
    while client.soon(Duration::from_millis(300)).await.is_some() {
        events += 1;
    }
    client.say(Message::Ping("hello?".into())).await;
    assert_eq!(client.soon(Duration::from_millis(300)).await, Some(Message::Pong("hello?".into())));
    assert_eq!(client.texts(1_000 - events).await.len(), 1_000 - events);
    assert_eq!(feed.times().await, 1);
}

#[tokio::test]
async fn malformed_frames_come_between_events_and_none_is_in_the_truth() {
    let feed = Feeding::start(config(Wires::V1, 2_000), &["malformed=100"]).await;
    let mut client = Client::connect(feed.address, "/subscribe?cursor=1").await.expect("accepted");
    let (mut keys, mut garbage) = (BTreeSet::new(), 0);
    while keys.len() < 2_000 {
        match key(&client.texts(1).await[0]) {
            Some(key) => drop(keys.insert(key)),
            None => garbage += 1,
        }
    }
    assert!((12..30).contains(&garbage), "{garbage}");
    assert!(keys.iter().eq(truth::read(&feed.truth).keys()));
    assert_eq!(feed.times().await, garbage);
}

#[tokio::test]
async fn the_end_of_a_replay_goes_wrong_like_all_of_it() {
    let feed = Feeding::start(config(Wires::V1, 10), &["malformed=1"]).await;
    let mut client = Client::connect(feed.address, "/subscribe?cursor=1").await.expect("accepted");
    let texts = client.texts(20).await;
    let is_event: Vec<bool> = texts.iter().map(|text| key(text).is_some()).collect();
    assert_eq!(is_event, [true, false].repeat(10), "garbage between each two");
    assert_eq!(feed.times().await, 10);

    let feed = Feeding::start(config(Wires::V1, 40), &["drop=20"]).await;
    let mut client = Client::connect(feed.address, "/subscribe?cursor=1").await.expect("accepted");
    let times: Vec<u64> = client.texts(40).await.iter().map(|text| time(text)).collect();
    assert!((10..31).contains(&times.len()) && times.is_sorted(), "{times:?}");
    let mut client = Client::connect(feed.address, "/subscribe?cursor=1").await.expect("accepted");
    assert_eq!(time(&client.texts(1).await[0]), times[0], "nothing is lost by it");
}

#[tokio::test]
async fn the_oldest_is_where_the_log_begins_whatever_the_clock_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let serve = folder.path().join("said.jsonl");
    let line = |time: u64| {
        format!(
            r#"{{"did":"did:plc:a","time_us":{time},"kind":"identity","identity":{{"did":"did:plc:a","seq":{time},"time":"t"}}}}"#
        )
    };
    std::fs::write(&serve, [2_000, 1_000, 3_000].map(line).join("\n")).expect("a file");
    let config = Config { serve: Some(serve), ..config(Wires::V1, 3) };
    let feed = Feeding::start(config, &["drop"]).await;
    for (cursor, expected) in [("0", vec![2_000, 1_000, 3_000]), ("2000", vec![2_000, 3_000])] {
        let path = format!("/subscribe?cursor={cursor}");
        let mut client = Client::connect(feed.address, &path).await.expect("accepted");
        let times: Vec<u64> = client.texts(expected.len()).await.iter().map(|text| time(text)).collect();
        assert_eq!(times, expected, "{cursor}");
    }
}

#[tokio::test]
async fn reorder_mixes_the_end_of_a_replay_and_loses_nothing() {
    let feed = Feeding::start(config(Wires::V1, 500), &["reorder"]).await;
    let mut client = Client::connect(feed.address, "/subscribe?cursor=1").await.expect("accepted");
    let texts = client.texts(500).await;
    let times: Vec<u64> = texts.iter().map(|text| time(text)).collect();
    assert!(times[..436].is_sorted() && !times.is_sorted());
    assert_eq!(times.iter().collect::<BTreeSet<_>>().len(), 500);
    assert_eq!(feed.times().await, 1);
}

#[tokio::test]
async fn cutover_drop_loses_some_of_the_end_of_a_replay() {
    let feed = Feeding::start(config(Wires::V1, 500), &["cutover-drop"]).await;
    let mut client = Client::connect(feed.address, "/subscribe?cursor=1").await.expect("accepted");
    let mut times = Vec::new();
    while let Some(message) = client.soon(Duration::from_millis(300)).await {
        times.push(time(message.to_text().expect("text")));
    }
    assert!(times.is_sorted() && (492..500).contains(&times.len()), "{}", times.len());
    assert_eq!(truth::read(&feed.truth).len(), 500, "the truth has them all");
    assert_eq!(feed.times().await, 1);
}

#[tokio::test]
async fn restart_ends_all_connections_and_keeps_what_was_said() {
    let feed = Feeding::start(config(Wires::Both, 1_000), &["restart=500"]).await;
    let mut bystander = Client::connect(feed.address, V2).await.expect("accepted");
    let mut client = Client::connect(feed.address, &format!("{V2}?cursor=1")).await.expect("accepted");
    assert_eq!(client.close_code().await, Some(1001));
    assert_eq!(bystander.close_code().await, Some(1001));
    let mut client = Client::insist(feed.address, &format!("{V2}?cursor=1")).await;
    assert_eq!(client.event().await["payload"]["seq"], 1);
    assert!(feed.times().await >= 1);
}

#[tokio::test]
async fn re_emission_says_the_last_events_again_under_new_times() {
    let feed = Feeding::start(Config { seed: 38, ..config(Wires::V1, 1_000) }, &["re-emission=1200"]).await;
    let mut client = Client::connect(feed.address, "/subscribe?cursor=1").await.expect("accepted");
    assert!(client.texts(1_000).await.len() < 1_000, "it is not the one to fire at the first replay");
    let mut client = Client::insist(feed.address, "/subscribe?cursor=1").await;
    let texts = client.texts(1_500).await;
    assert_eq!(texts.len(), 1_500);
    let (first, again) = texts.split_at(1_000);
    let known: BTreeSet<_> = first.iter().map(|text| key(text)).collect();
    assert!(again.iter().all(|text| known.contains(&key(text)) && !first.contains(text)));
    assert!(texts.iter().map(|text| time(text)).is_sorted());

    feed.stop.send(()).expect("it serves");
    assert_eq!(feed.summary.await.expect("a summary").faults[0].1, 1);
    let truth = truth::read(&feed.truth);
    let twice = truth.values().filter(|columns| columns.iter().all(|column| column.contains(','))).count();
    assert_eq!((truth.len(), twice), (1_000, 500), "one line an event, with both its versions");
}

#[tokio::test]
async fn clock_step_lets_times_go_back() {
    let steady = Config { rate: 2_000, events: None, ..config(Wires::V1, 0) };
    let feed = Feeding::start(steady, &["clock-step=600"]).await;
    let mut client = Client::connect(feed.address, "/subscribe?cursor=0").await.expect("accepted");
    let before = client.texts(100_000).await;
    let mut client = Client::insist(feed.address, "/subscribe").await;
    let (last, next) = (time(&before[before.len() - 1]), time(&client.texts(1).await[0]));
    assert!((8_000_000..61_000_000).contains(&(last - next)), "{last} {next}");
    // By that clock the cursor lies in the future, and so it is the tip: nobody says that anything is left out.
    let mut client = Client::insist(feed.address, &format!("/subscribe?cursor={last}")).await;
    assert!(time(&client.texts(1).await[0]) < last);
}

#[tokio::test]
async fn oversize_events_are_in_the_truth_and_too_large() {
    let feed = Feeding::start(config(Wires::V1, 1_000), &["oversize=200"]).await;
    let mut client = Client::connect(feed.address, "/subscribe?cursor=1").await.expect("accepted");
    let mut sizes = Vec::new();
    while sizes.len() < 1_000 {
        match client.message().await {
            Some(Message::Text(text)) => sizes.push(text.len()),
            other => panic!("{other:?}"),
        }
    }
    let large: Vec<_> = sizes.iter().filter(|&&size| size > 2 << 20).map(|size| size >> 20).collect();
    assert_eq!(large[..4], [3, 3, 3, 33], "{large:?}");
    assert_eq!(truth::read(&feed.truth).len(), 1_000);
    assert_eq!(feed.times().await, large.len() as u64);
}

#[tokio::test]
async fn blind_to_a_collection_nothing_says_so() {
    let feed = Feeding::start(config(Wires::V1, 4_000), &["blind=1000"]).await;
    let mut client = Client::connect(feed.address, "/subscribe?cursor=1").await.expect("accepted");
    let mut keys = BTreeSet::new();
    while let Some(message) = client.soon(Duration::from_millis(300)).await {
        keys.extend(key(message.to_text().expect("text")));
    }
    let truth = truth::read(&feed.truth);
    let unseen: BTreeSet<&String> =
        truth.iter().filter(|(_, columns)| columns[0].is_empty()).map(|(key, _)| key).collect();
    assert_eq!(truth.len(), 4_000);
    assert!((20..2_000).contains(&unseen.len()), "{}", unseen.len());
    assert!(truth.keys().all(|key| keys.contains(key) != unseen.contains(key)), "the truth knows which");
    assert!(feed.times().await >= 2);
}

#[tokio::test]
async fn status_503_refuses_some_connections() {
    let feed = Feeding::start(config(Wires::Both, 10), &["503=2"]).await;
    let mut refused = BTreeSet::new();
    let mut accepted = 0;
    for path in ["/subscribe", V2].repeat(10) {
        match Client::connect(feed.address, path).await {
            Ok(_) => accepted += 1,
            Err((status, body)) => drop(refused.insert((status, body))),
        }
    }
    let plain = (503, "service unavailable".to_owned());
    assert!(accepted >= 7 && refused.contains(&plain) && refused.len() == 2, "{accepted} {refused:?}");
    assert!(feed.times().await >= 7);
}

#[tokio::test]
async fn another_instance_has_other_numbers_and_times() {
    let feed = Feeding::start(config(Wires::V2, 1_000), &["instance=1"]).await;
    let mut numbers = BTreeSet::new();
    for _ in 0..2 {
        let mut client =
            Client::connect(feed.address, &format!("{V2}?cursor=1000000000000000")).await.expect("accepted");
        let mut event = client.event().await;
        if event["payload"]["seq"].is_null() {
            event = client.event().await;
        }
        numbers.insert((event["payload"]["seq"].as_u64(), event["payload"]["time"].to_string()));
    }
    let numbers = Vec::from_iter(numbers);
    assert_eq!((numbers[0].0, numbers[1].0), (Some(1), Some(138)));
    assert_ne!(numbers[0].1, numbers[1].1);
    let truth = truth::read(&feed.truth);
    assert!(truth.values().any(|columns| columns[2] == "1,138" && columns[0].contains(',')));
    assert_eq!(feed.times().await, 2);
}

#[tokio::test]
async fn rotation_makes_the_old_dictionary_unknown_where_there_is_more_than_one() {
    let feed = Feeding::start(config(Wires::Both, 1_000), &["rotation=600"]).await;
    let old = Dictionary::new(&page(feed.address, DICTIONARY).await.1).expect("a dictionary");
    let path = format!("{V2}?cursor=1&zstdDictionary={}", old.id());
    let mut client = Client::connect(feed.address, &path).await.expect("accepted");
    assert_eq!(client.close_code().await, Some(1001));
    let mut older = Client::insist(feed.address, "/subscribe?cursor=1&compress=true").await;
    let Some(Message::Binary(frame)) = older.message().await else { panic!("not binary") };
    assert!(Decompressor::new(&old).expect("memory").decompress(&frame, 1 << 20).is_ok());
    let (status, body) = Client::refused(feed.address, &path).await;
    assert!(status == 400 && body.contains("UnknownZstdDictionary"), "{body}");
    let new = Dictionary::new(&page(feed.address, DICTIONARY).await.1).expect("a dictionary");
    assert_ne!(new.id(), old.id());
    assert!(feed.times().await >= 1);
}

#[tokio::test]
async fn retention_forgets_what_nobody_had() {
    let feed = Feeding::start(config(Wires::V2, 2_000), &["retention=600"]).await;
    let mut client = Client::connect(feed.address, &format!("{V2}?cursor=1")).await.expect("accepted");
    let mut last = 0;
    while let Some(Message::Text(text)) = client.message().await {
        let event: Value = serde_json::from_str(&text).expect("JSON");
        last = event["payload"]["seq"].as_u64().expect("a number");
    }
    let (status, body) = Client::refused(feed.address, &format!("{V2}?cursor={last}")).await;
    assert!(status == 400 && body.contains("CursorTooOld"), "{body}");
    assert_eq!(truth::read(&feed.truth).len(), 2_000);
    assert_eq!(feed.times().await, 1);
}

#[tokio::test]
async fn the_end_is_said_on_the_newer_wire_and_soon() {
    let feed = Feeding::start(config(Wires::Both, 10), &["drop"]).await;
    let mut client = Client::connect(feed.address, V2).await.expect("accepted");
    let begun = Instant::now();
    assert_eq!(feed.times().await, 0);
    assert!(begun.elapsed() < Duration::from_secs(3));
    assert_eq!(client.close_code().await, Some(1001));
}
