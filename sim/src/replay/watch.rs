//! The machine of today is told what was recorded, and the oracles look on.
//!
//! Another machine may ask other questions: an answer goes to the one that it belongs to by its [cause](super::cause),
//! with the number that one has today. What belongs to none is left out and counted.

use std::panic::{AssertUnwindSafe, catch_unwind};

use highwater_core::effect::Effect;
use highwater_core::time::Now;
use highwater_core::trace::Track;
use highwater_core::{Consumer, Input};

use super::cause::Causes;
use super::known::{Known, Roll};
use super::lives::{Life, Lives};
use super::strict::count;
use super::{At, Refusal, Replayed};
use crate::coverage::{Coverage, Kind, Recorder};
use crate::oracle::{Oracle, Violation};

/// Replays the inputs of the trace. Gives what it was, or the first rule that is broken. Lives of which the beginning
/// is not in the trace are left out: oracles have to see all of a life.
pub fn inputs(lives: &Lives) -> Result<Replayed, Refusal> {
    watched(lives, &mut Recorder::new())
}

/// Where the machine is in such a replay, as far as that goes.
pub(super) fn covered(lives: &Lives) -> Coverage {
    let mut recorder = Recorder::new();
    // Whether everything holds is not the question here.
    let _ = watched(lives, &mut recorder);
    recorder.close(&[])
}

fn watched(lives: &Lives, recorder: &mut Recorder) -> Result<Replayed, Refusal> {
    let mut replayed = Replayed::default();
    let mut roll = Roll::default();
    let mut oracle = Oracle::new();
    for life in lives.lives.iter().filter(|life| life.head.machine.is_none()) {
        replayed.lives += 1;
        replayed.torn += u64::from(life.is_torn);
        let mut at = At { life: replayed.lives, step: 0 };
        let mut watch = Watch::begin(life, &mut oracle, recorder);
        let mut track = Track::new(life.head.now);
        let broken = |at, violation: Violation| Refusal::Broken { at, what: violation.to_string() };
        watch.drain(life.head.now, None).map_err(|violation| broken(at, violation))?;
        let mut unanswered = 0;
        for step in &life.steps {
            let now = track.read(step);
            at.step = step.n;
            if let Some(input) = &step.input {
                // What it asks in its very last step, a process that was killed may not have written down.
                unanswered = watch.causes.unanswered();
                match watch.causes.matched(roll.input(input)) {
                    Some(told) => {
                        count(&mut replayed, input);
                        watch.tell(now, &told).map_err(|violation| broken(at, violation))?;
                    }
                    None => replayed.unmatched += 1,
                }
            }
            watch.causes.recorded(step.out.as_deref().unwrap_or_default());
        }
        replayed.renumbered += watch.causes.renumbered();
        replayed.unanswered += unanswered;
        oracle.end_life();
    }
    Ok(replayed)
}

/// A machine and who looks on.
struct Watch<'o> {
    machine: Consumer<Known>,
    oracle: &'o mut Oracle<Known>,
    recorder: &'o mut Recorder,
    causes: Causes,
}

impl<'o> Watch<'o> {
    fn begin(life: &Life, oracle: &'o mut Oracle<Known>, recorder: &'o mut Recorder) -> Self {
        oracle.begin_life(&life.head.config, life.head.now);
        let machine = Consumer::new(life.head.config.clone(), life.head.now);
        Self { machine, oracle, recorder, causes: Causes::default() }
    }

    /// Hands in an input and lets the oracles judge it and what the machine says.
    fn tell(&mut self, now: Now, input: &Input<Known>) -> Result<(), Violation> {
        let before = self.machine.status().phase;
        let told = catch_unwind(AssertUnwindSafe(|| self.machine.handle(now, input.clone())));
        told.map_err(|_| Violation::of_world(format!("a panic at {input}")))?;
        self.drain(now, Some(input))?;
        self.recorder.step(now.monotonic, before, Kind::of(input), self.machine.status().phase);
        Ok(())
    }

    /// Takes the effects of an input, or of the birth.
    fn drain(&mut self, now: Now, input: Option<&Input<Known>>) -> Result<(), Violation> {
        let effects: Vec<Effect<Known>> = std::iter::from_fn(|| self.machine.poll_effect()).collect();
        if let (Some(input), [Effect::Ignored(_)]) = (input, &effects[..]) {
            self.oracle.late(now, input);
            return self.oracle.late_effect(&effects[0]);
        }
        if let Some(input) = input {
            self.oracle.input(now, input)?;
        }
        for effect in &effects {
            self.oracle.effect(now, effect)?;
            self.causes.today(effect);
        }
        self.oracle.drained(now, self.machine.next_timeout(), &self.machine.status())
    }
}
