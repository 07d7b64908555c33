//! The whole promise in ten lines, for whoever does not want to believe twenty oracles: a list of what was said on this
//! connection, a set of what is stored, and a checkpoint that never passes the first thing said that is not stored.
//!
//! It shares nothing with the oracles but the world that they all watch. They judge what the machine asks for; this
//! one looks at what the store shows once it has answered, and knows nothing of batches, margins, splits or witnesses.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use highwater_core::Input;
use highwater_core::cursor::{Cursor, CursorKind, Place};
use highwater_core::effect::Effect;
use highwater_core::event::Item;
use highwater_core::gap::{Gap, GapState};
use highwater_core::number::{Op, Version};
use highwater_core::scope::{Scope, SourceId};
use highwater_core::sink::{Append, Appended, Content, Loaded};

use crate::carrier::Told;
use crate::disk::{Disk, GapKey};
use crate::oracle::{Rule, Violation, must};
use crate::scopes::Scopes;
use crate::truth::EventId;

/// What was said, what is stored, and how far that is.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    said: VecDeque<Said>,
    reached: [Cursor; 2],
    kept: Kept,
    checkpoints: Scopes<(Version, Place)>,
    asked: Asked,
}

/// What was answered for: events, those set aside, and gaps.
#[derive(Clone, Debug, Default)]
struct Kept {
    stored: Vec<bool>,
    count: usize,
    aside: BTreeSet<EventId>,
    gaps: BTreeMap<GapKey, Gap>,
}

/// What the store was last asked for.
#[derive(Clone, Debug)]
struct Asked {
    /// None once it is answered.
    op: Option<Op>,
    scope: Scope,
    events: Vec<EventId>,
    aside: Vec<EventId>,
    gaps: Vec<Gap>,
    version: Version,
    place: Place,
}

impl Asked {
    /// Nothing yet.
    fn nothing() -> Self {
        let scope = Scope { source: SourceId(0), kind: CursorKind::Time, incarnation: 0 };
        let (events, aside, gaps) = (Vec::new(), Vec::new(), Vec::new());
        Self { op: None, scope, events, aside, gaps, version: Version(0), place: Place::Tip }
    }

    /// This is asked for from now on; most appends fit where the last one was.
    fn set<P: Told>(&mut self, append: &Append<P>) {
        (self.op, self.scope) = (Some(append.op), append.scope);
        (self.version, self.place) = (append.checkpoint.version, append.checkpoint.place);
        self.events.clear();
        self.events.extend(append.events.iter().map(|event| event.payload.id()));
        self.aside.clear();
        self.aside.extend(append.dead_letters.iter().filter_map(|letter| match &letter.content {
            Content::Event(event) => Some(event.payload.id()),
            Content::Frame(_) => None,
        }));
        self.gaps.clear();
        self.gaps.extend_from_slice(&append.gaps);
    }
}

/// Something said on this connection, and whether it has to be stored.
#[derive(Clone, Copy, Debug)]
struct Said {
    id: EventId,
    at: [Cursor; 2],
    is_wanted: bool,
}

impl Reference {
    /// Nothing was said yet, and this is stored from before.
    pub(crate) fn over<P: Told + PartialEq>(disk: &Disk<P>) -> Self {
        let mut kept = Kept::default();
        disk.rows().iter().for_each(|&id| kept.store(id));
        disk.gaps().for_each(|gap| kept.note(gap));
        let mut checkpoints = Scopes::default();
        for (scope, known) in disk.checkpoints() {
            checkpoints.set(*scope, (known.version, known.place));
        }
        Self { said: VecDeque::new(), reached: [Cursor(0); 2], kept, checkpoints, asked: Asked::nothing() }
    }

    /// An append was answered for: this is the promise.
    fn settle<P: Told + PartialEq>(&mut self, disk: &Disk<P>) -> Result<(), Violation> {
        self.kept.keep(&self.asked);
        self.pass();
        let asked = &self.asked;
        let (before, place) = (self.checkpoints.get(asked.scope), asked.place);
        let is_passed = matches!(place, Place::Cursor(at) if at <= self.reached[asked.scope.kind as usize]);
        let is_meant = matches!(place, Place::Tip | Place::Oldest | Place::Time(_));
        must(is_passed || is_meant || before.is_some_and(|known| known.1 == place), RULE, || {
            let first = self.said.front();
            format!("the checkpoint passes what is not stored: {place} in {}, {first:?}", asked.scope)
        })?;
        self.checkpoints.set(asked.scope, (asked.version, place));
        self.check(disk)
    }

    /// Whatever was said and is stored, or need not be, is passed, up to the first that is not.
    fn pass(&mut self) {
        while let Some(said) = self.said.front().filter(|said| !said.is_wanted || self.kept.has(said.id)) {
            self.reached = [self.reached[0].max(said.at[0]), self.reached[1].max(said.at[1])];
            self.said.pop_front();
        }
    }

    /// The store shows what the append asked for, and no more.
    fn check<P: Told + PartialEq>(&self, disk: &Disk<P>) -> Result<(), Violation> {
        let asked = &self.asked;
        let shown = disk.checkpoints().find(|(scope, _)| *scope == asked.scope);
        let is_it = shown.is_some_and(|(_, is)| (is.version, is.place) == (asked.version, asked.place));
        must(is_it, RULE, || format!("the store shows another checkpoint than it answered for: {shown:?}"))?;
        let missing = asked.events.iter().find(|&&id| !disk.has(id));
        must(missing.is_none(), RULE, || "the store lacks what it answered for".to_owned())?;
        if asked.gaps.is_empty() { self.check_count(disk) } else { self.check_all(disk) }
    }

