//! The machine's main road, driven by hand: from nothing durable to a stop, through one reconnect.

use highwater_core::checkpoint::Checkpoint;
use highwater_core::closure::Closure;
use highwater_core::config::Source;
use highwater_core::cursor::{Cursor, CursorKind, Place};
use highwater_core::effect::Outcome;
use highwater_core::event::{Event, Item};
use highwater_core::number::{Epoch, Fence, Op};
use highwater_core::sink::{Append, Appended, Loaded};
use highwater_core::time::{Duration, Instant, Now, WallTime};
use highwater_core::{Config, Consumer, Effect, Input, Phase};

use crate::Id;

const START: u64 = 1_700_000_000_000_000;

struct Bench {
    consumer: Consumer<Id>,
    at: Duration,
}

impl Bench {
    fn new(kind: CursorKind) -> Self {
        let source = Source { kind, patience: Duration::from_secs(4) };
        Self { consumer: Consumer::new(Config::new(vec![source]), now(Duration::ZERO)), at: Duration::ZERO }
    }

    fn effects(&mut self) -> Vec<Effect<Id>> {
        let effects = core::iter::from_fn(|| self.consumer.poll_effect());
        effects.filter(|effect| !matches!(effect, Effect::Notice(_))).collect()
    }

    fn input(&mut self, input: Input<Id>) -> Vec<Effect<Id>> {
        self.consumer.handle(now(self.at), input);
        self.effects()
    }

    fn sleep(&mut self) -> Vec<Effect<Id>> {
        let next = self.consumer.next_timeout().expect("something is due");
        self.at = next.since(Instant::ZERO);
        self.input(Input::Timeout)
    }

    fn load(&mut self, checkpoints: Vec<(highwater_core::scope::Scope, Checkpoint<u64>)>) -> Vec<Effect<Id>> {
        let [Effect::Load { op }] = self.effects()[..] else {
            panic!("the first thing is to ask what is durable")
        };
        let loaded = Loaded { fence: Fence(1), compares: true, checkpoints, newest: None, gaps: Vec::new() };
        self.input(Input::Loaded { op, loaded: Ok(loaded) })
    }

    fn stored(&mut self, op: Op, stored: u32) -> Vec<Effect<Id>> {
        self.input(Input::Appended { op, appended: Appended::Stored { stored, duplicates: 0 } })
    }

    /// Answers appends and flushes until the machine dials, through whatever it waits for.
    fn until_open(&mut self, mut effects: Vec<Effect<Id>>) -> (Epoch, Place) {
        loop {
            effects = match effects.pop() {
                Some(Effect::Open { epoch, place, .. }) => return (epoch, place),
                Some(Effect::Append(append)) => self.stored(append.op, append.events.len() as u32),
                Some(Effect::Flush { op }) => self.input(Input::Flushed { op, flushed: Ok(()) }),
                None => self.sleep(),
                other => panic!("unexpected {other:?}"),
            };
        }
    }

    fn received(&mut self, epoch: Epoch, events: impl IntoIterator<Item = Event<Id>>) -> Vec<Effect<Id>> {
        self.input(Input::Received { epoch, items: events.into_iter().map(Item::Event).collect() })
    }
}

fn now(at: Duration) -> Now {
    let wall = WallTime::from_micros(START) + at;
    Now { monotonic: Instant::ZERO + at, wall }
}

fn numbered(seq: u64) -> Event<Id> {
    Event { time: WallTime::from_micros(START + seq), seq: Some(Cursor(seq)), payload: Id(seq) }
}

fn append(effects: &[Effect<Id>]) -> &Append<Id> {
    match effects {
        [Effect::Append(append)] => append,
        other => panic!("one append, not {other:?}"),
    }
}

#[test]
fn a_life_from_nothing_to_a_stop() {
    let mut bench = Bench::new(CursorKind::Seq);
    let first = bench.load(Vec::new());
    assert_eq!(append(&first).checkpoint.place, Place::Tip, "the intent is durable before the first dial");
    let (epoch, place) = bench.until_open(first);
    assert_eq!(place, Place::Tip);
    assert!(bench.input(Input::Opened { epoch }).is_empty());

    assert!(bench.received(epoch, (1..=3).map(numbered)).is_empty(), "a batch waits for more");
    let batch = bench.sleep();
    assert_eq!(append(&batch).events.len(), 3);
    assert_eq!(append(&batch).checkpoint.place, Place::Cursor(Cursor(3)));
    let op = append(&batch).op;

    // The connection ends before the answer: the answer counts all the same, and the dial waits for it.
    assert!(bench.input(Input::Closed { epoch, closure: Closure::Retry { after: None } }).is_empty());
    assert_eq!(bench.consumer.status().phase, Phase::Resting);
    let flush = bench.stored(op, 3);
    let (epoch, place) = bench.until_open(flush);
    assert_eq!(place, Place::Cursor(Cursor(3)), "the event at the checkpoint is asked for again");
    assert_eq!(bench.consumer.status().failures, 0, "the attempt made progress");

    assert!(bench.input(Input::Opened { epoch }).is_empty());
    assert!(bench.received(epoch, [numbered(3), numbered(4)]).is_empty());
    let stopping = bench.input(Input::StopRequested);
    let [Effect::Close { .. }, Effect::Append(last)] = &stopping[..] else { panic!("{stopping:?}") };
    assert_eq!(last.events.len(), 1, "the witness is durable already");
    let flush = bench.stored(last.op, 1);
    let [Effect::Flush { op }] = flush[..] else { panic!("{flush:?}") };
    let done = bench.input(Input::Flushed { op, flushed: Ok(()) });
    assert!(matches!(done[..], [Effect::Stop(Outcome::Stopped)]), "{done:?}");
    assert_eq!(bench.consumer.next_timeout(), None);
}

#[test]
fn another_event_at_the_checkpoint_is_another_history() {
    let mut bench = Bench::new(CursorKind::Seq);
    let first = bench.load(Vec::new());
    let (epoch, _) = bench.until_open(first);
    bench.input(Input::Opened { epoch });
    bench.received(epoch, (1..=3).map(numbered));
    let batch = bench.sleep();
    let op = append(&batch).op;
    bench.stored(op, 3);
    let rest = bench.input(Input::Closed { epoch, closure: Closure::Retry { after: None } });
    let (epoch, _) = bench.until_open(rest);
    bench.input(Input::Opened { epoch });
    let other = Event { payload: Id(99), ..numbered(3) };
    let effects = bench.received(epoch, [other]);
    let [Effect::Close { .. }, Effect::Append(ledger)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(ledger.gaps.len(), 1);
    assert_eq!(ledger.scope.incarnation, 0, "the gap belongs to the old history");
    let op = ledger.op;
    let fresh = bench.stored(op, 0);
    assert_eq!(append(&fresh).scope.incarnation, 1);
    let (_, place) = bench.until_open(fresh);
    assert!(matches!(place, Place::Time(_)), "by time, a while before the last durable event: {place:?}");
}
