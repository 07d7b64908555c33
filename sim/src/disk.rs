//! What is durable: an atomic store as the production sink promises to be one.
//!
//! It takes an append whole or not at all, compares the version of the scope's checkpoint, refuses all writers but
//! the newest, and stores each event once by its key.

use std::collections::BTreeMap;

use highwater_core::checkpoint::Checkpoint;
use highwater_core::cursor::Cursor;
use highwater_core::event::{Event, Payload, Reason};
use highwater_core::gap::{Cause, Gap, GapState, Mark};
use highwater_core::number::{Fence, Version};
use highwater_core::scope::Scope;
use highwater_core::sink::{Append, Appended, Content, DeadLetter, Loaded, Sink, Unavailable};
use highwater_core::time::WallTime;

use crate::carrier::Told;
use crate::scopes::Scopes;
use crate::shown::{Aside, Shown};
use crate::truth::EventId;

/// What names a gap: writing it again changes the same record.
pub(crate) type GapKey = (Scope, Cause, Cursor);

/// A store that survives everything.
#[derive(Clone, Debug)]
pub(crate) struct Disk<P: Payload> {
    compares: bool,
    fence: Fence,
    rows: Vec<EventId>,
    /// For each event the content that is stored, counted from 1; 0 if none is.
    editions: Vec<u8>,
    records: Records<P>,
}

/// What is known besides the events.
#[derive(Clone, Debug)]
pub(crate) struct Records<P: Payload> {
    checkpoints: Scopes<Checkpoint<P::Key>>,
    gaps: BTreeMap<GapKey, Gap>,
    letters: Vec<(Scope, DeadLetter<P>)>,
    newest: Option<WallTime>,
    /// What was followed begins here, if that is an event that was not stored.
    beginning: Option<(Scope, Mark)>,
}

impl<P: Payload> Default for Records<P> {
    fn default() -> Self {
        let (checkpoints, gaps, letters) = (Scopes::default(), BTreeMap::new(), Vec::new());
        Self { checkpoints, gaps, letters, newest: None, beginning: None }
    }
}

impl<P: Payload> Records<P> {
    /// All checkpoints.
    pub(crate) fn checkpoints(&self) -> impl Iterator<Item = &(Scope, Checkpoint<P::Key>)> {
        self.checkpoints.iter()
    }
}

impl<P: Told + PartialEq> Disk<P> {
    /// An empty store; one that does not compare keys stores again what comes again.
    pub(crate) fn new(compares: bool) -> Self {
        Self {
            compares,
            fence: Fence(0),
            rows: Vec::new(),
            editions: Vec::new(),
            records: Records::default(),
        }
    }

    /// This was durable before.
    pub(crate) fn find(&mut self, found: Loaded<P::Key>) {
        // Whoever opens it raises the fence.
        self.fence = Fence(found.fence.0.saturating_sub(1));
        let of_gap = |gap: &Gap| (gap.scope, gap.cause, gap.from.cursor);
        self.records.gaps.extend(found.gaps.into_iter().map(|gap| (of_gap(&gap), gap)));
        self.records.newest = found.newest;
        for (scope, checkpoint) in found.checkpoints {
            let witness = checkpoint.witness.as_ref().and_then(|witness| P::named(&witness.key));
            // Of all that was stored, this one event is known.
            if let Some(id) = witness.filter(|&id| !self.has(id)) {
                *self.slot(id) = 1;
                self.rows.push(id);
            }
            self.records.checkpoints.set(scope, checkpoint);
        }
    }

    /// What is known besides the events.
    pub(crate) fn records(&self) -> &Records<P> {
        &self.records
    }

    /// Goes back to what was known besides the events.
    pub(crate) fn go_back_to(&mut self, records: &Records<P>) {
        self.records = records.clone();
    }

    /// The events stored, in the order of storing.
    pub(crate) fn rows(&self) -> &[EventId] {
        &self.rows
    }

