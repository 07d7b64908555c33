//! A number for everything that future decisions rest on, and for nothing else.
//!
//! Fixed width and the same on every target. Two machines of one configuration and seed with equal fingerprints do the
//! same from now on, but for the chance in their delays; and machines that differ only in when they live and in how
//! they count have equal ones: times are relative to now, a time that matters only up to a limit ends there, the
//! numbers of connections, questions, writers and versions are left out, payloads are length and position.

mod connection;
mod words;
mod writing;

use crate::checkpoint::Checkpoint;
use crate::consumer::Consumer;
use crate::consumer::approach::Approach;
use crate::consumer::ledger::{OpenGap, Until};
use crate::consumer::records::Row;
use crate::consumer::state::State;
use crate::event::Payload;
use crate::number::Version;
use crate::scope::Scope;
use crate::time::Now;
use words::Words;

/// Changes whenever what is hashed changes.
const VERSION: u64 = 2;

impl<P: Payload> Consumer<P> {
    /// A number for everything that future decisions rest on.
    ///
    /// News that is ignored does not change it. It is not cryptographic, and means nothing across versions.
    #[must_use]
    pub fn fingerprint(&self, now: Now) -> u64 {
        let mut hash = VERSION;
        // FxHash's step, and a mix of all bits at the end.
        self.fingerprint_words(now, |word| {
            hash = (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
        });
        let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ (mixed >> 29)
    }

    /// What the [`fingerprint`](Self::fingerprint) is made of: two machines are the same exactly if they have the same
    /// words, so that whoever doubts a hash can compare these.
    pub fn fingerprint_words(&self, now: Now, take: impl FnMut(u64)) {
        let mut words = Words::new(now, take);
        words.moment(self.now.monotonic);
        words.wall(self.now.wall);
        self.add_state(&mut words);
        self.add_writer(&mut words);
        self.add_buffer(&mut words);
        self.add_records(&mut words);
        words.scope(self.scope);
        self.attempts.add(|word| words.word(word));
        words.all(self.attempts.large(), |words, large| {
            words.option(large.as_ref(), |words, (place, deaths)| {
                words.word(u64::from(*deaths));
                words.place(self.scope.kind, *place);
            });
        });
        words.word(match self.approach {
            Approach::Checkpoint => 0,
            Approach::Now => 1,
            Approach::NewFilter => 2,
            Approach::WitnessByTime => 3,
            Approach::CoveredByTime { cycles } => 4 + u64::from(cycles),
        });
        words.option(self.last_cutover.as_ref(), Words::gap);
        words.all(&self.open_gaps, Words::open_gap);
        if self.config.give_up_after.is_some() {
            words.moment(self.good_at);
        }
    }

    fn add_state<F: FnMut(u64)>(&self, words: &mut Words<F>) {
        match &self.state {
            State::Resting { since, at_least, elsewhere } => {
                words.word(1 << 1 | u64::from(*elsewhere));
                words.option(since.as_ref(), |words, since| words.moment(*since));
                words.word(at_least.as_micros());
            }
            State::Waiting { until } => {
                words.word(2);
                words.moment(*until);
            }
            State::Connecting { deadline, resume, .. } => {
                words.word(3 << 1);
                words.moment(*deadline);
                words.place(self.scope.kind, resume.place);
                words.continuity(&resume.continuity);
                words.option(resume.limited.as_ref(), Words::mark);
            }
            State::Streaming(connection) => {
                words.word(4 << 1);
                words.connection(connection, &self.config);
            }
            State::Stopping { deadline, outcome } => {
                words.word(5 << 1);
                words.moment(*deadline);
                words.word(*outcome as u64);
            }
            State::Stopped => words.word(6 << 1),
        }
    }

    fn add_records<F: FnMut(u64)>(&self, words: &mut Words<F>) {
        let Some(records) = &self.records else {
            return words.word(0);
        };
        words.scope(records.current().0);
        words.word(u64::from(records.compares) << 8 | records.advance as u64);
        words.option(records.newest.as_ref(), |words, newest| words.wall(*newest));
        words.wall(records.covered());
        words.all(records.rows(), Words::row);
        words.all(records.gaps(), Words::gap);
    }
}

impl<F: FnMut(u64)> Words<F> {
    fn row<K>(&mut self, row: &Row<K>) {
        self.scope(row.scope);
        self.checkpoint(row.scope, &row.checkpoint);
        self.option(row.reached.as_ref(), |words, reached| words.cursor(row.scope.kind, *reached));
    }

    fn checkpoint<K>(&mut self, scope: Scope, checkpoint: &Checkpoint<K>) {
        self.word(checkpoint.filter.0.rotate_left(1) ^ u64::from(checkpoint.version == Version(0)));
        self.place(scope.kind, checkpoint.place);
        self.option(checkpoint.witness.as_ref(), Self::witness);
        self.wall(checkpoint.covered_until);
        self.word(checkpoint.margin.as_micros());
    }

    fn open_gap(&mut self, open: &OpenGap) {
        self.gap(&open.gap);
        match &open.until {
            Until::Any => self.word(0),
            Until::Past => self.word(1),
            Until::Behind(mark) => {
                self.word(2);
                self.mark(mark);
            }
        }
    }
}
