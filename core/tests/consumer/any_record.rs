//! Whatever a sink says it holds, a damaged record included: the machine dials, takes in events and appends.

use highwater_core::checkpoint::{Checkpoint, FilterHash, Witness};
use highwater_core::config::Source;
use highwater_core::cursor::{Cursor, CursorKind, Place};
use highwater_core::event::{Event, Item};
use highwater_core::gap::{Cause, Gap, GapState, Mark};
use highwater_core::number::{Fence, Version};
use highwater_core::scope::{Scope, SourceId};
use highwater_core::sink::{Appended, Loaded};
use highwater_core::time::{Duration, Instant, Now, WallTime};
use highwater_core::{Config, Consumer, Effect, Input};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::Id;

const WALL: u64 = 1_700_000_000_000_000;

/// Anything that 64 bits hold, and oftener what makes sense.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![WALL - 60_000_000..WALL + 60_000_000, 0..100_u64, any::<u64>()]
}

fn kind() -> impl Strategy<Value = CursorKind> {
    prop_oneof![Just(CursorKind::Time), Just(CursorKind::Seq)]
}

fn scope() -> impl Strategy<Value = Scope> {
    (0..2_u16, kind(), 0..3_u32).prop_map(|(source, kind, incarnation)| Scope {
        source: SourceId(source),
        kind,
        incarnation,
    })
}

fn mark() -> impl Strategy<Value = Mark> {
    (number(), number())
        .prop_map(|(cursor, time)| Mark { cursor: Cursor(cursor), time: WallTime::from_micros(time) })
}

fn checkpoint() -> impl Strategy<Value = Checkpoint<u64>> {
    let place = prop_oneof![
        Just(Place::Tip),
        Just(Place::Oldest),
        number().prop_map(|time| Place::Time(WallTime::from_micros(time))),
        number().prop_map(|cursor| Place::Cursor(Cursor(cursor))),
    ];
    let witness = (mark(), number()).prop_map(|(Mark { cursor, time }, key)| Witness { cursor, time, key });
    (place, option::of(witness), 1..1_000_u64, number(), number(), 0..3_u64).prop_map(
        |(place, witness, version, covered, margin, filter)| Checkpoint {
            version: Version(version),
            place,
            witness,
            covered_until: WallTime::from_micros(covered),
            filter: FilterHash(filter),
            margin: Duration::from_micros(margin),
        },
    )
}

fn gap() -> impl Strategy<Value = Gap> {
    let state = prop_oneof![Just(GapState::Lost), Just(GapState::Unproven)];
    (scope(), prop::sample::select(Cause::ALL.to_vec()), state, mark(), option::of(mark()))
        .prop_map(|(scope, cause, state, from, to)| Gap { scope, cause, state, from, to })
}

fn loaded() -> impl Strategy<Value = Loaded<u64>> {
    let checkpoints = vec((scope(), checkpoint()), 0..4).prop_map(|mut all| {
        all.sort_by_key(|(scope, _)| *scope);
        all.dedup_by_key(|(scope, _)| *scope);
        all
    });
    (checkpoints, option::of(number()), vec(gap(), 0..4), any::<bool>()).prop_map(
        |(checkpoints, newest, gaps, compares)| Loaded {
            fence: Fence(1),
            compares,
            checkpoints,
            newest: newest.map(WallTime::from_micros),
            gaps,
        },
    )
}

/// Answers whatever is asked, at once and well, and counts the events that are appended.
fn serve(consumer: &mut Consumer<Id>, loaded: Loaded<u64>, numbers: &[(u64, u64)]) -> usize {
    let mut now = Now { monotonic: Instant::ZERO, wall: WallTime::from_micros(WALL) };
    let (mut answers, mut appended) = (Vec::new(), 0);
    let mut loaded = Some(loaded);
    for _ in 0..200 {
        while let Some(effect) = consumer.poll_effect() {
            match effect {
                Effect::Load { op } => {
                    let loaded = loaded.take().expect("it is asked for once, since nothing goes wrong");
                    answers.push(Input::Loaded { op, loaded: Ok(loaded) });
                }
                Effect::Append(append) => {
                    appended += append.events.len();
                    let stored = append.events.len() as u32;
                    let stored = Appended::Stored { stored, duplicates: 0 };
                    answers.push(Input::Appended { op: append.op, appended: stored });
                }
                Effect::Flush { op } => answers.push(Input::Flushed { op, flushed: Ok(()) }),
                Effect::Open { epoch, .. } => {
                    let events = numbers.iter().map(|&(time, seq)| {
                        let (time, seq) = (WallTime::from_micros(time), Some(Cursor(seq)));
                        Item::Event(Event { time, seq, payload: Id(time.as_micros()) })
                    });
                    answers.push(Input::Received { epoch, items: events.collect() });
                    answers.push(Input::Opened { epoch });
                }
                _ => {}
            }
        }
        let input = answers.pop().unwrap_or(Input::Timeout);
        if let (Input::Timeout, Some(next)) = (&input, consumer.next_timeout()) {
            let slept = next.since(now.monotonic);
            now = Now { monotonic: next, wall: now.wall + slept };
        }
        consumer.handle(now, input);
    }
    appended
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_on_record_events_come_in(
        kind in kind(),
        loaded in loaded(),
        numbers in vec((number(), number()), 1..6),
    ) {
        let source = Source { kind, patience: Duration::from_secs(4) };
        let mut config = Config::new(vec![source; 2]);
        config.filter = FilterHash(1);
        let now = Now { monotonic: Instant::ZERO, wall: WallTime::from_micros(WALL) };
        let mut consumer = Consumer::new(config, now);
        let appended = serve(&mut consumer, loaded, &numbers);
        prop_assert!(appended > 0, "nothing of {} events was taken in", numbers.len());
    }
}
