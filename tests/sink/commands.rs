//! `highwater export` and `highwater status`, as a shell sees them: what they print, and how they end.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use bytes::Bytes;
use highwater::sink::sqlite::Sqlite;
use highwater_core::event::{Reason, Sample};
use highwater_core::gap::{Cause, GapState};
use highwater_core::sink::{Appended, Content, DeadLetter, Sink};
use highwater_core::time::WallTime;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::program::program;

use super::made::{self, append, commits, event, gap, origins};

fn run(arguments: &[&str], database: &Path) -> Output {
    let mut command = Command::new(program());
    command.args(arguments).arg(database).stdin(Stdio::null()).env("NO_COLOR", "1");
    command.output().unwrap()
}

/// What it prints, if it ends well.
fn prints(arguments: &[&str], database: &Path) -> String {
    let output = run(arguments, database);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8(output.stdout).unwrap()
}

/// What it says on standard error as it ends with `code`.
fn fails(arguments: &[&str], database: &Path, code: i32) -> String {
    let output = run(arguments, database);
    assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stderr).unwrap().replace(&database.display().to_string(), "DB")
}

fn database() -> (TempDir, PathBuf) {
    let folder = made::folder();
    let path = folder.path().join("x.db");
    (folder, path)
}

/// Three events, two gaps and a dead letter, still being written to.
fn written() -> (TempDir, PathBuf, Sqlite) {
    let (folder, path) = database();
    let mut sink = Sqlite::at(&path, origins()).unwrap();
    let fence = sink.open().unwrap().fence;
    let mut it =
        append(fence, 0, commits([1_779_719_009_132_431, 1_779_719_009_132_432, 1_779_719_009_132_433]));
    it.checkpoint.covered_until = WallTime::from_micros(1_779_719_010_000_000);
    it.gaps = vec![
        gap(Cause::Cutover, GapState::Unproven, 5, Some(9)),
        gap(Cause::TooOld, GapState::Lost, 9, None),
    ];
    it.dead_letters = vec![DeadLetter {
        after: None,
        reason: Reason::Malformed("no brace".into()),
        content: Content::Frame(Sample::of(&Bytes::from_static(b"\xff\n"))),
    }];
    assert_eq!(sink.append(&it), Appended::Stored { stored: 3, duplicates: 0 });
    (folder, path, sink)
}

#[test]
fn payloads_come_out_as_they_came_in() {
    let (_folder, path, _sink) = written();
    let payloads = commits([1_779_719_009_132_431, 1_779_719_009_132_432, 1_779_719_009_132_433])
        .into_iter()
        .map(|event| String::from_utf8(event.payload.bytes().to_vec()).unwrap())
        .collect::<Vec<_>>();
    assert_eq!(prints(&["export"], &path), payloads.join("\n") + "\n");
    assert_eq!(prints(&["export", "--nul"], &path), payloads.join("\0") + "\0");
    let keys = prints(&["export", "--keys"], &path);
    let (key, hash) = keys.lines().next().unwrap().split_once('\t').unwrap();
    assert_eq!(key, "commit 3k1779719009132431 did:plc:a app.bsky.feed.like 3j1779719009132431 create");
    let expected = Sha256::digest(payloads[0].as_bytes());
    assert_eq!(hash, format!("{:x}", Bytes::copy_from_slice(&expected)));
    assert_eq!(keys.lines().count(), 3);
}

