//! A process may die between any two steps: whatever was durable then is what the next one goes on from.

use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt as _;
use highwater::driver::Order;
use highwater::sink::Ending;
use highwater::sink::worker::Worker;
use highwater_core::effect::Outcome;

use super::feed::{Fate, names, serve};
use super::shelf::{Shelf, attend};
use super::{config, driver};
use crate::socket::wire::wire;

const EVENTS: usize = 400;

#[tokio::test(start_paused = true)]
async fn a_run_dropped_after_any_number_of_polls_is_gone_on_with() {
    for polls in 0..300 {
        let shelf = Shelf::default();
        {
            let (wire, server) = wire();
            let serving =
                tokio::spawn(serve(server, EVENTS, vec![Fate::Cut { frames: 150, says_so: polls % 2 == 0 }]));
            let (worker, bench) = Worker::pair(Ending::default());
            let attending = tokio::spawn(attend(bench, shelf.clone(), |_| Duration::from_millis(3)));
            let mut config = config();
            config.batch_events = 10;
            {
                let mut run =
                    pin!(driver(config, wire, worker, Order::Seeded(polls)).run(std::future::pending()));
                for _ in 0..polls {
                    let _ = run.as_mut().now_or_never();
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            let gone = tokio::time::timeout(Duration::from_secs(1), attending).await;
            assert!(gone.is_ok(), "the sink is still asked after {polls} polls");
            serving.abort();
        }
        let stored = shelf.names().len();
        assert_eq!(shelf.names(), names(EVENTS)[..stored], "after {polls} polls");

        let (wire, server) = wire();
        let serving = tokio::spawn(serve(server, EVENTS, vec![]));
        let (worker, bench) = Worker::pair(Ending::default());
        tokio::spawn(attend(bench, shelf.clone(), |_| Duration::from_millis(3)));
        let finished =
            driver(config(), wire, worker, Order::Fixed).run(std::future::pending()).await.unwrap();
        serving.abort();
        assert_eq!((finished.outcome, shelf.names()), (Outcome::Idle, names(EVENTS)), "after {polls} polls");
    }
}
