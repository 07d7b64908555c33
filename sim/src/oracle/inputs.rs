//! What each input means to the ledgers.

use highwater_core::Input;
use highwater_core::closure::Closure;
use highwater_core::cursor::{CursorKind, Place};
use highwater_core::event::Item;
use highwater_core::gap::{Gap, GapState};
use highwater_core::number::Op;
use highwater_core::scope::SourceId;
use highwater_core::sink::{Appended, Loaded, Unavailable};
use highwater_core::time::{Instant, Now, WallTime};

use super::link::Link;
use super::records::Records;
use super::rule::Violation;
use super::switch::Switch;
use super::{Asked, Life, Oracle, Question, digest};
use crate::carrier::Told;
use crate::truth::EventId;

impl<P: Told> Oracle<P> {
    /// Late or doubled news is about to be handed in.
    pub(crate) fn late(&mut self, now: Now, input: &Input<P>) {
        self.hash = digest::input(self.hash, now, input);
    }

    /// News is about to be handed in.
    pub(crate) fn input(&mut self, now: Now, input: &Input<P>) -> Result<(), Violation> {
        self.hash = digest::input(self.hash, now, input);
        let Some(life) = self.life.as_mut() else { return Ok(()) };
        let at = now.monotonic;
        life.silence.handed(now);
        match input {
            Input::Timeout => life.bustle.woken(at)?,
            Input::Received { items, .. } => life.bustle.news(at, items.len()),
            _ => life.bustle.news(at, 0),
        }
        match input {
            Input::Timeout => {}
            Input::Opened { .. } => {
                life.pace.opened(at);
                life.silence.opened(at);
                life.opened(now.wall);
            }
            Input::Received { items, .. } => {
                life.mark = life.delivery.order();
                let is_event = items.iter().any(|item| matches!(item, Item::Event(_) | Item::Filtered(_)));
                life.silence.heard(at, is_event);
                life.staleness.ignored();
                for item in items {
                    if let Some(id) = life.receive(item, now) {
                        self.fates.hand(id);
                    }
                }
                life.portion = life.portion.max(items.len());
                life.check_memory()?;
            }
            Input::Heard { pong, .. } => {
                life.silence.heard(at, false);
                if *pong {
                    life.pace.ponged();
                    life.pong_answered();
                } else {
                    life.staleness.ignored();
                }
            }
            Input::Closed { closure, .. } => {
                life.silence.ended();
                life.causes.closed(*closure);
                life.closed(at, Some(*closure));
            }
            Input::Loaded { op, loaded } => life.loaded(at, *op, loaded),
            Input::Appended { op, appended } => life.appended(at, *op, appended),
            Input::Flushed { op, flushed } => life.flushed(at, *op, *flushed),
            Input::StopRequested => life.stop = life.stop.or(Some(at)),
        }
        for (id, edition) in life.two_faced.drain(..) {
            self.fates.append(id, edition);
        }
        Ok(())
    }
}

impl<P: Told> Life<P> {
    fn opened(&mut self, wall: WallTime) {
        let Some(link) = self.link.as_mut() else { return };
        link.is_open = true;
        self.switch = Some(Switch::new(wall, WallTime::from_micros(link.high.0)));
        let latest = self.records.as_ref().and_then(|records| records.latest(link.source));
        let is_doubtful = latest
            .is_some_and(|(scope, known)| scope.kind == CursorKind::Time && known.witness.is_none())
            && matches!(link.asked, Place::Time(_) | Place::Cursor(_));
        self.causes.opened(is_doubtful);
        link.expected = latest.and_then(|(scope, checkpoint)| Some((scope, checkpoint.witness.clone()?)));
        self.is_settled = link.expected.is_none();
    }

    /// A ping is answered: if nothing waits, silence is accounted for up to then.
    fn pong_answered(&mut self) {
        if self.asked.is_some() || !self.delivery.is_empty() {
            return self.staleness.ignored();
        }
        let latest = self.records.as_ref().and_then(|records| records.latest(self.source));
        let (Some(link), Some((scope, known))) = (self.link.as_ref(), latest) else { return };
        // Where it is certain that the next dial asks from the checkpoint on.
        let is_certain = matches!(link.asked, Place::Cursor(_))
            && scope.kind == CursorKind::Time
            && known.witness.is_some()
            && link.proved.is_some()
            && !link.is_numbered()
            && !self.beginning.has_new_filter()
            && self.waiting_bytes == 0
            && !self.trouble.is_any();
        self.staleness.answered(is_certain);
    }

    /// An item is handed in. Says which event has to be stored now.
    fn receive(&mut self, item: &Item<P>, now: Now) -> Option<EventId> {
        let mut is_witness = false;
        let mut id = None;
        if let Some(link) = self.link.as_mut() {
            link.garble.frame(matches!(item, Item::Malformed(..)));
        }
        if let (Some(link), Item::Event(event) | Item::Filtered(event) | Item::Oversize(event, _)) =
            (self.link.as_mut(), item)
        {
            let was_proved = link.proved.is_some();
            is_witness = link.event(event, self.delivery.order());
            if let Some(switch) = &mut self.switch {
                switch.pass(event.time, now.wall, is_witness && !was_proved);
            }
            if let Some((scope, witness)) = link.expected.as_ref().filter(|_| is_witness) {
                self.causes.proved(*scope, witness.cursor);
                self.is_settled = true;
            }
            id = matches!(item, Item::Event(_)).then(|| event.payload.id());
        }
        if matches!(item, Item::Outdated) && !self.link.as_ref().is_some_and(Link::asks_again) {
            self.causes.outdated(self.link.as_ref().is_some_and(Link::begins_at_time));
        }
        if matches!(item, Item::Malformed(..) | Item::Oversize(..)) {
            self.silence.stirred(now.monotonic);
        }
        self.delivery.hand(item, |_| is_witness);
        id
    }

