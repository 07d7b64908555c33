//! The connections of a recorded run: how each went, and what went wrong with it.

use std::collections::BTreeMap;

use highwater_core::closure::{CloseReason, Closure};
use highwater_core::number::Epoch;
use highwater_core::scope::SourceId;
use highwater_core::time::{Duration, Instant};

use super::with;
use crate::faults::{Fault, Measure, Record};
use crate::score::Dial;

/// The connections so far; those of the process that runs by epoch.
#[derive(Clone, Debug, Default)]
pub(super) struct Links {
    dials: Vec<Dial>,
    links: BTreeMap<Epoch, Link>,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    /// Its number in the world, counted from 1.
    number: u64,
    source: SourceId,
    dialed_at: Instant,
    opened_at: Option<Instant>,
    heard_at: Instant,
    pinged_at: Instant,
    is_over: bool,
}

const TICK: Duration = Duration::from_micros(1);

impl Links {
    /// The process is gone.
    pub(super) fn clear(&mut self, at: Instant) {
        for link in core::mem::take(&mut self.links).into_values().filter(|link| !link.is_over) {
            if let (Some(opened_at), Some(dial)) =
                (link.opened_at, self.dials.get_mut(link.number as usize - 1))
            {
                dial.ends = Some(at.since(opened_at));
            }
        }
    }

    /// The machine dials.
    pub(super) fn dial(&mut self, epoch: Epoch, source: SourceId, at: Instant) {
        self.dials.push(Dial::default());
        let number = self.dials.len() as u64;
        let link = Link {
            number,
            source,
            dialed_at: at,
            opened_at: None,
            heard_at: at,
            pinged_at: at,
            is_over: false,
        };
        self.links.insert(epoch, link);
    }

    /// It opens. False if that is no news.
    pub(super) fn opened(&mut self, epoch: Epoch, at: Instant) -> bool {
        let Some((link, dial)) = self.of(epoch) else { return false };
        if link.is_over || link.opened_at.is_some() {
            return false;
        }
        (link.opened_at, link.heard_at) = (Some(at), at);
        dial.greets = Some(at.since(link.dialed_at));
        true
    }

    /// So many events are read from it. Whose they are, if that is news.
    pub(super) fn read(&mut self, epoch: Epoch, at: Instant, events: u32) -> Option<SourceId> {
        let (link, dial) = self.of(epoch)?;
        let after = at.since(link.opened_at.filter(|_| !link.is_over)?);
        link.heard_at = at;
        if events > 0 {
            dial.reads.push((after, events));
        }
        Some(link.source)
    }

    /// Something else is heard of it.
    pub(super) fn heard(&mut self, epoch: Epoch, at: Instant, pong: bool) {
        let Some((link, dial)) = self.of(epoch) else { return };
        let Some(opened_at) = link.opened_at.filter(|_| !link.is_over) else { return };
        link.heard_at = at;
        if pong {
            dial.pongs.push(at.since(link.pinged_at));
        } else {
            dial.heard.push(at.since(opened_at));
        }
    }

    /// The machine pings.
    pub(super) fn pinged(&mut self, epoch: Epoch, at: Instant) {
        if let Some((link, _)) = self.of(epoch) {
            link.pinged_at = at;
        }
    }

    /// The other side ends it: what went wrong. None if that is no news.
    pub(super) fn closed(&mut self, epoch: Epoch, at: Instant, closure: Closure) -> Option<Record> {
        let (link, dial) = self.of(epoch)?;
        if core::mem::replace(&mut link.is_over, true) {
            return None;
        }
        if let Some(opened_at) = link.opened_at {
            dial.ends = Some(at.since(opened_at));
            let cut = Record::mildest(Fault::Cut, link.number, 0);
            return Some(with(cut, Measure::After, at.since(opened_at).as_micros()));
        }
        dial.greets = Some(at.since(link.dialed_at));
        Some(refusal(closure, link.number))
    }

    /// The machine ends it: what went wrong, if anything did.
    pub(super) fn parted(&mut self, epoch: Epoch, at: Instant, reason: CloseReason) -> Option<Record> {
        let (link, dial) = self.of(epoch)?;
        link.is_over = true;
        dial.ends = link.opened_at.map(|opened_at| at.since(opened_at));
        match (reason, link.opened_at) {
            (CloseReason::ConnectTimeout, None) => {
                Some(Record::mildest(Fault::DialUnanswered, link.number, 0))
            }
            (CloseReason::Silent | CloseReason::Quiet, Some(opened_at)) => {
                let after = link.heard_at.since(opened_at) + TICK;
                let silence = Record::mildest(Fault::HalfOpen, link.number, 0);
                Some(with(silence, Measure::After, after.as_micros()))
            }
            _ => None,
        }
    }

    /// All of them.
    pub(super) fn into_dials(self) -> Vec<Dial> {
        self.dials
    }

    fn of(&mut self, epoch: Epoch) -> Option<(&mut Link, &mut Dial)> {
        let link = self.links.get_mut(&epoch)?;
        let dial = self.dials.get_mut(link.number as usize - 1)?;
        Some((link, dial))
    }
}

/// What makes a dial end so.
fn refusal(closure: Closure, number: u64) -> Record {
    let of = |fault| Record::mildest(fault, number, 0);
    match closure {
        Closure::Retry { after: Some(after) } => {
            let busy = with(of(Fault::ServerBusy), Measure::Asks, 1);
            with(busy, Measure::For, after.as_micros())
        }
        Closure::Elsewhere => of(Fault::ServerElsewhere),
        Closure::Renegotiate => of(Fault::DictionaryRotated),
        Closure::Retry { after: None } | Closure::TooOld | Closure::TooLarge | Closure::Fatal => {
            of(Fault::DialRefused)
        }
    }
}
