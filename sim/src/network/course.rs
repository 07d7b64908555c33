//! How a connection goes that goes as one that was recorded: when something is read, and how much of it.

use highwater_core::time::{Duration, Instant};

use crate::score::Dial;

/// What of a recorded connection is still to come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Course {
    dial: Option<Box<Dial>>,
    opened_at: Instant,
    reads: usize,
    pongs: usize,
}

impl Course {
    /// Like this.
    pub(super) fn of(dial: &Dial) -> Self {
        Self { dial: Some(Box::new(dial.clone())), ..Self::default() }
    }

    /// It goes on as any does.
    pub(crate) fn forget(&mut self) {
        self.dial = None;
    }

    /// The connection opens. When something but events is heard of it; none if nobody knows.
    pub(crate) fn open(&mut self, now: Instant) -> Option<Vec<Instant>> {
        self.opened_at = now;
        let dial = self.dial.as_ref()?;
        Some(dial.heard.iter().map(|after| now + *after).collect())
    }

    /// When it opened, if it did.
    pub(crate) fn opened_at(&self) -> Instant {
        self.opened_at
    }

    /// Whether it is known how it goes.
    pub(crate) fn is_known(&self) -> bool {
        self.dial.is_some()
    }

    /// When something is read next, if that is known; behind all that was recorded of it, not before it ended.
    pub(super) fn reads_at(&self) -> Option<Instant> {
        let dial = self.dial.as_ref()?;
        let after = match dial.reads.get(self.reads) {
            Some((after, _)) => *after,
            None => dial.ends? + Duration::from_micros(1),
        };
        Some(self.opened_at + after)
    }

    /// How much is read now, if that is known.
    pub(super) fn take_read(&mut self) -> Option<usize> {
        let (_, count) = self.dial.as_ref()?.reads.get(self.reads)?;
        self.reads += 1;
        Some(*count as usize)
    }

    /// How long a ping that is sent now goes unanswered, if that is known.
    pub(crate) fn take_pong(&mut self) -> Option<Duration> {
        let after = self.dial.as_ref()?.pongs.get(self.pongs)?;
        self.pongs += 1;
        Some(*after)
    }
}
