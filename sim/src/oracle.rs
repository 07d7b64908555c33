//! What must hold at every step and at the end, kept from inputs and effects alone.
//!
//! Each rule has its own small ledger; this file tells them what happened. All of it is incremental: a step costs
//! the same however long the run is. The books are closed once, at the end.

mod beginning;
mod books;
mod bustle;
mod causes;
mod delivery;
mod digest;
mod effects;
mod garble;
mod inputs;
mod link;
mod memory;
mod overlap;
mod pace;
mod records;
mod rule;
mod silence;
mod spans;
mod staleness;
mod status;
mod switch;
mod trouble;

use std::collections::BTreeMap;

use highwater_core::Config;
use highwater_core::Status;
use highwater_core::checkpoint::Checkpoint;
use highwater_core::effect::{Effect, Ignored, Outcome};
use highwater_core::gap::Gap;
use highwater_core::number::{Fence, Op};
use highwater_core::scope::{Scope, SourceId};
use highwater_core::sink::Events;
use highwater_core::time::{Duration, Instant, Now, WallTime};

use crate::carrier::{Carrier, Told};
use crate::disk::GapKey;
use crate::hash::Hash;
use crate::truth::EventId;
use beginning::Beginning;
pub(crate) use books::Closing;
use books::Fates;
use bustle::Bustle;
use causes::Causes;
use delivery::{Delivery, Taken};
use link::Link;
use overlap::Overlap;
use pace::Pace;
use records::Records;
pub(crate) use rule::must;
pub use rule::{Rule, Violation};
use silence::Silence;
use staleness::Staleness;
use switch::Switch;
use trouble::Trouble;

/// Everything that is known of a run, and of the process that runs now.
#[derive(Clone, Debug)]
pub(crate) struct Oracle<P: Told> {
    hash: Hash,
    fates: Fates,
    /// To which source a gap's end belongs.
    ends: BTreeMap<GapKey, SourceId>,
    life: Option<Life<P>>,
    /// How often the machine ignored what, by why.
    ignored: [u64; 4],
}

/// What is known of one process.
#[derive(Clone, Debug)]
struct Life<P: Told> {
    config: Config,
    fence: Fence,
    records: Option<Records<P::Key>>,
    delivery: Delivery,
    /// The most items that were handed in at once.
    portion: usize,
    link: Option<Link<P::Key>>,
    pace: Pace,
    bustle: Bustle,
    silence: Silence,
    asked: Option<Asked<P>>,
    /// An append whose fate is not known.
    unsettled: Option<Question<P>>,
    trouble: Trouble,
    /// The last source that was dialed.
    source: SourceId,
    /// When the machine last had anything to settle.
    busy_at: Instant,
    /// Where the items begin that are being handed in.
    mark: u64,
    /// What the sink refused and what is neither stored nor set aside since. An event told twice counts as two.
    refused: BTreeMap<Telling, Refused>,
    causes: Causes,
    beginning: Beginning,
    staleness: Staleness,
    /// So many bytes wait or are on their way, as the machine says.
    waiting_bytes: u64,
    /// The batch on its way was refused, and is taken to pieces; what is durable of it, it holds on to.
    is_split: bool,
    /// How the last connection that opened goes live.
    switch: Option<Switch>,
    overlap: Overlap,
    /// How far the last connection got.
    reached: Option<highwater_core::cursor::Cursor>,
    /// On the last connection, or the one under way, the witness came or it is on record that it did not.
    is_settled: bool,
    /// What became durable of events that have several contents, since the books were last told.
    two_faced: Vec<(EventId, u8)>,
    stop: Option<Instant>,
    /// When the machine wants to be woken.
    planned: Option<Instant>,
    is_fenced: bool,
    ended: Option<Outcome>,
}

/// An event that the sink refused.
#[derive(Clone, Copy, Debug, Default)]
struct Refused {
    /// So often in a row.
    times: u8,
    /// The last time.
    last: Instant,
    /// It was told twice at the very same time, in one batch, so that nothing tells the one from the other.
    has_twin: bool,
}

/// What tells an event in a batch from the same event told anew.
type Telling = (EventId, WallTime);

/// A question to the sink that is not settled.
#[derive(Clone, Debug)]
struct Asked<P: Told> {
    op: Op,
    question: Question<P>,
}

#[derive(Clone, Debug)]
enum Question<P: Told> {
    Load,
    Flush,
    Append {
        scope: Scope,
        taken: Taken,
        checkpoint: Checkpoint<P::Key>,
        gaps: Vec<Gap>,
        events: Events<P>,
        /// An event of it is set aside.
        buried: Option<Telling>,
    },
}

impl<P: Told> Oracle<P> {
    /// Nothing has happened.
    pub(crate) fn new() -> Self {
        Self {
            hash: Hash::EMPTY,
            fates: Fates::default(),
            ends: BTreeMap::new(),
            life: None,
            ignored: [0; 4],
        }
    }

