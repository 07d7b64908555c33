//! A run, told one line a step, for whoever has to understand it.

use std::collections::VecDeque;

use highwater_core::Input;
use highwater_core::effect::Effect;
use highwater_core::event::Item;
use highwater_core::time::{Instant, Now};

use crate::carrier::Told;
use crate::faults::Firing;

/// What is written down of a run.
#[derive(Clone, Debug)]
pub struct Trace {
    kept: VecDeque<String>,
    keep: usize,
    /// So many faults are told.
    faults: usize,
}

impl Trace {
    /// Nothing is written down: the run goes at full speed.
    pub fn none() -> Self {
        Self { kept: VecDeque::new(), keep: 0, faults: 0 }
    }

    /// All of it is written down.
    pub fn all() -> Self {
        Self { kept: VecDeque::new(), keep: usize::MAX, faults: 0 }
    }

    /// The last `keep` lines are kept.
    pub fn last(keep: usize) -> Self {
        Self { kept: VecDeque::with_capacity(keep), keep, faults: 0 }
    }

    /// The lines kept, oldest first.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.kept.iter().map(String::as_str)
    }

    #[inline]
    pub(crate) fn input<P: Told>(&mut self, now: Now, input: &Input<P>) {
        if self.keep > 0 {
            self.write(format!("{:>14} < {}", now.monotonic.to_string(), describe(input)));
        }
    }

    #[inline]
    pub(crate) fn effect<P: Told>(&mut self, effect: &Effect<P>) {
        if self.keep > 0 {
            self.write(format!("{:>14} > {effect}", ""));
        }
    }

    /// Tells the faults that took effect since the last time.
    #[inline]
    pub(crate) fn faults(&mut self, fired: &[Firing]) {
        if self.keep > 0 {
            for Firing { at, record } in &fired[self.faults.min(fired.len())..] {
                self.write(format!("{:>14} ! {record}", at.to_string()));
            }
            self.faults = fired.len();
        }
    }

    pub(crate) fn note(&mut self, now: Instant, what: &str) {
        if self.keep > 0 {
            self.write(format!("{:>14} ! {what}", now.to_string()));
        }
    }

    fn write(&mut self, line: String) {
        if self.kept.len() == self.keep {
            self.kept.pop_front();
        }
        self.kept.push_back(line);
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
