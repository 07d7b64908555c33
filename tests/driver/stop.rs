//! A stop ends it from wherever it is, in time, and says to the server that it is over.

use std::time::Duration;

use highwater::driver::{Finished, Order};
use highwater::sink::Ending;
use highwater::sink::worker::Worker;
use highwater_core::effect::Outcome;
use tokio::time::Instant;

use super::feed::{Fate, names, serve};
use super::shelf::{Shelf, attend};
use super::{config, driver};
use crate::socket::wire::wire;

/// Runs against these fates, is asked to stop after a while, and says how long that took.
async fn stopped(after: Duration, fates: Vec<Fate>, answer: Duration) -> (Finished, Duration, Shelf) {
    let (wire, server) = wire();
    let serving = tokio::spawn(serve(server, 50, fates));
    let shelf = Shelf::default();
    let (worker, bench) = Worker::pair(Ending::default());
    tokio::spawn(attend(bench, shelf.clone(), move |_| answer));
    let begin = Instant::now();
    let finished = driver(config(), wire, worker, Order::Fixed).run(tokio::time::sleep(after)).await.unwrap();
    serving.abort();
    (finished, (begin + after).elapsed(), shelf)
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_well_is_closed_and_all_is_durable() {
    let (finished, took, shelf) = stopped(Duration::from_secs(5), vec![], Duration::from_millis(20)).await;
    assert_eq!((finished.outcome, shelf.names()), (Outcome::Stopped, names(50)));
    assert!(took < Duration::from_millis(200), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_back_off_is_not_waited_for() {
    let refused = vec![Fate::Refused(503); 100];
    let (finished, took, _) = stopped(Duration::from_secs(600), refused, Duration::ZERO).await;
    assert_eq!(finished.outcome, Outcome::Stopped);
    assert_eq!(finished.last_words, "HTTP 503 Service Unavailable");
    assert!(took < Duration::from_millis(100), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_half_open_connection_has_a_second() {
    let silent = vec![Fate::Silent { frames: 10 }];
    let (finished, took, shelf) = stopped(Duration::from_secs(3), silent, Duration::ZERO).await;
    assert_eq!((finished.outcome, shelf.names()), (Outcome::Stopped, names(10)));
    assert!(took < Duration::from_millis(1_200), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_does_not_answer_has_its_grace() {
    let hours = Duration::from_secs(36_000);
    for after in [0, 1, 10_000] {
        let (finished, took, _) = stopped(Duration::from_millis(after), vec![], hours).await;
        assert!(matches!(finished.outcome, Outcome::Stopped | Outcome::GraceOver), "{finished:?}");
        assert!(took < Duration::from_secs(9), "{took:?}");
    }
}
