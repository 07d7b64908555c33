//! A real run over real sockets into a real database, recorded: to a file, through rotation, and in memory.

use std::path::Path;

use highwater::feed::{Config, Feed, Wires};
use highwater::follow::sqlite;
use highwater::record::Recorder;
use highwater::{Highwater, Start};
use highwater_core::time::Duration;
use highwater_sim::replay::{Replayed, inputs, strict};

use super::lives;

/// Follows a feed of so many events, of which every 700th takes the connection with it, into a database.
async fn follow(folder: &Path, events: u64, recorder: Recorder) {
    let faults = vec!["drop=700".parse().unwrap()];
    let config = Config { wires: Wires::Both, events: Some(events), rate: 0, faults, ..Config::default() };
    let feed = Feed::open(config).await.unwrap();
    let url = format!("ws://{}/xrpc/network.bsky.jetstream.subscribeEvents", feed.address().unwrap());
    let server = tokio::spawn(feed.serve(std::future::pending()));
    let configure = |config: &mut highwater_core::Config| {
        config.exit_idle = Some(Duration::from_millis(1_500));
        config.backoff_initial = Duration::from_millis(20);
        config.batch_events = 100;
    };
    let following = Highwater::follow(url).start(Start::Oldest).configure(configure);
    let finished =
        following.into(sqlite(folder.join("it.db"))).record(recorder).run(std::future::pending()).await;
    assert_eq!(finished.unwrap().tally.stored, events);
    server.abort();
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_recorded_replays_and_is_accepted_by_the_world() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.jsonl");
    follow(folder.path(), 3_000, Recorder::to_file(path.clone(), 64 << 20).unwrap()).await;
    let lives = lives(&text(&path));
    let replayed = strict(&lives).unwrap_or_else(|refusal| panic!("{refusal}"));
    assert!(replayed.events >= 3_000 && replayed.connections > 2, "{replayed}");
    assert_eq!((replayed.lives, replayed.torn), (1, 0));
    assert_eq!(inputs(&lives).as_ref().map_err(ToString::to_string), Ok(&replayed));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_is_bounded_and_each_of_its_files_replays() {
    let folder = tempfile::tempdir().unwrap();
    let (path, max) = (folder.path().join("trace.jsonl"), 120 << 10);
    follow(folder.path(), 6_000, Recorder::to_file(path.clone(), max).unwrap()).await;
    let pieces = [folder.path().join("trace.jsonl.1"), path];
    let bytes: u64 = pieces.iter().map(|piece| piece.metadata().unwrap().len()).sum();
    // One step and one machine more than asked for, at most.
    assert!(bytes > max / 4 && bytes < 2 * max, "{bytes} bytes");
    for piece in pieces {
        let Replayed { steps, .. } =
            strict(&lives(&text(&piece))).unwrap_or_else(|refusal| panic!("{refusal}"));
        assert!(steps > 0, "{}", piece.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_recorded_in_memory_is_written_when_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.jsonl");
    let (recorder, dump) = Recorder::in_memory(path.clone(), 120 << 10).unwrap();
    let asking = tokio::spawn(async move {
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            dump.now();
        }
    });
    follow(folder.path(), 6_000, recorder).await;
    asking.abort();
    let replayed = strict(&lives(&text(&path))).unwrap_or_else(|refusal| panic!("{refusal}"));
    assert!(replayed.lives <= 2 && replayed.steps > 0, "{replayed}");
}
