//! What waits and what is being written, as words, in the order of delivery.

use super::words::Words;
use crate::consumer::Consumer;
use crate::consumer::buffer::{Batch, Entry, Reach};
use crate::consumer::writer::{Job, Task, Writer};
use crate::cursor::CursorKind;
use crate::event::Payload;
use crate::scope::Scope;
use crate::sink::{Content, DeadLetter};

impl<P: Payload> Consumer<P> {
    pub(super) fn add_writer<F: FnMut(u64)>(&self, words: &mut Words<F>) {
        let (tag, task, failures) = match &self.writer {
            Writer::Free { flushed } => return words.word(u64::from(*flushed)),
            Writer::Asked { task, failures, .. } => (2, task, *failures),
            Writer::Waiting { until, task, failures } => {
                words.moment(*until);
                (3, task, *failures)
            }
        };
        words.word(u64::from(failures) << 8 | tag);
        match task {
            Task::Open(None) => words.word(0),
            Task::Flush => words.word(1),
            Task::Open(Some(job)) => {
                words.word(2);
                words.job(job);
            }
            Task::Append(job) => {
                words.word(3);
                words.job(job);
            }
        }
    }

    /// When the oldest began to wait matters until the delay of a batch is over.
    pub(super) fn add_buffer<F: FnMut(u64)>(&self, words: &mut Words<F>) {
        if self.buffer.is_empty() {
            return words.word(0);
        }
        words.age(self.buffered_at, self.config.batch_delay);
        let mut kind = self.records.as_ref().map_or(self.scope.kind, |records| records.current().0.kind);
        words.word(self.buffer.entries().len() as u64);
        for entry in self.buffer.entries() {
            words.entry(&mut kind, entry);
        }
    }
}

impl<F: FnMut(u64)> Words<F> {
    fn entry<P: Payload>(&mut self, kind: &mut CursorKind, entry: &Entry<P>) {
        match entry {
            Entry::Event(event, reach) => {
                self.word(0);
                self.event(event);
                self.reach(*kind, *reach);
            }
            Entry::Passed(event, reach) => {
                self.word(1);
                self.event(event);
                self.reach(*kind, *reach);
            }
            Entry::Dead(letter) => {
                self.word(2);
                self.letter(*kind, letter);
            }
            Entry::Gap(gap) => {
                self.word(3);
                self.gap(gap);
            }
            Entry::Turn(scope, fresh) => {
                self.word(4);
                *kind = scope.kind;
                self.scope(*scope);
                self.option(fresh.as_ref(), |words, fresh| words.checkpoint(*scope, fresh));
            }
        }
    }

    fn reach(&mut self, kind: CursorKind, reach: Reach) {
        self.cursor(kind, reach.place);
        self.cursor(kind, reach.cursor);
    }

    fn letter<P: Payload>(&mut self, kind: CursorKind, letter: &DeadLetter<P>) {
        self.option(letter.after.as_ref(), |words, after| words.cursor(kind, *after));
        match &letter.content {
            Content::Frame(sample) => {
                let (head, _) = sample.sha256.split_at(8);
                self.word(
                    head.iter().fold(sample.length, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte)),
                );
            }
            Content::Event(event) => self.event(event),
        }
    }

    fn job<P: Payload>(&mut self, job: &Job<P>) {
        self.scope(job.scope);
        self.batch(job.scope, &job.batch);
        job.add(|word| self.word(word));
        self.option(job.asked.as_ref(), |words, asked| words.checkpoint(job.scope, asked));
    }

    fn batch<P: Payload>(&mut self, scope: Scope, batch: &Batch<P>) {
        self.all(batch.events.iter(), Self::event);
        self.all(&batch.dead_letters, |words, letter| words.letter(scope.kind, letter));
        self.all(&batch.gaps, Self::gap);
        self.option(batch.peak.as_ref(), |words, (cursor, witness)| {
            words.cursor(scope.kind, *cursor);
            words.witness(witness);
        });
        self.option(batch.newest.as_ref(), |words, newest| words.wall(*newest));
    }
}
