//! What the sink is asked, in which order, and what its answers change.

use crate::backoff::Backoff;
use crate::consumer::Consumer;
use crate::consumer::approach::Approach;
use crate::consumer::records::Records;
use crate::consumer::state::State;
use crate::consumer::writer::{Fate, Job, Task, Writer, fate};
use crate::effect::{Effect, Notice, Outcome};
use crate::event::Payload;
use crate::number::Op;
use crate::sink::{Append, Appended, Loaded, Unavailable};
use crate::time::{Duration, Instant};

/// An event that was refused is tried again no sooner than this.
const REFUSAL_PAUSE: Duration = Duration::from_secs(1);

impl<P: Payload> Consumer<P> {
    /// Takes the question that is out; the gate has seen that it is the one answered.
    fn answered(&mut self) -> (Task<P>, u32) {
        match core::mem::replace(&mut self.writer, Writer::Free { flushed: false }) {
            Writer::Asked { task, failures, .. } => (task, failures),
            Writer::Free { .. } | Writer::Waiting { .. } => unreachable!("an answer has a question"),
        }
    }

    /// The sink said what is durable.
    pub(super) fn loaded(&mut self, loaded: Result<Loaded<P::Key>, Unavailable>) {
        let (task, failures) = self.answered();
        match (task, loaded) {
            (task, Err(Unavailable)) => self.try_again(task, failures + 1),
            (Task::Open(Some(job)), Ok(loaded)) => self.settle(job, &loaded),
            (Task::Open(None) | Task::Append(_) | Task::Flush, Ok(mut loaded)) => {
                self.writer = Writer::Free { flushed: true };
                let gaps = core::mem::take(&mut loaded.gaps);
                self.records = Some(Records::new(loaded));
                self.begin(gaps);
            }
        }
    }

    /// The fate of a job was not known; what the sink has now tells it.
    fn settle(&mut self, job: Job<P>, loaded: &Loaded<P::Key>) {
        let found = loaded.checkpoints.iter().find(|(scope, _)| *scope == job.scope);
        let before = self.records().version();
        let fate = fate(before.0, found.map(|(_, checkpoint)| checkpoint));
        self.records_mut().reload(loaded.fence);
        match fate {
            Fate::Undone => self.ask(Task::Append(job), 0),
            // What was new in it is not known; at worst an attempt counts as good that was not.
            Fate::Done => {
                let stored = job.part().events.len() as u32;
                self.stored(job, stored);
            }
            Fate::Foreign => self.halt(Outcome::Fenced),
        }
    }

    /// The sink said what became of an append.
    pub(super) fn appended(&mut self, appended: Appended) {
        let (Task::Append(mut job), failures) = self.answered() else {
            unreachable!("an append's answer belongs to an append");
        };
        match appended {
            Appended::Stored { stored, .. } => self.stored(job, stored),
            Appended::Conflict | Appended::Unknown => self.ask(Task::Open(Some(job)), 0),
            Appended::Fenced => self.halt(Outcome::Fenced),
            Appended::Unavailable => self.try_again(Task::Append(job), failures + 1),
            Appended::Refused { index, why } => {
                if !job.refuse(index as usize, why) {
                    // There is no such event, so nothing can be set aside for it.
                    self.try_again(Task::Append(job), failures + 1);
                } else if job.is_suspect() {
                    let until = self.now.monotonic + REFUSAL_PAUSE;
                    self.writer = Writer::Waiting { until, task: Task::Append(job), failures: 0 };
                } else {
                    self.ask(Task::Append(job), 0);
                }
            }
        }
    }

    /// A piece of a job is durable; `stored` events of it were not there before.
    fn stored(&mut self, mut job: Job<P>, stored: u32) {
        let is_last_word = job.buried().map(|event| event.time);
        let scope = job.scope;
        let checkpoint = job.asked.take().expect("an append carries a checkpoint");
        let moved = self.records_mut().written(scope, checkpoint);
        if moved {
            self.approach = Approach::Checkpoint;
        }
        // A sink that cannot compare takes everything for new.
        if moved || (stored > 0 && self.records().compares) {
            self.attempts.is_good = true;
            self.good_at = self.now.monotonic;
        }
        if stored > 0 || is_last_word.is_some() {
            let now = self.now.monotonic;
            if let Some(connection) = self.state.connection() {
                connection.idle_since = connection.reading_time(now);
            }
        }
        if let Some(time) = is_last_word {
            self.tell(Notice::Poison { time });
        }
        if job.advance() {
            let newest = job.batch.newest;
            self.records_mut().newest = self.records().newest.max(newest);
            self.records_mut().reach(job.batch.peak.map(|(_, witness)| witness.cursor));
            self.writer = Writer::Free { flushed: false };
        } else if job.is_suspect() {
            let until = self.now.monotonic + REFUSAL_PAUSE;
            self.writer = Writer::Waiting { until, task: Task::Append(job), failures: 0 };
        } else {
            self.ask(Task::Append(job), 0);
        }
    }

