//! The only loop: does what the machine says, in order, and hands it whatever happens.
//!
//! ```text
//!            ┌────────── effects ──────────┐
//!   Consumer                              ▼
//!            ◀── one input ── sink, operator, clock, connection
//! ```
//!
//! What a run does is what the machine was told. Every input and every effect is logged (at `debug`) in the words the
//! machine's scenarios use: a piece of a log is a piece of a scenario.

mod report;
mod tally;
mod turn;

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::FusedFuture;
use highwater_core::dialect::jetstream::Jetstream;
use highwater_core::effect::Outcome;
use highwater_core::sink::{Appended, Events};
use highwater_core::{Config, Consumer, Effect, Input};
use tokio::sync::watch;
use tracing::debug;

use crate::clock::{Alarm, Clock};
use crate::record::Recorder;
use crate::sink::Ended;
use crate::sink::worker::{Gone, Question, Worker};
use crate::socket::{Dial, News, Panicked, Sockets};

pub use tally::Tally;
pub use turn::Order;

use report::Report;
use tally::Counter;
use turn::{Caller, Turn};

/// How long a sink that is done may take to let go of its files.
const SINK_PATIENCE: Duration = Duration::from_secs(2);

/// Runs one machine over one sink and whatever connections it wants.
#[derive(Debug)]
pub struct Driver<D> {
    consumer: Consumer<Jetstream>,
    clock: Clock,
    alarm: Alarm,
    sockets: Sockets<D>,
    worker: Worker<Jetstream>,
    /// What was appended last: let go of only when the sink has its next question, which need not wait for it.
    appended: Events<Jetstream>,
    turn: Turn,
    report: Report,
    counter: Counter,
    recorder: Recorder,
}

/// Why a run ended other than by the machine's own decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The sink will never take anything again, and said why.
    SinkEnded(Ended),
    /// The sink panicked: whoever wrote it has to act.
    SinkPanicked(String),
    /// A connection's task panicked: we have to act.
    SocketPanicked(String),
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// How the machine ended it.
    pub outcome: Outcome,
    /// Why the last connection ended, or did not begin.
    pub last_words: String,
    /// What passed.
    pub tally: Tally,
}

impl<D: Dial> Driver<D> {
    /// A driver for the machine that `config` makes. `sockets` has the feeds in the order of `config.sources`; whoever
    /// wants to know what passes keeps a receiver of `tally`, or has it recorded.
    pub fn new(
        config: Config,
        sockets: Sockets<D>,
        worker: Worker<Jetstream>,
        clock: Clock,
        order: Order,
        tally: watch::Sender<Tally>,
        mut recorder: Recorder,
    ) -> Self {
        let feeds = sockets.addresses();
        assert_eq!(feeds.len(), config.sources.len(), "each source has its feed");
        let now = clock.now();
        recorder.begin(&config, now);
        Self {
            consumer: Consumer::new(config, now),
            clock,
            alarm: Alarm::new(clock),
            sockets,
            worker,
            appended: Events::default(),
            turn: Turn::new(order),
            report: Report::new(feeds),
            counter: Counter::new(tally),
            recorder,
        }
    }