    /// What was followed begins here, if that is an event that was not stored.
    pub(crate) fn beginning(&self) -> Option<(Scope, Mark)> {
        self.records.beginning
    }

    /// Whether an event is stored.
    pub(crate) fn has(&self, id: EventId) -> bool {
        self.edition(id).is_some()
    }

    /// Which content of an event is stored.
    pub(crate) fn edition(&self, id: EventId) -> Option<u8> {
        self.editions.get(id.index())?.checked_sub(1)
    }

    /// Whether an event is stored only once, however often it comes.
    pub(crate) fn compares(&self) -> bool {
        self.compares
    }

    /// The server's time of the newest event.
    pub(crate) fn newest(&self) -> Option<WallTime> {
        self.records.newest
    }

    /// What was set aside.
    pub(crate) fn letters(&self) -> &[(Scope, DeadLetter<P>)] {
        &self.records.letters
    }

    /// The spans on record.
    pub(crate) fn gaps(&self) -> impl Iterator<Item = &Gap> {
        self.records.gaps.values()
    }

    /// All checkpoints.
    pub(crate) fn checkpoints(&self) -> impl Iterator<Item = &(Scope, Checkpoint<P::Key>)> {
        self.records.checkpoints()
    }

    /// Another writer opens the store: every earlier one is refused from now on.
    pub(crate) fn raise_fence(&mut self) -> Fence {
        self.fence = self.fence.next();
        self.fence
    }

    /// The fence that is in force.
    #[cfg(test)]
    pub(crate) fn fence(&self) -> Fence {
        self.fence
    }

    /// The fence is this from now on.
    pub(crate) fn set_fence(&mut self, fence: Fence) {
        self.fence = fence;
    }

    /// The same as an append, but that no event is too bad to be stored.
    pub(crate) fn append_as_it_is(&mut self, append: &Append<P>) -> Appended {
        match self.bars(append) {
            Some(refusal) => refusal,
            None => self.take(append),
        }
    }

    /// Goes back to what is shown besides the events.
    pub(crate) fn show(&mut self, shown: &Shown<P>) {
        let records = &mut self.records;
        records.gaps = shown.gaps.iter().map(|gap| ((gap.scope, gap.cause, gap.from.cursor), *gap)).collect();
        records.letters.retain(|(scope, letter)| shown.dead_letters.contains(&Aside::of(*scope, letter)));
        records.checkpoints = Scopes::default();
        for (scope, checkpoint) in &shown.checkpoints {
            records.checkpoints.set(*scope, checkpoint.clone());
        }
    }

    /// The gaps that whoever opens the store has to know of: they begin at a witness, or have no end yet.
    pub(crate) fn awaited(&self) -> impl Iterator<Item = &Gap> {
        let begins_at_witness = |gap: &Gap| {
            let checkpoint = self.records.checkpoints.get(gap.scope);
            let witness = checkpoint.and_then(|checkpoint| checkpoint.witness.as_ref());
            witness.is_some_and(|witness| witness.cursor == gap.from.cursor)
        };
        let is_awaited =
            move |gap: &&Gap| gap.state != GapState::Closed && (gap.to.is_none() || begins_at_witness(gap));
        self.records.gaps.values().filter(is_awaited)
    }

    /// Why an append changes nothing, if it does not.
    pub(crate) fn bars(&self, append: &Append<P>) -> Option<Appended> {
        let version =
            self.records.checkpoints.get(append.scope).map_or(Version(0), |checkpoint| checkpoint.version);
        if append.fence != self.fence {
            return Some(Appended::Fenced);
        }
        if append.expect != version || append.checkpoint.version != version.next() {
            return Some(Appended::Conflict);
        }
        None
    }

