//! A run, told one line a step for whoever has to understand it, or written down whole for who wants to have it again.

mod lanes;
mod scribe;

use core::fmt;
use std::collections::VecDeque;

use highwater_core::effect::Effect;
use highwater_core::event::{Item, Payload};
use highwater_core::time::{Instant, Now};
use highwater_core::{Config, Consumer, Input};

use crate::carrier::Told;
use crate::faults::Firing;
use crate::plan::Plan;
pub(crate) use lanes::lane_row;
pub use lanes::lanes;
use lanes::{Lane, of_effect, of_fault, of_input};
use scribe::Scribe;

/// What is written down of a run.
#[derive(Clone, Debug)]
pub struct Trace {
    kept: VecDeque<Line>,
    keep: usize,
    /// So many faults are told.
    faults: usize,
    /// The world's clock.
    now: Instant,
    scribe: Option<Box<Scribe>>,
}

/// One line of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// By the world's clock.
    at: Instant,
    /// By the process's own, for its inputs.
    own: Option<Instant>,
    kind: Kind,
    /// Who does it, and to whom.
    from: Lane,
    to: Lane,
    text: String,
}

/// What a line tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Input,
    Effect,
    Fault,
    Note,
}

impl Trace {
    /// Nothing is written down: the run goes at full speed.
    pub fn none() -> Self {
        Self::last(0)
    }

    /// All of it is written down.
    pub fn all() -> Self {
        Self { keep: usize::MAX, ..Self::last(0) }
    }

    /// The last `keep` lines are kept.
    pub fn last(keep: usize) -> Self {
        Self { kept: VecDeque::with_capacity(keep), keep, faults: 0, now: Instant::ZERO, scribe: None }
    }

    /// All of the run of this plan is written down as a file, and nothing as lines.
    pub fn file(plan: &Plan) -> Self {
        Self { scribe: Some(Box::new(Scribe::new(plan.to_string()))), ..Self::none() }
    }

    /// What is to be in the file.
    pub fn text(&self) -> Option<&str> {
        self.scribe.as_deref().map(Scribe::text)
    }

    /// The lines kept, oldest first.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.kept.iter()
    }

    /// The world's clock moved on, and these faults have taken effect so far.
    #[inline]
    pub(crate) fn turn(&mut self, now: Instant, fired: &[Firing]) {
        if self.is_on() {
            self.keep_turn(now, fired);
        }
    }

    #[cold]
    fn keep_turn(&mut self, now: Instant, fired: &[Firing]) {
        self.now = now;
        for firing in &fired[self.faults.min(fired.len())..] {
            let lane = of_fault(firing.record.fault());
            self.write(firing.at, None, Kind::Fault, (lane, lane), firing.record.to_string());
            if let Some(scribe) = &mut self.scribe {
                scribe.fault(firing);
            }
        }
        self.faults = fired.len();
    }

    /// A process starts, and its clocks say this.
    pub(crate) fn begin(&mut self, now: Instant, config: &Config, began: Now) {
        self.note(now, "a process starts");
        if let Some(scribe) = &mut self.scribe {
            scribe.begin(now, config, began);
        }
    }

    /// The process is gone.
    pub(crate) fn end(&mut self, now: Instant, how: &str) {
        self.note(now, "the process ends");
        if let Some(scribe) = &mut self.scribe {
            scribe.end(now, how.to_owned());
        }
    }

    /// The run is over.
    pub(crate) fn close(&mut self, verdict: &str) {
        if let Some(scribe) = &mut self.scribe {
            scribe.end(self.now, verdict.to_owned());
        }
    }

    #[inline]
    pub(crate) fn input<P: Told>(&mut self, now: Now, input: &Input<P>) {
        if self.is_on() {
            self.keep_input(now, input);
        }
    }

    #[cold]
    fn keep_input<P: Told>(&mut self, now: Now, input: &Input<P>) {
        if self.keep > 0 {
            let lanes = (of_input(input), Lane::Machine);
            self.write(self.now, Some(now.monotonic), Kind::Input, lanes, describe(input));
        }
        if let Some(scribe) = &mut self.scribe {
            scribe.input(self.now, now, input);
        }
    }

    #[inline]
    pub(crate) fn effect<P: Told>(&mut self, effect: &Effect<P>) {
        if self.is_on() {
            self.keep_effect(effect);
        }
    }

    #[cold]
    fn keep_effect<P: Told>(&mut self, effect: &Effect<P>) {
        if self.keep > 0 {
            self.write(self.now, None, Kind::Effect, (Lane::Machine, of_effect(effect)), effect.to_string());
        }
        if let Some(scribe) = &mut self.scribe {
            scribe.effect(effect);
        }
    }

    /// The machine has no more effects.
    #[inline]
    pub(crate) fn drained<P: Payload>(&mut self, now: Now, machine: &Consumer<P>) {
        if let Some(scribe) = &mut self.scribe {
            scribe.drained(Some(machine.fingerprint(now)));
        }
    }

    pub(crate) fn note(&mut self, now: Instant, what: &str) {
        if self.keep > 0 {
            self.write(now, None, Kind::Note, (Lane::Operator, Lane::Operator), what.to_owned());
        }
    }

    #[inline]
    fn is_on(&self) -> bool {
        self.keep > 0 || self.scribe.is_some()
    }

    fn write(
        &mut self,
        at: Instant,
        own: Option<Instant>,
        kind: Kind,
        (from, to): (Lane, Lane),
        text: String,
    ) {
        if self.keep == 0 {
            return;
        }
        if self.kept.len() == self.keep {
            self.kept.pop_front();
        }
        self.kept.push_back(Line { at, own, kind, from, to, text });
    }
}

