//! Writes a run down as a file, in the format of the core: one life after the other, each step with its hash.

use highwater_core::effect::Effect;
use highwater_core::payload::Redact;
use highwater_core::time::{Instant, Now};
use highwater_core::trace::{End, Ended, Fault, Head, Kind, Line, Pen, Struck};
use highwater_core::{Config, Input};

use crate::faults::Firing;

/// What is written so far.
#[derive(Clone, Debug)]
pub(super) struct Scribe {
    text: Vec<u8>,
    /// The plan of the run, for the first line.
    plan: Option<String>,
    life: Option<Life>,
}

/// The process that runs.
#[derive(Clone, Debug)]
struct Life {
    pen: Pen,
    /// When, by the world's clock, the last thing happened to it.
    at: Instant,
}

impl Scribe {
    /// Nothing yet, of the run of this plan.
    pub(super) fn new(plan: String) -> Self {
        Self { text: Vec::new(), plan: Some(plan), life: None }
    }

    /// A process starts.
    pub(super) fn begin(&mut self, at: Instant, config: &Config, now: Now) {
        let head =
            Head { world: Some(at), plan: self.plan.take(), ..Head::new(Kind::Sim, config.clone(), now) };
        self.write(&Line::Head(Box::new(head)));
        let mut pen = Pen::new(now);
        pen.birth();
        self.life = Some(Life { pen, at });
    }

    /// The machine is handed an input.
    pub(super) fn input<P: Redact>(&mut self, at: Instant, now: Now, input: &Input<P>) {
        if let Some(life) = &mut self.life {
            life.at = at;
            life.pen.input(now, input);
        }
    }

    /// The machine wants something done.
    pub(super) fn effect<P: Redact>(&mut self, effect: &Effect<P>) {
        if let Some(life) = &mut self.life {
            life.pen.effect(effect);
        }
    }

    /// The machine has no more effects; this is its fingerprint, if it still runs.
    pub(super) fn drained(&mut self, fingerprint: Option<u64>) {
        let line = self.life.as_mut().and_then(|life| life.pen.end(fingerprint));
        self.text.extend_from_slice(line.unwrap_or_default());
    }

    /// A fault took effect.
    pub(super) fn fault(&mut self, firing: &Firing) {
        let Some(life) = &self.life else { return };
        let (n, t) = (life.pen.track().n(), life.own(firing.at));
        let (name, text) = (firing.record.fault().name().to_owned(), firing.record.to_string());
        self.write(&Line::Fault(Struck { n, t, fault: Fault { name, text } }));
    }

    /// The process ends. A crash may come between two effects of a step.
    pub(super) fn end(&mut self, at: Instant, verdict: String) {
        self.drained(None);
        let Some(life) = self.life.take() else { return };
        let (n, t) = (life.pen.track().n(), life.own(at));
        self.write(&Line::End(Ended { n, t, end: End { verdict } }));
    }

    /// What is written so far.
    pub(super) fn text(&self) -> &str {
        // It is UTF-8: a pen writes nothing else.
        std::str::from_utf8(&self.text).unwrap_or_default()
    }

    fn write(&mut self, line: &Line) {
        self.text.extend_from_slice(format!("{line}\n").as_bytes());
    }
}

impl Life {
    /// The process's own clock, as the world's clock says `at`.
    fn own(&self, at: Instant) -> Instant {
        self.pen.track().now().monotonic + at.since(self.at)
    }
}
