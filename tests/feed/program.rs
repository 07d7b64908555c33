//! `highwater feed` and `highwater demo` as a shell sees them.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use crate::program::program;

#[test]
fn the_first_line_says_where_and_the_last_ones_what_happened() {
    let mut feed = Command::new(program())
        .args(["feed", "--listen", "127.0.0.1:0", "--events", "10", "--rate", "0", "--fault", "drop"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(feed.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port =
        line.strip_prefix("listening ws://127.0.0.1:").and_then(|rest| rest.trim_end().parse::<u16>().ok());
    assert!(port.is_some_and(|port| port > 0), "{line}");
    let ended = Command::new("kill").args(["-TERM", &feed.id().to_string()]).status().unwrap();
    assert!(ended.success() && feed.wait().unwrap().success());
    let mut said = String::new();
    feed.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "10 events, 0 frames to 0 connections, 0 requests refused\n       0 drop\n");
}

#[test]
fn what_cannot_be_is_refused_with_its_code_and_in_words() {
    for (arguments, code, words) in [
        (&["feed", "--fault", "dorp"][..], 2, "`dorp` is no kind of fault; there are drop, half-open, stall"),
        (&["feed", "--fault", "drop=0"], 2, "0 is not enough"),
        (&["feed", "--retention", "soon"], 2, "write it as 500, 250ms or 1m 30s"),
        (&["feed", "--serve", "nowhere.jsonl"], 66, "cannot read nowhere.jsonl"),
        (&["feed", "--serve", "nowhere.jsonl", "--wire", "v2"], 2, "serve it with --wire v1"),
        (&["feed", "--dictionary", "Cargo.toml"], 65, "not a zstd dictionary"),
        (&["feed", "--listen", "192.0.2.1:9"], 73, "give another address with --listen"),
        (&["feed", "--truth", "no/such/folder/truth.tsv"], 74, "cannot write the truth"),
        (&["demo", "--wire", "v1", "--db", "Cargo.toml"], 73, "name a database that is not there"),
    ] {
        let output = Command::new(program()).args(arguments).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
}

#[test]
fn the_demo_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("demo.db");
    let demo = Command::new(program())
        .args(["demo", "--events", "6000", "--db"])
        .arg(&database)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let (table, said) = (String::from_utf8(demo.stdout).unwrap(), String::from_utf8(demo.stderr).unwrap());
    assert!(demo.status.success(), "{table}\n{said}");
    let numbers = |name: &str| -> [u64; 2] {
        let line = table.lines().find_map(|line| line.trim_start().strip_prefix(name)).unwrap();
        let mut columns = line.split_whitespace().map(|word| word.replace(',', "").parse().unwrap());
        [columns.next().unwrap(), columns.next().unwrap()]
    };
    assert_eq!([numbers("sent"), numbers("stored"), numbers("kills")], [[6_000; 2], [6_000; 2], [1; 2]]);
    assert_eq!([numbers("doubled"), numbers("lost"), numbers("altered")], [[0; 2]; 3]);
    assert!(numbers("frames").iter().all(|frames| *frames >= 6_000), "{table}");
    assert!(numbers("reconnects").iter().all(|reconnects| *reconnects >= 1), "{table}");
    for wire in ["v1", "v2"] {
        let database = folder.path().join(format!("demo-{wire}.db"));
        assert!(database.exists() && table.contains(&format!("highwater status {}", database.display())));
    }
}