    /// The sink said whether all is durable.
    pub(super) fn flushed(&mut self, flushed: Result<(), Unavailable>) {
        let (task, failures) = self.answered();
        match flushed {
            Ok(()) => self.writer = Writer::Free { flushed: true },
            Err(Unavailable) => self.try_again(task, failures + 1),
        }
    }

    /// Asks the sink whatever is due.
    pub(super) fn crank_writer(&mut self) {
        if matches!(self.state, State::Stopped) {
            return;
        }
        match self.writer {
            Writer::Free { flushed } => self.ask_next(flushed),
            Writer::Waiting { until, .. } if until <= self.now.monotonic => self.ask_again(),
            Writer::Waiting { .. } | Writer::Asked { .. } => {}
        }
    }

    fn ask_again(&mut self) {
        let idle = Writer::Free { flushed: false };
        if let Writer::Waiting { task, failures, .. } = core::mem::replace(&mut self.writer, idle) {
            self.ask(task, failures);
        }
    }

    fn ask_next(&mut self, flushed: bool) {
        if self.records.is_none() {
            return;
        }
        if self.batch_due().is_some_and(|due| due <= self.now.monotonic) {
            let filter = self.config.filter;
            while let Some((scope, fresh)) = self.buffer.take_turn() {
                self.records_mut().turn(scope, fresh);
            }
            if !self.buffer.is_empty() || self.records().is_dirty(filter) {
                let (events, bytes) = (self.config.batch_events, self.config.batch_bytes);
                let batch = self.buffer.take_batch(events, bytes);
                self.buffered_at = self.now.monotonic;
                let job = Job::new(self.records().current().0, batch);
                return self.ask(Task::Append(job), 0);
            }
        }
        if !flushed && self.is_between_connections() && self.buffer.is_empty() {
            self.ask(Task::Flush, 0);
        }
    }

    /// When the next batch is due; none if there is nothing to append.
    pub(super) fn batch_due(&self) -> Option<Instant> {
        let records = self.records.as_ref()?;
        let is_dirty = records.is_dirty(self.config.filter);
        if self.buffer.is_empty() && !is_dirty {
            return None;
        }
        let is_full = self.buffer.events() >= self.config.batch_events
            || self.buffer.bytes() >= self.config.batch_bytes
            || is_dirty
            || self.is_between_connections();
        Some(if is_full { Instant::ZERO } else { self.buffered_at + self.config.batch_delay })
    }

    /// Asks the sink, under a number of its own.
    pub(super) fn ask(&mut self, mut task: Task<P>, failures: u32) {
        self.op = self.op.next();
        let op = self.op;
        let effect = match &mut task {
            Task::Open(_) => Effect::Load { op },
            Task::Flush => Effect::Flush { op },
            Task::Append(job) => Effect::Append(self.append_of(job, op)),
        };
        self.push(effect);
        self.writer = Writer::Asked { op, task, failures };
    }

    fn append_of(&self, job: &mut Job<P>, op: Op) -> Append<P> {
        let records = self.records();
        let (scope, current) = records.current();
        assert!(scope == job.scope, "a job is settled before another scope has the floor");
        let part = job.part();
        let checkpoint = records.advanced(part.peak, self.config.filter, self.now.wall);
        job.asked = Some(checkpoint.clone());
        Append {
            op,
            fence: records.fence,
            scope,
            expect: current.version,
            events: part.events,
            dead_letters: part.dead_letters,
            gaps: job.batch.gaps.clone(),
            checkpoint,
        }
    }

    /// The sink cannot be used: for as long as it takes, and ever more rarely.
    fn try_again(&mut self, task: Task<P>, failures: u32) {
        let backoff = Backoff { initial: self.config.backoff_initial, max: self.config.backoff_max };
        let delay = backoff.delay(failures, self.config.seed ^ SINK_STREAM, self.op.0);
        self.tell(Notice::SinkUnavailable { delay });
        self.writer = Writer::Waiting { until: self.now.monotonic + delay, task, failures };
    }
}

/// Keeps the sink's jitter apart from the dials'.
const SINK_STREAM: u64 = 0x73_69_6e_6b;
