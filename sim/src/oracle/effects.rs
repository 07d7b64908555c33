//! What each effect means to the ledgers, and whether it may be.

use highwater_core::closure::CloseReason;
use highwater_core::cursor::Place;
use highwater_core::effect::{Effect, Notice, Outcome};
use highwater_core::event::Reason;
use highwater_core::gap::Cause;
use highwater_core::number::{Epoch, Op};
use highwater_core::scope::SourceId;
use highwater_core::sink::{Append, Content};
use highwater_core::time::{Duration, Instant, Now};

use super::link::Link;
use super::memory::check_batch;
use super::rule::{Rule, Violation, must};
use super::{Asked, Life, Oracle, Question, digest};
use crate::carrier::Told;
use crate::truth::EventId;

/// An event that was refused is tried again no sooner than this, and so often.
const REFUSAL_PAUSE: Duration = Duration::from_secs(1);
const REFUSALS: u8 = 3;

impl<P: Told> Oracle<P> {
    /// An effect is about to be carried out.
    pub(crate) fn effect(&mut self, now: Now, effect: &Effect<P>) -> Result<(), Violation> {
        self.hash = digest::effect(self.hash, effect);
        if let Effect::Ignored(why) = effect {
            self.count_ignored(*why);
        }
        let Some(life) = self.life.as_mut() else { return Ok(()) };
        must(life.ended.is_none(), Rule::O10Stop, || format!("after the end comes {effect}"))?;
        // One event may end all the gaps that wait for one, and that may be many; O15 judges each.
        if !matches!(effect, Effect::Notice(Notice::Gap(_))) {
            life.bustle.effect()?;
        }
        let at = now.monotonic;
        match effect {
            Effect::Load { op } => life.ask(at, *op, Question::Load)?,
            Effect::Flush { op } => life.ask(at, *op, Question::Flush)?,
            Effect::Append(append) => {
                life.append(now, append)?;
                for gap in append.gaps.iter().filter(|gap| gap.to.is_some()) {
                    self.ends.insert((gap.scope, gap.cause, gap.from.cursor), append.scope.source);
                }
            }
            Effect::Open { epoch, source, place, options } => {
                let dropped = life.delivery.dial()?;
                for id in dropped {
                    self.fates.drop(id);
                }
                life.open(now, *epoch, *source, *place)?;
                if options.compress {
                    life.pace.compresses()?;
                }
            }
            Effect::Ping { epoch } => {
                life.is_of_link(*epoch, effect)?;
                life.staleness.asked(now.wall);
            }
            Effect::Pause { epoch } => {
                life.is_of_link(*epoch, effect)?;
                life.check_pause()?;
                life.silence.paused(at);
            }
            Effect::Resume { epoch } => {
                life.is_of_link(*epoch, effect)?;
                life.check_resume(at)?;
                life.silence.resumed(at);
            }
            Effect::Close { epoch, reason } => {
                life.is_of_link(*epoch, effect)?;
                life.silence.closed(at, *reason)?;
                life.break_off(*reason)?;
                life.closed(at, None);
            }
            Effect::Notice(notice) => life.notice(*notice)?,
            Effect::Ignored(_) => {}
            Effect::Stop(outcome) => {
                for id in life.stopped(at, *outcome)? {
                    self.fates.drop(id);
                }
            }
        }
        Ok(())
    }
}

impl<P: Told> Life<P> {
    fn ask(&mut self, at: Instant, op: Op, question: Question<P>) -> Result<(), Violation> {
        must(self.asked.is_none(), Rule::O2Checkpoint, || {
            format!("{op} is asked before the last was answered")
        })?;
        must(!self.is_fenced, Rule::O12Fence, || format!("{op} is asked after another writer took over"))?;
        self.trouble.asked(at)?;
        self.asked = Some(Asked { op, question });
        Ok(())
    }

