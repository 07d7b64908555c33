//! A handler of events in the world: what it makes of them becomes durable in the transaction that stores them.
//!
//! So its effect is exactly once: an append that is not done leaves no trace of it, one that is done leaves it whole,
//! and an event that comes again is not handed to it again. This holds for what it keeps in its state. What it does
//! beside, it does at least once, and once more whenever an append is tried again.

use core::fmt;

use highwater_core::dialect::jetstream::{Jetstream, Key};
use highwater_core::event::{Event, Payload};
use highwater_core::sink::{Append, Appended, Loaded, Sink, Unavailable};

use super::Trial;
use crate::carrier::Told as _;
use crate::disk::Disk;
use crate::oracle::{Rule, Violation, must};
use crate::shown::{Aside, Shown};
use crate::storage::Storage;

/// Makes something of events, one after the other.
pub trait Handler {
    /// What it makes of them, which outlives the process.
    type State: Clone + Default + PartialEq + fmt::Debug;

    /// Takes an event in. An error refuses it for good: it is set aside, and what comes behind it is handed on.
    fn handle(&mut self, state: &mut Self::State, event: &Event<Jetstream>) -> Result<(), String>;
}

impl Trial {
    /// Tries a handler of events; `make` makes one for each process.
    ///
    /// Whenever something went wrong, its state must be what a new handler makes of the stored events, from the first
    /// to the last: what a handler knows beside its state does not outlive a process.
    pub fn of_handler<H: Handler + 'static>(make: impl Fn() -> H + Clone + Send + Sync + 'static) -> Self {
        let again = make.clone();
        let open = move |storage| Handling { handler: make(), storage };
        Self::of_guest(open, move |book: &Book<H::State>| book.view(again()))
    }
}

/// What is stored: the events, and what was made of them.
#[derive(Debug)]
struct Book<T> {
    disk: Disk<Jetstream>,
    events: Vec<Event<Jetstream>>,
    state: T,
}

impl<T: Default> Default for Book<T> {
    fn default() -> Self {
        Self { disk: Disk::new(true), events: Vec::new(), state: T::default() }
    }
}

impl<T: Clone + Default + PartialEq + fmt::Debug> Book<T> {
    /// Everything, or nothing.
    fn append(&mut self, handler: &mut impl Handler<State = T>, append: &Append<Jetstream>) -> Appended {
        if let Some(refusal) = self.disk.bars(append) {
            return refusal;
        }
        let (mut state, before) = (self.state.clone(), self.events.len());
        for (index, event) in append.events.iter().enumerate() {
            let is_new = !self.disk.has(event.payload.id());
            let is_first =
                !self.events[before..].iter().any(|known| known.payload.id() == event.payload.id());
            if is_new && is_first {
                if let Err(why) = handler.handle(&mut state, event) {
                    self.events.truncate(before);
                    return Appended::Refused { index: index as u32, why };
                }
                self.events.push(event.clone());
            }
        }
        self.state = state;
        self.disk.append_as_it_is(append)
    }

    fn view(&self, mut handler: impl Handler<State = T>) -> Result<Shown, Violation> {
        let mut state = T::default();
        for event in &self.events {
            let taken = handler.handle(&mut state, event);
            must(taken.is_ok(), Rule::O13Fold, || {
                format!("{} was taken, and now is refused", event.payload.key())
            })?;
        }
        let kept = &self.state;
        must(state == *kept, Rule::O13Fold, || {
            format!("kept is {kept:?}, and the events come to {state:?}")
        })?;
        Ok(Shown {
            events: self.events.iter().map(|event| event.payload.key()).collect(),
            checkpoints: self.disk.checkpoints().cloned().collect(),
            gaps: self.disk.gaps().copied().collect(),
            dead_letters: self
                .disk
                .letters()
                .iter()
                .map(|(scope, letter)| Aside::of(*scope, letter))
                .collect(),
        })
    }
}

/// The handler of one process.
struct Handling<H: Handler> {
    handler: H,
    storage: Storage<Book<H::State>>,
}

impl<H: Handler> Sink<Jetstream> for Handling<H> {
    fn open(&mut self) -> Result<Loaded<Key>, Unavailable> {
        self.storage.write(|book| book.disk.open())?
    }

    fn append(&mut self, append: &Append<Jetstream>) -> Appended {
        let handler = &mut self.handler;
        self.storage.write(|book| book.append(handler, append)).unwrap_or_else(Appended::from)
    }

    fn flush(&mut self) -> Result<(), Unavailable> {
        Ok(())
    }
}
