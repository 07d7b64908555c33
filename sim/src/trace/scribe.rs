//! Writes a run down as a file, in the format of the core: one life after the other, each step with its hash.

use highwater_core::effect::Effect;
use highwater_core::time::{Instant, Now};
use highwater_core::trace::{Deed, End, Ended, Fault, Head, Kind, Line, Redact, Shadow, Struck, Track};
use highwater_core::{Config, Input};

use crate::faults::Firing;

/// What is written so far.
#[derive(Clone, Debug)]
pub(super) struct Scribe {
    text: String,
    /// The plan of the run, for the first line.
    plan: Option<String>,
    life: Option<Life>,
}

/// The process that runs.
#[derive(Clone, Debug)]
struct Life {
    track: Track,
    /// When, by the world's clock, the last thing happened to it.
    at: Instant,
    told: Told,
    out: Vec<Deed>,
}

/// What the machine was told last.
#[derive(Clone, Debug)]
enum Told {
    /// It was born.
    Birth,
    Input(Now, Input<Shadow>),
    /// It has said all that it says to that.
    Nothing,
}

impl Scribe {
    /// Nothing yet, of the run of this plan.
    pub(super) fn new(plan: String) -> Self {
        Self { text: String::new(), plan: Some(plan), life: None }
    }

    /// A process starts.
    pub(super) fn begin(&mut self, at: Instant, config: &Config, now: Now) {
        let head =
            Head { world: Some(at), plan: self.plan.take(), ..Head::new(Kind::Sim, config.clone(), now) };
        self.write(&Line::Head(Box::new(head)));
        self.life = Some(Life { track: Track::new(now), at, told: Told::Birth, out: Vec::new() });
    }

    /// The machine is handed an input.
    pub(super) fn input<P: Redact>(&mut self, at: Instant, now: Now, input: &Input<P>) {
        if let Some(life) = &mut self.life {
            (life.at, life.told) = (at, Told::Input(now, input.redacted()));
        }
    }

    /// The machine wants something done.
    pub(super) fn effect<P: Redact>(&mut self, effect: &Effect<P>) {
        if let Some(life) = &mut self.life {
            life.out.push(Deed::of(effect));
        }
    }

    /// The machine has no more effects; this is its fingerprint, if it still runs.
    pub(super) fn drained(&mut self, fingerprint: Option<u64>) {
        let Some(life) = &mut self.life else { return };
        let out = std::mem::take(&mut life.out);
        let step = match std::mem::replace(&mut life.told, Told::Nothing) {
            Told::Nothing => return,
            Told::Birth => life.track.birth(out),
            Told::Input(now, input) => life.track.write(now, input, out, fingerprint),
        };
        self.write(&Line::Step(step));
    }

    /// A fault took effect.
    pub(super) fn fault(&mut self, firing: &Firing) {
        let Some(life) = &self.life else { return };
        let (n, t) = (life.track.n(), life.own(firing.at));
        let (name, text) = (firing.record.fault().name().to_owned(), firing.record.to_string());
        self.write(&Line::Fault(Struck { n, t, fault: Fault { name, text } }));
    }

    /// The process ends. A crash may come between two effects of a step.
    pub(super) fn end(&mut self, at: Instant, verdict: String) {
        self.drained(None);
        let Some(life) = self.life.take() else { return };
        let (n, t) = (life.track.n(), life.own(at));
        self.write(&Line::End(Ended { n, t, end: End { verdict } }));
    }

    /// What is written so far.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    fn write(&mut self, line: &Line) {
        self.text += &line.to_string();
        self.text.push('\n');
    }
}

impl Life {
    /// The process's own clock, as the world's clock says `at`.
    fn own(&self, at: Instant) -> Instant {
        self.track.now().monotonic + at.since(self.at)
    }
}
