//! What an operator gets wrong: each mistake is named, and what to do is said. One document, to be read as one.

use std::fmt::Write as _;
use std::path::Path;

use super::output;

/// Command lines that end before anything is dialled.
const MISTAKES: &[&[&str]] = &[
    &["run"],
    &["run", "http://feed.example/subscribe"],
    &["run", "feed.example"],
    &["run", "wss://me:secret@feed.example"],
    &["run", "wss://feed.example/firehose"],
    &["run", "wss://feed.example", "wss://FEED.example:443/subscribe"],
    &["run", "wss://feed.example/subscribe?wantedCollections=app.bsky.feed.post&cursor=17&requireHello=true"],
    &["run", "wss://feed.example", "--colection", "app.bsky.feed.post"],
    &["run", "wss://feed.example", "--collection", "posts"],
    &["run", "wss://feed.example", "--did", "alice.example"],
    &["run", "wss://feed.example", "--did-file", "nowhere.txt"],
    &["run", "wss://feed.example", "--kind", "like"],
    &["run", "wss://feed.example", "--kind", "identity", "--collection", "app.bsky.feed.post"],
    &["run", "wss://feed.example", "--dialect", "firehose"],
    &["run", "wss://feed.example", "--start", "yesterday"],
    &["run", "wss://feed.example", "--exit-idle", "5"],
    &["run", "wss://feed.example", "--stall-timeout", "0s"],
    &["run", "wss://feed.example", "--backoff-initial", "10s", "--backoff-max", "5s"],
    &["run", "wss://feed.example", "--batch-events", "0"],
    &["run", "wss://feed.example", "--to", "postgres://db"],
    &["run", "wss://feed.example", "--to", "sqlite:a.db", "--checkpoint", "c"],
    &["run", "wss://feed.example", "--to", "sqlite:no/such/folder/a.db"],
    &["run", "wss://feed.example", "--zstd"],
    &["run", "wss://feed.example", "--zstd-dictionary", "text.txt"],
    &[
        "run",
        "wss://feed.example",
        "wss://b.example/xrpc/network.bsky.jetstream.subscribeEvents",
        "--start",
        "17",
    ],
];

fn told(folder: &Path, arguments: &[&str]) -> String {
    let output = output(folder, arguments);
    assert_eq!(output.stdout, b"", "standard output is for data: {arguments:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    // Log lines have a time in them; what is said at the end has none.
    let said: Vec<&str> = said.lines().filter(|line| !line.starts_with('{')).collect();
    format!(
        "$ highwater {}\n{}\n=> {}\n",
        arguments.join(" "),
        said.join("\n"),
        output.status.code().unwrap()
    )
}

#[test]
fn each_mistake_is_named_and_what_to_do_is_said() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("text.txt"), "no dictionary").unwrap();
    let mut all = String::new();
    for mistake in MISTAKES {
        writeln!(all, "{}", told(folder.path(), mistake)).unwrap();
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_log_filter_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = super::highwater(folder.path(), &["run", "ws://127.0.0.1:9", "--to", "stdout"]);
    let output = command.env("RUST_LOG", "highwater=loud").output().unwrap();
    assert_eq!(output.status.code(), Some(78));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("error: RUST_LOG=highwater=loud is no log filter: "), "{said}");
}

#[test]
fn a_variable_that_nobody_reads_is_refused_with_the_flag_that_is_meant() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = super::highwater(folder.path(), &["run", "ws://127.0.0.1:9"]);
    let output = command.env("HIGHWATER_EXIT_IDLE", "5s").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = "error: HIGHWATER_EXIT_IDLE is set, and no variable is read\n\
                hint: write --exit-idle instead, and unset it\n";
    assert_eq!(String::from_utf8(output.stderr).unwrap(), said);
}
