//! The connect-consume-append-back-off machine.
//!
//! Two axes that meet in few places: a connection lives ([`State`]), and what it brought becomes durable
//! ([`Writer`]). No connection is dialed before everything the last one brought is settled, so that every dial
//! goes on from what is durable. This file holds the gate, the order of decisions, and every change of state.

mod append;
mod approach;
mod attempts;
mod buffer;
mod continuity;
mod copy;
mod cutover;
mod dial;
mod fingerprint;
mod ledger;
mod malformed;
mod receive;
mod records;
mod shared;
mod silence;
mod state;
mod status;
mod timing;
mod writer;

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::closure::{CloseReason, Closure};
use crate::config::Config;
use crate::cursor::{Cursor, CursorKind, Place};
use crate::effect::{Effect, Ignored, Notice, Outcome};
use crate::event::Payload;
use crate::gap::Gap;
use crate::input::Input;
use crate::number::{Epoch, Op};
use crate::payload::Redact;
use crate::scope::{Scope, SourceId};
use crate::time::{Duration, Instant, Now};
use approach::Approach;
use attempts::Attempts;
use buffer::Buffer;
use cutover::Cutover;
pub use dial::MESSAGE_BYTES_MAX;
use ledger::OpenGap;
use malformed::Tally;
use records::{Advance, Records};
use silence::Silence;
use state::{Connection, Reading, Resume, State};
pub use status::{Phase, Status};
use writer::{Task, Writer};

/// A connection that lived so long, and answered a ping, was a good one.
const GOOD_AFTER: Duration = Duration::from_secs(10);

/// The connect-consume-append-back-off machine.
///
/// Hand in each thing that happens with [`handle`](Self::handle), do what [`poll_effect`](Self::poll_effect) asks
/// for until it asks for nothing, and hand in [`Input::Timeout`] at [`next_timeout`](Self::next_timeout).
///
/// Whenever it asks for nothing it can be written down whole, and the one that is read again goes on as it would have:
/// a trace that does not begin at a birth begins so.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "P: Redact", deserialize = "P: Deserialize<'de>, P::Key: Deserialize<'de>"))]
pub struct Consumer<P: Payload> {
    /// Never changes, and so is shared by all clones.
    #[serde(with = "shared")]
    config: Arc<Config>,
    now: Now,
    /// The latest moment that was handed in, ignored inputs included.
    latest: Instant,
    #[serde(skip)]
    effects: VecDeque<Effect<P>>,
    state: State<P::Key>,
    writer: Writer<P>,
    buffer: Buffer<P>,
    /// When the oldest of what waits in the buffer began to wait, or later.
    buffered_at: Instant,
    /// None until the sink has said what is durable.
    records: Option<Records<P::Key>>,
    /// The scope of whatever is received next; the one being written may still be an earlier one.
    scope: Scope,
    attempts: Attempts,
    approach: Approach,
    /// The last time the switch from replay to live went on record.
    last_cutover: Option<Gap>,
    /// Gaps whose end is an event still to come.
    open_gaps: Vec<OpenGap>,
    /// When the last good moment was: progress, or the end of a good attempt.
    good_at: Instant,
    epoch: Epoch,
    op: Op,
}

impl<P: Payload> Consumer<P> {
    /// A machine that asks what is durable, then follows `config.sources`.
    ///
    /// # Panics
    /// If there is no source.
    pub fn new(config: Config, now: Now) -> Self {
        assert!(!config.sources.is_empty(), "a consumer has a source");
        assert!(config.backoff_initial > Duration::ZERO, "a delay is longer than nothing");
        let scope = Scope { source: SourceId(0), kind: config.sources[0].kind, incarnation: 0 };
        let mut consumer = Self {
            now,
            latest: now.monotonic,
            effects: VecDeque::with_capacity(64),
            state: State::Resting { since: None, at_least: Duration::ZERO, elsewhere: false },
            writer: Writer::Free { flushed: true },
            buffer: Buffer::new(config.buffer_events),
            buffered_at: now.monotonic,
            records: None,
            scope,
            attempts: Attempts::new(config.sources.len(), config.compress),
            approach: Approach::Checkpoint,
            last_cutover: None,
            open_gaps: Vec::new(),
            good_at: now.monotonic,
            epoch: Epoch(0),
            op: Op(0),
            config: Arc::new(config),
        };
        consumer.ask(Task::Open(None), 0);
        consumer
    }

