//! Whether a sink keeps what it promises: what it answers and shows, compared with the world's own disk.
//!
//! The disk is told of every append that was answered for, so it holds what must be stored. Judged is harm, not form: a
//! sink may store events before their checkpoint, but never a checkpoint before its events.

use std::collections::{BTreeMap, BTreeSet};

use highwater_core::checkpoint::Checkpoint;
use highwater_core::event::{Payload, Reason};
use highwater_core::gap::{Gap, GapState};
use highwater_core::number::{Fence, Version};
use highwater_core::scope::Scope;
use highwater_core::sink::{Append, Appended, Loaded};

use crate::carrier::Told;
use crate::disk::Disk;
use crate::oracle::{Rule, Violation, must};
use crate::shown::{Aside, Shown};
use crate::truth::EventId;

/// What is known of a sink.
#[derive(Debug)]
pub(super) struct Judge<P: Payload> {
    model: Disk<P>,
    fence: Fence,
    /// Every checkpoint that was answered for, where a sink may go back to an earlier one.
    earlier: BTreeMap<(Scope, Version), Checkpoint<P::Key>>,
    /// Events that the sink itself would not take.
    refused: BTreeSet<EventId>,
}

impl<P: Told + PartialEq> Judge<P> {
    pub(super) fn new() -> Self {
        let (model, fence) = (Disk::new(true), Fence(0));
        Self { model, fence, earlier: BTreeMap::new(), refused: BTreeSet::new() }
    }

    pub(super) fn model(&self) -> &Disk<P> {
        &self.model
    }

    pub(super) fn refuses(&self, id: EventId) -> bool {
        self.refused.contains(&id)
    }

    /// A process has opened it, and this is what it was told.
    pub(super) fn opened(&mut self, loaded: &Loaded<P::Key>, shown: &Shown<P>) -> Result<(), Violation> {
        must(self.fence < loaded.fence, Rule::O12Fence, || {
            format!("an opening gives fence {}, and {} was given before", loaded.fence, self.fence)
        })?;
        if self.fence == Fence(0) {
            self.model = Disk::new(loaded.compares);
        }
        self.fence = loaded.fence;
        self.model.set_fence(loaded.fence);
        must(loaded.compares == self.model.compares(), Rule::World, || {
            "a sink compares keys, or it does not: it cannot change its mind".to_owned()
        })?;
        self.examine(shown, None)?;
        let told: BTreeMap<Scope, &Checkpoint<P::Key>> =
            loaded.checkpoints.iter().map(|(scope, checkpoint)| (*scope, checkpoint)).collect();
        let stored = self.model.checkpoints().map(|(scope, checkpoint)| (*scope, checkpoint)).collect();
        must(told == stored, Rule::O2Checkpoint, || {
            format!("an opening tells of the checkpoints {}, and stored is {}", say(&told), say(&stored))
        })?;
        let untold = self.model.awaited().find(|gap| !loaded.gaps.contains(gap));
        must(untold.is_none(), Rule::O15Gaps, || format!("an opening does not tell of {}", some(untold)))
    }

    /// It answered so, and shows this if it was looked at.
    pub(super) fn answered(
        &mut self,
        append: &Append<P>,
        appended: &Appended,
        shown: Option<&Shown<P>>,
    ) -> Result<(), Violation> {
        let op = append.op;
        match appended {
            Appended::Stored { .. } => self.stored(append, appended)?,
            Appended::Fenced => {
                must(append.fence != self.fence, Rule::O12Fence, || {
                    format!("append {op} is fenced off, and nobody else has opened the storage")
                })?;
                return shown.map_or(Ok(()), |shown| self.unchanged(append, shown));
            }
            Appended::Conflict => {
                let version = self.version(append.scope);
                must(version != append.expect || append.fence != self.fence, Rule::O3Monotonic, || {
                    format!("append {op} is a conflict, and expects {version}, which is stored")
                })?;
            }
            Appended::Refused { index, .. } => {
                let event = append.events.get(*index as usize);
                self.refused.extend(event.map(|event| event.payload.id()));
                must(event.is_some(), Rule::O16Poison, || {
                    format!("event {index} of {} in append {op} is refused", append.events.len())
                })?;
            }
            Appended::Unavailable | Appended::Unknown => {
                return shown.map_or(Ok(()), |shown| self.examine(shown, Some(append)));
            }
        }
        shown.map_or(Ok(()), |shown| self.examine(shown, None))
    }

    /// An append is answered for as stored.
    fn stored(&mut self, append: &Append<P>, appended: &Appended) -> Result<(), Violation> {
        let op = append.op;
        match self.model.append_as_it_is(append) {
            Appended::Fenced => Err(Violation::of(
                Rule::O12Fence,
                format!("append {op} under fence {} is stored after fence {}", append.fence, self.fence),
            )),
            Appended::Conflict => {
                let (expect, version) = (append.expect, self.version(append.scope));
                let what = format!("append {op} expects {expect} and is stored where {version} is");
                Err(Violation::of(Rule::O3Monotonic, what))
            }
            right => {
                self.remember(append);
                must(right == *appended, Rule::O4Once, || {
                    format!("append {op} is {appended:?}, not {right:?}")
                })
            }
        }
    }