    /// Runs until the machine stops; once `shutdown` is ready, it is asked to. Dropping the future at any moment is a
    /// crash: whatever was durable is what counts.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) -> Result<Finished, Fault> {
        let mut shutdown = pin!(shutdown.fuse());
        let ended = loop {
            if let Some(outcome) = self.do_effects() {
                break Ok(outcome);
            }
            match poll_fn(|cx| self.poll_input(cx, shutdown.as_mut())).await {
                Ok(input) => self.hand(input),
                Err(fault) => break Err(fault),
            }
        };
        self.sockets.finish().await;
        self.worker.finish(SINK_PATIENCE).await;
        let (last_words, tally) = (self.report.last_words().to_owned(), self.counter.tally());
        ended.map(|outcome| Finished { outcome, last_words, tally })
    }

    fn hand(&mut self, input: Input<Jetstream>) {
        let now = self.clock.now();
        debug!("at {} {input}", now.monotonic);
        self.recorder.input(now, &input);
        self.consumer.handle(now, input);
    }

    /// Does what the machine wants done, and gives its outcome if that was the end.
    fn do_effects(&mut self) -> Option<Outcome> {
        while let Some(effect) = self.consumer.poll_effect() {
            debug!("{effect}");
            self.counter.effect(&effect);
            self.recorder.effect(&effect);
            match effect {
                Effect::Load { op } => self.worker.ask(Question::Open(op)),
                Effect::Append(append) => {
                    let events = append.events.clone();
                    self.worker.ask(Question::Append(append));
                    self.appended = events;
                }
                Effect::Flush { op } => self.worker.ask(Question::Flush(op)),
                Effect::Open { epoch, source, place, options } => {
                    self.report.dialling(source);
                    self.sockets.open(epoch, source, place, options);
                }
                Effect::Ping { epoch } => self.sockets.ping(epoch),
                Effect::Pause { epoch } => self.sockets.pause(epoch, true),
                Effect::Resume { epoch } => self.sockets.pause(epoch, false),
                Effect::Close { epoch, reason } => {
                    self.report.closing(reason);
                    self.sockets.close(epoch);
                }
                Effect::Notice(notice) => self.report.notice(&notice),
                Effect::Ignored(_) => {}
                Effect::Stop(outcome) => return Some(outcome),
            }
        }
        self.recorder.drained(&self.consumer);
        self.alarm.set(self.consumer.next_timeout());
        None
    }

    /// The next input: of all who have something to say, from whoever's turn it is.
    fn poll_input(
        &mut self,
        cx: &mut Context<'_>,
        mut shutdown: Pin<&mut impl FusedFuture<Output = ()>>,
    ) -> Poll<Result<Input<Jetstream>, Fault>> {
        let callers = self.turn.next();
        for caller in callers {
            let said = match caller {
                Caller::Sink => self.worker.poll_answer(cx).map_err(Fault::from),
                Caller::Stop => shutdown.as_mut().poll(cx).map(|()| Ok(Input::StopRequested)),
                Caller::Timer => self.alarm.poll(cx).map(|()| Ok(Input::Timeout)),
                Caller::Socket => self.sockets.poll_news(cx).map(|news| Ok(self.heard(news?))),
            };
            if let Poll::Ready(said) = said {
                self.turn.took(callers, caller);
                return Poll::Ready(said.inspect(|input| self.note(input)));
            }
        }
        Poll::Pending
    }

    fn heard(&mut self, News { input, why }: News) -> Input<Jetstream> {
        match &input {
            Input::Opened { .. } => self.report.opened(),
            Input::Closed { closure, .. } => self.report.closed(*closure, why),
            _ => {}
        }
        input
    }

    fn note(&mut self, input: &Input<Jetstream>) {
        match input {
            // Late news, which the machine ignores too: it will be read again.
            Input::Received { epoch, .. } if !self.sockets.is_live(*epoch) => {}
            Input::Appended { appended: Appended::Stored { stored, duplicates }, .. } => {
                self.report.sink_took(*stored, *duplicates);
                self.counter.input(input);
            }
            _ => self.counter.input(input),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SinkEnded(Ended::ReaderGone) => f.write_str("nobody reads what is written any more"),
            Self::SinkEnded(Ended::Damaged(what)) => write!(f, "what is stored is damaged: {what}"),
            Self::SinkPanicked(message) => write!(f, "the sink panicked: {message}"),
            Self::SocketPanicked(message) => write!(f, "a connection panicked: {message}"),
        }
    }
}

impl From<Gone> for Fault {
    fn from(gone: Gone) -> Self {
        match gone {
            Gone::Ended(ended) => Self::SinkEnded(ended),
            Gone::Panicked(message) => Self::SinkPanicked(message),
        }
    }
}

impl From<Panicked> for Fault {
    fn from(Panicked(message): Panicked) -> Self {
        Self::SocketPanicked(message)
    }
}
