//! How the sink of the small world answers: as it should, or worse.

use std::sync::Arc;

use highwater_core::Input;
use highwater_core::number::Op;
use highwater_core::sink::{Append, Appended, Unavailable};

use super::Turn;
use crate::carrier::{Small, Told as _};
use crate::oracle::Violation;
#[cfg(test)]
use crate::search::bounds::Mishap;
use crate::search::rules;
use crate::search::scene::Asked;

/// What is said of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Plain,
    Unavailable,
    UnknownDone,
    UnknownUndone,
    Refused,
}

impl Turn<'_> {
    pub(super) fn answer(&mut self, answer: Answer) -> Result<(), Violation> {
        match core::mem::replace(&mut self.scene.asked, Asked::Nothing) {
            Asked::Nothing => Ok(()),
            Asked::Load(op) => self.load(op, answer),
            Asked::Flush(op) => {
                let flushed = if answer == Answer::Plain { Ok(()) } else { Err(Unavailable) };
                self.scene.ledger.is_unflushed &= flushed.is_err();
                self.hand(Input::Flushed { op, flushed })
            }
            Asked::Append { append, covers } => {
                let op = append.op;
                let appended = match answer {
                    Answer::Plain => self.append(&append)?,
                    Answer::Unavailable => Appended::Unavailable,
                    Answer::UnknownUndone => Appended::Unknown,
                    Answer::Refused => self.refuse(&append),
                    Answer::UnknownDone => match self.append(&append)? {
                        Appended::Stored { .. } => Appended::Unknown,
                        refusal => refusal,
                    },
                };
                let ledger = &mut self.scene.ledger;
                match (&appended, answer) {
                    (Appended::Stored { .. }, _) => ledger.waiting.take(covers),
                    (Appended::Unknown, Answer::UnknownDone) => {
                        ledger.unheard = Some(covers);
                        // How much of it was new nobody will know, and all is taken for new.
                        ledger.attempt.is_good |= !append.events.is_empty();
                    }
                    _ => {}
                }
                self.hand(Input::Appended { op, appended })
            }
        }
    }

    fn load(&mut self, op: Op, answer: Answer) -> Result<(), Violation> {
        if answer != Answer::Plain {
            return self.hand(Input::Loaded { op, loaded: Err(Unavailable) });
        }
        self.scene.fence = self.scene.fence.next();
        let loaded = Ok(self.scene.shelf.open(self.scene.fence));
        self.scene.is_fenced = false;
        if let Some(covers) = self.scene.ledger.unheard.take() {
            self.scene.ledger.waiting.take(covers);
        }
        self.hand(Input::Loaded { op, loaded })
    }

    fn append(&mut self, append: &Append<Small>) -> Result<Appended, Violation> {
        let is_fenced = self.scene.is_fenced;
        let is_further = rules::is_further(self.scene, append);
        #[cfg(test)]
        let append = &self.forget(append);
        let appended = Arc::make_mut(&mut self.scene.shelf).append(append, self.scene.fence);
        let ledger = &mut self.scene.ledger;
        match &appended {
            Appended::Stored { stored, .. } => {
                rules::forget_refusals(ledger, append);
                ledger.is_unflushed = true;
                ledger.attempt.is_good |= *stored > 0 || is_further;
                ledger.has_told_gap &= !is_further;
                ledger.is_too_old &= !is_further;
            }
            Appended::Refused { index, .. } => {
                if let Some(event) = append.events.get(*index as usize) {
                    ledger.refusals.count(event.payload.id());
                }
            }
            Appended::Fenced | Appended::Conflict => rules::must_be_fenced(is_fenced, &appended)?,
            Appended::Unavailable | Appended::Unknown => {}
        }
        Ok(appended)
    }

    fn refuse(&mut self, append: &Append<Small>) -> Appended {
        if let Some(event) = append.events.first() {
            self.scene.ledger.refusals.count(event.payload.id());
        }
        Appended::Refused { index: 0, why: "not this time".to_owned() }
    }

    /// What the sink makes of it, with the planted bug.
    #[cfg(test)]
    fn forget(&self, append: &Append<Small>) -> Append<Small> {
        let forgets = self.model.forgets && self.scene.spent.of(Mishap::SinkOut) > 0;
        let kept = if forgets { 0 } else { append.events.len() };
        Append { events: append.events.slice(0..kept), ..append.clone() }
    }
}
