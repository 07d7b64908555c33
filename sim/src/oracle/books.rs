//! O1, O9 and O16, as the books are closed: what became of every event.

use std::collections::BTreeMap;

use highwater_core::cursor::Place;
use highwater_core::event::Reason;
use highwater_core::scope::{Scope, SourceId};
use highwater_core::sink::Content;
use highwater_core::time::Instant;

use super::rule::{Rule, Violation, must};
use super::spans::Spans;
use crate::carrier::{Carrier, Telling, Told};
use crate::disk::{Disk, GapKey};
use crate::server::Source;
use crate::truth::{Audience, EventId, Nature, Truth};

/// What is known of each event, but for what is stored.
#[derive(Clone, Debug, Default)]
pub(super) struct Fates {
    was_handed: Vec<bool>,
    is_forgiven: Vec<bool>,
    /// With which contents an event that has several was appended, one bit for each.
    editions: BTreeMap<EventId, u8>,
}

impl Fates {
    /// The machine has it.
    pub(super) fn hand(&mut self, id: EventId) {
        set(&mut self.was_handed, id, true);
    }

    /// The machine may have dropped it, with the connection.
    pub(super) fn drop(&mut self, id: EventId) {
        set(&mut self.was_handed, id, false);
    }

    /// Nobody can be sure to hear of it.
    pub(super) fn forgive(&mut self, id: EventId) {
        set(&mut self.is_forgiven, id, true);
    }

    /// It is durable with one of several contents, which one.
    pub(super) fn append(&mut self, id: EventId, edition: u8) {
        *self.editions.entry(id).or_default() |= 1 << edition;
    }

    fn was_handed(&self, id: EventId) -> bool {
        self.was_handed.get(id.index()).copied().unwrap_or(false)
    }

    fn is_forgiven(&self, id: EventId) -> bool {
        self.is_forgiven.get(id.index()).copied().unwrap_or(false)
    }
}

fn set(list: &mut Vec<bool>, id: EventId, value: bool) {
    if list.len() <= id.index() {
        list.resize((id.index() + 1).next_power_of_two(), false);
    }
    list[id.index()] = value;
}

/// What the world has to say as the books are closed.
#[derive(Clone, Copy)]
pub(crate) struct Closing<'a, C: Carrier> {
    /// How events travelled.
    pub(crate) carrier: &'a C,
    /// What is durable.
    pub(crate) disk: &'a Disk<C::Payload>,
    /// Whether the sink itself would not take an event that others would.
    pub(crate) refuses: &'a dyn Fn(EventId) -> bool,
    /// What happened.
    pub(crate) truth: &'a Truth,
    /// Until when it counts.
    pub(crate) until: Instant,
    /// Who told of it.
    pub(crate) sources: &'a [Source],
    /// The filter changed on the way: what only one of the two asks for is owed no more.
    pub(crate) has_other_filter: bool,
}