    fn remember(&mut self, append: &Append<P>) {
        if !self.model.compares() {
            let key = (append.scope, append.checkpoint.version);
            self.earlier.insert(key, append.checkpoint.clone());
        }
    }

    /// What was answered for is durable from now on.
    pub(super) fn flushed(&mut self, shown: &Shown<P>) -> Result<(), Violation> {
        self.examine(shown, None)?;
        for (scope, checkpoint) in self.model.checkpoints() {
            let is_shown = shown.checkpoints.iter().any(|(of, known)| of == scope && known == checkpoint);
            must(is_shown, Rule::O2Checkpoint, || {
                format!("after a flush the checkpoint of {scope} is not at {}", checkpoint.place)
            })?;
        }
        Ok(())
    }

    /// A process is gone: what it had in hand may be done in part, and what is not durable is lost.
    pub(super) fn crashed(&mut self, shown: &Shown<P>, limbo: Option<&Append<P>>) -> Result<(), Violation> {
        self.examine(shown, limbo)?;
        if !self.model.compares() {
            self.model.show(shown);
        }
        Ok(())
    }

    /// An append of a process that is gone has arrived after the next one had opened the storage.
    pub(super) fn arrived(
        &mut self,
        append: &Append<P>,
        appended: &Appended,
        shown: &Shown<P>,
    ) -> Result<(), Violation> {
        must(!matches!(appended, Appended::Stored { .. }), Rule::O12Fence, || {
            format!("append {} of a dead process is stored after fence {}", append.op, self.fence)
        })?;
        self.unchanged(append, shown)
    }

    /// O12: an append that is fenced off changes nothing.
    fn unchanged(&mut self, append: &Append<P>, shown: &Shown<P>) -> Result<(), Violation> {
        let rows = self.model.rows().len();
        let changes = |what: String| {
            Violation::of(
                Rule::O12Fence,
                format!("append {} is fenced off, and all the same {what}", append.op),
            )
        };
        self.examine(shown, None).map_err(|violation| changes(violation.what))?;
        let is_longer = rows != self.model.rows().len();
        if is_longer { Err(changes("its events are stored".to_owned())) } else { Ok(()) }
    }

    /// What is stored is what must be; of `limbo` it may be there or not, but not its checkpoint without the rest.
    pub(super) fn examine(&mut self, shown: &Shown<P>, limbo: Option<&Append<P>>) -> Result<(), Violation> {
        // What comes under an old fence must not be done, not even in part.
        let limbo = limbo.filter(|append| append.fence == self.fence);
        let counts = self.count(shown)?;
        let has = |id: EventId| counts.get(id.index()).is_some_and(|count| *count > 0);
        let gone = self.model.rows().iter().find(|id| !has(**id));
        must(gone.is_none(), Rule::O1NoLoss, || format!("{} was stored, and is not there", some(gone)))?;
        let known = |id: EventId| self.model.has(id) || limbo.is_some_and(|append| names(append, id));
        let mut stored = (0..counts.len() as u32).map(EventId).filter(|id| has(*id));
        let strange = stored.find(|id| !known(*id));
        must(strange.is_none(), Rule::O4Once, || format!("{} is stored, and need not be", some(strange)))?;
        if let Some(append) = self.check_checkpoints(shown, limbo)? {
            check_whole(append, shown, has)?;
            self.model.append_as_it_is(append);
            self.remember(append);
        } else if let Some(append) = limbo {
            for event in append.events.iter() {
                let id = event.payload.id();
                if has(id) && !self.model.has(id) {
                    self.model.take_in(core::slice::from_ref(event));
                }
            }
        }
        self.check_order(shown)?;
        self.check_records(shown)
    }

    /// O4: events are stored in the order in which they first came.
    fn check_order(&self, shown: &Shown<P>) -> Result<(), Violation> {
        if !self.model.compares() {
            return Ok(());
        }
        let stored = shown.events.iter().filter_map(P::named);
        let wrong = stored.zip(self.model.rows()).find(|(stored, came)| stored != *came);
        match wrong {
            Some((stored, came)) => {
                let what = format!("{stored} is stored where {came} has to be, which came first");
                Err(Violation::of(Rule::O4Once, what))
            }
            None => Ok(()),
        }
    }

    /// How often each event is stored.
    fn count(&self, shown: &Shown<P>) -> Result<Vec<u32>, Violation> {
        let mut counts: Vec<u32> = Vec::new();
        for key in &shown.events {
            let Some(id) = P::named(key) else {
                let what = format!("{key:?} is stored, and nobody told of it");
                return Err(Violation::of(Rule::O4Once, what));
            };
            if counts.len() <= id.index() {
                counts.resize((id.index() + 1).next_power_of_two(), 0);
            }
            counts[id.index()] += 1;
        }
        let mut counted = (0..).map(EventId).zip(&counts);
        let doubled = counted.find(|(_, count)| self.model.compares() && **count > 1);
        match doubled {
            Some((id, count)) => Err(Violation::of(Rule::O4Once, format!("{id} is stored {count} times"))),
            None => Ok(counts),
        }
    }

