//! O17: the status says what can be seen from outside.

use highwater_core::{Phase, Status};

use super::Life;
use super::rule::{Rule, Violation, must};
use crate::carrier::Told;

impl<P: Told> Life<P> {
    /// What the machine says of itself, against what its inputs and effects say of it.
    pub(super) fn check_status(&self, status: &Status) -> Result<(), Violation> {
        let is_link = status.epoch == self.link.as_ref().map(|link| link.epoch);
        must(is_link, Rule::O17Status, || format!("the connection is {:?}: {status:?}", self.link))?;
        let is_phase = match status.phase {
            Phase::Loading => self.records.is_none(),
            Phase::Resting | Phase::Waiting => self.link.is_none(),
            Phase::Connecting => self.link.as_ref().is_some_and(|link| !link.is_open),
            Phase::Proving | Phase::Streaming => self.is_reading(),
            Phase::Paused => self.link.is_some() && self.silence.is_paused(),
            Phase::Stopping => self.ended.is_none(),
            Phase::Stopped => self.ended.is_some(),
        };
        must(is_phase, Rule::O17Status, || format!("this is another phase: {status:?}"))?;
        if let (Some((scope, place, version)), Some(records)) = (status.durable, &self.records) {
            let known = records.of(scope).map(|known| (known.place, known.version));
            let is_durable = known.is_none_or(|known| known == (place, version));
            must(is_durable, Rule::O17Status, || format!("{known:?} is durable: {status:?}"))?;
        }
        let is_counted = self.link.is_none() || status.failures == self.pace.failures();
        must(is_counted, Rule::O17Status, || {
            format!("{} attempts failed: {status:?}", self.pace.failures())
        })?;
        let (least, waiting) = (self.delivery.events(), status.waiting_events as usize);
        let is_over = status.phase == Phase::Stopped;
        let is_waiting = is_over || self.delivery.may_have_dropped() || least <= waiting;
        must(is_waiting, Rule::O17Status, || format!("{least} events wait: {status:?}"))
    }

    fn is_reading(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.is_open) && !self.silence.is_paused()
    }
}
