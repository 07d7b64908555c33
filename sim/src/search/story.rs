//! A path of the search, told like any other failure: what happens, what the machine did, which rule, and why.

use core::fmt;

use highwater_core::effect::Effect;
use highwater_core::time::{Instant, Now};
use highwater_core::{Config, Input};

use super::act::Act;
use super::heal;
use super::model::Model;
use super::offer::Offer;
use crate::carrier::Small;
use crate::oracle::Violation;
use crate::scenario;
use crate::tape::Tape;
use crate::trace::{Trace, lanes};

/// What is written down of a path.
pub(super) struct Notes {
    trace: Trace,
    tape: Tape<Small>,
}

impl Notes {
    fn all() -> Self {
        Self { trace: Trace::all(), tape: Tape::new() }
    }

    pub(super) fn act(&mut self, at: Instant, act: Act) {
        if act.mishap().is_some() || act == Act::Start {
            self.trace.note(at, act.says());
        }
    }

    pub(super) fn begin(&mut self, config: &Config, now: Now) {
        self.tape.begin(config, now);
    }

    pub(super) fn input(&mut self, now: Now, input: &Input<Small>) {
        self.trace.turn(now.monotonic, &[]);
        self.trace.input(now, input);
        self.tape.note(now, input);
    }

    pub(super) fn effect(&mut self, effect: &Effect<Small>) {
        self.trace.effect(effect);
    }
}

/// How a path breaks a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Its last act does.
    AtOnce,
    /// From its last state on the world is fair, and the rule breaks on the way to the end of the feed, or there is no
    /// such way.
    Healing,
}

/// A shortest path to a broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counterexample {
    /// What happens.
    pub path: Vec<Act>,
    /// The rule.
    pub violation: Violation,
    /// Where on the path it breaks.
    pub broken: Broken,
}

/// So many lines of the run's end are told.
const LINES: usize = 16;
/// So long is told of a world that does not heal.
const HEALING: u32 = 12;

impl Counterexample {
    /// How many acts, and how many of them are mishaps.
    pub fn size(&self) -> (usize, usize) {
        (self.path.len(), self.path.iter().filter(|act| act.mishap().is_some()).count())
    }

    /// The story, in at most a screen.
    pub fn story(&self, model: &Model) -> String {
        let (steps, faults) = self.size();
        let mut told = vec![
            self.violation.to_string(),
            format!("The rule: {}.", self.violation.rule.says()),
            format!("{steps} steps, {faults} faults; no shorter path within the bounds breaks a rule."),
        ];
        told.push(if faults == 0 {
            "Nothing has to go wrong.".to_owned()
        } else {
            "What goes wrong:".to_owned()
        });
        let mishaps = self.path.iter().enumerate().filter(|(_, act)| act.mishap().is_some());
        told.extend(mishaps.map(|(index, act)| format!("  {act}, at step {}", index + 1)));
        if self.broken == Broken::Healing {
            told.push("and from then on nothing.".to_owned());
        }
        let trace = self.walk(model).trace;
        let lines: Vec<_> = trace.lines().collect();
        told.push("What the machine did:".to_owned());
        told.push(lanes(lines[lines.len().saturating_sub(LINES)..].iter().copied()));
        told.join("\n")
    }

    /// The last process of the path as a scenario for the core alone; none if it cannot be said.
    pub fn scenario(&self, model: &Model) -> Option<String> {
        let story = format!("{}\nThe rule: {}.", self.violation, self.violation.rule.says());
        scenario::of(self.walk(model).tape.last()?, &story)
    }

    /// Goes the path once more, and writes it down.
    fn walk(&self, model: &Model) -> Notes {
        let (mut scene, mut told) = (model.first(), Notes::all());
        for &act in &self.path {
            if heal::caught(|| model.tell(&mut scene, act, Some(&mut told))).is_err() {
                return told;
            }
        }
        let (mut offer, healing) =
            (Offer::default(), if self.broken == Broken::Healing { HEALING } else { 0 });
        for _ in 0..healing {
            model.offer(&scene, &mut offer);
            if heal::caught(|| model.tell(&mut scene, offer.acts()[0], Some(&mut told))).is_err() {
                break;
            }
        }
        told
    }
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (steps, _) = self.size();
        write!(f, "search failed at step {steps}: {}", self.violation)
    }
}
