//! How an input is handed to the machine, and how its effects are carried out.

use highwater_core::effect::Effect;
use highwater_core::event::Payload;
use highwater_core::{Input, time::Now};

use super::World;
use crate::carrier::Carrier;
use crate::coverage::Kind;
use crate::faults::Record;
use crate::oracle::{Oracle, Violation};
use crate::score::Occasion;
use crate::sink::Job;

impl<C: Carrier> World<C> {
    /// Hands in news that the machine is waiting for, and carries out what it says.
    #[inline]
    pub(super) fn hand(&mut self, input: Input<C::Payload>) -> Result<(), Violation> {
        if self.doubles() { self.hand_twice(input) } else { self.hand_once(input) }
    }

    /// The same, and once more if it is an answer.
    #[cold]
    fn hand_twice(&mut self, input: Input<C::Payload>) -> Result<(), Violation> {
        let again = can_come_twice(&input).then(|| input.clone());
        self.hand_once(input)?;
        match again.filter(|_| self.host.life().is_some()) {
            Some(again) => self.hand_late(again),
            None => Ok(()),
        }
    }

    fn hand_once(&mut self, input: Input<C::Payload>) -> Result<(), Violation> {
        let again = self.again(&input);
        self.steps += 1;
        let kind = Kind::of(&input);
        let now = self.host.now(self.now);
        if self.host.life().is_none() {
            return Ok(());
        }
        self.follow(now, &input);
        self.trace.turn(self.now, self.faults.fired());
        self.trace.input(now, &input);
        self.oracle.input(now, &input)?;
        if !self.sink.is_theirs() {
            self.reference.input(&input, self.sink.disk())?;
        }
        self.host.hand(now, input);
        self.carry_out(now, kind)?;
        match again {
            Some((input, record)) if self.host.life().is_some() => {
                self.faults.note(self.now, record);
                self.hand_late(input)
            }
            _ => Ok(()),
        }
    }

    /// Hands in news that comes too late, or twice: it must change nothing.
    pub(super) fn hand_late(&mut self, input: Input<C::Payload>) -> Result<(), Violation> {
        let now = self.host.now(self.now);
        let Some(life) = self.host.life() else { return Ok(()) };
        if life.next().is_some_and(|at| at <= now.monotonic) {
            // A deadline is due at this very moment, and would come first.
            self.hand(Input::Timeout)?;
        }
        let Some(life) = self.host.life() else { return Ok(()) };
        let before = (life.machine.fingerprint(now), life.next());
        self.steps += 1;
        self.follow(now, &input);
        self.trace.turn(self.now, self.faults.fired());
        self.trace.input(now, &input);
        self.oracle.late(now, &input);
        self.host.hand(now, input);
        let Some(life) = self.host.life() else { return Ok(()) };
        while let Some(effect) = life.machine.poll_effect() {
            self.trace.effect(&effect);
            self.recorder.effect(&effect);
            self.oracle.late_effect(&effect)?;
        }
        self.recorder.late();
        self.trace.drained(now, &life.machine);
        let after = (life.machine.fingerprint(now), life.drained());
        Oracle::<C::Payload>::unchanged(before, after)
    }

    /// Carries out all that the machine wants done, now that it was moved by this.
    pub(super) fn carry_out(&mut self, now: Now, kind: Kind) -> Result<(), Violation> {
        let before = self.phase_of_machine;
        loop {
            let Some(life) = self.host.life() else { return Ok(()) };
            let Some(effect) = life.machine.poll_effect() else {
                let (next, status) = (life.drained(), life.machine.status());
                self.trace.drained(now, &life.machine);
                self.phase_of_machine = status.phase;
                self.recorder.step(self.now, before, kind, status.phase);
                self.oracle.drained(now, next, &status)?;
                return self.ending.take().map_or(Ok(()), |outcome| self.stopped(outcome));
            };
            self.trace.effect(&effect);
            self.recorder.effect(&effect);
            self.oracle.effect(now, &effect)?;
            self.reference.effect(&effect);
            self.outline(&effect);
            self.perform(effect);
            self.effects += 1;
            if let Some(record) = self.midway.strikes(self.effects)
                && self.host.life().is_some()
            {
                self.faults.note(self.now, record);
                self.crash(record);
            }
        }
    }

    /// Whoever follows the run hears of an input, and of what there is by now that a fault can befall.
    #[inline]
    fn follow(&mut self, now: Now, input: &Input<C::Payload>) {
        let Some(follow) = &mut self.follow else { return };
        let current = self.network.current();
        let occasion = Occasion {
            at: self.now,
            opened_at: current.map_or(self.now, |current| current.course.opened_at()),
            dial: self.network.dialed().into(),
            jobs: self.sink.begun(),
            news: self.news,
            effects: self.effects,
            reads: self.reads,
            lives: self.host.lives().into(),
        };
        follow.hear(occasion, now, input);
    }

    fn perform(&mut self, effect: Effect<C::Payload>) {
        match effect {
            Effect::Load { op } => self.submit(Job::Load(op)),
            Effect::Append(append) => self.submit(Job::Append(append)),
            Effect::Flush { op } => self.submit(Job::Flush(op)),
            Effect::Open { epoch, source, place, options } => self.dial(epoch, source, place, options),
            Effect::Ping { epoch } => self.ping(epoch),
            Effect::Pause { epoch } => self.pause(epoch),
            Effect::Resume { epoch } => self.resume(epoch),
            Effect::Close { .. } => self.part(),
            Effect::Notice(_) | Effect::Ignored(_) => {}
            Effect::Stop(outcome) => self.ending = Some(outcome),
        }
    }

    /// A copy of the news, if it is of those that may come twice, and does.
    fn again(&mut self, input: &Input<C::Payload>) -> Option<(Input<C::Payload>, Record)> {
        if !can_come_twice(input) {
            return None;
        }
        self.news += 1;
        self.doubled.strikes(self.news).map(|record| (input.clone(), record))
    }
}

/// Whether it answers something, and could be told once more.
fn can_come_twice<P: Payload>(input: &Input<P>) -> bool {
    match input {
        Input::Opened { .. }
        | Input::Closed { .. }
        | Input::Loaded { .. }
        | Input::Appended { .. }
        | Input::Flushed { .. } => true,
        Input::Timeout | Input::Received { .. } | Input::Heard { .. } | Input::StopRequested => false,
    }
}
