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
    idle: Option<Duration>,
    connect: Duration,
    watch: Option<Watch>,
    /// When the machine wanted to be woken.
    planned: Option<Instant>,
    /// When it was last handed something.
    last: Now,
    /// For how long it slept before that, and whether it said so.
    slept: Duration,
    is_told: bool,
    /// The last connection brought nothing new for as long as it may.
    was_idle: bool,
}

#[derive(Clone, Copy, Debug)]
struct Watch {
    dialed: Instant,
    opened: Option<Instant>,
    /// The last sign of life, moved on with each pause.
    heard: Instant,
    /// The last event, moved on likewise.
    event: Instant,
    /// When something new came last, moved on likewise.
    stirred: Instant,
    paused: Option<Instant>,
    /// The house slept, and the machine asked at once whether the other side is still there.
    probed: Option<Instant>,
    /// The process did not run for a while: so long may be waited for.
    reprieve: Instant,
}

impl Silence {
    /// No connection yet.
    pub(super) fn new(config: &Config, now: Now) -> Self {
        Self {
            stall: config.stall_timeout,
            quiet: config.quiet_limit,
            idle: config.exit_idle,
            connect: config.connect_timeout,
            watch: None,
            planned: None,
            last: now,
            slept: Duration::ZERO,
            is_told: false,
            was_idle: false,
        }
    }

    /// Something is handed in: did the machine sleep before?
    #[inline]
    pub(super) fn handed(&mut self, now: Now) {
        let wall = now.wall.since(self.last.wall);
        self.slept = wall.saturating_sub(now.monotonic.since(self.last.monotonic));
        (self.last, self.is_told) = (now, false);
    }

    /// The machine says that it slept.
    pub(super) fn slept(&mut self, span: Duration) -> Result<(), Violation> {
        self.is_told = true;
        must(span == self.slept && SUSPENDED < span, Rule::O11Silence, || {
            format!("told of a sleep of {span}, where it was {}", self.slept)
        })
    }

    /// A dial.
    pub(super) fn dialed(&mut self, now: Instant) {
        self.watch = Some(Watch {
            dialed: now,
            opened: None,
            heard: now,
            event: now,
            stirred: now,
            paused: None,
            probed: None,
            reprieve: Instant::ZERO,
        });
    }

    /// The connection opened.
    pub(super) fn opened(&mut self, now: Instant) {
        self.each(|watch| {
            (watch.opened, watch.heard, watch.event, watch.stirred) = (Some(now), now, now, now);
        });
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

    /// Something new became durable, or a frame is to be set aside.
    pub(super) fn stirred(&mut self, now: Instant) {
        self.each(|watch| watch.stirred = watch.paused.unwrap_or(now));
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
                watch.stirred = watch.stirred + span;
                watch.reprieve = watch.reprieve + span;
                watch.probed = watch.probed.map(|at| at + span);
            }
        });
    }

    /// Whether the machine does not read.
    pub(super) fn is_paused(&self) -> bool {
        self.watch.is_some_and(|watch| watch.paused.is_some())
    }

    /// Since when, if it does not.
    pub(super) fn paused_since(&self) -> Option<Instant> {
        self.watch.and_then(|watch| watch.paused)
    }

    /// Whether the machine may end for having heard nothing new.
    pub(super) fn is_idle(&self) -> bool {
        self.was_idle
    }

    /// Nothing waits: if nothing new comes, does the machine wake in time to end?
    pub(super) fn look_at_idleness(&self, next: Option<Instant>) -> Result<(), Violation> {
        let reading = self.watch.filter(|watch| watch.opened.is_some() && watch.paused.is_none());
        let Some(limit) = reading.and_then(|watch| Some(watch.stirred + self.idle?)) else { return Ok(()) };
        must(next.is_some_and(|next| next <= limit), Rule::O11Silence, || {
            format!("idle until {limit}, and the machine wakes at {next:?}")
        })
    }

    /// The machine ends the connection: is there a reason?
    pub(super) fn closed(&mut self, now: Instant, reason: CloseReason) -> Result<(), Violation> {
        let Some(watch) = self.watch.take() else { return Ok(()) };
        let silent = now.since(watch.heard);
        self.was_idle = self.idle.is_some_and(|limit| watch.stirred + limit <= now);
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
        let slept = self.slept;
        self.planned = next;
        must(self.is_told || slept <= SUSPENDED, Rule::O11Silence, || {
            format!("a sleep of {slept} is not told of")
        })?;
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
