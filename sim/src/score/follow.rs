//! How far a run goes as the recorded one did, and what there was at each step of it that a fault can befall.

use std::sync::Arc;

use highwater_core::event::Payload;
use highwater_core::time::{Duration, Instant};
use highwater_core::{Input, time::Now};

use crate::coverage::Kind;

/// What a machine was told, in brief.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// The process, counted from 1.
    pub(crate) life: u32,
    /// How long after its birth.
    pub(crate) after: Duration,
    /// The kind of the input.
    pub(crate) kind: Kind,
    /// How many items.
    pub(crate) items: usize,
}

/// How far a step may be from where it was recorded: a real clock ticks on between two steps.
const APART_MAX: Duration = Duration::from_millis(1);

impl Told {
    /// This input.
    pub(crate) fn of<P: Payload>(life: u32, after: Duration, input: &Input<P>) -> Self {
        let items = if let Input::Received { items, .. } = input { items.len() } else { 0 };
        Self { life, after, kind: Kind::of(input), items }
    }

    fn is(&self, other: &Self) -> bool {
        let apart = self.after.max(other.after).saturating_sub(self.after.min(other.after));
        (self.life, self.kind, self.items) == (other.life, other.kind, other.items) && apart <= APART_MAX
    }
}

/// What there is that a fault can befall: counted up to a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Occasion {
    /// When.
    pub(crate) at: Instant,
    /// The last connection.
    pub(crate) dial: u64,
    /// When that opened, if it did.
    pub(crate) opened_at: Instant,
    /// Jobs of the sink.
    pub(crate) jobs: u64,
    /// News that may come twice.
    pub(crate) news: u64,
    /// Effects.
    pub(crate) effects: u64,
    /// Reads.
    pub(crate) reads: u64,
    /// Processes.
    pub(crate) lives: u64,
}

/// Follows a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Follow {
    recorded: Arc<Vec<Told>>,
    followed: usize,
    has_departed: bool,
    occasions: Vec<Occasion>,
}

impl Follow {
    /// A run that may go as this one did.
    pub(crate) fn new(recorded: Arc<Vec<Told>>) -> Self {
        Self { recorded, ..Self::default() }
    }

    /// The machine is told this.
    pub(crate) fn hear<P: Payload>(&mut self, occasion: Occasion, now: Now, input: &Input<P>) {
        self.occasions.push(occasion);
        let life = u32::try_from(occasion.lives).unwrap_or(u32::MAX);
        let told = Told::of(life, now.monotonic.since(Instant::ZERO), input);
        let is_same = self.recorded.get(self.followed).is_some_and(|recorded| recorded.is(&told));
        self.has_departed |= !is_same;
        self.followed += usize::from(!self.has_departed);
    }

    /// So many of its first steps were as recorded.
    pub(crate) fn followed(&self) -> usize {
        self.followed
    }

    /// What there was at each step.
    pub(crate) fn occasions(&self) -> &[Occasion] {
        &self.occasions
    }
}
