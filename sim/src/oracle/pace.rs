//! O7: how often is dialed, and how long is waited, and with what; O20: who is dialed no more.
//!
//! Counted from inputs and effects alone: an attempt is good if an append begun in it made progress, or if it
//! lived for ten seconds and answered a ping.

use highwater_core::Config;
use highwater_core::closure::Closure;
use highwater_core::scope::SourceId;
use highwater_core::time::{Duration, Instant};

use super::rule::{Rule, Violation, must};

/// A connection that lived so long, and answered a ping, was good.
const GOOD_AFTER: Duration = Duration::from_secs(10);
/// Nobody is asked to wait longer than this.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);

/// Compression that failed so often is off: the dictionary may have changed once, not twice.
const RENEGOTIATIONS: u32 = 2;
/// A source that no longer has what it is asked for is asked again so often, and then given up.
const TOO_OLD: u32 = 5;

/// The very same delay so often in a row is none by chance: less likely than once in a thousand million times.
const SAME_DELAYS: u32 = 2;

/// How the dials are paced.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    initial: Duration,
    max: Duration,
    failures: u32,
    /// The last good moment: progress, or the end of a good attempt.
    good_at: Instant,
    /// The longest while between two moments at which something good came of it.
    longest: Duration,
    attempt: Option<Attempt>,
    last_dial: Option<Instant>,
    fatal: Vec<SourceId>,
    sources: usize,
    /// The last delay that was by chance alone, its ceiling, and how often in a row it was that one.
    by_chance: (Duration, Duration, u32),
    /// How often compression failed since it last did not.
    renegotiations: u32,
    /// How often in a row a source no longer had what it was asked for, and nothing moved.
    too_old: (SourceId, u32),
}

#[derive(Clone, Copy, Debug)]
struct Attempt {
    opened: Option<Instant>,
    is_ponged: bool,
    is_good: bool,
    ended: Option<Instant>,
    retry_after: Duration,
    /// When the next dial comes, as the operator was told.
    next: Option<Instant>,
}

impl Pace {
    /// Nothing dialed yet.
    pub(super) fn new(config: &Config) -> Self {
        Self {
            initial: config.backoff_initial,
            max: config.backoff_max,
            failures: 0,
            good_at: Instant::ZERO,
            longest: Duration::ZERO,
            attempt: None,
            last_dial: None,
            fatal: Vec::new(),
            sources: config.sources.len(),
            by_chance: (Duration::ZERO, Duration::ZERO, 0),
            renegotiations: 0,
            too_old: (SourceId(0), 0),
        }
    }

    /// A dial. All of the last attempt is settled by now; `drained` is when that was so, at the latest. `late` is
    /// how much later than it wanted the machine was woken.
    pub(super) fn dial(
        &mut self,
        now: Instant,
        source: SourceId,
        drained: Instant,
        late: Duration,
    ) -> Result<(), Violation> {
        must(!self.fatal.contains(&source), Rule::O20Fatal, || {
            format!("source {} is dialed again, though it refused for good", source.0)
        })?;
        if self.too_old.0 != source {
            self.too_old = (source, 0);
        }
        if let Some(attempt) = self.attempt.take() {
            if attempt.is_good && self.renegotiations < RENEGOTIATIONS {
                self.renegotiations = 0;
            }
            self.failures = if attempt.is_good { 0 } else { self.failures.saturating_add(1) };
            let ended = attempt.ended.unwrap_or(now);
            let ceiling = self.ceiling();
            let least = Duration::from_micros(ceiling.as_micros() / 2).max(attempt.retry_after);
            must(ended + least <= now, Rule::O7Pace, || {
                format!("dialed {} after failure {}, not {least}", now.since(ended), self.failures)
            })?;
            must(attempt.next.is_some_and(|next| next <= now), Rule::O7Pace, || {
                format!("dialed at {now}, where {:?} was told", attempt.next)
            })?;
            let most = (ended + ceiling.max(attempt.retry_after)).max(drained) + late;
            must(now <= most, Rule::O7Pace, || {
                format!("dialed {} after failure {}, not within {ceiling}", now.since(ended), self.failures)
            })?;
        }
        let apart = self.last_dial.map(|last| now.since(last));
        must(
            apart.is_none_or(|apart| self.initial.as_micros() / 2 <= apart.as_micros()),
            Rule::O7Pace,
            || format!("two dials {} apart", apart.unwrap_or_default()),
        )?;
        self.last_dial = Some(now);
        self.attempt = Some(Attempt {
            opened: None,
            is_ponged: false,
            is_good: false,
            ended: None,
            retry_after: Duration::ZERO,
            next: None,
        });
        Ok(())
    }

