//! Runs against a feed in this process: how they end, and what is stored then.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use highwater::feed::{Config, Feed, Wires};
use rusqlite::Connection;

use super::{highwater, output};

const PATIENCE: Duration = Duration::from_secs(60);
const V2: &str = "/xrpc/network.bsky.jetstream.subscribeEvents";

/// Serves so many events for as long as the runtime lives, and says where.
fn serve(events: u64, rate: u32) -> (tokio::runtime::Runtime, String) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = Config { wires: Wires::Both, events: Some(events), rate, ..Config::default() };
    let feed = runtime.block_on(Feed::open(config)).unwrap();
    let url = format!("ws://{}", feed.address().unwrap());
    runtime.spawn(feed.serve(std::future::pending()));
    (runtime, url)
}

fn count(folder: &Path, condition: &str) -> u64 {
    let database = Connection::open(folder.join("highwater.db")).unwrap();
    let query = format!("SELECT count(*) FROM events WHERE {condition}");
    database.query_row(&query, [], |row| row.get(0)).map_or(0, i64::unsigned_abs)
}

fn rows(folder: &Path) -> u64 {
    count(folder, "true")
}

/// Waits until so many rows are stored.
fn await_rows(folder: &Path, count: u64) {
    let begin = Instant::now();
    while !folder.join("highwater.db").exists() || rows(folder) < count {
        assert!(begin.elapsed() < PATIENCE, "{count} rows never come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn signal(child: &Child, name: &str) {
    let killed = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
}

/// How a run ends, within reason, and what it said.
fn ended(mut child: Child) -> (Option<i32>, String) {
    let begin = Instant::now();
    let code = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if begin.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("it never ends");
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (code, said)
}

fn spawn(folder: &Path, arguments: &[&str]) -> Child {
    highwater(folder, arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn a_feed_at_rest_is_stored_whole_and_a_second_run_finds_nothing_new() {
    let (_runtime, url) = serve(3_000, 0);
    let mut wanted = 3_000;
    for (path, zstd) in [(V2, &[][..]), (V2, &["--zstd"]), ("", &[])] {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("{url}{path}");
        let arguments = [&["run", &url, "--start", "oldest", "--exit-idle", "500ms"], zstd].concat();
        let first = output(folder.path(), &arguments);
        let said = String::from_utf8(first.stderr).unwrap();
        assert_eq!((first.status.code(), rows(folder.path())), (Some(0), wanted), "{said}");
        let summary: serde_json::Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
        assert_eq!(summary["stored"], wanted, "{said}");

        let again = output(folder.path(), &arguments);
        let said = String::from_utf8(again.stderr).unwrap();
        assert_eq!((again.status.code(), rows(folder.path())), (Some(0), wanted), "{said}");
        assert!(said.contains("going on from the checkpoint"), "{said}");
        // The older wire, which comes last, tells all but these.
        wanted = if zstd.is_empty() { 3_000 } else { 3_000 - count(folder.path(), "kind = 'sync'") };
    }
}

#[test]
fn one_signal_ends_it_well() {
    for name in ["-INT", "-TERM"] {
        let folder = tempfile::tempdir().unwrap();
        let (_runtime, url) = serve(1_000_000, 2_000);
        let child = spawn(folder.path(), &["run", &url]);
        await_rows(folder.path(), 100);
        signal(&child, name);
        let (code, said) = ended(child);
        assert_eq!(code, Some(0), "{said}");
        let summary: serde_json::Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
        assert_eq!(
            (&summary["stored"], &summary["received"]),
            (&rows(folder.path()).into(), &summary["stored"])
        );
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    for (name, wanted) in [("-INT", 130), ("-TERM", 143)] {
        let folder = tempfile::tempdir().unwrap();
        // This one upgrades and then never says a word, so a farewell takes its second.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        let child = spawn(folder.path(), &["run", &url]);
        let stream = listener.accept().unwrap().0;
        let web_socket = tokio_tungstenite::tungstenite::accept(stream).unwrap();
        std::thread::sleep(Duration::from_millis(300));
        signal(&child, "-TERM");
        std::thread::sleep(Duration::from_millis(300));
        signal(&child, name);
        let (code, said) = ended(child);
        assert_eq!(code, Some(wanted), "{said}");
        drop(web_socket);
    }
}

#[test]
fn what_a_kill_leaves_is_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let (_runtime, url) = serve(20_000, 0);
    let url = format!("{url}{V2}");
    let arguments = ["run", &url, "--start", "oldest", "--exit-idle", "1s", "--batch-events", "50"];
    let mut stored = 0;
    for _ in 0..5 {
        let mut child = spawn(folder.path(), &arguments);
        await_rows(folder.path(), (stored + 1).min(20_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let now = rows(folder.path());
        assert!(now >= stored, "{now} of {stored} rows are left");
        stored = now;
    }
    let last = output(folder.path(), &arguments);
    let said = String::from_utf8(last.stderr).unwrap();
    assert_eq!((last.status.code(), rows(folder.path())), (Some(0), 20_000), "{said}");
}

#[test]
fn feeds_that_refuse_for_good_end_it() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = BufReader::new(stream.try_clone().unwrap()).lines();
            while head.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 9\r\n\r\ngo away!!").unwrap();
        }
    });
    let output = output(folder.path(), &["run", &url]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(69), "{said}");
    let end = "error: every feed refused for good; the last one: HTTP 403 Forbidden: go away!!\n\
               hint: check the URLs and what is asked for\n";
    assert!(said.ends_with(end), "{said}");
}

#[test]
fn a_feed_that_is_not_there_is_given_up_when_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    drop(listener);
    let output = output(folder.path(), &["run", &url, "--give-up-after", "1s", "--backoff-initial", "20ms"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(69), "{said}");
    assert!(said.contains("error: gave up: no good connection; of the last one: cannot connect: "), "{said}");
    // The first time, and each tenth: one wait in the second is at least 10 ms long, and they double.
    let told = said.lines().filter(|line| line.contains("no good connection\"")).count();
    assert_eq!(told, 1, "{said}");
}

#[test]
fn a_reader_that_has_enough_ends_it_quietly() {
    let folder = tempfile::tempdir().unwrap();
    let (_runtime, url) = serve(1_000_000, 2_000);
    let mut child = spawn(folder.path(), &["run", &url, "--to", "stdout", "--checkpoint", "place"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..3 {
        let line = lines.next().unwrap().unwrap();
        assert!(serde_json::from_str::<serde_json::Value>(&line).unwrap()["did"].is_string());
    }
    drop(lines);
    let (code, said) = ended(child);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.lines().all(|line| line.contains("\"INFO\"")), "{said}");
}

#[test]
fn two_do_not_write_to_one_database() {
    let folder = tempfile::tempdir().unwrap();
    let (_runtime, url) = serve(1_000_000, 1_000);
    let child = spawn(folder.path(), &["run", &url]);
    await_rows(folder.path(), 1);
    let second = output(folder.path(), &["run", &url]);
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(75), "{said}");
    assert!(said.contains(&format!("process {} writes to ", child.id())), "{said}");
    signal(&child, "-TERM");
    assert_eq!(ended(child).0, Some(0));
}

#[test]
fn a_feed_that_is_silent_is_left_and_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let limits = ["--stall-timeout", "300ms", "--backoff-initial", "20ms", "--backoff-max", "100ms"];
    let child = spawn(folder.path(), &[&["run", &url][..], &limits].concat());
    let mut open = Vec::new();
    for _ in 0..3 {
        // Each stays open at this end, and says nothing after the upgrade.
        open.push(tokio_tungstenite::tungstenite::accept(listener.accept().unwrap().0).unwrap());
    }
    signal(&child, "-TERM");
    let (code, said) = ended(child);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("not a byte came for long, nor an answer to a ping"), "{said}");
}

#[test]
fn another_feed_takes_over_from_one_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let dead = format!("ws://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let (_runtime, url) = serve(500, 0);
    let limits = ["--backoff-initial", "10ms", "--start", "oldest", "--exit-idle", "500ms"];
    let output = output(folder.path(), &[&["run", &dead, &format!("{url}{V2}")][..], &limits].concat());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), rows(folder.path())), (Some(0), 500), "{said}");
    assert!(said.contains("another feed takes over"), "{said}");
}
