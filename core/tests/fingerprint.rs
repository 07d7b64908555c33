//! Machines that will do the same have one fingerprint, whenever they live; what makes a difference shows.

use highwater_core::checkpoint::{Checkpoint, FilterHash, Witness};
use highwater_core::closure::Closure;
use highwater_core::config::Source;
use highwater_core::cursor::{Cursor, CursorKind, Place};
use highwater_core::event::{Event, Item, Payload, Reason, Sample};
use highwater_core::gap::{Cause, Gap, GapState, Mark};
use highwater_core::number::{Epoch, Fence, Op, Version};
use highwater_core::scope::{Scope, SourceId};
use highwater_core::sink::{Appended, Loaded, Unavailable};
use highwater_core::time::{Duration, Instant, Now, WallTime};
use highwater_core::{Config, Consumer, Effect, Input};

#[derive(Clone, Debug)]
struct Id(u64);

impl Payload for Id {
    type Key = u64;
    fn key(&self) -> u64 {
        self.0
    }
    fn size(&self) -> usize {
        self.0 as usize
    }
}

/// A machine, and what its host knows. All its times are counted from its own beginning.
struct Host {
    machine: Consumer<Id>,
    kind: CursorKind,
    began: Now,
    now: Now,
    epoch: Epoch,
    op: Op,
    /// What the sink is asked and has not answered.
    asked: Option<Asked>,
}

#[derive(Clone, Copy)]
enum Asked {
    Append { events: u32 },
    Flush,
}

const USUAL: Now =
    Now { monotonic: Instant::from_micros(5), wall: WallTime::from_micros(1_700_000_000_000_000) };

impl Host {
    fn new(kind: CursorKind, began: Now) -> Self {
        let mut config = Config::new(vec![Source { kind, patience: Duration::from_secs(4) }]);
        config.batch_delay = Duration::from_millis(50);
        // No chance in the delays: a millionth of a second has no upper half.
        (config.backoff_initial, config.backoff_max) = (Duration::from_micros(1), Duration::from_micros(1));
        let machine = Consumer::new(config, began);
        let mut host = Self { machine, kind, began, now: began, epoch: Epoch(0), op: Op(0), asked: None };
        host.drain();
        host
    }

    fn scope(&self) -> Scope {
        Scope { source: SourceId(0), kind: self.kind, incarnation: 0 }
    }

    /// So many seconds after this host's beginning.
    fn time(&self, seconds: u64) -> WallTime {
        self.began.wall + Duration::from_secs(seconds)
    }

    fn event(&self, number: u64) -> Event<Id> {
        let seq = (self.kind == CursorKind::Seq).then_some(Cursor(number));
        Event { time: self.time(number), seq, payload: Id(number) }
    }

    fn mark(&self, number: u64) -> Mark {
        let event = self.event(number);
        Mark {
            cursor: event.cursor(self.kind).expect("an event has a position in its own scope"),
            time: event.time,
        }
    }

    /// What is durable: up to the third event, written so often, with these gaps and this margin.
    fn load(&mut self, version: u64, gaps: Vec<Gap>, margin: Duration) {
        let mark = self.mark(3);
        let witness = Witness { cursor: mark.cursor, time: mark.time, key: 3 };
        let checkpoint = Checkpoint {
            version: Version(version),
            place: Place::Cursor(mark.cursor),
            witness: Some(witness),
            covered_until: self.time(4),
            filter: FilterHash(0),
            margin,
        };
        let (fence, newest) = (Fence(version), Some(mark.time));
        let checkpoints = vec![(self.scope(), checkpoint)];
        let loaded = Loaded { fence, compares: true, checkpoints, newest, gaps };
        self.hand(Input::Loaded { op: self.op, loaded: Ok(loaded) });
    }