    /// The operator is told how often was dialed in vain, and when the next dial comes.
    pub(super) fn told(&mut self, failures: u32, delay: Duration) -> Result<(), Violation> {
        let Some(attempt) = self.attempt.as_mut() else {
            return Err(Violation::of(Rule::O7Pace, "a dial is put off that none came before"));
        };
        let counted = if attempt.is_good { 0 } else { self.failures.saturating_add(1) };
        attempt.next = attempt.ended.map(|ended| ended + delay);
        must(failures == counted && attempt.next.is_some(), Rule::O7Pace, || {
            format!("told of {failures} failures, where {counted} were")
        })?;
        if delay <= attempt.retry_after {
            return Ok(());
        }
        let (ceiling, (last, known, times)) = (ceiling(self.initial, self.max, failures), self.by_chance);
        let times = if (delay, ceiling) == (last, known) { times + 1 } else { 0 };
        self.by_chance = (delay, ceiling, times);
        must(times < SAME_DELAYS, Rule::O7Pace, || {
            format!("a delay of {delay}, again and again: no chance in it")
        })
    }

    /// A dial asks for compression.
    pub(super) fn compresses(&self) -> Result<(), Violation> {
        must(self.renegotiations < RENEGOTIATIONS, Rule::O7Pace, || {
            format!("compression is asked for after it failed {} times", self.renegotiations)
        })
    }

    /// Hardly a frame made sense: compression is not to be asked for again.
    pub(super) fn malformed(&mut self) {
        self.renegotiations = RENEGOTIATIONS;
    }

    /// The connection opened.
    pub(super) fn opened(&mut self, now: Instant) {
        self.each(|attempt| attempt.opened = Some(now));
    }

    /// A ping was answered.
    pub(super) fn ponged(&mut self) {
        self.each(|attempt| attempt.is_ponged |= attempt.ended.is_none());
    }

    /// An append made progress, perhaps by moving the checkpoint.
    pub(super) fn progressed(&mut self, now: Instant, moved: bool) {
        self.good(now);
        self.each(|attempt| attempt.is_good = true);
        if moved {
            self.too_old.1 = 0;
        }
    }

    /// The connection is over, by whoever's doing.
    pub(super) fn ended(&mut self, now: Instant, source: SourceId, closure: Option<Closure>) {
        self.each(|attempt| {
            let lived = attempt.opened.map_or(Duration::ZERO, |opened| now.since(opened));
            attempt.is_good |= attempt.is_ponged && GOOD_AFTER <= lived;
            attempt.ended = Some(now);
            if let Some(Closure::Retry { after: Some(after) }) = closure {
                attempt.retry_after = after.min(RETRY_AFTER_MAX);
            }
        });
        if self.attempt.is_some_and(|attempt| attempt.is_good) {
            self.good(now);
        }
        self.renegotiations += u32::from(closure == Some(Closure::Renegotiate));
        self.too_old.1 += u32::from(closure == Some(Closure::TooOld));
        if closure == Some(Closure::Fatal) || TOO_OLD < self.too_old.1 {
            self.fatal.push(source);
        }
    }

    /// Whether there was nothing good for so long: now, or once, since a machine that gives up still settles what it
    /// has in hand.
    pub(super) fn is_bad_for(&self, limit: Duration, now: Instant) -> bool {
        limit <= self.longest.max(now.since(self.good_at))
    }

    fn good(&mut self, now: Instant) {
        self.longest = self.longest.max(now.since(self.good_at));
        self.good_at = now;
    }

    /// Whether this source has refused for good.
    pub(super) fn is_fatal(&self, source: SourceId) -> bool {
        self.fatal.contains(&source)
    }

    /// Whether every source has refused for good.
    pub(super) fn is_hopeless(&self) -> bool {
        (0..self.sources).all(|source| self.fatal.iter().any(|fatal| usize::from(fatal.0) == source))
    }

    /// Finished attempts since the last good one, as of the last dial.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    fn ceiling(&self) -> Duration {
        ceiling(self.initial, self.max, self.failures)
    }

    fn each(&mut self, act: impl FnOnce(&mut Attempt)) {
        if let Some(attempt) = self.attempt.as_mut() {
            act(attempt);
        }
    }
}

/// The longest delay after so many failures in a row.
pub(super) fn ceiling(initial: Duration, max: Duration, failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(40);
    initial.saturating_mul(1 << doublings).min(max)
}