impl Line {
    /// Whether it tells of something that went wrong.
    pub(crate) fn is_fault(&self) -> bool {
        self.kind == Kind::Fault
    }
}

/// The line for whoever reads all of them: `1.5s < opened #1`.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, text) = (self.own.unwrap_or(self.at).to_string(), &self.text);
        match self.kind {
            Kind::Input => write!(f, "{at:>14} < {text}"),
            Kind::Effect => write!(f, "{:>14} > {text}", ""),
            Kind::Fault | Kind::Note => write!(f, "{at:>14} ! {text}"),
        }
    }
}

fn describe<P: Told>(input: &Input<P>) -> String {
    match input {
        Input::Timeout => "timeout".to_owned(),
        Input::Opened { epoch } => format!("opened {epoch}"),
        Input::Received { epoch, items } => {
            let items: Vec<String> = items.iter().map(describe_item).collect();
            format!("received {epoch} {}", items.join(" "))
        }
        Input::Heard { epoch, pong } => format!("heard {epoch}{}", if *pong { " pong" } else { "" }),
        Input::Closed { epoch, closure } => format!("closed {epoch} {closure}"),
        Input::Loaded { op, loaded: Ok(loaded) } => {
            let places = loaded.checkpoints.iter();
            let places: Vec<String> = places
                .map(|(scope, at)| format!("{scope} version {} at {}", at.version.0, at.place))
                .collect();
            format!("loaded {op} {} {}", loaded.fence, places.join(", "))
        }
        Input::Loaded { op, loaded: Err(_) } => format!("loaded {op} unavailable"),
        Input::Appended { op, appended } => format!("appended {op} {appended:?}"),
        Input::Flushed { op, flushed } => format!("flushed {op} {flushed:?}"),
        Input::StopRequested => "stop requested".to_owned(),
    }
}

fn describe_item<P: Told>(item: &Item<P>) -> String {
    let event = |event: &highwater_core::event::Event<P>, mark: &str| {
        let seq = event.seq.map_or(String::new(), |seq| format!("/{seq}"));
        format!("{}{mark}@{}{seq}", event.payload.id(), event.time.as_micros())
    };
    match item {
        Item::Event(of) => event(of, ""),
        Item::Filtered(of) => event(of, "(filtered)"),
        Item::Oversize(of, _) => event(of, "(oversize)"),
        Item::Outdated => "outdated".to_owned(),
        Item::Info => "info".to_owned(),
        Item::Malformed(reason, sample) => format!("malformed {reason:?} {}", sample.length),
    }
}
