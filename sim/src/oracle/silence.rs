//! O11: silence beyond the limit, in reading time, ends a connection, and nothing shorter does.

use highwater_core::Config;
use highwater_core::closure::CloseReason;
use highwater_core::time::{Duration, Instant, Now};

use super::rule::{Rule, Violation, must};

/// A deadline seen later than this was not watched, and is judged after one more read.
const LATE: Duration = Duration::from_secs(1);
/// Wall time that ran so far ahead of monotonic time was slept through.
const SUSPENDED: Duration = Duration::from_secs(5);

/// What an open connection has been silent for, in reading time.
#[derive(Clone, Debug)]
pub(super) struct Silence {
    stall: Duration,
    quiet: Option<Duration>,
    connect: Duration,
    watch: Option<Watch>,
    /// When the machine wanted to be woken.
    planned: Option<Instant>,
    /// When it was last handed something.
    last: Now,
}

#[derive(Clone, Copy, Debug)]
struct Watch {
    dialed: Instant,
    opened: Option<Instant>,
    /// The last sign of life, moved on with each pause.
    heard: Instant,
    /// The last event, moved on likewise.
    event: Instant,
    paused: Option<Instant>,
    /// The house slept, and the machine asked at once whether the other side is still there.
    probed: Option<Instant>,
    /// The process did not run for a while: so long may be waited for.
    reprieve: Instant,
}

impl Silence {
    /// No connection yet.
    pub(super) fn new(config: &Config) -> Self {
        Self {
            stall: config.stall_timeout,
            quiet: config.quiet_limit,
            connect: config.connect_timeout,
            watch: None,
            planned: None,
            last: Now::default(),
        }
    }

    /// A dial.
    pub(super) fn dialed(&mut self, now: Instant) {
        let (heard, event, reprieve) = (now, now, Instant::ZERO);
        self.watch =
            Some(Watch { dialed: now, opened: None, heard, event, paused: None, probed: None, reprieve });
    }

    /// The connection opened.
    pub(super) fn opened(&mut self, now: Instant) {
        self.each(|watch| (watch.opened, watch.heard, watch.event) = (Some(now), now, now));
    }

    /// A byte came, and perhaps an event with it.
    pub(super) fn heard(&mut self, now: Instant, is_event: bool) {
        self.each(|watch| {
            let at = watch.paused.unwrap_or(now);
            watch.heard = at;
            (watch.reprieve, watch.probed) = (Instant::ZERO, None);
            if is_event {
                watch.event = at;
            }
        });
    }

    /// The machine stops reading.
    pub(super) fn paused(&mut self, now: Instant) {
        self.each(|watch| watch.paused = Some(now));
    }

    /// The machine reads on.
    pub(super) fn resumed(&mut self, now: Instant) {
        self.each(|watch| {
            if let Some(since) = watch.paused.take() {
                let span = now.since(since);
                watch.heard = watch.heard + span;
                watch.event = watch.event + span;
                watch.reprieve = watch.reprieve + span;
                watch.probed = watch.probed.map(|at| at + span);
            }
        });
    }

    /// Whether the machine does not read.
    pub(super) fn is_paused(&self) -> bool {
        self.watch.is_some_and(|watch| watch.paused.is_some())
    }

    /// The machine ends the connection: is there a reason?
    pub(super) fn closed(&mut self, now: Instant, reason: CloseReason) -> Result<(), Violation> {
        let Some(watch) = self.watch.take() else { return Ok(()) };
        let silent = now.since(watch.heard);
        let is_right = match reason {
            CloseReason::Silent => {
                let is_unanswered = |asked| self.stall * 2 / 5 <= now.since(asked);
                watch.paused.is_none() && (self.stall <= silent || watch.probed.is_some_and(is_unanswered))
            }
            CloseReason::Quiet => self.quiet.is_some_and(|limit| limit <= now.since(watch.event)),
            CloseReason::ConnectTimeout => watch.opened.is_none() && self.connect <= now.since(watch.dialed),
            CloseReason::Patience => watch.paused.is_some(),
            CloseReason::Malformed
            | CloseReason::Unproven
            | CloseReason::Incarnation
            | CloseReason::LimitLifted
            | CloseReason::Stop => true,
        };
        must(is_right, Rule::O11Silence, || format!("closed as {reason} after {silent} of silence"))
    }

    /// The other side ended the connection.
    pub(super) fn ended(&mut self) {
        self.watch = None;
    }

    /// The machine has done what it wanted for now, and wants to be woken at `next`: is that in time?
    pub(super) fn look(&mut self, now: Now, next: Option<Instant>) -> Result<(), Violation> {
        let is_late = self.planned.is_some_and(|planned| planned + LATE < now.monotonic);
        let slept = now.wall.since(self.last.wall).saturating_sub(now.monotonic.since(self.last.monotonic));
        (self.planned, self.last) = (next, now);
        let Some(watch) = self.watch.as_mut() else { return Ok(()) };
        // Whoever did not look for so long looks once more before he judges, and pauses after that.
        let has_looked = watch.paused.is_none_or(|since| since == now.monotonic);
        if watch.opened.is_some() && has_looked && (is_late || SUSPENDED < slept) {
            watch.reprieve = now.monotonic + (self.stall * 2 / 5).max(LATE);
            watch.probed = (SUSPENDED < slept).then_some(now.monotonic).or(watch.probed);
        }
        let limit = match (watch.paused, watch.opened) {
            (Some(_), _) => return Ok(()),
            (None, Some(_)) => (watch.heard + self.stall).max(watch.reprieve),
            (None, None) => (watch.dialed + self.connect).max(watch.reprieve),
        };
        must(next.is_some_and(|next| next <= limit), Rule::O11Silence, || {
            format!("silence is over at {limit}, and the machine wakes at {next:?}")
        })
    }

    fn each(&mut self, act: impl FnOnce(&mut Watch)) {
        if let Some(watch) = self.watch.as_mut() {
            act(watch);
        }
    }
}
