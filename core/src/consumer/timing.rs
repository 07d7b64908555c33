//! Every deadline there is: when the next one comes, and what is done when it has come.

use crate::closure::CloseReason;
use crate::consumer::Consumer;
use crate::consumer::approach::Approach;
use crate::consumer::silence::{Silence, Verdict};
use crate::consumer::state::{Connection, Reading, State};
use crate::consumer::writer::{Task, Writer};
use crate::cursor::{CursorKind, Place};
use crate::effect::{Effect, Notice, Outcome};
use crate::event::Payload;
use crate::gap::Cause;
use crate::time::{Duration, Instant, Now};

/// A witness comes within this much silence, or it is taken not to come.
const SETTLE_AFTER: Duration = Duration::from_secs(10);
/// Wall time that ran so far ahead of monotonic time was slept through.
const SUSPENDED: Duration = Duration::from_secs(5);

impl<P: Payload> Consumer<P> {
    /// When to hand in [`Input::Timeout`](crate::Input::Timeout) if nothing else happens before.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        let of_state = match &self.state {
            State::Waiting { until } => self.is_drained().then_some(*until),
            State::Connecting { deadline, .. } | State::Stopping { deadline, .. } => Some(*deadline),
            State::Streaming(connection) => self.connection_deadline(connection),
            State::Resting { .. } => None,
            State::Stopped => return None,
        };
        let of_writer = match &self.writer {
            Writer::Waiting { until, .. } => Some(*until),
            Writer::Free { .. } => self.batch_due(),
            Writer::Asked { .. } => None,
        };
        [of_state, of_writer, self.give_up_deadline()].into_iter().flatten().min()
    }

    fn connection_deadline(&self, connection: &Connection<P::Key>) -> Option<Instant> {
        if let Reading::Paused { since } = connection.reading {
            return Some(since + self.patience());
        }
        let silence = connection.silence.deadline(self.config.stall_timeout);
        let quiet = self.config.quiet_limit.map(|limit| connection.event_at + limit);
        let settle = (!connection.continuity.is_settled()).then(|| connection.event_at + SETTLE_AFTER);
        [Some(silence), quiet, settle, self.idle_deadline(connection)].into_iter().flatten().min()
    }

    fn idle_deadline(&self, connection: &Connection<P::Key>) -> Option<Instant> {
        let limit = self.config.exit_idle?;
        let is_idle = self.buffer.is_empty() && matches!(self.writer, Writer::Free { .. });
        is_idle.then(|| connection.idle_since + limit)
    }

    /// Without a good connection for so long, there is no point in going on.
    fn give_up_deadline(&self) -> Option<Instant> {
        match self.state {
            State::Resting { .. } | State::Waiting { .. } | State::Connecting { .. } => {
                self.config.give_up_after.map(|limit| self.good_at + limit)
            }
            State::Streaming(_) | State::Stopping { .. } | State::Stopped => None,
        }
    }

    fn patience(&self) -> Duration {
        self.config.sources[usize::from(self.attempts.source.0)].patience
    }

    /// Does what is due.
    pub(super) fn meet_deadlines(&mut self) {
        let now = self.now.monotonic;
        if self.give_up_deadline().is_some_and(|deadline| deadline <= now) {
            return self.stop(Outcome::GaveUp);
        }
        match &self.state {
            State::Connecting { deadline, .. } if *deadline <= now => self.close(CloseReason::ConnectTimeout),
            State::Stopping { deadline, outcome } if *deadline <= now && !self.is_drained() => {
                let is_orderly = matches!(outcome, Outcome::Stopped | Outcome::Idle);
                let outcome = if is_orderly { Outcome::GraceOver } else { *outcome };
                self.halt(outcome);
            }
            State::Streaming(_) => self.meet_connection_deadlines(),
            State::Resting { .. }
            | State::Waiting { .. }
            | State::Connecting { .. }
            | State::Stopping { .. }
            | State::Stopped => {}
        }
    }

    fn meet_connection_deadlines(&mut self) {
        let now = self.now;
        let patience = self.patience();
        let (stall_timeout, quiet_limit) = (self.config.stall_timeout, self.config.quiet_limit);
        let State::Streaming(connection) = &mut self.state else {
            return;
        };
        if let Reading::Paused { since } = connection.reading {
            if since + patience <= now.monotonic {
                self.lose_patience();
            }
            return;
        }
        let epoch = connection.epoch;
        match connection.silence.judge(now, stall_timeout) {
            Verdict::Wait => {}
            Verdict::Ping => self.push(Effect::Ping { epoch }),
            Verdict::GiveUp => return self.close(CloseReason::Silent),
        }
        let State::Streaming(connection) = &self.state else {
            return;
        };
        if quiet_limit.is_some_and(|limit| connection.event_at + limit <= now.monotonic) {
            return self.close(CloseReason::Quiet);
        }
        if !connection.continuity.is_settled() && connection.event_at + SETTLE_AFTER <= now.monotonic {
            if connection.continuity.is_by_number() {
                self.approach = Approach::WitnessByTime;
                return self.close(CloseReason::Unproven);
            }
            self.unproven(Cause::Quiet, None);
        }
        let State::Streaming(connection) = &self.state else {
            return;
        };
        if self.idle_deadline(connection).is_some_and(|deadline| deadline <= now.monotonic) {
            return self.stop(Outcome::Idle);
        }
        self.lift_limit();
    }

    /// The server would lose its patience with a reader that does not read. A sink that is slow but works has made
    /// room meanwhile, though not as much as reading waits for otherwise; one that does not work has not.
    fn lose_patience(&mut self) {
        let (now, is_stuck) = (self.now.monotonic, self.is_full() || self.is_sink_in_trouble());
        let Some(connection) = self.state.connection().filter(|_| !is_stuck) else {
            return self.close(CloseReason::Patience);
        };
        let epoch = connection.epoch;
        connection.resume_reading(now);
        self.push(Effect::Resume { epoch });
    }

    /// Once past what was too large, messages of any size are welcome again: on another connection.
    fn lift_limit(&mut self) {
        let Some(from) = self.state.connection().and_then(|connection| connection.limited) else {
            return;
        };
        let (scope, checkpoint) = self.records().current();
        let Place::Cursor(reached) = checkpoint.place else {
            return;
        };
        // Where positions are times, the next resume begins a margin before the end, as this one did.
        let overlap = match scope.kind {
            CursorKind::Time => checkpoint.margin.as_micros() * 2,
            CursorKind::Seq => 0,
        };
        if reached.0 > from.cursor.0.saturating_add(overlap) {
            self.close(CloseReason::LimitLifted);
        }
    }

    /// A sign of life.
    pub(super) fn heard(&mut self, pong: bool) {
        let now = self.now;
        let is_clear = self.buffer.is_empty() && matches!(self.writer, Writer::Free { .. });
        let Some(connection) = self.state.connection() else {
            return;
        };
        connection.ponged |= pong;
        let asked_at = match connection.silence {
            Silence::Asked { wall, .. } if pong => Some(wall),
            Silence::Asked { .. } | Silence::Heard { .. } => None,
        };
        connection.silence = Silence::Heard { at: connection.reading_time(now.monotonic) };
        // Whatever the server had to say before it saw the ping has come before the answer. But a server may lag, so
        // silence counts for nothing where the next dial would ask from there on.
        if let Some(wall) = asked_at.filter(|_| is_clear && connection.continuity.is_settled()) {
            if self.approach == Approach::Checkpoint && self.records().end().is_some() {
                self.records_mut().cover(wall);
            }
        }
    }

    /// For how long the host slept since the last input, if it did.
    pub(super) fn slept(&self, now: Now) -> Option<Duration> {
        let wall = now.wall.since(self.now.wall);
        let span = wall.saturating_sub(now.monotonic.since(self.now.monotonic));
        (span > SUSPENDED).then_some(span)
    }

    /// The other side may be gone meanwhile: asks at once.
    pub(super) fn probe(&mut self, span: Duration) {
        if matches!(self.state, State::Stopped) {
            return;
        }
        self.tell(Notice::Suspended { span });
        let (now, limit) = (self.now, self.config.stall_timeout);
        if let Some(connection) = self.state.connection().filter(|connection| !connection.is_paused()) {
            connection.silence.probe(now, limit);
            let epoch = connection.epoch;
            self.push(Effect::Ping { epoch });
        }
    }

    /// Stops reading when enough waits or the sink is in trouble, and goes on when neither is so.
    pub(super) fn crank_reading(&mut self) {
        let now = self.now.monotonic;
        let (events, bytes) = self.held();
        let has_room = events <= self.config.buffer_events / 2 && bytes <= self.config.buffer_bytes / 2;
        let (is_full, in_trouble) = (self.is_full(), self.is_sink_in_trouble());
        let Some(connection) = self.state.connection() else {
            return;
        };
        let epoch = connection.epoch;
        if connection.is_paused() {
            if !in_trouble && has_room {
                connection.resume_reading(now);
                self.push(Effect::Resume { epoch });
            }
        } else if in_trouble || is_full {
            connection.reading = Reading::Paused { since: now };
            self.push(Effect::Pause { epoch });
        }
    }

    fn is_full(&self) -> bool {
        let (events, bytes) = self.held();
        events >= self.config.buffer_events || bytes >= self.config.buffer_bytes
    }

    fn is_sink_in_trouble(&self) -> bool {
        match &self.writer {
            Writer::Free { .. } => false,
            Writer::Asked { failures, task, .. } | Writer::Waiting { failures, task, .. } => {
                *failures > 0 || matches!(task, Task::Open(_))
            }
        }
    }

    /// Events and bytes that wait or are on their way.
    pub(super) fn held(&self) -> (u32, u64) {
        let job = self.writer.job().map_or((0, 0), |job| (job.batch.events.len() as u32, job.batch.bytes));
        (self.buffer.events() + job.0, self.buffer.bytes() + job.1)
    }
}
