//! What the operator reads of a run: each thing once, and what repeats itself at the first and each tenth time.

use highwater_core::closure::{CloseReason, Closure};
use highwater_core::effect::Notice;
use highwater_core::gap::{Cause, Gap, GapState, Mark};
use highwater_core::scope::SourceId;
use highwater_core::time::Duration;
use jiff::Timestamp;
use tracing::{debug, error, info, warn};

use crate::address::Address;

/// Something that repeats itself is said the first time, and every so many times.
const SAID_EVERY: u32 = 10;

/// Puts notices into words.
#[derive(Debug)]
pub(super) struct Report {
    feeds: Vec<Address>,
    dialled: SourceId,
    last_words: Option<String>,
    sink_failures: u32,
}

impl Report {
    pub(super) fn new(feeds: Vec<Address>) -> Self {
        Self { feeds, dialled: SourceId(0), last_words: None, sink_failures: 0 }
    }

    /// A connection begins.
    pub(super) fn dialling(&mut self, source: SourceId) {
        self.dialled = source;
        self.last_words = None;
    }

    /// A connection is open.
    pub(super) fn opened(&self) {
        info!(feed = %self.feed(self.dialled), "connected");
    }

    /// A connection ended, or did not begin.
    pub(super) fn closed(&mut self, closure: Closure, why: Option<String>) {
        debug!(feed = %self.feed(self.dialled), %closure, why = why.as_deref(), "connection over");
        self.last_words = why;
    }

    /// The machine ends a connection.
    pub(super) fn closing(&mut self, reason: CloseReason) {
        let why = match reason {
            CloseReason::ConnectTimeout => "it did not open in time",
            CloseReason::Silent => "not a byte came for long, nor an answer to a ping",
            CloseReason::Quiet => "no event came for as long as the quiet limit",
            CloseReason::Patience => "the sink was busy for as long as the server bears with it",
            CloseReason::Malformed => "hardly a frame of it could be understood",
            CloseReason::Unproven => {
                "the event at the checkpoint did not come again; it is asked for by time"
            }
            CloseReason::Incarnation => "it is another history than before; it is asked for by time",
            CloseReason::LimitLifted => {
                "the message that was too large is passed; all sizes are asked for again"
            }
            // Why it was so before remains worth knowing.
            CloseReason::Stop => return,
        };
        debug!(feed = %self.feed(self.dialled), why, "connection ended by us");
        self.last_words = Some(why.to_owned());
    }

    /// The sink took something.
    pub(super) fn sink_took(&mut self, stored: u32, duplicates: u32) {
        debug!(stored, duplicates, "appended");
        self.sink_failures = 0;
    }

    /// Why the last connection ended, or did not begin.
    pub(super) fn last_words(&self) -> &str {
        self.last_words.as_deref().unwrap_or("it said nothing")
    }

    /// What the machine has to say to the operator.
    pub(super) fn notice(&mut self, notice: &Notice) {
        match notice {
            Notice::StartIgnored => {
                info!("going on from the checkpoint: where to start counts for the first run only");
            }
            Notice::Stale { age } => warn!(
                age = %people(*age),
                "the checkpoint is older than servers are believed to keep events: what they no longer have will be \
                 on record as a gap and needs a backfill"
            ),
            Notice::Proved { scope } => {
                debug!(feed = %self.feed(scope.source), "the event at the checkpoint came again: nothing is missing");
            }
            Notice::Gap(gap) => self.gap(gap),
            Notice::NewIncarnation { scope } => info!(
                feed = %self.feed(scope.source),
                counts = %scope.kind,
                incarnation = scope.incarnation,
                "from here on the feed's cursors mean something else than before"
            ),
            Notice::Switched { to } => warn!(feed = %self.feed(*to), "another feed takes over"),
            Notice::SourceFatal { source } => error!(
                feed = %self.feed(*source),
                why = self.last_words(),
                "the feed will never accept this subscription; it is not asked again"
            ),
            Notice::Poison { time } => warn!(
                time_us = time.as_micros(),
                "the sink refused an event for good; it is kept among the dead letters"
            ),
            Notice::SinkUnavailable { delay } => self.sink_unavailable(*delay),
            Notice::BackingOff { failures, delay } => self.backing_off(*failures, *delay),
            Notice::Suspended { span } => {
                info!(span = %people(*span), "the machine slept; looking after the connection");
            }
        }
    }

    fn gap(&self, gap: &Gap) {
        let (feed, state, cause) = (self.feed(gap.scope.source), gap.state.name(), gap.cause.name());
        let (from, to) = (moment(gap.from), gap.to.map(moment));
        match (gap.state, gap.cause) {
            (GapState::Closed, _) => info!(%feed, cause, from, to, "a span on record is complete after all"),
            // Each connection of the older wire has one, and each is said once it has an end.
            (_, Cause::Cutover) if to.is_none() => debug!(%feed, state, cause, from, "a span goes on record"),
            (_, Cause::Cutover) => info!(%feed, state, cause, from, to, "a span is on record"),
            (GapState::Lost | GapState::Unproven, _) => {
                warn!(%feed, state, cause, from, to, "a span is on record");
            }
        }
    }

    fn sink_unavailable(&mut self, delay: Duration) {
        if is_said(self.sink_failures) {
            warn!(times = self.sink_failures + 1, again_in = %people(delay), "the sink cannot be used now");
        }
        self.sink_failures = self.sink_failures.saturating_add(1);
    }

    fn backing_off(&self, failures: u32, delay: Duration) {
        let (feed, why, again_in) = (self.feed(self.dialled), self.last_words(), people(delay));
        if failures == 0 {
            info!(%feed, why, again_in, "a good connection is over");
        } else if is_said(failures - 1) {
            warn!(%feed, why, again_in, times = failures, "no good connection");
        }
    }

    fn feed(&self, source: SourceId) -> String {
        self.feeds.get(usize::from(source.0)).map_or_else(|| source.0.to_string(), Address::host_port)
    }
}

/// Whether what happened `before` times already is worth saying once more.
fn is_said(before: u32) -> bool {
    before == 0 || (before + 1).is_multiple_of(SAID_EVERY)
}

/// The server's time at one end of a span.
fn moment(mark: Mark) -> String {
    let micros = i64::try_from(mark.time.as_micros()).ok();
    let moment = micros.and_then(|micros| Timestamp::from_microsecond(micros).ok());
    moment.map_or_else(|| mark.cursor.to_string(), |moment| moment.to_string())
}

/// A length of time as people write it, not finer than they care for.
fn people(duration: Duration) -> String {
    let millis = duration.as_micros().div_ceil(1_000);
    let millis = if millis < 1_000 { millis } else { millis / 100 * 100 };
    humantime::format_duration(std::time::Duration::from_millis(millis)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_itself_is_said_at_the_first_and_each_tenth_time() {
        let said: Vec<u32> = (0..40).filter(|before| is_said(*before)).map(|before| before + 1).collect();
        assert_eq!(said, [1, 10, 20, 30, 40]);
    }

    #[test]
    fn durations_are_for_people() {
        assert_eq!(people(Duration::from_micros(1_234_567)), "1s 200ms");
        assert_eq!(people(Duration::from_micros(1)), "1ms");
        assert_eq!(people(Duration::from_secs(90_061)), "1day 1h 1m 1s");
    }
}
