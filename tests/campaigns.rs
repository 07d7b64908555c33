//! A small sample of each campaign against the real program; `tests/bin/` runs them for as long as one likes.

use std::path::Path;
use std::time::Duration;

use highwater_campaign::data;
use highwater_campaign::feed::Wire;
use highwater_campaign::kills::{Kills, Outcome};
use highwater_campaign::rounds::Round;
use highwater_campaign::stall::Stall;
use highwater_campaign::truth::Verdict;

use crate::program::built;

fn killed_thrice(wire: Wire, faults: &[&str]) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let faults = faults.iter().map(|fault| (*fault).to_owned()).collect();
    let life = (Duration::ZERO, Duration::from_millis(600));
    let kills = Kills { wire, round: Round::new("sample", wire, faults, 3, life), rate: 2_000, seed: 7 };
    kills.run(built(), folder.path()).unwrap()
}

#[test]
fn killed_on_the_older_wire_nothing_is_lost_or_doubled() {
    let outcome = killed_thrice(Wire::V1, &[]);
    assert!(outcome.is_proof(), "{outcome}");
}

#[test]
fn killed_on_the_newer_wire_nothing_is_lost_or_doubled_and_nothing_on_record() {
    let outcome = killed_thrice(Wire::V2, &[]);
    assert!(outcome.is_proof() && outcome.verdict.records.is_empty(), "{outcome}");
}

#[test]
fn what_the_older_wire_drops_where_it_goes_live_lies_in_a_record() {
    let outcome = killed_thrice(Wire::V1, &["drop=5000", "cutover-drop", "malformed=500"]);
    assert!(outcome.is_proof() && outcome.verdict.on_record > 0, "{outcome}");
}

#[test]
fn what_the_newer_wire_no_longer_has_lies_in_a_record() {
    let outcome = killed_thrice(Wire::V2, &["retention=400", "oversize=1500"]);
    let Verdict { on_record, set_aside, .. } = outcome.verdict;
    assert!(outcome.is_proof() && on_record > 0 && set_aside > 0, "{outcome}");
}

#[test]
fn to_what_a_server_was_blind_lies_in_no_record() {
    let outcome = killed_thrice(Wire::V2, &["blind=1000"]);
    assert!(outcome.is_proof() && outcome.verdict.hidden > 0, "{outcome}");
}

#[test]
fn a_database_that_is_held_fills_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let stall = Stall { hold: Duration::from_secs(3), wire: Wire::V2, events: 60_000 };
    let held = stall.run(built(), folder.path()).unwrap();
    assert!(held.verdict.is_exact(), "{}", held.verdict);
    assert!(held.resident_bytes_max.is_none_or(|bytes| bytes < 64 << 20), "{held:?}");
}

#[test]
fn what_a_file_says_is_exported_byte_for_byte_with_garbage_between_each_two() {
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join("odd.jsonl");
    std::fs::write(&odd, odd_but_valid()).unwrap();
    let golden = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/testdata").join(name);
    for (number, file) in
        [odd, golden("jetstream_v1.jsonl"), golden("jetstream_v1_on_v2_host.jsonl")].iter().enumerate()
    {
        let folder = folder.path().join(number.to_string());
        std::fs::create_dir(&folder).unwrap();
        let outcome = data::file(built(), file, &folder).unwrap();
        assert!(outcome.is_exact() && outcome.garbage == outcome.events, "{}: {outcome}", file.display());
    }
}

#[test]
fn what_is_made_up_for_the_newer_wire_is_stored_byte_for_byte_with_garbage_between_each_two() {
    let folder = tempfile::tempdir().unwrap();
    let outcome = data::made_up(built(), Wire::V2, 7, folder.path()).unwrap();
    assert!(outcome.is_exact() && outcome.events == 400 && outcome.garbage == 400, "{outcome}");
}

/// Events as nobody writes them, and anybody may: fields in another order, escapes, spaces, what is not known yet.
fn odd_but_valid() -> String {
    let mut lines = String::new();
    for number in 1..=300 {
        let time = 1_700_000_000_000_000_u64 + number;
        lines += &[
            format!(
                r#"{{"kind":"identity","identity":{{"time":"2023-11-14T22:13:20Z","seq":{number},"did":"did:plc:\u0061"}},"time_us":{time},"did":"did:plc:a"}}"#
            ),
            format!(
                r#"{{ "did" : "did:web:höhe.example" , "time_us" : {time} , "kind" : "commit" , "new" : [1.0e2, null] , "commit" : {{ "rev" : "r{number}" , "operation" : "create" , "collection" : "a.b.c" , "rkey" : "k{number}" , "record" : {{ "\u00e4" : "\ud83c\udf0a\n" }} , "cid" : "c" }} }}"#
            ),
        ][number as usize % 2];
        lines.push('\n');
    }
    lines
}
