//! Which faults a trial inserts into the recorded run: a few, most of them close together, each at a step that was.
//!
//! What befalls a next connection or a next process is of use only if there is one, so half of the time what makes
//! there be one comes with it.

use std::collections::BTreeSet;

use highwater_core::serve::Wire;

use super::compose::{Composed, with};
use crate::draw::{Draws, Site, Stream};
use crate::faults::{Fault, Measure, Record};
use crate::score::Occasion;
use crate::server::can_befall;

/// So many are inserted at most.
const INSERTED_MAX: usize = 8;
/// One in so many lies anywhere; the others lie near the first.
const FAR_ONE_IN: u64 = 4;
/// So many steps behind the first is near.
const NEAR: u64 = 24;
/// Inserted faults that go by the clock count from here, so that none is taken for a recorded one.
const FIRST_ATTEMPT: u32 = 1_000_000;

/// What is not inserted, since recorded events have the times that they have.
const LEFT_OUT: [Fault; 3] = [Fault::Burst, Fault::Quiet, Fault::EqualTimes];

/// The faults of this trial. `occasions` are what there is to befall at each step of the recorded run.
pub(super) fn insert(draws: Draws, composed: &Composed, occasions: &[Occasion]) -> Vec<Record> {
    let mut stream = draws.stream(Site::Mutation, 0);
    let kinds = kinds(composed);
    let mut inserted = Inserted { composed, records: Vec::new(), keys: BTreeSet::new() };
    if occasions.is_empty() {
        return inserted.records;
    }
    let count = 1 + (stream.wait(2) as usize).min(INSERTED_MAX - 1);
    let first = stream.below(occasions.len() as u64);
    for turn in 0..count {
        let is_far = stream.one_in(FAR_ONE_IN);
        let step = match (turn, is_far) {
            (0, _) => first,
            (_, true) => stream.below(occasions.len() as u64),
            (_, false) => first + stream.below(NEAR),
        };
        let occasion = occasions[(step as usize).min(occasions.len() - 1)];
        let kind = stream.pick(&kinds);
        inserted.insert(kind, occasion, &mut stream);
    }
    inserted.records
}

/// What can befall the world of the recorded run.
fn kinds(composed: &Composed) -> Vec<Fault> {
    let wires: Vec<Wire> = composed.plan.shape.sources.iter().map(|&(wire, _)| wire).collect();
    let can_be = |fault: &Fault| match fault {
        Fault::DictionaryRotated => composed.plan.shape.config.compress,
        Fault::CutoverLoss | Fault::CutoverReorder | Fault::WholeReplay => wires.contains(&Wire::V1),
        Fault::EarlyStart => wires.iter().any(|wire| *wire != Wire::V1),
        fault => !LEFT_OUT.contains(fault) && wires.iter().any(|&wire| can_befall(*fault, wire)),
    };
    Fault::ALL.into_iter().filter(can_be).collect()
}

struct Inserted<'a> {
    composed: &'a Composed,
    records: Vec<Record>,
    keys: BTreeSet<(Fault, u64, u32)>,
}

impl Inserted<'_> {
    fn insert(&mut self, fault: Fault, at: Occasion, stream: &mut Stream) {
        match fault.site() {
            Site::Mishap => self.mishap(fault, at, stream),
            Site::SinkFault => self.put(fault, at.jobs + stream.below(3), at, stream),
            Site::Doubled => self.put(fault, at.news + 1 + stream.below(3), at, stream),
            Site::Control => self.put(fault, at.reads + 1 + stream.below(3), at, stream),
            Site::Midway => self.put(fault, at.effects + 1 + stream.below(6), at, stream),
            Site::Oddity => {
                self.put(fault, stream.below(self.composed.events.max(1)), at, stream);
            }
            Site::Succession => {
                self.put(Fault::Crash, 0, at, stream);
                self.put(fault, at.lives + 1, at, stream);
            }
            _ => {
                let sources = self.composed.plan.shape.sources.len() as u64;
                let source = stream.below(sources);
                let wire = self.composed.plan.shape.sources[source as usize].0;
                if can_befall(fault, wire) {
                    self.put(fault, if fault.is_of_source() { source } else { 0 }, at, stream);
                }
            }
        }
    }

    /// Something befalls the connection that is open, or the next one, for which there has to be one.
    fn mishap(&mut self, fault: Fault, at: Occasion, stream: &mut Stream) {
        let is_of_open = [Fault::Cut, Fault::HalfOpen, Fault::Stall].contains(&fault);
        let dial = if is_of_open || fault == Fault::LateNews { at.dial } else { at.dial + 1 };
        self.put(fault, dial.max(1), at, stream);
        if !is_of_open && stream.one_in(2) {
            self.put(Fault::Cut, at.dial.max(1), at, stream);
        }
    }

    fn put(&mut self, fault: Fault, entity: u64, at: Occasion, stream: &mut Stream) {
        let is_by_clock = fault.site() == Site::Clockwork;
        let attempt = if is_by_clock { FIRST_ATTEMPT + self.records.len() as u32 } else { 0 };
        // A moment later: what was recorded for the step comes first.
        let moment = match fault.site() {
            Site::Mishap => at.at.since(at.opened_at).as_micros() + 1,
            _ => at.at.as_micros() + 1,
        };
        let record = Record::draw(fault, entity, attempt, moment, stream);
        let moment = [Measure::At, Measure::After];
        let timed = record.measures().find(|(range, _)| moment.contains(&range.measure));
        let record = timed.map_or(record, |(range, number)| with(record, range.measure, number));
        if self.keys.insert(record.key()) {
            self.records.push(record);
        }
    }
}