    /// The connection is over, by whoever's doing.
    pub(super) fn closed(&mut self, at: Instant, closure: Option<Closure>) {
        if let Some(link) = self.link.take() {
            self.reached = link.is_fruitful.then_some(link.high);
            self.pace.ended(at, link.source, closure);
        }
    }

    fn loaded(&mut self, at: Instant, op: Op, loaded: &Result<Loaded<P::Key>, Unavailable>) {
        if self.asked.take_if(|asked| asked.op == op).is_none() {
            return;
        }
        self.trouble.answered(at, loaded.is_err());
        let Ok(loaded) = loaded else { return };
        self.fence = loaded.fence;
        if self.records.is_none() {
            let open: Vec<Gap> =
                loaded.gaps.iter().filter(|gap| gap.state != GapState::Closed).copied().collect();
            self.causes.remember(&open);
            let records = Records::new(loaded.compares, &loaded.checkpoints, open);
            let first = records.latest(SourceId(0));
            let has_new_filter = first.is_some_and(|(_, known)| known.filter != self.config.filter);
            self.beginning.loaded(first.is_some(), loaded.newest.is_none(), has_new_filter);
            self.records = Some(records);
        }
        if let Some(question) = self.unsettled.take() {
            let is_done = question.is_in(loaded);
            if is_done {
                self.durable(at, question, None);
            }
        }
    }

    fn appended(&mut self, at: Instant, op: Op, appended: &Appended) {
        let Some(asked) = self.asked.take_if(|asked| asked.op == op) else { return };
        self.trouble.answered(at, matches!(appended, Appended::Unavailable));
        match appended {
            Appended::Stored { stored, .. } => {
                self.durable(at, asked.question, Some(*stored));
            }
            Appended::Conflict | Appended::Unknown => self.unsettled = Some(asked.question),
            Appended::Fenced => self.is_fenced = true,
            Appended::Refused { index, .. } => {
                self.is_split = true;
                self.refuse(at, &asked, *index);
            }
            Appended::Unavailable => {}
        }
    }

    fn refuse(&mut self, at: Instant, asked: &Asked<P>, index: u32) {
        let Question::Append { events, .. } = &asked.question else { return };
        if let Some(event) = events.get(index as usize) {
            let telling = (event.payload.id(), event.time);
            let twins = events.iter().filter(|event| (event.payload.id(), event.time) == telling).count();
            let refused = self.refused.entry(telling).or_default();
            refused.times = refused.times.saturating_add(1);
            refused.last = at;
            refused.has_twin |= twins > 1;
        }
    }

    /// An append is durable; `stored` of its events were new, if that is known.
    fn durable(&mut self, at: Instant, question: Question<P>, stored: Option<u32>) {
        let Question::Append { scope, taken, checkpoint, gaps, events, buried } = question else { return };
        let known = self.records.as_ref().and_then(|records| records.of(scope));
        let moved = match known {
            Some(known) => known.place != checkpoint.place,
            None => matches!(checkpoint.place, Place::Cursor(_)),
        };
        let compares = self.records.as_ref().is_some_and(Records::compares);
        let is_new = compares && stored.map_or(!events.is_empty(), |stored| stored > 0);
        if moved || is_new {
            self.pace.progressed(at, moved);
        }
        if !self.refused.is_empty() {
            let tellings = events.iter().map(|event| (event.payload.id(), event.time));
            for telling in tellings.chain(buried) {
                self.refused.remove(&telling);
            }
        }
        let contents = events.iter().map(|event| (event.payload.id(), event.payload.edition()));
        self.two_faced.extend(contents.filter(|(_, edition)| *edition > 0));
        self.busy_at = at;
        self.trouble.flushed(false);
        self.delivery.durable(taken);
        // The witness is appended like any other where it is not known for one.
        self.is_split &= self.delivery.held().events_most > 0 || !self.delivery.is_empty();
        if stored.map_or(!events.is_empty(), |stored| stored > 0) || buried.is_some() {
            self.silence.stirred(at);
        }
        if let Some(records) = self.records.as_mut() {
            records.durable(scope, checkpoint, &gaps);
        }
    }

    fn flushed(&mut self, at: Instant, op: Op, flushed: Result<(), Unavailable>) {
        self.asked.take_if(|asked| asked.op == op);
        self.trouble.answered(at, flushed.is_err());
        self.trouble.flushed(flushed.is_ok());
        self.busy_at = at;
    }
}

impl<P: Told> Question<P> {
    /// Whether the sink has what was asked of it.
    fn is_in(&self, loaded: &Loaded<P::Key>) -> bool {
        let Self::Append { scope, checkpoint, .. } = self else { return false };
        let mut known = loaded.checkpoints.iter().filter(|(known, _)| known == scope);
        known.any(|(_, known)| known.version == checkpoint.version)
    }
}
