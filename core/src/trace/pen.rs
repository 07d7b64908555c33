//! Writes steps down while they are done, from what they are done with: no event is copied for it.

mod row;

use alloc::vec::Vec;

use serde::Serialize;

use crate::effect::Effect;
use crate::event::Item;
use crate::input::Input;
use crate::number::Epoch;
use crate::payload::Redact;
use crate::time::{Now, WallTime};
use crate::trace::{Deed, Track};

/// Writes the steps of a life down: each a line that [`Line::read`](crate::trace::Line::read) reads, in the same words
/// as those of a [`Step`](crate::trace::Step).
#[derive(Clone, Debug)]
pub struct Pen {
    track: Track,
    line: Vec<u8>,
    /// What is known of the step under way.
    step: Option<UnderWay>,
}

#[derive(Clone, Copy, Debug)]
struct UnderWay {
    /// What the clocks said; none at a birth.
    now: Option<Now>,
    deeds: usize,
}

impl Pen {
    /// For a machine that stands there when its clocks say this.
    pub fn new(now: Now) -> Self {
        Self { track: Track::new(now), line: Vec::new(), step: None }
    }

    /// The machine is born.
    pub fn birth(&mut self) {
        self.step = Some(UnderWay { now: None, deeds: 0 });
        let now = self.track.now();
        self.begin(self.track.n(), now, None);
    }

    /// The machine is told something.
    pub fn input<P: Redact>(&mut self, now: Now, input: &Input<P>) {
        self.step = Some(UnderWay { now: Some(now), deeds: 0 });
        let wall = self.track.clone().write(now);
        self.begin(self.track.n() + 1, now, wall);
        self.text(",\"in\":");
        match input {
            Input::Received { epoch, items } => self.received(*epoch, items),
            other => self.json(other),
        }
    }

    fn received<P: Redact>(&mut self, epoch: Epoch, items: &[Item<P>]) {
        self.text("{\"Received\":{\"epoch\":");
        self.json(&epoch);
        self.text(",\"items\":");
        let mut before = "[";
        for item in items {
            self.text(before);
            before = ",";
            match item {
                Item::Event(event) => row::write(&mut self.line, event),
                other => self.json(other),
            }
        }
        self.text(if items.is_empty() { "[]}}" } else { "]}}" });
    }

    /// The machine wants something done.
    pub fn effect<P: Redact>(&mut self, effect: &Effect<P>) {
        let Some(step) = &mut self.step else { return };
        step.deeds += 1;
        let before = if step.deeds == 1 { ",\"out\":[" } else { "," };
        self.text(before);
        self.json(&Deed::of(effect));
    }

    /// The machine wants nothing more done. Gives the whole line, if a step was under way. `fingerprint` is the
    /// machine's, if it was taken; at a birth it is not written.
    pub fn end(&mut self, fingerprint: Option<u64>) -> Option<&[u8]> {
        let UnderWay { now, deeds } = self.step.take()?;
        self.text(if deeds == 0 { ",\"out\":[]" } else { "]" });
        if let Some(now) = now {
            self.track.write(now);
        }
        // A machine that is born is known by what it is told.
        if let Some(fingerprint) = fingerprint.filter(|_| now.is_some()) {
            let digest = self.track.fold(fingerprint);
            self.text(",\"h\":");
            self.json(&digest);
        }
        self.text("}\n");
        Some(&self.line)
    }

    /// What the clocks said at the step under way, if there is one.
    pub fn under_way(&self) -> Option<Now> {
        self.step.map(|step| step.now.unwrap_or(self.track.now()))
    }

    /// What is told of the steps that are done.
    pub const fn track(&self) -> &Track {
        &self.track
    }

    fn begin(&mut self, n: u64, now: Now, wall: Option<WallTime>) {
        self.line.clear();
        self.text("{\"n\":");
        self.json(&n);
        self.text(",\"t\":");
        self.json(&now.monotonic);
        if let Some(wall) = wall {
            self.text(",\"wall\":");
            self.json(&wall);
        }
    }

    fn text(&mut self, text: &str) {
        self.line.extend_from_slice(text.as_bytes());
    }

    fn json(&mut self, value: &impl Serialize) {
        // Never empty: no word of a trace is one that JSON has no way to say.
        self.line.append(&mut serde_json::to_vec(value).unwrap_or_default());
    }
}
