//! How a run is told in another way that may change nothing that counts, and what of it is compared.

use highwater_core::time::Duration;

use super::due::Due;
use super::{Phase, World};
use crate::carrier::Carrier;
use crate::faults::{Fault, Measure, Record};
use crate::likeness::{Change, Kept, Outline};
use crate::truth::EventId;

/// What is changed of a run, and what is kept of it to compare.
#[derive(Debug, Default)]
pub(super) struct Changed {
    outline: Option<Outline>,
    doubles: bool,
    quiet: Option<Quiet>,
    /// What was left as the books were closed, and which event came next.
    kept: Option<(Kept, EventId)>,
}

/// A quiet moment is waited for, or was passed.
#[derive(Clone, Copy, Debug)]
struct Quiet {
    crashes: bool,
    /// Looks at the world since the moment came.
    looks: Option<u32>,
}

/// So many looks more are taken at a run that passed a quiet moment: a minute.
const LOOKS: u32 = 12;
/// And it is passed only if there is so much time left.
const LEFT: Duration = Duration::from_secs(120);

impl<C: Carrier> World<C> {
    /// From now on what counts is written down, for a run with this change and for one without it.
    pub(crate) fn compare(&mut self, change: Change, is_changed: bool) {
        let is_quiet = change == Change::QuietCrash;
        let later = if is_changed { change.later() } else { 0 };
        self.changed = Changed {
            outline: Some(Outline::new(later)),
            doubles: is_changed && change == Change::AnswersTwice,
            quiet: is_quiet.then_some(Quiet { crashes: is_changed, looks: None }),
            kept: None,
        };
        if is_changed {
            self.host.begin_at(change.zero());
            self.host.wall.step(later.cast_signed());
            self.shape.begin_later(later);
            self.sources.iter_mut().for_each(|source| source.set_on(later));
        }
    }

    /// What there is to compare.
    pub(crate) fn compared(&mut self) -> (Option<Outline>, Option<(Kept, EventId)>) {
        let Changed { outline, kept, .. } = core::mem::take(&mut self.changed);
        (outline, kept)
    }

    /// Whether every answer comes twice.
    pub(super) fn doubles(&self) -> bool {
        self.changed.doubles
    }

    /// An effect is about to be carried out.
    pub(super) fn outline(&mut self, effect: &highwater_core::effect::Effect<C::Payload>) {
        if let Some(outline) = &mut self.changed.outline {
            outline.note(self.now, effect);
        }
    }

    /// The books are closed.
    pub(super) fn keep(&mut self) {
        if let Some(outline) = &self.changed.outline {
            let next = self.truth.facts().partition_point(|fact| fact.at <= self.until);
            self.changed.kept = Some((Kept::of(self.sink.disk(), outline), EventId(next as u32)));
        }
    }

    /// Whether the connection goes on from what is durable, and the checkpoint stands at the last that was said on it.
    fn is_proved(&mut self) -> bool {
        let Some(life) = self.host.life() else { return false };
        let status = life.machine.status();
        let is_streaming = status.phase == highwater_core::Phase::Streaming;
        let durable = status.durable.filter(|_| is_streaming);
        durable.is_some_and(|(scope, place, _)| self.reference.is_level(scope, place))
    }

    /// The machine has caught up. Whether there is something to wait for before it is stopped: the process may have
    /// to die now, or else its connection, if the moment is quiet and it would begin at the same source again.
    pub(super) fn lingers(&mut self) -> bool {
        // Of several servers behind a name another may answer, with other numbers for the same events.
        let is_one = self.sources.first().is_some_and(|source| source.instances().len() == 1);
        let number = self.network.current().filter(|current| is_one && current.call.source == 0);
        let number = number.map(|current| current.number);
        let has_time = self.now + LEFT < self.shape.weather.ends_at && self.phase == Phase::Liveness;
        let is_idle = !self.sink.is_busy() && self.sink.is_written() && self.is_proved();
        // A server that goes by times it gave out twice tells another story to whoever asks a second later.
        let is_steady = !self.faults.has_fired(Fault::ServerClockStep);
        let is_quiet = number.is_some() && has_time && is_idle && is_steady;
        let Some(quiet) = &mut self.changed.quiet else { return false };
        match &mut quiet.looks {
            None if !is_quiet => return false,
            None => quiet.looks = Some(0),
            Some(looks) => {
                *looks += 1;
                return *looks < LOOKS;
            }
        }
        match number {
            Some(number) if !quiet.crashes => self.agenda.put(self.now, Due::Break(number)),
            _ => self.crash(Record::mildest(Fault::Crash, 0, 0).with(Measure::For, 1_000_000)),
        }
        true
    }
}
