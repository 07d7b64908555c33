//! Whatever a host hands in, in whatever order: no panic, no second connection, no dial with something unsettled,
//! no append out of turn, and late news changes nothing.

use highwater_core::closure::Closure;
use highwater_core::config::Source;
use highwater_core::cursor::{Cursor, CursorKind};
use highwater_core::event::{Event, Item, Reason, Sample};
use highwater_core::number::{Epoch, Fence, Op, Version};
use highwater_core::scope::Scope;
use highwater_core::sink::{Append, Appended, Loaded, Unavailable};
use highwater_core::time::{Duration, Instant, Now, WallTime};
use highwater_core::{Config, Consumer, Effect, Input};
use proptest::prelude::*;
use std::collections::BTreeMap;

use crate::Id;

/// One move of a host that follows no plan. Numbers are offsets from whatever is current.
#[derive(Clone, Debug)]
enum Move {
    Sleep,
    Wait { millis: u64, wall_extra: u64 },
    Opened { back: u64 },
    Received { back: u64, steps: Vec<(i64, u8)> },
    Heard { back: u64, pong: bool },
    Closed { back: u64, how: u8 },
    Answer { back: u64, how: u8 },
    Stop,
}

fn moves() -> impl Strategy<Value = Move> {
    let back = prop_oneof![8 => Just(0_u64), 1 => 1..3_u64];
    let steps = prop::collection::vec(
        (prop_oneof![8 => 1..2_000_i64, 1 => -9_000_000..9_000_000_i64], 0..40_u8),
        0..40,
    );
    prop_oneof![
        6 => Just(Move::Sleep),
        3 => (0..30_000_u64, prop_oneof![9 => Just(0), 1 => 0..100_000_000_u64])
            .prop_map(|(millis, wall_extra)| Move::Wait { millis, wall_extra }),
        6 => back.clone().prop_map(|back| Move::Opened { back }),
        12 => (back.clone(), steps).prop_map(|(back, steps)| Move::Received { back, steps }),
        2 => (back.clone(), any::<bool>()).prop_map(|(back, pong)| Move::Heard { back, pong }),
        2 => (back.clone(), 0..8_u8).prop_map(|(back, how)| Move::Closed { back, how }),
        14 => (back, 0..40_u8).prop_map(|(back, how)| Move::Answer { back, how }),
        1 => Just(Move::Stop),
    ]
}

struct Host {
    consumer: Consumer<Id>,
    now: Now,
    kind: CursorKind,
    epoch: Epoch,
    connected: bool,
    question: Option<Question>,
    op: Op,
    versions: BTreeMap<Scope, (Version, Option<highwater_core::checkpoint::Checkpoint<u64>>)>,
    fence: Fence,
    tip: u64,
    stopped: bool,
}

enum Question {
    Load,
    Append(Box<Append<Id>>),
    Flush,
}

impl Host {
    fn new(kind: CursorKind, sources: usize) -> Self {
        let source = Source { kind, patience: Duration::from_secs(4) };
        let mut config = Config::new(vec![source; sources]);
        (config.batch_events, config.buffer_events) = (10, 50);
        config.exit_idle = Some(Duration::from_secs(300));
        let now = Now { monotonic: Instant::ZERO, wall: WallTime::from_micros(1_700_000_000_000_000) };
        let mut host = Self {
            consumer: Consumer::new(config, now),
            now,
            kind,
            epoch: Epoch(0),
            connected: false,
            question: None,
            op: Op(0),
            versions: BTreeMap::new(),
            fence: Fence(0),
            tip: 1_700_000_000_000_000,
            stopped: false,
        };
        host.drain();
        host
    }

    fn hand_in(&mut self, input: Input<Id>) {
        let before = (self.consumer.fingerprint(self.now), self.consumer.next_timeout());
        self.consumer.handle(self.now, input);
        if self.drain() {
            let after = (self.consumer.fingerprint(self.now), self.consumer.next_timeout());
            assert_eq!(before, after, "late news changes nothing");
        } else if let Some(next) = self.consumer.next_timeout() {
            assert!(next > self.now.monotonic, "what is due is done");
        }
    }

    /// Takes the effects. True if the input was ignored.
    fn drain(&mut self) -> bool {
        let mut ignored = false;
        while let Some(effect) = self.consumer.poll_effect() {
            assert!(
                !self.stopped || matches!(effect, Effect::Ignored(_)),
                "nothing follows a stop: {effect}"
            );
            match effect {
                Effect::Ignored(_) => ignored = true,
                Effect::Open { epoch, .. } => {
                    assert!(!self.connected, "one connection at a time");
                    assert!(self.question.is_none(), "all is settled before a dial");
                    assert_eq!(epoch, self.epoch.next());
                    (self.epoch, self.connected) = (epoch, true);
                }
                Effect::Close { epoch, .. } => {
                    assert!(self.connected && epoch == self.epoch, "only what is open is closed");
                    self.connected = false;
                }
                Effect::Load { op } => self.asked(op, Question::Load),
                Effect::Flush { op } => self.asked(op, Question::Flush),
                Effect::Append(append) => {
                    let (version, _) = self.versions.get(&append.scope).cloned().unwrap_or_default();
                    assert_eq!(append.expect, version, "an append builds on what is there");
                    assert_eq!(append.checkpoint.version, version.next());
                    assert_eq!(append.fence, self.fence);
                    self.asked(append.op, Question::Append(Box::new(append)));
                }
                Effect::Stop(_) => self.stopped = true,
                Effect::Ping { .. } | Effect::Pause { .. } | Effect::Resume { .. } | Effect::Notice(_) => {}
            }
        }
        ignored
    }

