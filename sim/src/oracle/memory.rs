//! O8: what waits stays within its limits, an append within its own, and reading stops and goes on in time.

use highwater_core::sink::Append;
use highwater_core::time::Instant;
use highwater_core::{Config, Status};

use super::delivery::{ENTRY_BYTES, Held};
use super::rule::{Rule, Violation, must};
use super::{Life, Question};
use crate::carrier::Told;

/// Two portions may arrive after reading stopped, and one may begin before the limit and end behind it.
const PORTIONS_ON_THE_WAY: usize = 3;
/// Of the shell's four may be on the way, and one in the hands of its socket besides.
const PORTIONS_OF_THE_SHELL: usize = 6;
/// The world's portions have so many events at most; those of the shell are larger.
const PORTION: usize = 64;
/// Gaps and changes of scope wait in the same queue: so many at once at most.
const OTHERS: usize = 160;

impl<P: Told> Life<P> {
    /// What is handed in stays within the limit and what was on the way when reading stopped.
    pub(super) fn check_memory(&self) -> Result<(), Violation> {
        let on_the_way = match self.portion {
            ..=PORTION => PORTIONS_ON_THE_WAY * PORTION,
            larger => PORTIONS_OF_THE_SHELL * larger,
        };
        let (held, limit) = (self.delivery.events(), self.config.buffer_events as usize + on_the_way);
        must(held <= limit, Rule::O8Memory, || format!("{held} events wait where {limit} may"))
    }

    /// The machine has done what it wanted for now: what it says of its memory is so, and it reads only into room.
    pub(super) fn look_at_memory(&self, status: &Status) -> Result<(), Violation> {
        if self.ended.is_some() || self.delivery.may_have_dropped() {
            return Ok(());
        }
        let Held { bytes_least, bytes_most, .. } = self.delivery.held();
        let waiting = status.waiting_bytes as usize;
        let most = bytes_most + OTHERS * ENTRY_BYTES;
        must(bytes_least <= waiting && (self.is_split || waiting <= most), Rule::O17Status, || {
            format!("{bytes_least} to {most} bytes wait: {status:?}")
        })?;
        let is_reading = self.link.as_ref().is_some_and(|link| link.is_open) && !self.silence.is_paused();
        let has_room = self.delivery.events() < self.config.buffer_events as usize
            && bytes_least < self.config.buffer_bytes as usize;
        let has_ample_room = self.delivery.held().events_most <= self.config.buffer_events as usize / 2
            && most <= self.config.buffer_bytes as usize / 2;
        let is_stuck = self.silence.is_paused() && has_ample_room && !self.is_split;
        let is_asked_what_is_durable = self.unsettled.is_some()
            || self.asked.as_ref().is_some_and(|asked| matches!(asked.question, Question::Load));
        must(!is_stuck || self.trouble.is_any() || is_asked_what_is_durable, Rule::O8Memory, || {
            format!("reading does not go on with {} events", self.delivery.events())
        })?;
        must(has_room || !is_reading, Rule::O8Memory, || {
            format!("reading goes on with {} events and {bytes_least} bytes", self.delivery.events())
        })
    }

    /// Reading stops: is there a reason?
    pub(super) fn check_pause(&self) -> Result<(), Violation> {
        let Held { events_most, bytes_most, .. } = self.delivery.held();
        let is_full = self.config.buffer_events as usize <= events_most
            || self.config.buffer_bytes as usize <= bytes_most + OTHERS * ENTRY_BYTES;
        let is_right = is_full || self.is_split || self.trouble.is_any() || self.unsettled.is_some();
        must(is_right, Rule::O8Memory, || {
            format!("reading stops with {events_most} events and {bytes_most} bytes")
        })
    }

    /// Reading goes on: is there room, or has the server been kept waiting for as long as it bears?
    pub(super) fn check_resume(&self, at: Instant) -> Result<(), Violation> {
        let events = self.delivery.events();
        let has_room = events <= self.config.buffer_events as usize / 2
            && self.delivery.held().bytes_least <= self.config.buffer_bytes as usize / 2;
        let patience = self.config.sources[usize::from(self.source.0)].patience;
        let is_waited_for = self.silence.paused_since().is_some_and(|since| since + patience <= at);
        let is_right = self.delivery.may_have_dropped() || has_room || is_waited_for;
        must(is_right && !self.trouble.is_any(), Rule::O8Memory, || {
            format!("reading goes on with {events} events, and a sink in trouble {:?}", self.trouble)
        })
    }
}

/// An append is no larger than it may be: without its last event there was room for one more.
pub(super) fn check_batch<P: Told>(append: &Append<P>, config: &Config) -> Result<(), Violation> {
    let count = append.events.len();
    must(count <= config.batch_events as usize, Rule::O8Memory, || {
        format!("{count} events are appended at once, {} may be", config.batch_events)
    })?;
    let before = append.events.iter().take(count.saturating_sub(1));
    let bytes: usize = before.map(|event| ENTRY_BYTES + event.payload.size()).sum();
    must(count < 2 || bytes < config.batch_bytes as usize, Rule::O8Memory, || {
        format!("an event is appended with {bytes} bytes before it, {} may be", config.batch_bytes)
    })
}
