//! The thread that writes a run down, with a machine of its own.
//!
//! Its machine is told the same as the one in production, but with shadows for payloads, and so stands where that one
//! stands: a file that begins in the middle of a run begins with it.

use std::fmt::Write as _;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::Receiver;

use highwater_core::time::Now;
use highwater_core::trace::{self, Deed, Head, Kind, Line, Shadow, Track};
use highwater_core::{Config, Consumer, Input};
use serde_json::value::to_raw_value;
use tracing::warn;

use super::shelf::Shelf;

/// What the thread is told.
#[derive(Debug)]
pub(super) enum Word {
    /// The machine is born.
    Birth(Box<Config>, Now),
    /// It did a step.
    Step(Box<Step>),
    /// What is in memory is to be written.
    Dump,
    /// Nothing follows.
    Over,
}

/// Something that the machine was told, and what it said.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) now: Now,
    /// None at its birth.
    pub(super) input: Option<Input<Shadow>>,
    pub(super) out: Vec<Deed>,
    pub(super) fingerprint: Option<u64>,
}

/// Writes a run down.
pub(super) struct Clerk {
    shelf: Shelf,
    /// What is to be put there next.
    text: String,
    life: Option<Life>,
}

struct Life {
    config: Config,
    machine: Consumer<Shadow>,
    track: Track,
}

/// So much text is collected while there is more to come.
const TEXT_BYTES: usize = 64 << 10;

impl Clerk {
    pub(super) const fn new(shelf: Shelf) -> Self {
        Self { shelf, text: String::new(), life: None }
    }

    /// Writes down what it is told, until nothing follows or it cannot be written.
    pub(super) fn run(mut self, words: &Receiver<Word>) {
        if let Err(error) = self.write_down(words) {
            warn!("the recording to {} ends here: {error}; the run goes on", self.shelf.path().display());
        }
    }

    fn write_down(&mut self, words: &Receiver<Word>) -> io::Result<()> {
        while let Ok(word) = words.recv() {
            let mut next = Some(word);
            while let Some(word) = next {
                match word {
                    Word::Birth(config, now) => self.birth(*config, now),
                    Word::Step(step) => self.step(*step)?,
                    Word::Dump => {
                        self.put()?;
                        self.shelf.dump()?;
                    }
                    Word::Over => return self.put(),
                }
                next = if self.text.len() < TEXT_BYTES { words.try_recv().ok() } else { None };
            }
            self.put()?;
        }
        Ok(())
    }

    fn birth(&mut self, config: Config, now: Now) {
        let mut machine = Consumer::new(config.clone(), now);
        while machine.poll_effect().is_some() {}
        self.line(&Line::Head(Box::new(Head::new(Kind::Prod, config.clone(), now))));
        self.life = Some(Life { config, machine, track: Track::new(now) });
    }

    fn step(&mut self, step: Step) -> io::Result<()> {
        let Some(life) = &mut self.life else { return Ok(()) };
        let Step { now, input, out, fingerprint } = step;
        let Some(input) = input else {
            let birth = life.track.birth(out);
            self.line(&Line::Step(birth));
            return Ok(());
        };
        let told = Line::Step(life.track.write(now, input, out, fingerprint));
        append(&mut self.text, &told);
        let Line::Step(trace::Step { input: Some(input), .. }) = told else { return Ok(()) };
        let machine = &mut life.machine;
        // What makes the one in production panic does so here too, and is the last that is recorded.
        let followed = catch_unwind(AssertUnwindSafe(|| {
            machine.handle(now, input);
            while machine.poll_effect().is_some() {}
        }));
        if followed.is_err() {
            self.life = None;
        }
        if self.shelf.is_full(self.text.len()) {
            self.put()?;
            self.turn()?;
        }
        Ok(())
    }

    /// Begins a new file, with the machine as it stands.
    fn turn(&mut self) -> io::Result<()> {
        let Some(life) = &mut self.life else { return Ok(()) };
        self.shelf.turn()?;
        let now = life.track.now();
        life.track = Track::new(now);
        let head = Head::new(Kind::Prod, life.config.clone(), now);
        let head = Head { machine: Some(to_raw_value(&life.machine)?), ..head };
        self.line(&Line::Head(Box::new(head)));
        Ok(())
    }

    fn line(&mut self, line: &Line) {
        append(&mut self.text, line);
    }

    fn put(&mut self) -> io::Result<()> {
        let put = self.shelf.put(&self.text);
        self.text.clear();
        put
    }
}

fn append(text: &mut String, line: &Line) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{line}");
}
