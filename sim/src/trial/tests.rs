//! Sinks that are bent in one place, over the world's own disk: each must be found out, by the rule that it breaks.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use highwater_core::dialect::jetstream::{Jetstream, Key};
use highwater_core::event::{Event, Payload as _};
use highwater_core::number::Fence;
use highwater_core::sink::{Append, Appended, Loaded, Sink, Unavailable};

use super::{Handler, Trial};
use crate::disk::Disk;
use crate::oracle::Rule;
use crate::picture::Picture;
use crate::plan::Plan;
use crate::shown::{Aside, Shown};
use crate::shrink::Budget;
use crate::storage::{Storage, Trouble};

/// What is stored.
struct Shelf(Disk<Jetstream>);

impl Default for Shelf {
    fn default() -> Self {
        Self(Disk::new(true))
    }
}

fn show(Shelf(disk): &Shelf, events: &[Key]) -> Shown {
    Shown {
        events: events.to_vec(),
        checkpoints: disk.checkpoints().cloned().collect(),
        gaps: disk.gaps().copied().collect(),
        dead_letters: disk.letters().iter().map(|(scope, letter)| Aside::of(*scope, letter)).collect(),
    }
}

/// What is stored, and the keys of the events.
type Stored = (Shelf, Vec<Key>);
/// How an append is done to it.
type Way = fn(&mut Stored, &Append<Jetstream>) -> Appended;
/// What is said of it.
type Word = fn(Result<Appended, Trouble>) -> Appended;

struct Bent {
    storage: Storage<Stored>,
    raises: bool,
    way: Way,
    word: Word,
}

impl Sink<Jetstream> for Bent {
    fn open(&mut self) -> Result<Loaded<Key>, Unavailable> {
        let raises = self.raises;
        self.storage.write(|(Shelf(disk), _)| {
            let mut loaded = disk.open()?;
            if !raises {
                disk.set_fence(Fence(1));
                loaded.fence = Fence(1);
            }
            Ok(loaded)
        })?
    }

    fn append(&mut self, append: &Append<Jetstream>) -> Appended {
        (self.word)(self.storage.write(|stored| (self.way)(stored, append)))
    }

    fn flush(&mut self) -> Result<(), Unavailable> {
        Ok(())
    }
}

/// Everything as it has to be.
fn straight((Shelf(disk), events): &mut Stored, append: &Append<Jetstream>) -> Appended {
    let known: BTreeSet<Key> = events.iter().cloned().collect();
    let appended = disk.append_as_it_is(append);
    if matches!(appended, Appended::Stored { .. }) {
        let mut known = known;
        let keys = append.events.iter().map(|event| event.payload.key());
        events.extend(keys.filter(|key| known.insert(key.clone())));
    }
    appended
}

fn honest(done: Result<Appended, Trouble>) -> Appended {
    done.unwrap_or_else(Appended::from)
}

fn bent(raises: bool, way: Way, word: Word) -> Trial {
    let open = move |storage| Bent { storage, raises, way, word };
    Trial::of(open, |(shelf, events): &Stored| show(shelf, events))
        .budget(Budget { runs: 30, ..Budget::default() })
}

/// The rule that it breaks.
fn broken(trial: &Trial) -> Rule {
    let failed = trial.run().unwrap_err();
    let again = trial.plan(&Plan::read(&failed.plan().to_string()).unwrap()).unwrap_err();
    assert_eq!(again.violation().rule, failed.violation().rule, "{failed}");
    assert!(failed.story().lines().count() <= 20, "{failed}");
    assert!(Picture::read(failed.trace()).unwrap().text().lines().count() > 3, "{failed}");
    failed.violation().rule
}

#[test]
fn a_straight_sink_holds() {
    let held = bent(true, straight, honest).seeds(0..24).run().unwrap();
    assert_eq!(held.runs, 24);
    assert!(held.fired.total() > 24 && held.steps > 24, "{held}");
}

#[test]
fn a_sink_that_drops_an_event_is_found_out() {
    let drops: Way = |stored, append| {
        let appended = straight(stored, append);
        if append.events.len() > 1 && matches!(appended, Appended::Stored { stored: 1.., .. }) {
            stored.1.pop();
        }
        appended
    };
    assert_eq!(broken(&bent(true, drops, honest)), Rule::O1NoLoss);
}

#[test]
fn a_sink_that_stores_twice_is_found_out() {
    let doubles: Way = |stored, append| {
        let appended = stored.0.0.append_as_it_is(append);
        if matches!(appended, Appended::Stored { .. }) {
            stored.1.extend(append.events.iter().map(|event| event.payload.key()));
        }
        appended
    };
    assert_eq!(broken(&bent(true, doubles, honest)), Rule::O4Once);
}

#[test]
fn a_sink_that_lets_an_old_writer_write_is_found_out() {
    let lets: Way = |stored, append| {
        let fence = stored.0.0.fence();
        straight(stored, &Append { fence, ..append.clone() })
    };
    assert_eq!(broken(&bent(true, lets, honest)), Rule::O12Fence);
    assert_eq!(broken(&bent(false, straight, honest)), Rule::O12Fence, "the fence has to rise");
}

#[test]
fn a_sink_that_takes_hope_for_certainty_is_found_out() {
    let hopes: Word = |done| match done {
        Err(Trouble::Unknown) => Appended::Stored { stored: 1, duplicates: 0 },
        done => honest(done),
    };
    assert!(matches!(
        broken(&bent(true, straight, hopes)),
        Rule::O1NoLoss | Rule::O3Monotonic | Rule::O4Once
    ));
}

#[test]
fn a_sink_that_asks_the_world_outside_is_found_out() {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    // So many of all calls ever: another run finds none left.
    let moody: Way = |stored, append| match CALLS.fetch_add(1, Ordering::Relaxed) {
        5..10 => Appended::Unavailable,
        _ => straight(stored, append),
    };
    let failed = bent(true, moody, honest).seeds(0..1).run().unwrap_err();
    assert_eq!(failed.violation().rule, Rule::O18Determinism, "{failed}");
}

/// Counts events; of those it does not like it says so.
#[derive(Default)]
struct Counter {
    refuses: bool,
    remembers: bool,
    seen: u64,
}

impl Handler for Counter {
    type State = u64;

    fn handle(&mut self, count: &mut u64, event: &Event<Jetstream>) -> Result<(), String> {
        if self.refuses && event.payload.did().ends_with('7') {
            return Err("no sevens".to_owned());
        }
        self.seen += 1;
        *count = if self.remembers { self.seen } else { *count + 1 };
        Ok(())
    }
}

#[test]
fn a_handler_is_applied_once_to_each_event_and_may_refuse_some() {
    for refuses in [false, true] {
        let make = move || Counter { refuses, ..Counter::default() };
        assert_eq!(Trial::of_handler(make).seeds(0..12).run().unwrap().runs, 12);
    }
}

#[test]
fn a_handler_that_remembers_beside_its_state_is_found_out() {
    let trial = Trial::of_handler(|| Counter { remembers: true, ..Counter::default() });
    assert_eq!(broken(&trial.budget(Budget { runs: 30, ..Budget::default() })), Rule::O13Fold);
}