    /// Takes in one thing that happened.
    ///
    /// # Panics
    /// If effects are left undrained, or if `now.monotonic` goes back: both are mistakes of the host.
    pub fn handle(&mut self, now: Now, input: Input<P>) {
        assert!(self.effects.is_empty(), "drain poll_effect before the next input");
        assert!(self.latest <= now.monotonic, "time went back from {} to {}", self.latest, now.monotonic);
        self.latest = now.monotonic;
        if let Some(why) = self.gate(&input) {
            return self.push(Effect::Ignored(why));
        }
        let slept = self.slept(now);
        self.now = now;
        if self.buffer.is_empty() {
            // Whatever comes first, an event or a gap, begins to wait now.
            self.buffered_at = now.monotonic;
        }
        match input {
            Input::Timeout => {}
            Input::Opened { .. } => self.opened(),
            Input::Received { items, .. } => {
                self.heard(false);
                self.receive(items);
            }
            Input::Heard { pong, .. } => self.heard(pong),
            Input::Closed { closure, .. } => self.closed(closure),
            Input::Loaded { loaded, .. } => self.loaded(loaded),
            Input::Appended { appended, .. } => self.appended(appended),
            Input::Flushed { flushed, .. } => self.flushed(flushed),
            Input::StopRequested => self.stop(Outcome::Stopped),
        }
        if let Some(span) = slept {
            self.probe(span);
        }
        self.crank();
    }

    /// The next thing to do, until there is none.
    #[must_use]
    pub fn poll_effect(&mut self) -> Option<Effect<P>> {
        self.effects.pop_front()
    }

    /// The one place that tells late or doubled news from news: what it stops changes nothing at all.
    fn gate(&self, input: &Input<P>) -> Option<Ignored> {
        if matches!(self.state, State::Stopped) {
            return Some(Ignored::Stopped);
        }
        let is_open = matches!(self.state, State::Streaming(_));
        let transport = |epoch: Epoch, in_turn: bool| match self.state.epoch() == Some(epoch) {
            true if in_turn => None,
            true => Some(Ignored::OutOfTurn),
            false => Some(Ignored::OldEpoch),
        };
        let sink = |op: Op, fits: fn(&Task<P>) -> bool| match &self.writer {
            Writer::Asked { op: asked, task, .. } if *asked == op && fits(task) => None,
            Writer::Asked { .. } | Writer::Waiting { .. } | Writer::Free { .. } => Some(Ignored::OldOp),
        };
        match input {
            Input::Timeout => None,
            Input::Opened { epoch } => transport(*epoch, !is_open),
            Input::Received { epoch, .. } | Input::Heard { epoch, .. } => transport(*epoch, is_open),
            Input::Closed { epoch, .. } => transport(*epoch, true),
            Input::Loaded { op, .. } => sink(*op, |task| matches!(task, Task::Open(_))),
            Input::Appended { op, .. } => sink(*op, |task| matches!(task, Task::Append(_))),
            Input::Flushed { op, .. } => sink(*op, |task| matches!(task, Task::Flush)),
            Input::StopRequested => {
                matches!(self.state, State::Stopping { .. }).then_some(Ignored::OutOfTurn)
            }
        }
    }

    /// Does whatever is due by now, until nothing is.
    fn crank(&mut self) {
        /// What is done may make something else due, but not for long.
        const ROUNDS_MAX: u32 = 8;
        for _ in 0..ROUNDS_MAX {
            self.meet_deadlines();
            self.crank_writer();
            self.crank_reading();
            self.crank_state();
            if self.next_timeout().is_none_or(|next| next > self.now.monotonic) {
                return;
            }
        }
        panic!("a deadline that has come is met: {:?} at {}", self.next_timeout(), self.now.monotonic);
    }

    /// Moves on if all that came is durable.
    fn crank_state(&mut self) {
        let is_drained = self.is_drained();
        match self.state {
            State::Resting { since, at_least, elsewhere } if is_drained => {
                let until = self.next_dial(since, at_least, elsewhere);
                self.state = State::Waiting { until };
                self.crank_writer();
                self.crank_state();
            }
            State::Waiting { until } if is_drained && until <= self.now.monotonic => {
                let resume = self.resume();
                self.open(&resume);
                let deadline = self.now.monotonic + self.config.connect_timeout;
                self.state = State::Connecting { epoch: self.epoch, deadline, resume };
            }
            State::Stopping { outcome, .. } if is_drained || self.records.is_none() => self.halt(outcome),
            State::Resting { .. }
            | State::Waiting { .. }
            | State::Connecting { .. }
            | State::Streaming(_)
            | State::Stopping { .. }
            | State::Stopped => {}
        }
    }