#[test]
fn ledgers_come_out_as_json_lines() {
    let (_folder, path, _sink) = written();
    insta::assert_snapshot!(prints(&["export", "--gaps"], &path), @r#"
    {"host":"a.example:443","dialect":"jetstream_v1","kind":"time","incarnation":0,"cause":"cutover","state":"unproven","from":{"cursor":5,"time_us":5},"to":{"cursor":9,"time_us":9}}
    {"host":"a.example:443","dialect":"jetstream_v1","kind":"time","incarnation":0,"cause":"too-old","state":"lost","from":{"cursor":9,"time_us":9},"to":null}
    "#);
    let letters = prints(&["export", "--dead-letters"], &path);
    insta::assert_snapshot!(letters, @r#"{"host":"a.example:443","dialect":"jetstream_v1","kind":"time","incarnation":0,"after":null,"reason":"malformed","detail":"no brace","time_us":null,"key":null,"cid":null,"length":2,"sha256":"e4688624e5f1ad0629505e6768e3bb36244f2f3e33e751215afa820334a76ed3","bytes":"/wo="}"#);
    let json: serde_json::Value = serde_json::from_str(letters.trim()).unwrap();
    let bytes = base64::engine::general_purpose::STANDARD.decode(json["bytes"].as_str().unwrap()).unwrap();
    assert_eq!(bytes, b"\xff\n");
}

#[test]
fn a_line_break_in_a_payload_needs_nul() {
    let (_folder, path) = database();
    let mut sink = Sqlite::at(&path, origins()).unwrap();
    let fence = sink.open().unwrap().fence;
    let mut events = commits([1]);
    events.push(event("{\"did\":\"did:plc:a\",\n\"time_us\":3,\"kind\":\"news\"}".into()));
    sink.append(&append(fence, 0, events));
    insta::assert_snapshot!(fails(&["export"], &path, 65), @r#"
    error: the event in row 2 has a line break in its payload
    hint: export with --nul, which ends each payload with a NUL instead
    "#);
    assert_eq!(prints(&["export", "--nul"], &path).matches('\0').count(), 2);
    assert_eq!(prints(&["export", "--keys"], &path).lines().count(), 2);
}

#[test]
fn a_large_database_comes_out_in_portions_and_whole() {
    let (_folder, path) = database();
    let mut sink = Sqlite::at(&path, origins()).unwrap();
    let fence = sink.open().unwrap().fence;
    for version in 0..12 {
        let numbers = version * 2_000..(version + 1) * 2_000;
        sink.append(&append(fence, version, commits(numbers)));
    }
    let lines = prints(&["export"], &path);
    assert!(lines.len() > 4 << 20, "more than one portion: {}", lines.len());
    let numbers = lines
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["time_us"].as_u64());
    assert!(numbers.eq((0..24_000).map(Some)));
}

#[test]
fn what_cannot_be_read_is_neither_made_nor_changed() {
    let (_folder, path) = database();
    for command in [&["export"][..], &["status"], &["status", "--json"]] {
        insta::allow_duplicates! { insta::assert_snapshot!(fails(command, &path, 66), @r#"
        error: there is no DB
        hint: check the path; `highwater run` makes the database
        "#); }
        assert!(!path.exists());
    }
    std::fs::write(&path, "not a database, but long enough to be one, or so it seems to whoever reads on")
        .unwrap();
    insta::assert_snapshot!(fails(&["export"], &path, 65), @r#"
    error: DB is not ours: it is not a SQLite database
    hint: give the path of a database made by highwater; `highwater run` makes one where there is none
    "#);
    std::fs::remove_file(&path).unwrap();
    rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    insta::assert_snapshot!(fails(&["status"], &path, 65), @r#"
    error: DB is not ours: another program made it
    hint: give the path of a database made by highwater; `highwater run` makes one where there is none
    "#);
    std::fs::remove_file(&path).unwrap();
    drop(Sqlite::at(&path, origins()).unwrap());
    let newer = "UPDATE meta SET value = 99 WHERE name = 'schema_version'";
    rusqlite::Connection::open(&path).unwrap().execute_batch(newer).unwrap();
    insta::assert_snapshot!(fails(&["export"], &path, 78), @r#"
    error: DB has schema 99, newer than 1
    hint: use the version of highwater that wrote it, or a newer one
    "#);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let (_folder, path, _sink) = written();
    let mut child = Command::new(program());
    let mut child =
        child.arg("export").arg(&path).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), &output.stderr[..]), (Some(0), &b""[..]));
}

#[test]
fn a_run_ends_before_it_dials_if_its_database_cannot_be_used() {
    let (folder, path, _sink) = written();
    let run = |path: &Path, code| {
        let output = Command::new(program())
            .args(["run", "ws://127.0.0.1:9/subscribe", "--to", &format!("sqlite:{}", path.display())])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap().replace(folder.path().to_str().unwrap(), "");
        assert_eq!(output.status.code(), Some(code), "{said}");
        let said = said.replace(&std::process::id().to_string(), "1");
        said.lines().filter(|line| line.starts_with("error:")).collect::<String>()
    };
    insta::assert_snapshot!(run(&path, 75), @"error: process 1 writes to /x.db");
    insta::assert_snapshot!(run(&folder.path().join("no/x.db"), 73), @"error: cannot write /no/x.db: No such file or directory (os error 2)");
    let theirs = folder.path().join("theirs.db");
    rusqlite::Connection::open(&theirs).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    let before = std::fs::read(&theirs).unwrap();
    insta::assert_snapshot!(run(&theirs, 65), @"error: /theirs.db is not ours: another program made it");
    assert_eq!(std::fs::read(&theirs).unwrap(), before, "what is not ours is left alone");
}

#[test]
fn status_shows_where_a_database_stands() {
    let (_folder, path, _sink) = written();
    let text = prints(&["status"], &path).replace(&path.display().to_string(), "x.db");
    let (first, rest) = text.split_once('\n').unwrap();
    assert!(first.ends_with("KiB") && first.contains("x.db: 3 events, "), "{first}");
    let lines: Vec<_> = rest.lines().filter(|line| !line.contains("behind")).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"

    a.example:443 jetstream_v1
      cursor    time 1779719009132433
      witness   2026-05-25T14:23:29.132Z
                commit 3k1779719009132433 did:plc:a app.bsky.feed.like 3j1779719009132433 create
      covered   until 2026-05-25T14:23:30.000Z
      events    3

    gaps              lost  unproven    closed
      too-old            1         0         0
      cutover            0         1         0
      each: highwater export x.db --gaps

    dead letters
      malformed          1
      each: highwater export x.db --dead-letters
    "#);
}

#[test]
fn status_has_the_same_in_json() {
    let (_folder, path, _sink) = written();
    let mut json: serde_json::Value = serde_json::from_str(&prints(&["status", "--json"], &path)).unwrap();
    assert!(json["scopes"][0]["lag_us"].as_u64().unwrap() > 0);
    assert!(json["size_bytes"].as_u64().unwrap() > 4096);
    for field in ["database", "size_bytes"] {
        json[field] = "".into();
    }
    json["scopes"][0]["lag_us"] = 0.into();
    insta::assert_snapshot!(serde_json::to_string_pretty(&json).unwrap(), @r#"
    {
      "database": "",
      "dead_letters": {
        "malformed": 1
      },
      "events": 3,
      "gaps": [
        {
          "cause": "too-old",
          "count": 1,
          "state": "lost"
        },
        {
          "cause": "cutover",
          "count": 1,
          "state": "unproven"
        }
      ],
      "scopes": [
        {
          "covered_until_us": 1779719010000000,
          "cursor": 1779719009132433,
          "dialect": "jetstream_v1",
          "filter": "ffffffffffffffff",
          "host": "a.example:443",
          "incarnation": 0,
          "kind": "time",
          "lag_us": 0,
          "margin_us": 5000000,
          "place": "cursor",
          "position": 1779719009132433,
          "stored": 3,
          "version": 1,
          "witness": {
            "cursor": 1779719009132433,
            "key": {
              "commit": {
                "collection": "app.bsky.feed.like",
                "did": "did:plc:a",
                "operation": "create",
                "rev": "3k1779719009132433",
                "rkey": "3j1779719009132433"
              }
            },
            "time_us": 1779719009132433
          }
        }
      ],
      "size_bytes": ""
    }
    "#);
}

#[test]
fn status_of_a_fresh_database_says_so() {
    let (_folder, path) = database();
    drop(Sqlite::at(&path, origins()).unwrap());
    let text = prints(&["status"], &path);
    let lines: Vec<_> = text.lines().skip(1).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"

    nothing was followed yet

    no gaps

    no dead letters
    "#);
}
