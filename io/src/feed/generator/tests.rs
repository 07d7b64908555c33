//! The events are of the seed alone, have the network's mix and sizes, and keep the protocol's promises.

use std::collections::{HashMap, HashSet};

use highwater_core::serve::Wire;

use super::*;
use crate::feed::truth::hash;

const START: u64 = 1_790_000_000_000_000;

/// Event `index` with the times of a feed that says one every millisecond.
fn event(generator: &Generator, index: u64) -> Entry {
    let first = if generator.continues(index) { index - index % 4 } else { index };
    let time = WallTime::from_micros(START + index * 1_000);
    Entry { time, ..generator.event(index, START + first * 1_000) }
}

fn frame(generator: &Generator, index: u64) -> String {
    let frame = event(generator, index).frame(Wire::V1).expect("without sync all have a frame");
    String::from_utf8(frame.to_vec()).expect("UTF-8")
}

#[test]
fn seed_1_means_the_same_next_year() {
    let generator = Generator::new(1, false);
    let frames: String = (0..20).map(|index| frame(&generator, index) + "\n").collect();
    assert_eq!(
        format!("{:x}", hash(frames.as_bytes())),
        "5683955aa9a06553f8fb52c59b7d4362138eab76b2d0c30ab0778481b6c53934"
    );
}

#[test]
fn another_seed_is_another_network() {
    assert_ne!(frame(&Generator::new(1, false), 7), frame(&Generator::new(2, false), 7));
}

#[test]
fn sizes_are_those_measured_on_the_network() {
    let generator = Generator::new(3, false);
    let mut sizes: Vec<usize> = (0..20_000).map(|index| frame(&generator, index).len()).collect();
    sizes.sort_unstable();
    let mean = sizes.iter().sum::<usize>() / sizes.len();
    let at = |percent: usize| sizes[sizes.len() * percent / 100];
    let measured = (mean, at(10), at(50), at(90), at(99));
    assert!((490..525).contains(&mean), "{measured:?}");
    assert!((190..215).contains(&at(10)), "{measured:?}");
    assert!((495..510).contains(&at(50)), "{measured:?}");
    assert!((660..760).contains(&at(90)), "{measured:?}");
    assert!((880..1_000).contains(&at(99)), "{measured:?}");
}

#[test]
fn the_mix_is_that_of_the_network() {
    let generator = Generator::new(4, true);
    let mut counts = HashMap::<String, u32>::new();
    for index in 0..20_000 {
        let name = match event(&generator, index).body {
            Body::Commit { change: Change::Create(_), collection, .. } => collection,
            Body::Commit { change: Change::Update(_), .. } => "update".to_owned(),
            Body::Commit { change: Change::Delete, .. } => "delete".to_owned(),
            Body::Identity { .. } => "identity".to_owned(),
            Body::Account { .. } => "account".to_owned(),
            Body::Sync { .. } | Body::Other { .. } => "sync".to_owned(),
        };
        *counts.entry(name).or_default() += 1;
    }
    for (name, percent) in [
        (record::LIKE, 50.0),
        (record::POST, 15.0),
        (record::REPOST, 8.0),
        (record::FOLLOW, 10.0),
        ("delete", 10.0),
        ("update", 2.5),
        ("identity", 1.5),
        ("account", 1.5),
        ("sync", 0.5),
    ] {
        let counted = f64::from(counts[name]) / 200.0;
        assert!((counted - percent).abs() < 0.12 * percent + 0.2, "{name}: {counted} % of {counts:?}");
    }
}

#[test]
fn no_two_events_are_the_same_event() {
    let generator = Generator::new(5, true);
    let mut keys = HashSet::new();
    for index in 0..20_000 {
        let key = event(&generator, index).key();
        assert!(key.is_some() && keys.insert(key), "event {index} was there before");
    }
}

#[test]
fn a_deletion_mostly_removes_what_was_created_and_some_records_come_back() {
    let generator = Generator::new(6, false);
    let mut created = HashSet::new();
    let mut deleted = HashSet::new();
    let (mut removed, mut deletions, mut back) = (0, 0, 0);
    for index in 0..20_000 {
        let event = event(&generator, index);
        let Body::Commit { change, collection, rkey, .. } = event.body else { continue };
        let record = (event.did, collection, rkey);
        match change {
            Change::Create(_) => {
                back += u32::from(deleted.contains(&record));
                created.insert(record);
            }
            Change::Delete => {
                deletions += 1;
                removed += u32::from(created.contains(&record));
                deleted.insert(record);
            }
            Change::Update(_) => {}
        }
    }
    assert!(removed * 10 > deletions * 7, "{removed} of {deletions} deletions removed something");
    assert!(back > 100, "{back} came back");
}

#[test]
fn operations_of_one_commit_share_its_account_and_revision() {
    let generator = Generator::new(7, false);
    let mut several = 0;
    for index in (0..4_000).filter(|&index| generator.continues(index)) {
        let (before, after) = (event(&generator, index - 1), event(&generator, index));
        let rev = |event: &Entry| match &event.body {
            Body::Commit { rev, .. } => rev.clone(),
            _ => String::new(),
        };
        assert_eq!(before.did, after.did);
        assert_eq!(rev(&before), rev(&after));
        several += 1;
    }
    assert!(several > 50, "{several}");
}

#[test]
fn every_frame_is_json_and_some_hold_escapes_and_several_scripts() {
    let generator = Generator::new(8, false);
    let (mut escapes, mut wide) = (0, 0);
    for index in 0..5_000 {
        let frame = frame(&generator, index);
        let parsed: serde_json::Value = serde_json::from_str(&frame).expect("JSON");
        assert_eq!(parsed["time_us"], START + index * 1_000);
        escapes += u32::from(frame.contains(r"\u") || frame.contains(r"\/"));
        wide += u32::from(!frame.is_ascii());
    }
    assert!(escapes > 50 && wide > 100, "{escapes} with escapes, {wide} beyond ASCII");
}