    fn hand(&mut self, input: Input<Id>) {
        self.machine.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(effect) = self.machine.poll_effect() {
            match effect {
                Effect::Load { op } => self.op = op,
                Effect::Flush { op } => (self.op, self.asked) = (op, Some(Asked::Flush)),
                Effect::Append(append) => {
                    let events = append.events.len() as u32;
                    (self.op, self.asked) = (append.op, Some(Asked::Append { events }));
                }
                Effect::Open { epoch, .. } => self.epoch = epoch,
                _ => {}
            }
        }
    }

    fn wait(&mut self, span: Duration) {
        self.now = Now { monotonic: self.now.monotonic + span, wall: self.now.wall + span };
    }

    fn sleep(&mut self) {
        let next = self.machine.next_timeout().expect("something is due some time");
        self.wait(next.since(self.now.monotonic));
        self.hand(Input::Timeout);
    }

    /// Dials, and hears these.
    fn hear(&mut self, items: Vec<Item<Id>>) {
        self.hand(Input::Timeout);
        self.hand(Input::Opened { epoch: self.epoch });
        self.hand(Input::Received { epoch: self.epoch, items });
    }

    fn hear_events(&mut self, numbers: &[u64]) {
        self.hear(numbers.iter().map(|&number| Item::Event(self.event(number))).collect());
    }

    /// The sink does whatever it is asked.
    fn settle(&mut self) {
        while let Some(asked) = self.asked.take() {
            let op = self.op;
            self.hand(match asked {
                Asked::Append { events: stored } => {
                    Input::Appended { op, appended: Appended::Stored { stored, duplicates: 0 } }
                }
                Asked::Flush => Input::Flushed { op, flushed: Ok(()) },
            });
        }
    }

    /// The connection ends, and the next one is dialed.
    fn reconnect(&mut self) {
        self.hand(Input::Closed { epoch: self.epoch, closure: Closure::Retry { after: None } });
        self.settle();
        self.sleep();
    }

    fn print(&self) -> u64 {
        self.machine.fingerprint(self.now)
    }

    fn words(&self) -> Vec<u64> {
        let mut words = Vec::new();
        self.machine.fingerprint_words(self.now, |word| words.push(word));
        words
    }
}

const MARGIN: Duration = Duration::from_secs(5);

/// One life told to the end, with a fingerprint after each thing that happens.
fn life(kind: CursorKind, began: Now, version: u64, questions: u32) -> Vec<Vec<u64>> {
    let mut host = Host::new(kind, began);
    let mut prints = Vec::new();
    for _ in 0..questions {
        host.hand(Input::Loaded { op: host.op, loaded: Err(Unavailable) });
        host.sleep();
    }
    // Whoever was refused has lived a little longer: the others wait as long.
    host.now.monotonic = began.monotonic + Duration::from_millis(1);
    host.now.wall = began.wall + Duration::from_millis(1);
    let gap = Gap {
        scope: host.scope(),
        cause: Cause::Witness,
        state: GapState::Unproven,
        from: host.mark(3),
        to: None,
    };
    host.load(version, vec![gap], MARGIN);
    prints.push(host.words());
    host.hear_events(&[3, 5, 6]);
    prints.push(host.words());
    host.sleep();
    prints.push(host.words());
    host.settle();
    host.reconnect();
    prints.push(host.words());
    host.hear(vec![Item::Malformed(Reason::Undecodable, Sample::of(b"?")), Item::Event(host.event(7))]);
    prints.push(host.words());
    host.hand(Input::Closed { epoch: host.epoch, closure: Closure::TooOld });
    refuse(&mut host, 0);
    prints.push(host.words());
    host.sleep();
    prints.push(host.words());
    prints
}

#[test]
fn when_a_machine_lives_and_how_often_it_asked_makes_no_difference() {
    for kind in [CursorKind::Time, CursorKind::Seq] {
        let usual = life(kind, USUAL, 1, 0);
        let wall = USUAL.wall + Duration::from_secs(86_400 * 365);
        let later = Now { monotonic: Instant::from_micros(77_777_777), wall };
        assert_eq!(usual, life(kind, later, 1, 0), "{kind}: another time");
        assert_eq!(usual, life(kind, USUAL, 900, 0), "{kind}: another version and writer");
        assert_eq!(usual, life(kind, USUAL, 1, 3), "{kind}: more questions before");
    }
}

