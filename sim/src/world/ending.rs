//! How processes end, and how the run does.

use highwater_core::Input;
use highwater_core::effect::Outcome;
use highwater_core::time::Duration;

use super::due::Due;
use super::{Phase, World};
use crate::carrier::Carrier;
use crate::faults::Fault;
use crate::network::Stage;
use crate::oracle::{Closing, Rule, Violation};
use crate::truth::{Audience, EventId};

/// How often is looked whether the machine has caught up.
const LOOK_EVERY: Duration = Duration::from_secs(5);

impl<C: Carrier> World<C> {
    /// The machine has ended by its own account.
    pub(super) fn stopped(&mut self, outcome: Outcome) -> Result<(), Violation> {
        self.outcomes.push(outcome);
        self.after_the_end()?;
        self.end_life();
        if self.phase == Phase::Stopping {
            self.phase = Phase::Over;
            return self.close_the_books();
        }
        let at = self.after(Duration::from_millis(100), Duration::from_secs(10));
        self.agenda.put(at, Due::Start);
        Ok(())
    }

    /// Whatever comes after the end is ignored.
    fn after_the_end(&mut self) -> Result<(), Violation> {
        self.hand_late(Input::Timeout)?;
        self.hand_late(Input::StopRequested)
    }

    /// Has the machine caught up?
    pub(super) fn look(&mut self) -> Result<(), Violation> {
        if self.phase != Phase::Liveness {
            return Ok(());
        }
        self.agenda.put(self.now + LOOK_EVERY, Due::Look);
        if self.host.life().is_none() || !self.oracle.is_settled() || !self.has_caught_up() {
            return Ok(());
        }
        self.trace.note(self.now, "the machine has caught up");
        self.phase = Phase::Stopping;
        self.hand(Input::StopRequested)
    }

    /// All that happened after the world was healed is durable, and the connection has nothing more to tell.
    fn has_caught_up(&mut self) -> bool {
        if !self.is_at_the_tip() {
            return false;
        }
        let healed = self.plan.weather.heals_at;
        self.truth.fact(EventId(u32::MAX));
        let facts = self.truth.facts();
        let first = facts.partition_point(|fact| fact.at <= healed);
        let owed = facts.iter().enumerate().skip(first).filter(|(_, fact)| fact.audience == Audience::Both);
        let disk = self.sink.disk();
        let ids = owed.map(|(index, _)| EventId(index as u32));
        ids.into_iter().all(|id| disk.has(id) || self.oracle.is_forgiven(id))
    }

    fn is_at_the_tip(&mut self) -> bool {
        let Some(current) = self.network.current() else { return false };
        let instance = &self.sources[current.call.source].instances()[current.instance];
        current.stage == Stage::Live(instance.log().told().len())
    }

    /// The machine should have caught up and stopped by now.
    pub(super) fn deadline(&mut self) -> Result<(), Violation> {
        match self.phase {
            Phase::Over => Ok(()),
            Phase::Safety | Phase::Liveness | Phase::Stopping => {
                let healed = self.plan.weather.heals_at;
                let phase = self.phase;
                Err(Violation::of(Rule::O9Liveness, format!("healed at {healed}, and still in {phase:?}")))
            }
        }
    }

    fn close_the_books(&mut self) -> Result<(), Violation> {
        for source in &mut self.sources {
            source.hear(&mut self.truth, self.now);
        }
        self.account_losses();
        let closing = Closing {
            carrier: &self.carrier,
            disk: self.sink.disk(),
            truth: &self.truth,
            sources: &self.sources,
            has_other_filter: self.faults.fired().count(Fault::FilterChange) > 0,
        };
        self.oracle.close(&closing)
    }
}
