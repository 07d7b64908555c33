//! `--truth`: what was really said, on disk before anybody hears it.

use std::collections::BTreeMap;
use std::path::Path;

use highwater::feed::{Config, Feed, Wires};
use highwater_core::dialect::{Dialect, Frame, Subscription};
use highwater_core::event::{Item, Payload as _};
use sha2::{Digest as _, Sha256};

use super::client::{Client, V2, config};

/// Key to hashes, times and numbers, as the file has them.
pub(super) fn read(path: &Path) -> BTreeMap<String, Vec<String>> {
    let text = std::fs::read_to_string(path).expect("the truth");
    let lines = text.lines().map(|line| {
        let mut columns = line.split('\t').map(str::to_owned);
        (columns.next().expect("a key"), columns.collect())
    });
    let count = text.lines().count();
    let truth: BTreeMap<String, Vec<String>> = lines.collect();
    assert_eq!(truth.len(), count, "one line an event");
    truth
}

/// The key and the hash of what a frame says, by the reader that the product has.
pub(super) fn heard(dialect: Dialect, text: &str) -> (String, String) {
    let all = Subscription::new(Vec::new(), Vec::new(), Vec::new()).expect("all");
    let Frame::Item(Item::Event(event)) = dialect.decode(&all, text.to_owned().into()) else {
        panic!("no event: {text}")
    };
    let hash = Sha256::digest(event.payload.bytes());
    let hex = hash.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    (event.payload.key().to_string(), hex)
}

#[tokio::test]
async fn each_event_has_a_line_with_the_hash_of_what_was_sent_on_each_wire() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("truth.tsv");
    let events = 800;
    let feed = Feed::open(Config { truth: Some(path.clone()), ..config(Wires::Both, events) })
        .await
        .expect("a feed");
    let address = feed.address().expect("an address");
    tokio::spawn(feed.serve(std::future::pending()));
    let truth = read(&path);
    assert_eq!(truth.len() as u64, events);

    let mut newer = Client::connect(address, &format!("{V2}?cursor=1")).await.expect("accepted");
    for (text, number) in newer.texts(800).await.iter().zip(1..) {
        let (key, hash) = heard(Dialect::JetstreamV2, text);
        assert_eq!(truth[&key][0].split(',').next_back(), Some(hash.as_str()), "{key}");
        assert_eq!(truth[&key][2], number.to_string());
    }
    let mut older = Client::connect(address, "/subscribe?cursor=1").await.expect("accepted");
    let without_sync = truth.values().filter(|columns| columns[0].contains(',')).count();
    for text in older.texts(without_sync).await {
        let (key, hash) = heard(Dialect::JetstreamV1, &text);
        assert_eq!(truth[&key][0].split(',').next(), Some(hash.as_str()), "{key}");
        assert!(text.contains(&format!("\"time_us\":{},", truth[&key][1])), "{text}");
    }
}

#[tokio::test]
async fn a_file_is_served_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, truth) = (folder.path().join("events.jsonl"), folder.path().join("truth.tsv"));
    let lines = [
        r#"{"did":"did:plc:a","time_us":1700000000000001,"kind":"identity","identity":{"did":"did:plc:a","seq":7,"time":"2023-11-14T22:13:20Z"}}"#,
        r#"{ "kind":"account", "did":"did:plc:a","time_us":1700000000000009, "account":{"active":true,"did":"did:plc:a","seq":8,"time":"2023-11-14T22:13:20Z"}, "new":1 }"#,
    ];
    std::fs::write(&file, lines.join("\n")).expect("a file");
    let config = Config { serve: Some(file), truth: Some(truth.clone()), rate: 0, ..Config::default() };
    let feed = Feed::open(config).await.expect("a feed");
    let address = feed.address().expect("an address");
    tokio::spawn(feed.serve(std::future::pending()));
    let mut client = Client::connect(address, "/subscribe?cursor=0").await.expect("accepted");
    assert_eq!(client.texts(2).await, lines);
    let mut client = Client::connect(address, "/subscribe?cursor=1700000000000002").await.expect("accepted");
    assert_eq!(client.texts(1).await, lines[1..]);
    let truth = read(&truth);
    for line in lines {
        let (key, hash) = heard(Dialect::JetstreamV1, line);
        assert_eq!(truth[&key][0], hash);
    }
}

#[tokio::test]
async fn what_cannot_be_served_is_said_by_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("events.jsonl");
    std::fs::write(&file, "\n{\"did\":7}\n").expect("a file");
    let served = |wires, faults| Config { serve: Some(file.clone()), wires, faults, ..Config::default() };
    let refused =
        |config| async { Feed::open(config).await.err().map(|error| error.to_string()).unwrap_or_default() };
    let said = refused(served(Wires::V1, Vec::new())).await;
    assert!(said.contains("events.jsonl, line 2: not an event of the older wire"), "{said}");
    assert!(refused(served(Wires::V2, Vec::new())).await.contains("--wire v1"));
    let oversize = vec!["oversize".parse().expect("a fault")];
    assert!(refused(served(Wires::V1, oversize)).await.contains("`oversize` changes events"));
}
