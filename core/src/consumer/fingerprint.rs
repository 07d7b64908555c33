//! A number for everything that future decisions rest on, and for nothing else.
//!
//! Fixed width and the same on every target: times relative to now, numbers of connections and questions left out,
//! payloads as length and cursor. Two machines with equal fingerprints will do the same.

use crate::consumer::Consumer;
use crate::consumer::approach::Approach;
use crate::consumer::continuity::{By, Continuity};
use crate::consumer::cutover::Cutover;
use crate::consumer::silence::Silence;
use crate::consumer::state::{Connection, Reading, State};
use crate::consumer::writer::{Task, Writer};
use crate::cursor::Place;
use crate::event::Payload;
use crate::time::{Instant, Now, WallTime};

/// Changes whenever what is hashed changes.
const VERSION: u64 = 1;

/// A hash of words, the same everywhere.
struct Words {
    hash: u64,
    now: Now,
}

impl Words {
    fn word(&mut self, word: u64) {
        // FxHash's step, with a final mix in `finish`.
        self.hash = (self.hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn moment(&mut self, at: Instant) {
        self.word(at.as_micros().wrapping_sub(self.now.monotonic.as_micros()));
    }

    fn wall(&mut self, at: WallTime) {
        self.word(at.as_micros().wrapping_sub(self.now.wall.as_micros()));
    }

    fn place(&mut self, place: Place) {
        match place {
            Place::Tip => self.word(0),
            Place::Oldest => self.word(1),
            Place::Time(time) => self.word(time.as_micros().rotate_left(2) ^ 2),
            Place::Cursor(cursor) => self.word(cursor.0.rotate_left(2) ^ 3),
        }
    }

    fn finish(self) -> u64 {
        let mixed = (self.hash ^ (self.hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ (mixed >> 29)
    }
}

impl<P: Payload> Consumer<P> {
    /// A number for everything that future decisions rest on.
    ///
    /// News that is ignored does not change it. It is not cryptographic, and means nothing across versions.
    #[must_use]
    pub fn fingerprint(&self, now: Now) -> u64 {
        let mut words = Words { hash: VERSION, now };
        self.add_state(&mut words);
        self.add_writer(&mut words);
        words.word(u64::from(self.buffer.events()));
        words.word(self.buffer.bytes());
        words.word(self.buffer.len() as u64);
        if !self.buffer.is_empty() {
            words.moment(self.buffered_at);
        }
        if let Some(records) = &self.records {
            let (scope, checkpoint) = records.current();
            words.word(u64::from(scope.source.0) << 32 | u64::from(scope.incarnation));
            words.place(checkpoint.place);
            words.word(checkpoint.version.0);
            words.word(checkpoint.margin.as_micros());
            words.word(checkpoint.witness.as_ref().map_or(0, |witness| witness.cursor.0));
            words.wall(records.covered());
            words.word(records.advance as u64);
            words.word(records.reached().map_or(0, |reached| reached.0));
        }
        words.word(u64::from(self.scope.incarnation));
        words.word(u64::from(self.attempts.failures));
        for word in self.attempts.words() {
            words.word(word);
        }
        words.word(match self.approach {
            Approach::Checkpoint => 0,
            Approach::Now => 1,
            Approach::NewFilter => 2,
            Approach::WitnessByTime => 3,
            Approach::CoveredByTime { cycles } => 4 + u64::from(cycles),
        });
        words.word(self.open_gaps.len() as u64);
        words.moment(self.good_at);
        words.finish()
    }

    fn add_state(&self, words: &mut Words) {
        match &self.state {
            State::Resting { since, at_least, elsewhere } => {
                words.word(1);
                words.moment(since.unwrap_or_default());
                words.word(at_least.as_micros() << 1 | u64::from(*elsewhere));
            }
            State::Waiting { until } => {
                words.word(2);
                words.moment(*until);
            }
            State::Connecting { deadline, resume, .. } => {
                words.word(3);
                words.moment(*deadline);
                words.place(resume.place);
            }
            State::Streaming(connection) => {
                words.word(4);
                connection.add(words);
            }
            State::Stopping { deadline, outcome } => {
                words.word(5);
                words.moment(*deadline);
                words.word(*outcome as u64);
            }
            State::Stopped => words.word(6),
        }
    }

    fn add_writer(&self, words: &mut Words) {
        let (tag, task, failures) = match &self.writer {
            Writer::Free { flushed } => return words.word(u64::from(*flushed)),
            Writer::Asked { task, failures, .. } => (2, task, *failures),
            Writer::Waiting { until, task, failures } => {
                words.moment(*until);
                (3, task, *failures)
            }
        };
        words.word(u64::from(failures) << 8 | tag);
        let job = match task {
            Task::Open(None) => return words.word(0),
            Task::Flush => return words.word(1),
            Task::Open(Some(job)) => {
                words.word(2);
                job
            }
            Task::Append(job) => {
                words.word(3);
                job
            }
        };
        let (pieces, refusals) = job.shape();
        words.word((pieces as u64) << 8 | u64::from(refusals));
        words.word(job.batch.bytes);
        words.word(job.batch.peak.as_ref().map_or(0, |(cursor, _)| cursor.0));
    }
}

impl<K> Connection<K> {
    fn add(&self, words: &mut Words) {
        words.moment(self.opened.monotonic);
        words.word(self.kind as u64);
        match self.reading {
            Reading::On => words.word(0),
            Reading::Paused { since } => words.moment(since),
        }
        match self.silence {
            Silence::Heard { at } => words.moment(at),
            Silence::Asked { until, wall, reprieved } => {
                words.moment(until);
                words.wall(wall);
                words.word(u64::from(reprieved));
            }
        }
        words.moment(self.event_at);
        words.moment(self.idle_since);
        words.word(u64::from(self.ponged));
        words.word(match &self.continuity {
            Continuity::Free => 0,
            Continuity::Proved => 1,
            Continuity::Expected(witness, by) => witness.cursor.0.rotate_left(4) ^ (2 + by.ordinal()),
            Continuity::Unproven(witness, by) => witness.cursor.0.rotate_left(4) ^ (5 + by.ordinal()),
        });
        match self.cutover {
            Cutover::None => words.word(0),
            Cutover::Passed => words.word(1),
            Cutover::Replay { possible } => words.wall(possible),
            Cutover::Passing { from, live_since } => {
                words.wall(from.time);
                words.word(live_since.map_or(0, WallTime::as_micros));
            }
        }
        let (row, malformed) = self.malformed.counts();
        words.word(u64::from(row) << 16 | u64::from(malformed));
        words.word(self.last.map_or(0, |last| last.cursor.0));
        words.word(self.high.map_or(0, |high| high.0));
        words.word(u64::from(self.limited.is_some()));
    }
}

impl By {
    const fn ordinal(self) -> u64 {
        match self {
            Self::Time => 0,
            Self::Seq => 1,
            Self::SeqByTime => 2,
        }
    }
}
