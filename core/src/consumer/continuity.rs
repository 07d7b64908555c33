//! Whether a connection goes on where the checkpoint ended.
//!
//! Nothing on the wire names a server or a history. But every wire resumes inclusively, so the event at the
//! checkpoint, its witness, must come again: the same position with the same key proves that nothing is missing.

use core::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::checkpoint::Witness;
use crate::cursor::CursorKind;
use crate::event::{Event, Payload};
use crate::payload::Digested;

/// How a connection stands with its proof.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "K: Digested"))]
pub(super) enum Continuity<K> {
    /// There is nothing to prove, or what cannot be proved is on record already.
    Free,
    /// The witness has not come yet; the checkpoint stays where it is.
    Expected(Witness<K>, By),
    /// On record as a gap; the witness may still come and close it.
    Unproven(Witness<K>, By),
    /// The witness came.
    Proved,
}

/// How the history was asked for, and so what may come before the witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum By {
    /// A feed that counts in time, from the margin before the witness on.
    Time,
    /// A feed that counts in numbers, from the witness's number on: nothing may come before it.
    Seq,
    /// A feed that counts in numbers, from the witness's time on.
    SeqByTime,
}

/// What an event says about the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// It lies before the witness, as was asked for.
    Overlap,
    /// It is the witness.
    Witness,
    /// It lies behind the witness, which has not come.
    Past,
    /// This is not the history that the checkpoint was made in.
    OtherHistory,
    /// Nothing new.
    Nothing,
}

impl<K> Continuity<K> {
    /// Whether the checkpoint may advance.
    pub(super) const fn is_settled(&self) -> bool {
        !matches!(self, Self::Expected(..))
    }

    /// Whether all from before the witness on was asked for, and so the witness will tell whether anything is missing.
    pub(super) const fn is_by_time(&self) -> bool {
        matches!(self, Self::Expected(_, By::SeqByTime) | Self::Unproven(_, By::SeqByTime))
    }

    /// Whether the witness is expected as the very first event.
    pub(super) const fn is_by_number(&self) -> bool {
        matches!(self, Self::Expected(_, By::Seq))
    }

    /// The witness did not come in time.
    ///
    /// # Panics
    /// If it was not expected.
    pub(super) fn doubt(&mut self) {
        let Self::Expected(witness, by) = core::mem::replace(self, Self::Free) else {
            unreachable!("only what is expected can fail to come");
        };
        *self = Self::Unproven(witness, by);
    }

    /// Looks at an event.
    pub(super) fn find<P: Payload<Key = K>>(&self, event: &Event<P>) -> Finding
    where
        K: Eq,
    {
        match self {
            Self::Free | Self::Proved => Finding::Nothing,
            Self::Expected(witness, by) => by.compare(witness, event),
            Self::Unproven(witness, by) => match by.compare(witness, event) {
                Finding::Past => Finding::Nothing,
                // Whatever was replayed has come, or falters: what is told from now on, under numbers still below the
                // witness's, is another log's.
                Finding::Overlap if by.is_told_anew(witness, event) => Finding::OtherHistory,
                found => found,
            },
        }
    }
}

impl By {
    /// Whether an event below the witness is none that was asked for again.
    fn is_told_anew<P: Payload>(self, witness: &Witness<P::Key>, event: &Event<P>) -> bool {
        match self {
            Self::Time => false,
            Self::Seq => true,
            Self::SeqByTime => witness.time < event.time,
        }
    }

    fn compare<P: Payload>(self, witness: &Witness<P::Key>, event: &Event<P>) -> Finding {
        let kind = match self {
            Self::Time => CursorKind::Time,
            Self::Seq | Self::SeqByTime => CursorKind::Seq,
        };
        let Some(cursor) = event.cursor(kind) else {
            return Finding::OtherHistory;
        };
        let is_witness = || event.payload.key() == witness.key;
        match (self, cursor.cmp(&witness.cursor)) {
            (_, Ordering::Equal) if is_witness() => Finding::Witness,
            (_, Ordering::Greater) => Finding::Past,
            // Timestamps need not be unique: another event at the witness's time says nothing.
            (Self::Time, _) | (Self::SeqByTime, Ordering::Less) => Finding::Overlap,
            (Self::Seq | Self::SeqByTime, _) => Finding::OtherHistory,
        }
    }
}