    /// O2, O3: each checkpoint is where it was left; or that of `limbo`, which then is done.
    fn check_checkpoints<'a>(
        &self,
        shown: &Shown<P>,
        limbo: Option<&'a Append<P>>,
    ) -> Result<Option<&'a Append<P>>, Violation> {
        let mut done = None;
        let scopes = self.model.checkpoints().map(|(scope, _)| *scope);
        let scopes: BTreeSet<Scope> =
            scopes.chain(shown.checkpoints.iter().map(|(scope, _)| *scope)).collect();
        for scope in scopes {
            let is_here = |(of, _): &&(Scope, Checkpoint<P::Key>)| *of == scope;
            let stored = shown.checkpoints.iter().find(is_here).map(|(_, checkpoint)| checkpoint);
            let left = self.model.checkpoints().find(is_here).map(|(_, checkpoint)| checkpoint);
            let in_limbo = limbo.filter(|append| append.scope == scope);
            if stored == left {
                continue;
            }
            if stored.is_some() && stored == in_limbo.map(|append| &append.checkpoint) {
                done = in_limbo;
                continue;
            }
            let is_earlier = !self.model.compares()
                && stored.is_none_or(|stored| self.earlier.get(&(scope, stored.version)) == Some(stored));
            must(is_earlier, Rule::O3Monotonic, || {
                let say = |of: Option<&Checkpoint<P::Key>>| of.map_or("nowhere".to_owned(), place);
                format!("the checkpoint of {scope} is {}, and was left {}", say(stored), say(left))
            })?;
        }
        Ok(done)
    }

    /// O15, O16: gaps and dead letters are on record; but a sink that goes back to an earlier checkpoint may forget.
    fn check_records(&self, shown: &Shown<P>) -> Result<(), Violation> {
        if !self.model.compares() {
            return Ok(());
        }
        let missing = self.model.gaps().find(|gap| !shown.gaps.contains(gap));
        must(missing.is_none(), Rule::O15Gaps, || format!("the gap {} is not on record", some(missing)))?;
        // A sink need not look at the contents of events.
        let mut letters = self.model.letters().iter().filter(|(_, letter)| letter.reason != Reason::Conflict);
        let missing =
            letters.find(|(scope, letter)| !shown.dead_letters.contains(&Aside::of(*scope, letter)));
        must(missing.is_none(), Rule::O16Poison, || "a dead letter was stored, and is not there".to_owned())
    }

    fn version(&self, scope: Scope) -> Version {
        let mut known = self.model.checkpoints().filter(|(of, _)| *of == scope);
        known.next().map_or(Version(0), |(_, checkpoint)| checkpoint.version)
    }
}

/// O2: a checkpoint is not ahead of what it stands for.
fn check_whole<P: Told + PartialEq>(
    append: &Append<P>,
    shown: &Shown<P>,
    has: impl Fn(EventId) -> bool,
) -> Result<(), Violation> {
    let ahead = |of: String| {
        let (scope, place) = (append.scope, place(&append.checkpoint));
        let what = format!("a checkpoint is ahead of {of}, not stored: that of {scope}, {place}");
        Err(Violation::of(Rule::O2Checkpoint, what))
    };
    if let Some(event) = append.events.iter().find(|event| !has(event.payload.id())) {
        return ahead(event.payload.id().to_string());
    }
    let is_missing =
        |gap: &&Gap| gap.state != GapState::Closed && !shown.gaps.iter().any(|known| known.is_same(gap));
    if let Some(gap) = append.gaps.iter().find(is_missing) {
        return ahead(format!("the gap {gap}"));
    }
    let is_aside = |letter| shown.dead_letters.contains(&Aside::of(append.scope, letter));
    match append.dead_letters.iter().find(|letter| !is_aside(letter)) {
        Some(letter) => ahead(format!("a dead letter ({:?})", letter.reason)),
        None => Ok(()),
    }
}

fn names<P: Told>(append: &Append<P>, id: EventId) -> bool {
    append.events.iter().any(|event| event.payload.id() == id)
}

fn place<K>(checkpoint: &Checkpoint<K>) -> String {
    format!("at {} (version {})", checkpoint.place, checkpoint.version.0)
}

fn say<K>(checkpoints: &BTreeMap<Scope, &Checkpoint<K>>) -> String {
    let each = checkpoints.iter().map(|(scope, checkpoint)| format!("{scope} {}", place(checkpoint)));
    format!("[{}]", each.collect::<Vec<_>>().join(", "))
}

fn some(what: Option<impl core::fmt::Display>) -> String {
    what.map(|what| what.to_string()).unwrap_or_default()
}