    fn take(&mut self, append: &Append<P>) -> Appended {
        let (mut stored, mut duplicates) = (0, 0);
        for event in append.events.iter() {
            let is_new = self.store(append.scope, event);
            stored += u32::from(is_new);
            duplicates += u32::from(!is_new);
            self.records.newest = self.records.newest.max(Some(event.time));
        }
        for letter in &append.dead_letters {
            self.set_aside(append.scope, letter);
        }
        for gap in &append.gaps {
            self.note(*gap);
        }
        if let Some(witness) = append.checkpoint.witness.as_ref().filter(|_| self.rows.is_empty()) {
            let mark = Mark { cursor: witness.cursor, time: witness.time };
            self.records.beginning.get_or_insert((append.scope, mark));
        }
        self.records.checkpoints.set(append.scope, append.checkpoint.clone());
        Appended::Stored { stored, duplicates }
    }

    /// Stores an event. False if it was there; with another content, it is set aside.
    fn store(&mut self, scope: Scope, event: &Event<P>) -> bool {
        let (id, edition) = (event.payload.id(), event.payload.edition());
        let known = *self.slot(id);
        if known == 0 || !self.compares {
            self.take_in(core::slice::from_ref(event));
            return true;
        }
        if known != edition + 1 && !self.has_set_aside(id, edition) {
            let (reason, content) = (Reason::Conflict, Content::Event(event.clone()));
            let after = event.cursor(scope.kind);
            self.records.letters.push((scope, DeadLetter { after, reason, content }));
        }
        false
    }

    /// Stores events, whatever is there.
    pub(crate) fn take_in(&mut self, events: &[Event<P>]) {
        for event in events {
            *self.slot(event.payload.id()) = event.payload.edition() + 1;
            self.rows.push(event.payload.id());
        }
    }

    fn slot(&mut self, id: EventId) -> &mut u8 {
        if self.editions.len() <= id.index() {
            self.editions.resize(id.index() + 256, 0);
        }
        &mut self.editions[id.index()]
    }

    fn has_set_aside(&self, id: EventId, edition: u8) -> bool {
        self.conflicts().any(|event| event.payload.id() == id && event.payload.edition() == edition)
    }

    /// What was set aside because it is stored with another content.
    pub(crate) fn conflicts(&self) -> impl Iterator<Item = &Event<P>> {
        self.records.letters.iter().filter_map(|(_, letter)| match (&letter.reason, &letter.content) {
            (Reason::Conflict, Content::Event(event)) => Some(event),
            _ => None,
        })
    }

    fn note(&mut self, gap: Gap) {
        let key = (gap.scope, gap.cause, gap.from.cursor);
        if gap.state != GapState::Closed {
            self.records.gaps.insert(key, gap);
        } else if let Some(known) = self.records.gaps.get_mut(&key) {
            *known = gap;
        }
    }

    fn set_aside(&mut self, scope: Scope, letter: &DeadLetter<P>) {
        let is_known = self.records.letters.iter().any(|(known_scope, known)| {
            *known_scope == scope && known.after == letter.after && known.content == letter.content
        });
        if !is_known {
            self.records.letters.push((scope, letter.clone()));
        }
    }
}

/// The answer to an append with an event that no sink takes.
pub(crate) fn poisoned<P: Told>(append: &Append<P>) -> Option<Appended> {
    let index = append.events.iter().position(|event| event.payload.is_poison())?;
    Some(Appended::Refused { index: index as u32, why: "poison".to_owned() })
}

impl<P: Told + PartialEq> Sink<P> for Disk<P> {
    fn open(&mut self) -> Result<Loaded<P::Key>, Unavailable> {
        let fence = self.raise_fence();
        let checkpoints = self.records.checkpoints.iter().cloned().collect();
        let gaps = self.awaited().copied().collect();
        Ok(Loaded { fence, compares: self.compares, checkpoints, newest: self.records.newest, gaps })
    }

    fn append(&mut self, append: &Append<P>) -> Appended {
        match self.bars(append).or_else(|| poisoned(append)) {
            Some(refusal) => refusal,
            None => self.take(append),
        }
    }

    fn flush(&mut self) -> Result<(), Unavailable> {
        Ok(())
    }
}