impl<C: Carrier> Closing<'_, C> {
    /// Every event is where it belongs.
    pub(super) fn close(&self, fates: &Fates, ends: &BTreeMap<GapKey, SourceId>) -> Result<(), Violation> {
        self.check_contents(fates)?;
        let buried = self.buried()?;
        let first = self.first();
        let mut spans = None;
        let past = self.truth.facts().iter().take_while(|fact| fact.at <= self.until);
        for (index, fact) in past.enumerate() {
            let id = EventId(index as u32);
            let is_kept = self.disk.has(id) || buried.get(index).copied().unwrap_or(false);
            let is_asked_for = fact.audience == Audience::Both;
            let is_due = first.is_some_and(|first| first <= id) && !fates.is_forgiven(id);
            let is_wanted = is_asked_for || !self.has_other_filter;
            // What is set aside dies with a process whose sink is not atomic, and is read again, if it is still there.
            let is_forgotten =
                fact.nature == Nature::Poison && !self.disk.compares() && fates.is_forgiven(id);
            let is_owed = (fates.was_handed(id) && is_wanted && !is_forgotten) || (is_asked_for && is_due);
            if is_kept || !is_owed || fact.nature == Nature::Garbage {
                continue;
            }
            let spans = spans.get_or_insert_with(|| Spans::new(self.disk.gaps(), ends, self.sources));
            let may_be_left_out = fact.nature == Nature::Huge || !fates.was_handed(id);
            // The gaps have an index; the logs of all servers, read event by event, have none.
            let is_excused = spans.hold(id) || (may_be_left_out && self.is_to_come(id));
            must(is_excused, Rule::O1NoLoss, || {
                format!("{id} ({:?}, {:?}) is lost: {}", fact.audience, fact.nature, spans.whereabouts(id))
            })?;
        }
        Ok(())
    }

    /// Whether the next resume asks for the event: at the very end, where nothing came after it, a server may have left
    /// it out as too large, or dropped it as it went live.
    fn is_to_come(&self, id: EventId) -> bool {
        self.disk.checkpoints().any(|(scope, checkpoint)| {
            let Place::Cursor(end) = checkpoint.place else { return false };
            let is_newer =
                |other: &Scope| other.source == scope.source && other.incarnation > scope.incarnation;
            let is_behind = |telling: Telling| telling.id == id && end < telling.cursor(scope.kind);
            let instances = self.sources[usize::from(scope.source.0)].instances().iter();
            !self.disk.checkpoints().any(|(other, _)| is_newer(other))
                && instances.flat_map(|instance| instance.log().told()).any(|told| is_behind(told.telling))
        })
    }

    /// The first event that was followed: an overlap may hold earlier ones.
    fn first(&self) -> Option<EventId> {
        let passed = self.disk.beginning().and_then(|(scope, mark)| {
            let instances = self.sources[usize::from(scope.source.0)].instances().iter();
            let mut told = instances.flat_map(|instance| instance.log().told());
            told.find(|told| told.telling.time == mark.time && told.telling.cursor(scope.kind) == mark.cursor)
        });
        passed.map(|told| told.telling.id).or_else(|| self.disk.rows().first().copied())
    }

    /// O4: of an event with several contents the first is stored, and each other that came is set aside.
    fn check_contents(&self, fates: &Fates) -> Result<(), Violation> {
        if !self.disk.compares() {
            return Ok(());
        }
        let mut aside: BTreeMap<EventId, u8> = BTreeMap::new();
        for event in self.disk.conflicts() {
            *aside.entry(event.payload.id()).or_default() |= 1 << event.payload.edition();
        }
        for id in fates.editions.keys().chain(aside.keys()) {
            let of = |contents: &BTreeMap<EventId, u8>| contents.get(id).copied().unwrap_or(0);
            let (came, aside) = (of(&fates.editions), of(&aside));
            let stored = self.disk.edition(*id).map_or(0, |edition| 1_u8 << edition);
            must(stored & aside == 0 && came & !(stored | aside) == 0, Rule::O4Once, || {
                format!("{id} came with contents {came:b}: {stored:b} is stored, {aside:b} set aside")
            })?;
        }
        Ok(())
    }

    /// Which events were set aside; only bad ones may be.
    fn buried(&self) -> Result<Vec<bool>, Violation> {
        let mut buried = Vec::new();
        for (_, letter) in self.disk.letters() {
            let id = match &letter.content {
                Content::Event(event) => Some(event.payload.id()),
                Content::Frame(sample) => self.carrier.sampled(sample),
            };
            let Some(id) = id else { continue };
            set(&mut buried, id, true);
            let is_refused = matches!(letter.reason, Reason::Refused(_));
            let is_poison =
                self.truth.facts().get(id.index()).is_some_and(|fact| fact.nature == Nature::Poison);
            must(!is_refused || is_poison || (self.refuses)(id), Rule::O16Poison, || {
                format!("{id} is set aside as {:?}, and would have been taken", letter.reason)
            })?;
        }
        Ok(buried)
    }
}
