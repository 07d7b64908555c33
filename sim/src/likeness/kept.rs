//! What a run leaves behind: all that is stored, set aside and on record as the books are closed.

use std::collections::BTreeSet;

use highwater_core::cursor::Place;
use highwater_core::gap::{Cause, Gap, GapState};
use highwater_core::scope::Scope;
use highwater_core::sink::Content;

use super::Outline;
use crate::carrier::Told;
use crate::disk::Disk;
use crate::truth::EventId;

/// What is left of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    rows: Vec<EventId>,
    /// Of whatever was set aside: which event, or how long the frame was.
    aside: BTreeSet<(Option<EventId>, u64)>,
    gaps: BTreeSet<(Scope, Cause, GapState, [u64; 4])>,
    places: Vec<(Scope, Option<u64>)>,
}

impl Kept {
    /// What the store shows, its times told as in `outline`.
    pub(crate) fn of<P: Told + PartialEq>(disk: &Disk<P>, outline: &Outline) -> Self {
        let aside = disk.letters().iter().map(|(_, letter)| match &letter.content {
            Content::Event(event) => (Some(event.payload.id()), u64::from(event.payload.edition())),
            Content::Frame(sample) => (None, sample.length),
        });
        let gap = |gap: &Gap| {
            let to = gap.to.map_or([0, 0], |to| [to.cursor.0, to.time.as_micros()]);
            let ends = [gap.from.cursor.0, gap.from.time.as_micros(), to[0], to[1]];
            (gap.scope, gap.cause, gap.state, ends.map(|number| outline.number(number)))
        };
        let places = disk.checkpoints().map(|(scope, checkpoint)| match checkpoint.place {
            Place::Cursor(cursor) => (*scope, Some(outline.number(cursor.0))),
            Place::Tip | Place::Oldest | Place::Time(_) => (*scope, None),
        });
        Self {
            rows: disk.rows().to_vec(),
            aside: aside.collect(),
            gaps: disk.gaps().map(gap).collect(),
            places: places.collect(),
        }
    }

    /// In what another run left something else behind, if it did.
    pub(crate) fn differs(&self, other: &Self) -> Option<String> {
        (self != other).then(|| self.first_difference(other)).flatten()
    }

    /// The same for one that died at a quiet moment on the way; what happened from `end` on does not count.
    pub(crate) fn differs_after_a_crash(&self, other: &Self, end: EventId) -> Option<String> {
        let settled = |kept: &Self| {
            let rows: BTreeSet<EventId> = kept.rows.iter().copied().filter(|id| *id < end).collect();
            let gaps = kept.gaps.iter().filter(|(_, cause, ..)| *cause != Cause::Cutover);
            // Who reads on from the store reads more again than who remembers, and may prove or end more.
            let gaps =
                gaps.map(|&(scope, cause, _, ends)| (scope, cause, GapState::Unproven, [ends[0], 0, 0, 0]));
            let places = kept.places.iter().map(|(scope, _)| (*scope, None)).collect();
            Self { rows: rows.into_iter().collect(), gaps: gaps.collect(), aside: kept.aside.clone(), places }
        };
        let (mut usual, other) = (settled(self), settled(other));
        usual.gaps.retain(|gap| other.gaps.contains(gap));
        usual.differs(&other)
    }

    fn first_difference(&self, other: &Self) -> Option<String> {
        let gap = self.gaps.symmetric_difference(&other.gaps).next();
        let aside = self.aside.symmetric_difference(&other.aside).next();
        let rows = self.rows.iter().zip(&other.rows).position(|(one, other)| one != other);
        let gap = gap.map(|gap| format!("a gap is on record in one only: {gap:?}"));
        let aside = aside.map(|aside| format!("something is set aside in one only: {aside:?}"));
        let row = (self.rows != other.rows).then(|| {
            let at = rows.unwrap_or(self.rows.len().min(other.rows.len()));
            format!(
                "other events are stored: {:?} and {:?} as row {at}",
                self.rows.get(at),
                other.rows.get(at)
            )
        });
        let place = || format!("the checkpoints are not the same: {:?} and {:?}", self.places, other.places);
        gap.or(aside).or(row).or_else(|| Some(place()))
    }
}
