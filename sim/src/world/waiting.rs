//! What the machine waits for while the world is healed and it has not caught up.

use highwater_core::time::Instant;

use super::{Phase, World};
use crate::carrier::Carrier;
use crate::healing::Wait;
use crate::network::Stage;

impl<C: Carrier> World<C> {
    /// Time is about to move on to `at`: if the machine has yet to catch up, it waits for something.
    pub(super) fn account_wait(&mut self, at: Instant) {
        if self.phase == Phase::Liveness && self.caught_up.is_none() && self.now < at {
            let wait = self.wait();
            self.waits.pass(wait, at.since(self.now));
        }
    }

    fn wait(&mut self) -> Wait {
        use highwater_core::Phase;
        if self.host.life().is_none() {
            return Wait::Start;
        }
        if self.sink.is_busy() || !self.replies.is_empty() {
            return Wait::Sink;
        }
        if self.oracle.has_trouble() {
            return Wait::Trouble;
        }
        if self.oracle.has_refused() {
            return Wait::Refused;
        }
        let now = self.now;
        let is_dead = self.network.current().is_some_and(|current| {
            current.stage == Stage::Silent || current.severed_at <= now || now < current.stalled_until
        });
        let phase = self.phase_of_machine;
        match phase {
            Phase::Waiting => Wait::Backoff,
            Phase::Connecting => Wait::Dial,
            Phase::Proving | Phase::Streaming | Phase::Paused if is_dead => Wait::Silence,
            Phase::Proving | Phase::Streaming if self.has_waiting() => Wait::Batch,
            Phase::Proving | Phase::Streaming => Wait::Feed,
            Phase::Loading | Phase::Resting | Phase::Paused | Phase::Stopping | Phase::Stopped => {
                Wait::Nothing
            }
        }
    }

    /// Whether something came that is not yet on its way into the sink.
    fn has_waiting(&mut self) -> bool {
        self.host.life().is_some_and(|life| life.machine.status().waiting_events > 0)
    }
}
