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
use highwater_core::scope::Scope;
use highwater_core::sink::{Append, Appended, Content, Events, Loaded};

use crate::carrier::Told;
use crate::disk::{Disk, GapKey};
use crate::oracle::{Rule, Violation, must};
use crate::scopes::Scopes;
use crate::truth::EventId;

/// What was said, what is stored, and how far that is.
#[derive(Clone, Debug)]
pub(crate) struct Reference<P: Told> {
    said: VecDeque<Said>,
    reached: [Cursor; 2],
    stored: Vec<bool>,
    count: usize,
    aside: BTreeSet<EventId>,
    gaps: BTreeMap<GapKey, Gap>,
    checkpoints: Scopes<(Version, Place)>,
    asked: Option<Asked<P>>,
}

/// What the store was asked for and has not answered.
#[derive(Clone, Debug)]
struct Asked<P> {
    op: Op,
    scope: Scope,
    events: Events<P>,
    aside: Vec<EventId>,
    gaps: Vec<Gap>,
    version: Version,
    place: Place,
}

impl<P: Told> Asked<P> {
    fn of(append: &Append<P>) -> Self {
        let aside = append.dead_letters.iter().filter_map(|letter| match &letter.content {
            Content::Event(event) => Some(event.payload.id()),
            Content::Frame(_) => None,
        });
        Self {
            op: append.op,
            scope: append.scope,
            events: append.events.clone(),
            aside: aside.collect(),
            gaps: append.gaps.clone(),
            version: append.checkpoint.version,
            place: append.checkpoint.place,
        }
    }
}

/// Something said on this connection, and whether it has to be stored.
#[derive(Clone, Copy, Debug)]
struct Said {
    id: EventId,
    at: [Cursor; 2],
    is_wanted: bool,
}

impl<P: Told + PartialEq> Reference<P> {
    /// Nothing was said, and nothing is stored.
    pub(crate) fn new() -> Self {
        let (said, stored, checkpoints) = (VecDeque::new(), Vec::new(), Scopes::default());
        let (aside, gaps) = (BTreeSet::new(), BTreeMap::new());
        Self { said, reached: [Cursor(0); 2], stored, count: 0, aside, gaps, checkpoints, asked: None }
    }

    /// An append was answered for: this is the promise.
    fn answered(&mut self, asked: &Asked<P>, disk: &Disk<P>) -> Result<(), Violation> {
        asked.events.iter().for_each(|event| self.store(event.payload.id()));
        self.aside.extend(&asked.aside);
        asked.gaps.iter().for_each(|gap| self.note(gap));
        self.pass();
        let (before, place) = (self.checkpoints.get(asked.scope), asked.place);
        let is_passed = matches!(place, Place::Cursor(at) if at <= self.reached[asked.scope.kind as usize]);
        let is_meant = matches!(place, Place::Tip | Place::Oldest | Place::Time(_));
        must(is_passed || is_meant || before.is_some_and(|known| known.1 == place), RULE, || {
            format!("the checkpoint passes what is not stored: {place} in {}", asked.scope)
        })?;
        self.checkpoints.set(asked.scope, (asked.version, place));
        self.check(asked, disk)
    }

    /// Whatever was said and is stored, or need not be, is passed, up to the first that is not.
    fn pass(&mut self) {
        while let Some(said) = self.said.front().filter(|said| !said.is_wanted || self.has(said.id)) {
            self.reached = [self.reached[0].max(said.at[0]), self.reached[1].max(said.at[1])];
            self.said.pop_front();
        }
    }

    /// The store shows what the append asked for, and no more.
    fn check(&self, asked: &Asked<P>, disk: &Disk<P>) -> Result<(), Violation> {
        let shown = disk.checkpoints().find(|(scope, _)| *scope == asked.scope);
        let is_it = shown.is_some_and(|(_, is)| (is.version, is.place) == (asked.version, asked.place));
        must(is_it, RULE, || format!("the store shows another checkpoint than it answered for: {shown:?}"))?;
        let missing = asked.events.iter().find(|event| !disk.has(event.payload.id()));
        must(missing.is_none(), RULE, || "the store lacks what it answered for".to_owned())?;
        if asked.gaps.is_empty() { self.check_count(disk) } else { self.check_all(disk) }
    }

    /// The store shows all that was answered for, and no more.
    fn check_all(&self, disk: &Disk<P>) -> Result<(), Violation> {
        let shown = disk.gaps().filter(|gap| gap.state != GapState::Closed);
        must(!disk.compares() || shown.eq(self.gaps.values()), RULE, || {
            "the store shows other gaps than it answered for".to_owned()
        })?;
        self.check_count(disk)
    }

    fn check_count(&self, disk: &Disk<P>) -> Result<(), Violation> {
        let (shown, known) = (disk.rows().len(), self.count);
        must(!disk.compares() || shown == known, RULE, || {
            format!("the store shows more events or fewer than it answered for: {shown} for {known}")
        })
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

impl<P: Told + PartialEq> Reference<P> {
    /// News is about to be handed in, while the store shows this.
    pub(crate) fn input(&mut self, input: &Input<P>, disk: &Disk<P>) -> Result<(), Violation> {
        match input {
            Input::Received { items, .. } => items.iter().for_each(|item| self.hear(item)),
            Input::Appended { op, appended } => {
                let is_open = matches!(appended, Appended::Conflict | Appended::Unknown);
                let asked = self.asked.take_if(|asked| asked.op == *op && !is_open);
                let is_stored = matches!(appended, Appended::Stored { .. });
                if let Some(asked) = asked.filter(|_| is_stored) {
                    return self.answered(&asked, disk);
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
    pub(crate) fn effect(&mut self, effect: &Effect<P>) {
        match effect {
            Effect::Append(append) => self.asked = Some(Asked::of(append)),
            Effect::Open { .. } => {
                self.said.clear();
                self.reached = [Cursor(0); 2];
            }
            _ => {}
        }
    }

    /// All that was said is stored, and the store shows it.
    pub(crate) fn close(&mut self, disk: &Disk<P>) -> Result<(), Violation> {
        self.pass();
        let left = self.said.front();
        must(left.is_none(), RULE, || format!("in the end something said is not stored: {left:?}"))?;
        if self.asked.is_some() { Ok(()) } else { self.check_all(disk) }
    }

    /// Whether a checkpoint stands at the furthest that was said on this connection.
    pub(crate) fn is_level(&mut self, scope: Scope, place: Place) -> bool {
        self.pass();
        self.said.is_empty() && place == Place::Cursor(self.reached[scope.kind as usize])
    }

    fn hear(&mut self, item: &Item<P>) {
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
    fn load(&mut self, loaded: &Loaded<P::Key>, disk: &Disk<P>) -> Result<(), Violation> {
        let asked = self.asked.take();
        let has = |asked: &Asked<P>| {
            let mut known = loaded.checkpoints.iter();
            known.any(|(scope, known)| *scope == asked.scope && known.version == asked.version)
        };
        if let Some(asked) = asked.filter(has) {
            self.answered(&asked, disk)?;
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