    /// The store shows all that was answered for, and no more.
    fn check_all<P: Told + PartialEq>(&self, disk: &Disk<P>) -> Result<(), Violation> {
        let shown = disk.gaps().filter(|gap| gap.state != GapState::Closed);
        must(!disk.compares() || shown.eq(self.kept.gaps.values()), RULE, || {
            "the store shows other gaps than it answered for".to_owned()
        })?;
        self.check_count(disk)
    }

    fn check_count<P: Told + PartialEq>(&self, disk: &Disk<P>) -> Result<(), Violation> {
        let (shown, known) = (disk.rows().len(), self.kept.count);
        must(!disk.compares() || shown == known, RULE, || {
            format!("the store shows more events or fewer than it answered for: {shown} for {known}")
        })
    }
}

impl Kept {
    /// All this was answered for.
    fn keep(&mut self, asked: &Asked) {
        asked.events.iter().for_each(|&id| self.store(id));
        self.aside.extend(&asked.aside);
        asked.gaps.iter().for_each(|gap| self.note(gap));
    }

    fn note(&mut self, gap: &Gap) {
        let key = (gap.scope, gap.cause, gap.from.cursor);
        match gap.state {
            GapState::Closed => self.gaps.remove(&key),
            GapState::Lost | GapState::Unproven => self.gaps.insert(key, *gap),
        };
    }

    fn store(&mut self, id: EventId) {
        if self.stored.len() <= id.index() {
            self.stored.resize((id.index() + 1).next_power_of_two(), false);
        }
        self.count += usize::from(!core::mem::replace(&mut self.stored[id.index()], true));
    }

    fn has(&self, id: EventId) -> bool {
        self.stored.get(id.index()).copied().unwrap_or(false) || self.aside.contains(&id)
    }
}

impl Reference {
    /// News is about to be handed in, while the store shows this.
    pub(crate) fn input<P: Told + PartialEq>(
        &mut self,
        input: &Input<P>,
        disk: &Disk<P>,
    ) -> Result<(), Violation> {
        match input {
            Input::Received { items, .. } => items.iter().for_each(|item| self.hear(item)),
            Input::Appended { op, appended } => {
                let is_open = matches!(appended, Appended::Conflict | Appended::Unknown);
                if self.asked.op != Some(*op) || is_open {
                    return Ok(());
                }
                self.asked.op = None;
                if matches!(appended, Appended::Stored { .. }) {
                    return self.settle(disk);
                }
            }
            Input::Loaded { loaded: Ok(loaded), .. } => return self.load(loaded, disk),
            Input::Loaded { .. }
            | Input::Timeout
            | Input::Opened { .. }
            | Input::Heard { .. }
            | Input::Closed { .. }
            | Input::Flushed { .. }
            | Input::StopRequested => {}
        }
        Ok(())
    }

    /// An effect is about to be carried out.
    pub(crate) fn effect<P: Told>(&mut self, effect: &Effect<P>) {
        match effect {
            Effect::Append(append) => self.asked.set(append),
            Effect::Open { .. } => {
                self.said.clear();
                self.reached = [Cursor(0); 2];
            }
            _ => {}
        }
    }

    /// All that was said is stored, and the store shows it.
    pub(crate) fn close<P: Told + PartialEq>(&mut self, disk: &Disk<P>) -> Result<(), Violation> {
        self.pass();
        let left = self.said.front();
        must(left.is_none(), RULE, || format!("in the end something said is not stored: {left:?}"))?;
        if self.asked.op.is_some() { Ok(()) } else { self.check_all(disk) }
    }

    /// Whether a checkpoint stands at the furthest that was said on this connection.
    pub(crate) fn is_level(&mut self, scope: Scope, place: Place) -> bool {
        self.pass();
        self.said.is_empty() && place == Place::Cursor(self.reached[scope.kind as usize])
    }

    fn hear<P: Told>(&mut self, item: &Item<P>) {
        let (event, is_wanted) = match item {
            Item::Event(event) => (event, true),
            Item::Filtered(event) | Item::Oversize(event, _) => (event, false),
            Item::Malformed(..) | Item::Outdated | Item::Info => return,
        };
        let at = [event.cursor(CursorKind::Time), event.cursor(CursorKind::Seq)];
        let at = at.map(Option::unwrap_or_default);
        self.said.push_back(Said { id: event.payload.id(), at, is_wanted });
    }

    /// The store says what it has: all that it answered for, and perhaps what was under way.
    fn load<P: Told + PartialEq>(
        &mut self,
        loaded: &Loaded<P::Key>,
        disk: &Disk<P>,
    ) -> Result<(), Violation> {
        let (scope, version) = (self.asked.scope, self.asked.version);
        let mut known = loaded.checkpoints.iter();
        let has_it = known.any(|(known, is)| *known == scope && is.version == version);
        if self.asked.op.take().is_some() && has_it {
            self.settle(disk)?;
        }
        let mut shown = Scopes::default();
        for (scope, known) in &loaded.checkpoints {
            shown.set(*scope, (known.version, known.place));
        }
        must(!loaded.compares || shown.iter().eq(self.checkpoints.iter()), RULE, || {
            format!("the store remembers other checkpoints than it answered for: {:?}", loaded.checkpoints)
        })?;
        self.checkpoints = shown;
        self.check_all(disk)
    }
}

const RULE: Rule = Rule::O21Reference;
