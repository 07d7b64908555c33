//! How the sink's thread takes its jobs and answers.

use highwater_core::Input;

use super::World;
use super::due::Due;
use crate::carrier::Carrier;
use crate::oracle::Violation;
use crate::sink::Job;

impl<C: Carrier> World<C> {
    pub(super) fn submit(&mut self, job: Job<C::Payload>) {
        if let Some(at) = self.sink.submit(job, self.now, &mut self.faults) {
            self.agenda.put(at, Due::SinkLands(self.host.lives()));
        }
    }

    /// The job in hand is done, or failed.
    pub(super) fn land(&mut self, life: u32) -> Result<(), Violation> {
        if life != self.host.lives() {
            return Ok(());
        }
        let reply = self.sink.land(self.now);
        self.hear_sink()?;
        if let Some(at) = self.sink.straggles_at(self.now) {
            self.agenda.put(at, Due::SinkStraggles(life));
        }
        if let Some(at) = self.sink.next(self.now, &mut self.faults) {
            self.agenda.put(at, Due::SinkLands(life));
        }
        match reply {
            None => Ok(()),
            Some(reply) if reply.at <= self.now && self.replies.is_empty() => self.hand(reply.input),
            Some(reply) => {
                self.replies.push(reply.input);
                self.agenda.put(reply.at.max(self.now), Due::SinkReplies(life));
                Ok(())
            }
        }
    }

    pub(super) fn reply(&mut self, life: u32) -> Result<(), Violation> {
        if life != self.host.lives() || self.replies.is_empty() {
            return Ok(());
        }
        let input: Input<C::Payload> = self.replies.remove(0);
        self.hand(input)
    }

    /// What a sink of the user's did is told, and what it did wrong is the end.
    #[inline]
    pub(super) fn hear_sink(&mut self) -> Result<(), Violation> {
        if self.sink.is_theirs() { self.hear_their_sink() } else { Ok(()) }
    }

    #[cold]
    fn hear_their_sink(&mut self) -> Result<(), Violation> {
        let (said, found) = self.sink.take_news();
        for what in said {
            self.trace.turn(self.now, self.faults.fired());
            self.trace.note(self.now, &what);
        }
        found.map_or(Ok(()), Err)
    }

    pub(super) fn straggle(&mut self, life: u32) {
        if life == self.host.lives() {
            self.sink.straggle();
        }
    }
}