    fn append(&mut self, now: Now, append: &Append<P>) -> Result<(), Violation> {
        let at = now.monotonic;
        let Some(records) = &self.records else {
            return Err(Violation::of(Rule::O3Monotonic, "an append before it is known what is durable"));
        };
        must(append.fence == self.fence, Rule::O12Fence, || {
            format!("an append under {} where {} is held", append.fence, self.fence)
        })?;
        check_batch(append, &self.config)?;
        let taken = self.delivery.take(append)?;
        self.is_settled |= records.is_excused(append.scope, &append.gaps);
        records.check(append, self.is_settled)?;
        if let Some(known) = records.of(append.scope) {
            self.staleness.check(now.wall, known, &append.checkpoint)?;
        }
        if let Place::Cursor(cursor) = append.checkpoint.place {
            let known = records.of(append.scope).map(|known| known.place);
            if known != Some(append.checkpoint.place) {
                let margin = append.checkpoint.margin.as_micros();
                self.delivery.reach(taken, append.scope.kind, cursor, margin)?;
            }
        }
        self.check_letters(append)?;
        self.check_patience(at, append)?;
        let question = Question::Append {
            scope: append.scope,
            taken,
            checkpoint: append.checkpoint.clone(),
            gaps: append.gaps.clone(),
            events: append.events.clone(),
            buried: append.dead_letters.iter().find_map(|letter| match &letter.content {
                Content::Event(event) => Some((event.payload.id(), event.time)),
                Content::Frame(_) => None,
            }),
        };
        self.ask(at, append.op, question)
    }

    /// O16: what is set aside as refused was refused three times.
    fn check_letters(&self, append: &Append<P>) -> Result<(), Violation> {
        for letter in &append.dead_letters {
            let Content::Event(event) = &letter.content else { continue };
            let id = event.payload.id();
            let refusals = self.refused.get(&(id, event.time)).map_or(0, |refused| refused.times);
            let is_right = matches!(letter.reason, Reason::Refused(_)) && REFUSALS <= refusals;
            must(is_right, Rule::O16Poison, || format!("{id} is set aside after {refusals} refusals"))?;
        }
        Ok(())
    }

    /// O16: what was refused is tried again only after a while.
    fn check_patience(&self, at: Instant, append: &Append<P>) -> Result<(), Violation> {
        if self.refused.is_empty() {
            return Ok(());
        }
        for event in append.events.iter() {
            let id = event.payload.id();
            let refused = self.refused.get(&(id, event.time)).filter(|refused| !refused.has_twin);
            let since = refused.map(|refused| at.since(refused.last));
            must(since.is_none_or(|since| REFUSAL_PAUSE <= since), Rule::O16Poison, || {
                format!("{id} is tried again {} after it was refused", since.unwrap_or_default())
            })?;
        }
        Ok(())
    }

    fn open(&mut self, now: Now, epoch: Epoch, source: SourceId, place: Place) -> Result<(), Violation> {
        let at = now.monotonic;
        must(self.link.is_none(), Rule::O5OneConnection, || format!("{epoch} is dialed beside another"))?;
        must(self.asked.is_none(), Rule::O5OneConnection, || {
            format!("{epoch} is dialed with an append in flight")
        })?;
        must(self.stop.is_none(), Rule::O10Stop, || format!("{epoch} is dialed after a stop"))?;
        must(self.trouble.is_flushed(), Rule::O5OneConnection, || {
            format!("{epoch} is dialed before a flush")
        })?;
        must(!self.is_fenced, Rule::O12Fence, || {
            format!("{epoch} is dialed after another writer took over")
        })?;
        let late = self.planned.map_or(Duration::ZERO, |planned| at.since(planned));
        self.pace.dial(at, source, self.busy_at, late)?;
        let latest = self.records.as_ref().and_then(|records| records.latest(source));
        let Some((scope, checkpoint)) = latest else {
            return Err(Violation::of(
                Rule::O3Monotonic,
                format!("{epoch} is dialed before anything is durable"),
            ));
        };
        let covered = self.staleness.covered(checkpoint);
        self.overlap.dial(scope, checkpoint, place, self.reached.take(), covered, now.wall)?;
        self.staleness.dial(now.wall, checkpoint)?;
        self.is_split = false;
        self.causes.dialed(scope, checkpoint, place)?;
        self.beginning.dial(checkpoint, place, self.causes.was_too_old())?;
        self.silence.dialed(at);
        self.source = source;
        self.link = Some(Link::new(epoch, source, place));
        Ok(())
    }