    /// A process starts.
    pub(crate) fn begin_life(&mut self, config: &Config, now: Now) {
        self.life = Some(Life {
            config: config.clone(),
            fence: Fence(0),
            records: None,
            delivery: Delivery::default(),
            portion: 0,
            link: None,
            pace: Pace::new(config),
            bustle: Bustle::default(),
            silence: Silence::new(config, now),
            asked: None,
            unsettled: None,
            trouble: Trouble::new(config),
            source: SourceId(0),
            busy_at: Instant::ZERO,
            mark: 0,
            refused: BTreeMap::new(),
            causes: Causes::default(),
            beginning: Beginning::new(config.start),
            staleness: Staleness::new(config.cursor_window),
            waiting_bytes: 0,
            is_split: false,
            switch: None,
            overlap: Overlap::default(),
            reached: None,
            is_settled: true,
            two_faced: Vec::new(),
            stop: None,
            planned: None,
            is_fenced: false,
            ended: None,
        });
    }

    /// A process is gone, and with it what it was handed and had not made durable.
    pub(crate) fn end_life(&mut self) {
        let Some(life) = self.life.take() else { return };
        for id in life.delivery.waiting() {
            self.fates.drop(id);
        }
    }

    /// Nobody can be sure to hear of these events; but who was handed one has to keep it.
    pub(crate) fn forgive(&mut self, ids: &[EventId]) {
        for &id in ids {
            self.fates.forgive(id);
        }
    }

    /// These events are gone, and nothing that was durable could have told the machine so.
    pub(crate) fn excuse(&mut self, ids: &[EventId]) {
        for &id in ids {
            self.fates.forgive(id);
            self.fates.drop(id);
        }
    }

    /// The machine has no more effects, and wants to be woken at `next`.
    pub(crate) fn drained(
        &mut self,
        now: Now,
        next: Option<Instant>,
        status: &Status,
    ) -> Result<(), Violation> {
        let Some(life) = self.life.as_mut() else { return Ok(()) };
        let at = now.monotonic;
        must(next.is_none_or(|next| at < next), Rule::O7Pace, || {
            format!("the machine wakes at {next:?}, which is not later than now, {at}")
        })?;
        if life.asked.is_some() || !life.delivery.is_empty() {
            life.busy_at = at;
        }
        if let Some(stop) = life.stop.filter(|_| life.ended.is_none()) {
            must(at < stop + life.config.stop_grace + LATE, Rule::O10Stop, || {
                format!("a stop asked for at {stop} has not ended at {at}")
            })?;
            must(next.is_some() || life.asked.is_some(), Rule::O10Stop, || {
                "a stop waits for nothing".to_owned()
            })?;
        }
        let owes_gap = life.link.as_ref().is_some_and(|link| link.owes_gap);
        must(!owes_gap, Rule::O15Gaps, || {
            "the server's clock went back, and that is on no record".to_owned()
        })?;
        life.planned = next;
        life.check_status(status)?;
        life.look_at_memory(status)?;
        life.waiting_bytes = status.waiting_bytes;
        let link = life.link.as_ref().filter(|link| link.is_open);
        must(!link.is_some_and(|link| link.garble.is_too_much()), Rule::O7Pace, || {
            "a connection goes on that hardly anything can be read on".to_owned()
        })?;
        life.causes.look(link.is_some())?;
        let latest = life.records.as_ref().and_then(|records| records.latest(life.source));
        if let Some((_, known)) = latest.filter(|_| link.is_some()) {
            life.staleness.look(known, life.asked.is_some() || life.trouble.is_any())?;
        }
        if life.ended.is_none() {
            life.trouble.look(next)?;
            life.silence.look(now, next)?;
            if life.asked.is_none()
                && life.delivery.is_empty()
                && life.waiting_bytes == 0
                && !life.trouble.is_any()
            {
                life.silence.look_at_idleness(next)?;
            }
        }
        Ok(())
    }

    /// Late or doubled news was handed in: an effect of it.
    pub(crate) fn late_effect(&mut self, effect: &Effect<P>) -> Result<(), Violation> {
        self.hash = digest::effect(self.hash, effect);
        match effect {
            Effect::Ignored(why) => {
                self.count_ignored(*why);
                Ok(())
            }
            other => {
                Err(Violation { rule: Rule::O6LateNews, what: format!("late news has an effect: {other}") })
            }
        }
    }

    /// Late or doubled news was handed in: the machine before and after.
    pub(crate) fn unchanged(
        before: (u64, Option<Instant>),
        after: (u64, Option<Instant>),
    ) -> Result<(), Violation> {
        must(before == after, Rule::O6LateNews, || format!("late news changed {before:?} to {after:?}"))
    }

    /// Whether the sink could not be used, and was of no use since.
    pub(crate) fn has_trouble(&self) -> bool {
        self.life.as_ref().is_some_and(|life| life.trouble.is_any())
    }

    /// Whether the sink refused something that is neither stored nor set aside since.
    pub(crate) fn has_refused(&self) -> bool {
        self.life.as_ref().is_some_and(|life| !life.refused.is_empty())
    }

    /// Whether all that the machine was handed is durable.
    pub(crate) fn is_settled(&self) -> bool {
        self.life.as_ref().is_some_and(|life| life.delivery.is_empty() && life.asked.is_none())
    }

    /// Closes the books.
    pub(crate) fn close<C: Carrier<Payload = P>>(&self, closing: &Closing<'_, C>) -> Result<(), Violation> {
        closing.close(&self.fates, &self.ends)
    }

    /// The hash of everything so far.
    pub(crate) fn hash(&self) -> u64 {
        self.hash.finish()
    }

    fn count_ignored(&mut self, why: Ignored) {
        self.ignored[why as usize] += 1;
    }
}

/// A machine cannot be later than its host, which the world holds up for so long at most.
const LATE: Duration = Duration::from_secs(20);
