//! Sinks in trouble, and a driver that goes on meanwhile or ends with a reason.

use std::time::Duration;

use highwater::driver::{Fault, Order};
use highwater::sink::Ending;
use highwater::sink::worker::{Question, Worker};
use highwater_core::Input;
use highwater_core::dialect::jetstream::{Jetstream, Key};
use highwater_core::effect::Outcome;
use highwater_core::sink::{Append, Appended, Loaded, Sink, Unavailable};

use super::feed::{names, serve};
use super::shelf::{Answer, Shelf, attend, attend_after};
use super::{config, driver};
use crate::socket::wire::wire;

#[tokio::test(start_paused = true)]
async fn a_sink_that_is_busy_for_minutes_loses_nothing() {
    let (wire, server) = wire();
    let serving = tokio::spawn(serve(server, 4_000, vec![]));
    let shelf = Shelf::default();
    let (worker, bench) = Worker::pair(Ending::default());
    tokio::spawn(attend(bench, shelf.clone(), |asked| match asked {
        5 => Duration::from_secs(300),
        _ => Duration::from_millis(1),
    }));
    let mut config = config();
    config.batch_events = 100;
    config.buffer_events = 400;
    let finished = driver(config, wire, worker, Order::Fixed).run(std::future::pending()).await.unwrap();
    serving.abort();
    assert_eq!(finished.outcome, Outcome::Idle);
    assert_eq!(shelf.names(), names(4_000));
    assert!(finished.tally.connections > 1, "it was held back for longer than the server would bear");
}

#[tokio::test(start_paused = true)]
async fn answers_that_say_nothing_are_asked_for_again() {
    let (wire, server) = wire();
    let serving = tokio::spawn(serve(server, 100, vec![]));
    let shelf = Shelf::default();
    let (worker, bench) = Worker::pair(Ending::default());
    let not_now = |question: Question<Jetstream>, _: &mut Shelf| match question {
        Question::Open(op) => Input::Loaded { op, loaded: Err(Unavailable) },
        Question::Append(append) => Input::Appended { op: append.op, appended: Appended::Unavailable },
        Question::Flush(op) => Input::Flushed { op, flushed: Err(Unavailable) },
    };
    // It is durable, but its answer is lost.
    let unheard = |question: Question<Jetstream>, shelf: &mut Shelf| match question.put_to(shelf) {
        Input::Appended { op, .. } => Input::Appended { op, appended: Appended::Unknown },
        other => other,
    };
    let first: Vec<Answer> = vec![not_now, not_now, unheard, not_now, unheard, unheard, not_now];
    tokio::spawn(attend_after(bench, shelf.clone(), first));
    let finished = driver(config(), wire, worker, Order::Fixed).run(std::future::pending()).await.unwrap();
    serving.abort();
    assert_eq!((finished.outcome, shelf.names()), (Outcome::Idle, names(100)));
}

/// Panics at its second append.
struct Faulty(u32);

impl Sink<Jetstream> for Faulty {
    fn open(&mut self) -> Result<Loaded<Key>, Unavailable> {
        Shelf::default().open()
    }

    fn append(&mut self, append: &Append<Jetstream>) -> Appended {
        self.0 += 1;
        assert!(self.0 < 2, "the disk is made of cheese");
        Appended::Stored { stored: append.events.len() as u32, duplicates: 0 }
    }

    fn flush(&mut self) -> Result<(), Unavailable> {
        Ok(())
    }
}

#[tokio::test]
async fn a_sink_that_panics_ends_the_run_with_its_message() {
    let (wire, server) = wire();
    let serving = tokio::spawn(serve(server, 5_000, vec![]));
    let worker = Worker::spawn(Faulty(0), Ending::default()).unwrap();
    let run = driver(config(), wire, worker, Order::Fixed).run(std::future::pending());
    let ended = tokio::time::timeout(Duration::from_secs(20), run).await.unwrap();
    serving.abort();
    assert_eq!(ended, Err(Fault::SinkPanicked("the disk is made of cheese".into())));
}