    fn is_of_link(&self, epoch: Epoch, effect: &Effect<P>) -> Result<(), Violation> {
        let is_of_link = self.link.as_ref().is_some_and(|link| link.epoch == epoch);
        must(is_of_link, Rule::O5OneConnection, || format!("there is no such connection: {effect}"))
    }

    /// What came behind the point where the machine broke off is read again.
    fn break_off(&mut self, reason: CloseReason) -> Result<(), Violation> {
        match reason {
            CloseReason::Malformed => {
                let is_right = self.link.as_ref().is_some_and(|link| link.garble.is_too_much());
                must(is_right, Rule::O7Pace, || "a connection is given up for few bad frames".to_owned())?;
                self.delivery.break_off(self.mark);
                self.pace.malformed();
            }
            CloseReason::Unproven | CloseReason::Incarnation => self.delivery.break_off(self.mark),
            CloseReason::ConnectTimeout
            | CloseReason::Silent
            | CloseReason::Quiet
            | CloseReason::Patience
            | CloseReason::LimitLifted
            | CloseReason::Stop => {}
        }
        Ok(())
    }

    fn notice(&mut self, notice: Notice) -> Result<(), Violation> {
        match notice {
            Notice::Gap(gap) => {
                if let Some(link) = self.link.as_mut().filter(|_| gap.cause == Cause::Clock) {
                    link.owes_gap = false;
                    link.high = gap.to.map_or(link.high, |to| to.cursor);
                }
                self.causes.note_switch(&gap, self.switch.as_ref())?;
                let durable = self.records.as_ref().and_then(|records| records.of(gap.scope));
                self.causes.note(&gap, &self.config, self.link.as_ref(), durable, self.mark)
            }
            Notice::SourceFatal { source } => must(self.pace.is_fatal(source), Rule::O20Fatal, || {
                format!("source {} never refused for good", source.0)
            }),
            Notice::Proved { .. } => {
                self.delivery.proved();
                Ok(())
            }
            Notice::SinkUnavailable { delay } => self.trouble.told(delay),
            Notice::BackingOff { failures, delay } => self.pace.told(failures, delay),
            Notice::Suspended { span } => self.silence.slept(span),
            Notice::Stale { age } => {
                self.staleness.told(age);
                Ok(())
            }
            Notice::StartIgnored => self.beginning.ignored(),
            Notice::NewIncarnation { .. } | Notice::Switched { .. } | Notice::Poison { .. } => Ok(()),
        }
    }

    /// It ends. Says what it may have dropped with its last connection.
    fn stopped(&mut self, at: Instant, outcome: Outcome) -> Result<Vec<EventId>, Violation> {
        let is_right = match outcome {
            Outcome::Stopped => self.stop.is_some(),
            Outcome::GraceOver => self.stop.is_some() || self.config.exit_idle.is_some(),
            Outcome::Idle => self.silence.is_idle(),
            Outcome::GaveUp => self.config.give_up_after.is_some_and(|limit| self.pace.is_bad_for(limit, at)),
            Outcome::AllFatal => self.pace.is_hopeless(),
            Outcome::Fenced => self.is_fenced || self.unsettled.is_some(),
            Outcome::Corrupt => false,
        };
        must(is_right, Rule::O10Stop, || format!("there is no reason to end as {outcome:?}"))?;
        let mut dropped = Vec::new();
        if matches!(outcome, Outcome::Stopped | Outcome::Idle) {
            dropped = self.delivery.settle_all(Rule::O10Stop, "an orderly end")?;
            must(self.trouble.is_flushed(), Rule::O10Stop, || "an orderly end without a flush".to_owned())?;
        }
        must(self.link.is_none(), Rule::O5OneConnection, || "a connection is left open".to_owned())?;
        self.ended = Some(outcome);
        Ok(dropped)
    }
}