    fn asked(&mut self, op: Op, question: Question) {
        assert!(self.question.is_none(), "one question at a time");
        assert!(op > self.op, "each question has a number of its own");
        (self.op, self.question) = (op, Some(question));
    }

    fn make(&mut self, a_move: Move) {
        match a_move {
            Move::Sleep => {
                let Some(next) = self.consumer.next_timeout() else { return };
                self.pass(next.since(self.now.monotonic), Duration::ZERO);
                self.hand_in(Input::Timeout);
            }
            Move::Wait { millis, wall_extra } => {
                self.pass(Duration::from_millis(millis), Duration::from_micros(wall_extra));
                self.hand_in(Input::Timeout);
            }
            Move::Opened { back } => self.hand_in(Input::Opened { epoch: self.epoch_before(back) }),
            Move::Received { back, steps } => {
                let items = steps.into_iter().map(|(step, tag)| self.item(step, tag)).collect();
                self.hand_in(Input::Received { epoch: self.epoch_before(back), items });
            }
            Move::Heard { back, pong } => self.hand_in(Input::Heard { epoch: self.epoch_before(back), pong }),
            Move::Closed { back, how } => self.close(back, how),
            Move::Answer { back: 0, how } => self.answer(how),
            Move::Answer { back, how } => {
                let op = Op(self.op.0.saturating_sub(back));
                let stored = Appended::Stored { stored: 1, duplicates: 0 };
                self.hand_in(match how % 3 {
                    0 => Input::Appended { op, appended: stored },
                    1 => Input::Flushed { op, flushed: Ok(()) },
                    _ => Input::Loaded { op, loaded: Err(Unavailable) },
                });
            }
            Move::Stop => self.hand_in(Input::StopRequested),
        }
    }

    fn pass(&mut self, span: Duration, wall_extra: Duration) {
        self.now.monotonic = self.now.monotonic + span;
        self.now.wall = self.now.wall + span + wall_extra;
    }

    fn epoch_before(&self, back: u64) -> Epoch {
        Epoch(self.epoch.0.saturating_sub(back))
    }

    fn item(&mut self, step: i64, tag: u8) -> Item<Id> {
        self.tip = self.tip.saturating_add_signed(step);
        let seq = (self.kind == CursorKind::Seq || tag == 39).then_some(Cursor(self.tip));
        let event = Event { time: WallTime::from_micros(self.tip), seq, payload: Id(self.tip) };
        let sample = Sample { length: 1, sha256: [tag; 32], head: bytes::Bytes::from_static(b"x") };
        match tag {
            35 => Item::Filtered(event),
            36 => Item::Oversize(event, sample),
            37 => Item::Malformed(Reason::Undecodable, sample),
            38 => Item::Outdated,
            _ => Item::Event(event),
        }
    }

    fn close(&mut self, back: u64, how: u8) {
        let closure = match how {
            0 | 1 => Closure::Retry { after: None },
            2 => Closure::Retry { after: Some(Duration::from_secs(90)) },
            3 => Closure::Elsewhere,
            4 => Closure::TooOld,
            5 => Closure::Renegotiate,
            6 => Closure::TooLarge,
            _ => Closure::Fatal,
        };
        if back == 0 {
            self.connected = false;
        }
        self.hand_in(Input::Closed { epoch: self.epoch_before(back), closure });
    }

    fn answer(&mut self, how: u8) {
        let op = self.op;
        let Some(question) = self.question.take() else { return };
        let input = match question {
            Question::Load if how == 0 => Input::Loaded { op, loaded: Err(Unavailable) },
            Question::Load => {
                self.fence = self.fence.next();
                let checkpoints = self.versions.iter();
                let checkpoints =
                    checkpoints.filter_map(|(scope, (_, row))| Some((*scope, row.clone()?))).collect();
                let loaded =
                    Loaded { fence: self.fence, compares: true, checkpoints, newest: None, gaps: vec![] };
                Input::Loaded { op, loaded: Ok(loaded) }
            }
            Question::Flush => {
                Input::Flushed { op, flushed: if how == 0 { Err(Unavailable) } else { Ok(()) } }
            }
            Question::Append(append) => {
                let appended = match how {
                    0 => Appended::Unavailable,
                    1 => Appended::Unknown,
                    2 => Appended::Refused { index: 0, why: "no".into() },
                    3 => Appended::Refused { index: 5, why: "no".into() },
                    4 => Appended::Conflict,
                    _ => Appended::Stored { stored: append.events.len() as u32, duplicates: 0 },
                };
                // An append of unknown fate is durable as often as not.
                if matches!(appended, Appended::Stored { .. }) || (how == 1 && op.0 % 2 == 0) {
                    self.store(*append);
                }
                Input::Appended { op, appended }
            }
        };
        self.hand_in(input);
    }

    fn store(&mut self, append: Append<Id>) {
        let held = self.versions.entry(append.scope).or_default();
        if let Some(before) = &held.1 {
            assert!(append.checkpoint.covered_until >= before.covered_until, "what is covered stays covered");
            if let (Some(old), Some(new)) = (&before.witness, &append.checkpoint.witness) {
                assert!(
                    new == old || append.checkpoint.place >= before.place,
                    "a checkpoint never goes back"
                );
            }
        }
        *held = (append.checkpoint.version, Some(append.checkpoint));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_news_is_survived(
        numbered: bool,
        sources in 1..3_usize,
        moves in prop::collection::vec(moves(), 1..300),
    ) {
        let kind = if numbered { CursorKind::Seq } else { CursorKind::Time };
        let mut host = Host::new(kind, sources);
        for a_move in moves {
            host.make(a_move);
        }
    }
}
