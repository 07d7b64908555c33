//! Whoever is listened to first, the same comes of it.

use std::time::Duration;

use highwater::driver::Order;
use highwater::sink::Ending;
use highwater::sink::worker::Worker;
use highwater_core::effect::Outcome;

use super::feed::{Fate, names, serve};
use super::shelf::{Shelf, attend};
use super::{config, driver};
use crate::socket::wire::wire;

const EVENTS: usize = 300;

/// Orders to try; more of them on demand.
fn orders() -> u64 {
    std::env::var("HIGHWATER_ORDERS").ok().and_then(|count| count.parse().ok()).unwrap_or(1_000)
}

/// One run through a refusal, a cut, a silence and another cut, with a sink that takes its time.
async fn run(order: Order, seed: u64) -> (Outcome, Vec<String>, highwater::driver::Tally) {
    let (wire, server) = wire();
    let fates = vec![
        Fate::Refused(503),
        Fate::Cut { frames: 40, says_so: true },
        Fate::Silent { frames: 120 },
        Fate::Cut { frames: 90, says_so: false },
    ];
    let serving = tokio::spawn(serve(server, EVENTS, fates));
    let shelf = Shelf::default();
    let (worker, bench) = Worker::pair(Ending::default());
    let attending = tokio::spawn(attend(bench, shelf.clone(), move |asked| {
        Duration::from_millis((u64::from(asked) * 7_919 + seed * 104_729) % 200)
    }));
    let mut config = config();
    config.seed = seed;
    config.batch_events = 16;
    let finished = driver(config, wire, worker, order).run(std::future::pending()).await.unwrap();
    serving.abort();
    attending.await.unwrap();
    (finished.outcome, shelf.names(), finished.tally)
}

#[tokio::test(start_paused = true)]
async fn every_order_stores_everything_once_and_in_order() {
    let wanted = names(EVENTS);
    for seed in 0..orders() {
        let (outcome, stored, tally) = run(Order::Seeded(seed), seed).await;
        assert_eq!(outcome, Outcome::Idle, "order {seed}");
        assert_eq!(stored, wanted, "order {seed}");
        assert_eq!((tally.stored, tally.connections), (EVENTS as u64, 4), "order {seed}: {tally:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_order_does_the_same() {
    for seed in 0..20 {
        assert_eq!(run(Order::Seeded(seed), 1).await, run(Order::Seeded(seed), 1).await, "order {seed}");
    }
    assert_eq!(run(Order::Fixed, 1).await, run(Order::Fixed, 1).await);
}
