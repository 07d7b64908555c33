//! The sink: keeps what a real one would, and takes the time, or the trouble, that a script says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use highwater::sink::worker::{Bench, Question};
use highwater_core::Input;
use highwater_core::checkpoint::Checkpoint;
use highwater_core::dialect::jetstream::{Jetstream, Key};
use highwater_core::event::Payload as _;
use highwater_core::number::{Fence, Version};
use highwater_core::scope::Scope;
use highwater_core::sink::{Append, Appended, Loaded, Sink, Unavailable};

/// What survives a crash, shared by the lives of a process.
#[derive(Clone, Default)]
pub(super) struct Shelf(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    fence: Fence,
    stored: Vec<Key>,
    keys: BTreeSet<Key>,
    checkpoints: BTreeMap<Scope, Checkpoint<Key>>,
}

impl Shelf {
    /// What is stored, in its order.
    pub(super) fn names(&self) -> Vec<String> {
        self.0.lock().unwrap().stored.iter().map(Key::to_string).collect()
    }
}

impl Sink<Jetstream> for Shelf {
    fn open(&mut self) -> Result<Loaded<Key>, Unavailable> {
        let mut kept = self.0.lock().unwrap();
        kept.fence = kept.fence.next();
        Ok(Loaded {
            fence: kept.fence,
            compares: true,
            checkpoints: kept.checkpoints.iter().map(|(scope, at)| (*scope, at.clone())).collect(),
            newest: None,
            gaps: Vec::new(),
        })
    }

    fn append(&mut self, append: &Append<Jetstream>) -> Appended {
        let mut kept = self.0.lock().unwrap();
        let version = kept.checkpoints.get(&append.scope).map_or(Version(0), |at| at.version);
        if append.fence != kept.fence {
            return Appended::Fenced;
        }
        if append.expect != version {
            return Appended::Conflict;
        }
        let mut stored = 0;
        for event in append.events.iter() {
            let key = event.payload.key();
            if kept.keys.insert(key.clone()) {
                kept.stored.push(key);
                stored += 1;
            }
        }
        kept.checkpoints.insert(append.scope, append.checkpoint.clone());
        Appended::Stored { stored, duplicates: append.events.len() as u32 - stored }
    }

    fn flush(&mut self) -> Result<(), Unavailable> {
        Ok(())
    }
}

/// Answers each question after as long as `delay` says of its number.
pub(super) async fn attend(mut bench: Bench<Jetstream>, mut shelf: Shelf, delay: impl Fn(u32) -> Duration) {
    let mut asked = 0;
    while let Some(question) = bench.next().await {
        asked += 1;
        tokio::time::sleep(delay(asked)).await;
        let answer = question.put_to(&mut shelf);
        bench.answer(answer).await;
    }
}

/// How a question is answered.
pub(super) type Answer = fn(Question<Jetstream>, &mut Shelf) -> Input<Jetstream>;

/// The same, but the first answers are these.
pub(super) async fn attend_after(mut bench: Bench<Jetstream>, shelf: Shelf, first: Vec<Answer>) {
    for answer in first {
        let Some(question) = bench.next().await else { return };
        bench.answer(answer(question, &mut shelf.clone())).await;
    }
    attend(bench, shelf, |_| Duration::ZERO).await;
}