#[test]
fn the_number_of_a_connection_makes_no_difference() {
    // Two events in one connection, or in two of which the second goes on where the first was.
    let dialed_after = |connections: &[&[u64]]| {
        let mut host = Host::new(CursorKind::Seq, USUAL);
        host.load(1, Vec::new(), MARGIN);
        for numbers in connections {
            host.hear_events(numbers);
            host.settle();
            host.reconnect();
        }
        host.now = Now { monotonic: Instant::from_micros(10_000_000), wall: USUAL.wall };
        host.hand(Input::Closed { epoch: host.epoch, closure: Closure::Retry { after: None } });
        host
    };
    let (one, two) = (dialed_after(&[&[3, 5, 6]]), dialed_after(&[&[3, 5], &[5, 6]]));
    assert_ne!(one.epoch, two.epoch);
    assert_eq!(one.words(), two.words());
    assert_ne!(one.print(), dialed_after(&[&[3, 5]]).print(), "another witness is awaited");
}

/// A machine to which something was done.
fn after(kind: CursorKind, what: impl FnOnce(&mut Host)) -> u64 {
    let mut host = Host::new(kind, USUAL);
    what(&mut host);
    host.print()
}

#[test]
fn what_makes_a_difference_later_shows_now() {
    let gap = |host: &Host, from: u64, cause| Gap {
        scope: host.scope(),
        cause,
        state: GapState::Unproven,
        from: host.mark(from),
        to: None,
    };
    for kind in [CursorKind::Time, CursorKind::Seq] {
        let prints = [
            after(kind, |_| {}),
            after(kind, |host| host.load(1, Vec::new(), MARGIN)),
            after(kind, |host| host.load(1, Vec::new(), MARGIN * 2)),
            after(kind, |host| host.load(1, vec![gap(host, 3, Cause::Witness)], MARGIN)),
            after(kind, |host| host.load(1, vec![gap(host, 3, Cause::Quiet)], MARGIN)),
            after(kind, |host| host.load(1, vec![gap(host, 2, Cause::Witness)], MARGIN)),
            after(kind, |host| heard(host, &[3, 5, 6])),
            after(kind, |host| heard(host, &[3, 6, 5])),
            after(kind, |host| heard(host, &[3, 5, 7])),
            after(kind, |host| heard(host, &[3, 5])),
            after(kind, |host| {
                heard(host, &[3, 5, 6]);
                host.wait(Duration::from_millis(1));
            }),
            after(kind, |host| {
                heard(host, &[3, 5, 6]);
                host.sleep();
            }),
            after(kind, |host| {
                heard(host, &[3, 5, 6]);
                host.sleep();
                host.hand(Input::Appended { op: host.op, appended: Appended::Unavailable });
            }),
            after(kind, |host| {
                heard(host, &[3, 5, 6]);
                host.sleep();
                refuse(host, 0);
            }),
            after(kind, |host| {
                heard(host, &[3, 5, 6]);
                host.sleep();
                refuse(host, 1);
            }),
            after(kind, |host| {
                heard(host, &[3, 5, 6]);
                host.hand(Input::Received { epoch: host.epoch, items: vec![Item::Outdated] });
            }),
            after(kind, |host| {
                heard(host, &[3, 5, 6]);
                host.hand(Input::StopRequested);
            }),
        ];
        for (index, print) in prints.iter().enumerate() {
            assert!(!prints[..index].contains(print), "{kind}: {index} looks like an earlier one");
        }
    }
}

fn heard(host: &mut Host, numbers: &[u64]) {
    host.load(1, Vec::new(), MARGIN);
    host.hear_events(numbers);
}

fn refuse(host: &mut Host, index: u32) {
    let appended = Appended::Refused { index, why: "no".to_owned() };
    host.hand(Input::Appended { op: host.op, appended });
}