    /// The server accepted the subscription.
    fn opened(&mut self) {
        let idle = State::Resting { since: None, at_least: Duration::ZERO, elsewhere: false };
        let State::Connecting { epoch, resume, .. } = core::mem::replace(&mut self.state, idle) else {
            unreachable!("the gate lets only a dial open");
        };
        let Resume { place, continuity, limited } = resume;
        let (now, kind) = (self.now, self.scope.kind);
        let high = match (place, kind) {
            (Place::Cursor(cursor), _) => Some(cursor),
            (Place::Time(time), CursorKind::Time) => Some(Cursor(time.as_micros())),
            (Place::Time(_), CursorKind::Seq) | (Place::Tip | Place::Oldest, _) => None,
        };
        let cutover = match (place, kind) {
            (Place::Tip, _) | (_, CursorKind::Seq) => Cutover::None,
            (_, CursorKind::Time) => Cutover::replaying(now.wall),
        };
        let settled = continuity.is_settled();
        self.records_mut().advance = if settled { Advance::Rereading } else { Advance::Held };
        self.state = State::Streaming(Connection {
            epoch,
            opened: now,
            kind,
            reading: Reading::On,
            silence: Silence::Heard { at: now.monotonic },
            event_at: now.monotonic,
            ponged: false,
            continuity,
            cutover,
            malformed: Tally::new(),
            last: None,
            high,
            idle_since: now.monotonic,
            limited,
        });
        self.doubt_beginning(place);
    }

    /// The other side, or the network, ended the connection or refused it.
    fn closed(&mut self, closure: Closure) {
        let mut at_least = Duration::ZERO;
        let mut outcome = None;
        match closure {
            Closure::Retry { after } => {
                const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);
                at_least = after.unwrap_or_default().min(RETRY_AFTER_MAX);
            }
            Closure::Elsewhere => {}
            Closure::TooOld => outcome = self.too_old(),
            Closure::Renegotiate => self.attempts.renegotiate(),
            Closure::TooLarge => {
                let place = self.records().current().1.place;
                self.attempts.die_of_large(place);
            }
            Closure::Fatal => outcome = self.fatal(),
        }
        let elsewhere = matches!(closure, Closure::Elsewhere);
        self.rest(at_least, elsewhere);
        if let Some(outcome) = outcome {
            self.stop(outcome);
        }
    }

    /// Ends the connection.
    fn close(&mut self, reason: CloseReason) {
        self.end_epoch(reason);
        self.rest(Duration::ZERO, false);
    }

    /// Ends the connection, and would rather have another source.
    fn close_for_another(&mut self, reason: CloseReason) {
        self.end_epoch(reason);
        self.rest(Duration::ZERO, true);
    }

    fn end_epoch(&mut self, reason: CloseReason) {
        if let Some(epoch) = self.state.epoch() {
            self.push(Effect::Close { epoch, reason });
        }
    }

    /// The connection is over; what it brought becomes durable before anything else.
    fn rest(&mut self, at_least: Duration, elsewhere: bool) {
        self.end_cutover();
        let now = self.now.monotonic;
        if let Some(connection) = self.state.connection() {
            let lived = now.since(connection.opened.monotonic);
            let (limited, last) = (connection.limited, connection.last);
            self.attempts.is_good |= connection.ponged && lived >= GOOD_AFTER;
            if self.attempts.is_good {
                self.good_at = now;
            }
            if let Some(from) = limited {
                self.record_limit(from, last);
            }
        }
        self.state = State::Resting { since: Some(now), at_least, elsewhere };
    }

    /// Takes in nothing new, and ends once all that came is durable.
    fn stop(&mut self, outcome: Outcome) {
        self.end_epoch(CloseReason::Stop);
        self.rest(Duration::ZERO, false);
        let deadline = self.now.monotonic + self.config.stop_grace;
        self.state = State::Stopping { deadline, outcome };
    }

    /// Ends at once; nothing follows.
    fn halt(&mut self, outcome: Outcome) {
        self.end_epoch(CloseReason::Stop);
        self.state = State::Stopped;
        self.push(Effect::Stop(outcome));
    }

    /// Whether all that came is durable and nothing is asked of the sink.
    fn is_drained(&self) -> bool {
        let is_clean = self.records.as_ref().is_some_and(|records| !records.is_dirty(self.config.filter));
        is_clean && self.buffer.is_empty() && matches!(self.writer, Writer::Free { flushed: true })
    }

    fn is_between_connections(&self) -> bool {
        !matches!(self.state, State::Streaming(_))
    }

    fn margin(&self) -> Duration {
        self.records().margin()
    }

    fn records(&self) -> &Records<P::Key> {
        self.records.as_ref().expect("nothing is decided before it is known what is durable")
    }

    fn records_mut(&mut self) -> &mut Records<P::Key> {
        self.records.as_mut().expect("nothing is decided before it is known what is durable")
    }

    fn tell(&mut self, notice: Notice) {
        self.push(Effect::Notice(notice));
    }

    fn push(&mut self, effect: Effect<P>) {
        self.effects.push_back(effect);
    }
}
