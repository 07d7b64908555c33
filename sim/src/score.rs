//! What a recorded run was like, as far as the world can play it again: which events there were, how its dials and
//! its sink went, when it woke and was started.
//!
//! A world with a score gives its machine what was recorded for as long as nothing else happens. After that it goes
//! on by itself: the events stay what they were, the next connection goes as the next one recorded did, and what the
//! score does not say comes from the seed. Faults are not in it: those are records of the plan, the recorded ones too.

mod follow;

use std::sync::Arc;

use highwater_core::checkpoint::{Checkpoint, Witness};
use highwater_core::cursor::Cursor;
use highwater_core::digest::Digest;
use highwater_core::sink::Loaded;
use highwater_core::time::{Duration, Instant, WallTime};
use serde::{Deserialize, Serialize};

pub(crate) use follow::{Follow, Occasion, Told};

/// What a recorded run was like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Score {
    /// What the first process found durable, if it did. Keys are the numbers of events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) found: Option<Loaded<Digest>>,
    /// Its processes.
    pub(crate) lives: Vec<Start>,
    /// Its events, in the order in which they happened.
    pub(crate) events: Vec<Note>,
    /// Its connections.
    pub(crate) dials: Vec<Dial>,
    /// How long each thing took that the sink had to do.
    pub(crate) jobs: Vec<Duration>,
    /// When its machine was told that a deadline had passed, by the world's clock.
    pub(crate) wakes: Vec<Instant>,
}

/// How a process was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Start {
    /// When, by the world's clock.
    pub(crate) at: Instant,
    /// The machine's own chance.
    pub(crate) seed: u64,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "NoteText", into = "NoteText")]
pub(crate) struct Note {
    /// When it happened.
    pub(crate) at: Instant,
    /// How much memory it takes.
    pub(crate) size: u32,
    /// It was asked for; another one came all the same.
    pub(crate) is_wanted: bool,
    /// What each source said of it that told of it.
    pub(crate) told: Vec<(u8, WallTime, Cursor)>,
}

/// Short, since there are many.
type NoteText = (Instant, u32, bool, Vec<(u8, WallTime, Cursor)>);

/// A connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dial {
    /// How long it took to open, or to fail.
    pub(crate) greets: Option<Duration>,
    /// How long after opening something was read, and how many events.
    pub(crate) reads: Vec<(Duration, u32)>,
    /// How long after opening it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ends: Option<Duration>,
    /// How long after opening something else was heard.
    pub(crate) heard: Vec<Duration>,
    /// How long each answer to a ping took.
    pub(crate) pongs: Vec<Duration>,
}

/// A process is told of a deadline so late at most.
const LATE_MAX: Duration = Duration::from_millis(20);
/// A score has so many events at most, and so many of anything else.
const LENGTH_MAX: usize = 1_000_000;
/// An event takes so much memory at most.
const SIZE_MAX: u32 = 64 << 20;

impl Score {
    /// When a machine is told that wants to be woken at `at`: when it was told of such a deadline in the recorded run,
    /// or at once.
    pub(crate) fn wake(&self, at: Instant) -> Instant {
        let next = self.wakes.get(self.wakes.partition_point(|wake| *wake < at));
        next.copied().filter(|next| next.since(at) <= LATE_MAX).unwrap_or(at)
    }

    /// What a source said of the event with this number.
    pub(crate) fn told(&self, source: usize, event: usize) -> Option<(WallTime, Cursor)> {
        let told = &self.events.get(event)?.told;
        told.iter().find(|(of, ..)| usize::from(*of) == source).map(|&(_, time, seq)| (time, seq))
    }

    /// What is wrong with it, if anything is, where there are so many sources.
    pub(crate) fn check(&self, sources: usize) -> Result<(), String> {
        let of_dials = self.dials.iter().map(|dial| dial.reads.len() + dial.heard.len() + dial.pongs.len());
        let longest =
            [self.lives.len(), self.events.len(), self.dials.len(), self.jobs.len(), self.wakes.len()];
        let is_long = longest.into_iter().chain(of_dials).any(|length| LENGTH_MAX < length);
        let is_known = |note: &Note| note.told.iter().all(|(source, ..)| usize::from(*source) < sources);
        match () {
            () if is_long => Err(format!("the score has more than {LENGTH_MAX} of something")),
            () if !self.events.is_sorted_by_key(|note| note.at) => {
                Err("the events of the score should stand in the order in which they happened".to_owned())
            }
            () if !self.wakes.is_sorted() => Err("the `wakes` of the score should be in order".to_owned()),
            () if !self.events.iter().all(is_known) => {
                Err("the score tells of a source that is not".to_owned())
            }
            () if self.events.iter().any(|note| SIZE_MAX < note.size) => {
                Err(format!("an event of the score is larger than {SIZE_MAX} bytes"))
            }
            () => Ok(()),
        }
    }
}

/// The same with other keys.
pub(crate) fn keyed<K, J>(found: &Loaded<K>, key: impl Fn(&K) -> J) -> Loaded<J> {
    let of = |it: &Checkpoint<K>| Checkpoint {
        version: it.version,
        place: it.place,
        witness: it.witness.as_ref().map(|it| Witness {
            cursor: it.cursor,
            time: it.time,
            key: key(&it.key),
        }),
        covered_until: it.covered_until,
        filter: it.filter,
        margin: it.margin,
    };
    Loaded {
        fence: found.fence,
        compares: found.compares,
        checkpoints: found.checkpoints.iter().map(|(scope, checkpoint)| (*scope, of(checkpoint))).collect(),
        newest: found.newest,
        gaps: found.gaps.clone(),
    }
}

impl From<NoteText> for Note {
    fn from((at, size, is_wanted, told): NoteText) -> Self {
        Self { at, size, is_wanted, told }
    }
}

impl From<Note> for NoteText {
    fn from(note: Note) -> Self {
        (note.at, note.size, note.is_wanted, note.told)
    }
}

/// How long the sink takes: as in the score, or as usual.
#[derive(Clone, Debug)]
pub(crate) struct Takes {
    /// As usual.
    pub(crate) usual: Duration,
    score: Option<Arc<Score>>,
}

impl Takes {
    /// Both.
    pub(crate) fn new(usual: Duration, score: Option<Arc<Score>>) -> Self {
        Self { usual, score }
    }

    /// As usual from now on.
    pub(crate) fn forget(&mut self) {
        self.score = None;
    }

    /// For this job.
    pub(crate) fn of(&self, job: u64) -> Duration {
        self.known(job).unwrap_or(self.usual)
    }

    /// For this job, if it is in the score.
    pub(crate) fn known(&self, job: u64) -> Option<Duration> {
        self.score.as_ref()?.jobs.get(usize::try_from(job).ok()?).copied()
    }
}
