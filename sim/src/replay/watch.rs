//! The machine of today is told what was recorded, and the oracles look on.
//!
//! Another machine may ask other questions: what answers one that it has not asked, or tells of a connection that it
//! has not dialed, is left out and counted.

use std::panic::{AssertUnwindSafe, catch_unwind};

use highwater_core::effect::Effect;
use highwater_core::number::{Epoch, Op};
use highwater_core::time::Now;
use highwater_core::trace::Track;
use highwater_core::{Consumer, Input};

use super::known::{Known, Roll};
use super::lives::{Life, Lives};
use super::strict::count;
use super::{At, Refusal, Replayed};
use crate::oracle::{Oracle, Violation};

/// Replays the inputs of the trace. Gives what it was, or the first rule that is broken. Lives of which the beginning
/// is not in the trace are left out: oracles have to see all of a life.
pub fn inputs(lives: &Lives) -> Result<Replayed, Refusal> {
    let mut replayed = Replayed::default();
    let mut roll = Roll::default();
    let mut oracle = Oracle::new();
    for life in lives.lives.iter().filter(|life| life.head.machine.is_none()) {
        replayed.lives += 1;
        replayed.torn += u64::from(life.is_torn);
        let mut at = At { life: replayed.lives, step: 0 };
        let mut watch = Watch::begin(life, &mut oracle);
        let mut track = Track::new(life.head.now);
        let broken = |at, violation: Violation| Refusal::Broken { at, what: violation.to_string() };
        watch.drain(life.head.now, None).map_err(|violation| broken(at, violation))?;
        for step in &life.steps {
            let now = track.read(step);
            at.step = step.n;
            let Some(input) = &step.input else { continue };
            match watch.matched(roll.input(input)) {
                Some(told) => {
                    count(&mut replayed, input);
                    watch.tell(now, &told).map_err(|violation| broken(at, violation))?;
                }
                None => replayed.unmatched += 1,
            }
        }
        oracle.end_life();
    }
    Ok(replayed)
}

/// A machine and who looks on.
struct Watch<'o> {
    machine: Consumer<Known>,
    oracle: &'o mut Oracle<Known>,
    /// What the machine asked last of its sink, and the connection it dialed last.
    asked: Option<Op>,
    epoch: Epoch,
}

impl<'o> Watch<'o> {
    fn begin(life: &Life, oracle: &'o mut Oracle<Known>) -> Self {
        oracle.begin_life(&life.head.config, life.head.now);
        let machine = Consumer::new(life.head.config.clone(), life.head.now);
        Self { machine, oracle, asked: None, epoch: Epoch(0) }
    }

    /// The input, if the machine can have it: what answers a later question than any it has asked has nobody to go to.
    fn matched(&self, input: Input<Known>) -> Option<Input<Known>> {
        let is_asked = |op: Op| self.asked.is_some_and(|asked| op <= asked);
        let can_be = match &input {
            Input::Loaded { op, .. } | Input::Appended { op, .. } | Input::Flushed { op, .. } => {
                is_asked(*op)
            }
            Input::Opened { epoch }
            | Input::Received { epoch, .. }
            | Input::Heard { epoch, .. }
            | Input::Closed { epoch, .. } => *epoch <= self.epoch,
            Input::Timeout | Input::StopRequested => true,
        };
        can_be.then_some(input)
    }

    /// Hands in an input and lets the oracles judge it and what the machine says.
    fn tell(&mut self, now: Now, input: &Input<Known>) -> Result<(), Violation> {
        let told = catch_unwind(AssertUnwindSafe(|| self.machine.handle(now, input.clone())));
        told.map_err(|_| Violation::of_world(format!("a panic at {input}")))?;
        self.drain(now, Some(input))
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
            match effect {
                Effect::Load { op } | Effect::Flush { op } => self.asked = Some(*op),
                Effect::Append(append) => self.asked = Some(append.op),
                Effect::Open { epoch, .. } => self.epoch = *epoch,
                _ => {}
            }
        }
        self.oracle.drained(now, self.machine.next_timeout(), &self.machine.status())
    }
}
