//! How processes end, and how the run does.

use highwater_core::Input;
use highwater_core::effect::Outcome;
use highwater_core::time::Duration;

use super::due::Due;
use super::{Phase, World};
use crate::carrier::Carrier;
use crate::faults::Fault;
use crate::healing::LOOKED_AT_EVERY;
use crate::network::Stage;
use crate::oracle::{Closing, Rule, Violation};

/// How often is looked whether the machine has caught up.
const LOOK_EVERY: Duration = Duration::from_secs(5);

impl<C: Carrier> World<C> {
    /// The machine has ended by its own account.
    pub(super) fn stopped(&mut self, outcome: Outcome) -> Result<(), Violation> {
        self.outcomes.push(outcome);
        self.after_the_end()?;
        let lands = self.sink.lands_by_chance();
        self.end_life(lands.then_some(self.steps), &format!("{outcome:?}"));
        if self.phase == Phase::Stopping {
            self.phase = Phase::Over;
            return self.close_the_books();
        }
        let at = self.after(Duration::from_millis(100), Duration::from_secs(10));
        let next = self.score.as_ref().and_then(|score| score.lives.get(self.host.lives() as usize));
        let known = next.map(|next| next.at).filter(|at| self.now < *at);
        self.agenda.put(known.unwrap_or(at), Due::Start);
        Ok(())
    }

    /// Whatever comes after the end is ignored.
    fn after_the_end(&mut self) -> Result<(), Violation> {
        self.hand_late(Input::Timeout)?;
        self.hand_late(Input::StopRequested)
    }

    /// Has the machine caught up for the first time since the world was healed? Nothing hangs on it.
    pub(super) fn glance(&mut self) {
        if self.phase != Phase::Liveness || self.caught_up.is_some() {
            return;
        }
        if self.host.life().is_some() && self.is_at_the_tip() {
            self.caught_up = Some(self.now.since(self.healed_at));
        } else {
            self.agenda.put(self.now + LOOKED_AT_EVERY, Due::Glance);
        }
    }

    /// Has the machine caught up?
    pub(super) fn look(&mut self) -> Result<(), Violation> {
        if self.phase != Phase::Liveness {
            return Ok(());
        }
        self.agenda.put(self.now + LOOK_EVERY, Due::Look);
        if self.host.life().is_none() || !self.is_at_the_tip() {
            return Ok(());
        }
        self.missing = self.close_the_books().err();
        if self.missing.is_some() {
            return Ok(());
        }
        self.caught_up.get_or_insert(self.now.since(self.healed_at));
        self.waits.check()?;
        if self.lingers() {
            return Ok(());
        }
        self.trace.note(self.now, "the machine has caught up");
        self.phase = Phase::Stopping;
        self.ask_to_stop()
    }

    /// The operator asks the process to stop; if he asks again, that is no news.
    pub(super) fn ask_to_stop(&mut self) -> Result<(), Violation> {
        let Some(life) = self.host.life() else { return Ok(()) };
        if core::mem::replace(&mut life.is_stopping, true) {
            return self.hand_late(Input::StopRequested);
        }
        self.hand(Input::StopRequested)
    }

    /// Whether the connection has nothing more to tell, and all that it told is durable.
    fn is_at_the_tip(&mut self) -> bool {
        let Some(current) = self.network.current() else { return false };
        let source = &mut self.sources[current.call.source];
        source.hear(&mut self.truth, self.now);
        let told = source.instances()[current.instance].log().told().len();
        self.until = self.now;
        current.stage == Stage::Live(told) && self.oracle.is_settled()
    }

    /// The machine should have caught up and stopped by now.
    pub(super) fn deadline(&mut self) -> Result<(), Violation> {
        let (healed, phase) = (self.shape.weather.heals_at, self.phase);
        if self.host.life().is_some() && self.is_at_the_tip() {
            self.close_the_books()?;
        }
        Err(self.missing.take().unwrap_or_else(|| {
            let waits = &self.waits;
            Violation::of(Rule::O9Liveness, format!("healed at {healed}, and still in {phase:?}: {waits}"))
        }))
    }

    /// Everything that happened until the last look is where it belongs.
    fn close_the_books(&mut self) -> Result<(), Violation> {
        for source in &mut self.sources {
            source.hear(&mut self.truth, self.now);
        }
        self.account_losses();
        self.sink.look();
        self.hear_sink()?;
        let closing = Closing {
            carrier: &self.carrier,
            disk: self.sink.disk(),
            refuses: &|id| self.sink.refuses(id),
            truth: &self.truth,
            until: self.until,
            sources: &self.sources,
            has_other_filter: self.faults.has_fired(Fault::FilterChange),
        };
        self.oracle.close(&closing)?;
        self.keep();
        if self.sink.is_theirs() { Ok(()) } else { self.reference.close(self.sink.disk()) }
    }
}
