//! O3: where a life begins, and where a dial goes as long as nothing ever came that could come again.

use highwater_core::checkpoint::Checkpoint;
use highwater_core::cursor::Place;

use super::rule::{Rule, Violation, must};

/// How a life begins.
#[derive(Clone, Debug)]
pub(super) struct Beginning {
    start: Place,
    /// There is a checkpoint, so what the operator asked for means nothing, and he is not told yet.
    owes_notice: bool,
    /// It begins at the very tip: the first dial asks for nothing.
    is_now: bool,
    /// What is durable was asked for with another filter.
    has_new_filter: bool,
}

impl Beginning {
    /// A life that is to begin there, if there is no checkpoint.
    pub(super) fn new(start: Place) -> Self {
        Self { start, owes_notice: false, is_now: false, has_new_filter: false }
    }

    /// What is durable is known: of the first source, and of any.
    pub(super) fn loaded(&mut self, has_record: bool, is_blank: bool, has_new_filter: bool) {
        self.has_new_filter = has_new_filter;
        self.owes_notice = has_record && self.start != Place::Tip;
        self.is_now = !has_record && is_blank && self.start == Place::Tip;
    }

    /// Whether what is durable was asked for with another filter.
    pub(super) fn has_new_filter(&self) -> bool {
        self.has_new_filter
    }

    /// The operator is told that the start means nothing.
    pub(super) fn ignored(&mut self) -> Result<(), Violation> {
        must(core::mem::take(&mut self.owes_notice), Rule::O3Monotonic, || {
            format!("the start, {}, is ignored without reason", self.start)
        })
    }

    /// A dial for `place`.
    pub(super) fn dial<K>(
        &mut self,
        checkpoint: &Checkpoint<K>,
        place: Place,
        was_too_old: bool,
    ) -> Result<(), Violation> {
        must(!self.owes_notice, Rule::O3Monotonic, || {
            format!("the start, {}, is ignored without a word", self.start)
        })?;
        let is_now = core::mem::take(&mut self.is_now);
        let expected = match checkpoint.place {
            Place::Tip if is_now => Place::Tip,
            Place::Tip => Place::Time(checkpoint.covered_until - checkpoint.margin),
            place => place,
        };
        let is_right =
            checkpoint.witness.is_some() || place == expected || (was_too_old && place == Place::Oldest);
        must(is_right, Rule::O3Monotonic, || format!("dialed for {place}, and not for {expected}"))
    }
}
