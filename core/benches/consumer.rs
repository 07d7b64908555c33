//! Events and inputs a second that one machine takes in, its sink answering at once.
//!
//! Three sizes of what comes at a time: one event, ten, a hundred. The median of interleaved rounds counts.
#![allow(clippy::print_stdout, reason = "a bench tells its result")]

use std::time::Instant as Stopwatch;

use highwater_core::config::Source;
use highwater_core::cursor::{Cursor, CursorKind};
use highwater_core::event::{Event, Item, Payload};
use highwater_core::number::{Epoch, Fence};
use highwater_core::sink::{Appended, Loaded};
use highwater_core::time::{Duration, Instant, Now, WallTime};
use highwater_core::{Config, Consumer, Effect, Input};

const ROUNDS: usize = 9;
const EVENTS: u64 = 1_000_000;
const START: u64 = 1_700_000_000_000_000;

#[derive(Clone, Debug)]
struct Id(u64);

impl Payload for Id {
    type Key = u64;
    fn key(&self) -> u64 {
        self.0
    }
    fn size(&self) -> usize {
        500
    }
}

/// Does what is asked for, at once and well. Answers the connection that is open.
fn serve(consumer: &mut Consumer<Id>, now: Now, open: &mut Epoch) {
    while let Some(effect) = consumer.poll_effect() {
        let input = match effect {
            Effect::Load { op } => {
                let loaded = Loaded {
                    fence: Fence(1),
                    compares: true,
                    checkpoints: Vec::new(),
                    newest: None,
                    gaps: Vec::new(),
                };
                Input::Loaded { op, loaded: Ok(loaded) }
            }
            Effect::Append(append) => {
                let stored = append.events.len() as u32;
                Input::Appended { op: append.op, appended: Appended::Stored { stored, duplicates: 0 } }
            }
            Effect::Flush { op } => Input::Flushed { op, flushed: Ok(()) },
            Effect::Open { epoch, .. } => {
                *open = epoch;
                Input::Opened { epoch }
            }
            _ => continue,
        };
        consumer.handle(now, input);
    }
}

fn run(at_a_time: u64) -> f64 {
    let source = Source { kind: CursorKind::Seq, patience: Duration::from_secs(4) };
    let mut now = Now { monotonic: Instant::ZERO, wall: WallTime::from_micros(START) };
    let mut consumer = Consumer::new(Config::new(vec![source]), now);
    let mut epoch = Epoch(0);
    serve(&mut consumer, now, &mut epoch);
    let stopwatch = Stopwatch::now();
    for first in (1..=EVENTS).step_by(at_a_time as usize) {
        let step = Duration::from_micros(10 * at_a_time);
        (now.monotonic, now.wall) = (now.monotonic + step, now.wall + step);
        let event = |n: u64| Event { time: now.wall, seq: Some(Cursor(n)), payload: Id(n) };
        let items = (first..first + at_a_time).map(event).map(Item::Event).collect();
        consumer.handle(now, Input::Received { epoch, items });
        serve(&mut consumer, now, &mut epoch);
    }
    EVENTS as f64 / stopwatch.elapsed().as_secs_f64()
}

fn main() {
    let sizes = [1, 10, 100];
    let mut rates = vec![Vec::new(); sizes.len()];
    for _ in 0..ROUNDS {
        for (rates, &size) in rates.iter_mut().zip(&sizes) {
            rates.push(run(size));
        }
    }
    for (mut rates, size) in rates.into_iter().zip(sizes) {
        rates.sort_by(f64::total_cmp);
        let median = rates[ROUNDS / 2];
        let (events, inputs) = (median / 1e6, median / size as f64 / 1e6);
        println!("{size:>4} at a time: {events:6.2} M events/s, {inputs:6.2} M inputs/s");
    }
}
