//! What all connections of a feed share, and what can befall it as a whole.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use highwater_core::cursor::Cursor;
use highwater_core::serve::seat::Bounds;
use highwater_core::serve::{Host, Wire};
use highwater_core::time::WallTime;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::clock::calendar;
use crate::feed::allowance::Allowances;
use crate::feed::block::{Form, Slot};
use crate::feed::dictionary::Dictionary;
use crate::feed::fault::FaultKind;
use crate::feed::hazard::{Firing, Hazards};
use crate::feed::instance::Instance;
use crate::feed::log::Log;
use crate::feed::press::Press;
use crate::feed::truth::Truth;
use crate::feed::wires::Wires;

/// A server that starts anew is away for so long.
const AWAY: Duration = Duration::from_millis(300);

/// A server that starts anew says again what it saw so shortly before, and not more than so many events.
const AGAIN: (usize, Duration) = (500, Duration::from_secs(5));

/// A feed while it serves.
#[derive(Debug)]
pub(crate) struct Server {
    seed: u64,
    wires: Wires,
    log: Log,
    press: Press,
    hazards: Hazards,
    truth: Option<Truth>,
    /// What each address may have on the older wire, if not all.
    allowances: Option<Allowances>,
    /// Changes when the server starts anew or stops: no connection outlives that.
    life: watch::Sender<u32>,
    rotations: AtomicU32,
    demand: Notify,
    front: Mutex<Front>,
    pub(crate) counted: Counted,
}

/// What somebody who connects finds.
#[derive(Debug)]
struct Front {
    instance: Instance,
    /// Nobody is let in before.
    opens: Instant,
}

/// What happened so far.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    pub(crate) connections: AtomicU64,
    pub(crate) refusals: AtomicU64,
    pub(crate) frames: AtomicU64,
}

impl Server {
    pub(crate) fn new(
        seed: u64,
        wires: Wires,
        log: Log,
        press: Press,
        hazards: Hazards,
        truth: Option<Truth>,
    ) -> Self {
        Self {
            seed,
            wires,
            log,
            press,
            hazards,
            truth,
            allowances: None,
            life: watch::Sender::new(0),
            rotations: AtomicU32::new(0),
            demand: Notify::new(),
            front: Mutex::new(Front { instance: Instance::First, opens: Instant::now() }),
            counted: Counted::default(),
        }
    }

    /// Sends no more events a second than this to one address on the older wire.
    pub(crate) fn with_limit(self, per_second: Option<u32>) -> Self {
        Self { allowances: per_second.map(Allowances::new), ..self }
    }

    /// What each address may have on the older wire, if not all.
    pub(crate) fn allowances(&self) -> Option<&Allowances> {
        self.allowances.as_ref()
    }

    /// The software that this is, or plays.
    pub(crate) fn host(&self) -> Host {
        self.wires.host()
    }

    /// Whether this is spoken here.
    pub(crate) fn speaks(&self, wire: Wire) -> bool {
        self.wires.wires().contains(&wire)
    }

    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    pub(crate) fn press(&self) -> &Press {
        &self.press
    }

    pub(crate) fn hazards(&self) -> &Hazards {
        &self.hazards
    }

    pub(crate) fn truth(&self) -> Option<&Truth> {
        self.truth.as_ref()
    }

    /// Tells when the server starts anew or stops.
    pub(crate) fn life(&self) -> watch::Receiver<u32> {
        self.life.subscribe()
    }

    /// Adds events to the log, and to the truth before anybody hears of them; `again` if they are said once more.
    pub(crate) fn append(&self, slots: Vec<Slot>, again: bool) {
        self.log.append(slots, |block| {
            if let Some(truth) = &self.truth {
                truth.record(block, self.press.source(), again);
            }
        });
    }

    /// Makes the frames of all events there are, so that the first reader has them as fast as any other.
    pub(crate) fn prepare(&self) {
        let mut next = 0;
        while let Some((block, _)) = self.log.at(next) {
            for wire in self.wires.wires() {
                self.press.frames(&block, Form { wire, instance: Instance::First, dictionary: None });
            }
            next = block.end();
        }
    }

    /// Says that somebody has read all there is.
    pub(crate) fn demand(&self) {
        self.demand.notify_one();
    }

    /// Done when somebody has read all there is.
    pub(crate) async fn demanded(&self) {
        self.demand.notified().await;
    }

    /// Which server answers; none while it is away.
    pub(crate) fn instance(&self) -> Option<Instance> {
        let front = self.front.lock().unwrap_or_else(PoisonError::into_inner);
        (front.opens <= Instant::now()).then_some(front.instance)
    }

    /// From now on another server answers.
    pub(crate) fn switch_instance(&self) {
        let mut front = self.front.lock().unwrap_or_else(PoisonError::into_inner);
        front.instance = front.instance.other();
    }

    /// What `instance` has, for it to seat a subscriber.
    pub(crate) fn bounds(&self, instance: Instance) -> Bounds {
        let mut bounds = self.log.bounds();
        let seen = |time: WallTime| WallTime::from_micros(instance.seen(time.as_micros()));
        bounds.oldest.cursor = Cursor(instance.seq(bounds.oldest.cursor.0));
        bounds.oldest.time = seen(bounds.oldest.time);
        bounds.newest = bounds.newest.map(seen);
        bounds.next_seq = instance.seq(bounds.next_seq);
        bounds
    }

    /// Lets the whole server suffer a fault that came over a subscriber who is at `position`.
    pub(crate) fn befall(&self, mut firing: Firing, position: u64) {
        match firing.kind {
            FaultKind::ClockStep => self.restart(Duration::from_secs(firing.draw.between(10, 60))),
            FaultKind::Retention => {
                self.log.forget(position + firing.draw.between(50, 500));
                self.restart(Duration::ZERO);
            }
            FaultKind::Rotation => {
                let rotations = self.rotations.fetch_add(1, Ordering::Relaxed) + 1;
                self.press.rotate(Dictionary::trained(self.seed, rotations));
                self.restart(Duration::ZERO);
            }
            FaultKind::ReEmission => {
                let (most, span) = AGAIN;
                let recent = self.log.recent(most, span);
                self.restart(Duration::ZERO);
                let time = calendar().as_micros();
                self.append(recent.into_iter().map(|slot| Slot { time, ..slot }).collect(), true);
            }
            // The others concern one connection, or none.
            _ => self.restart(Duration::ZERO),
        }
    }

    /// Ends all connections, for good.
    pub(crate) fn stop(&self) {
        self.life.send_modify(|life| *life += 1);
    }

    fn restart(&self, behind: Duration) {
        self.front.lock().unwrap_or_else(PoisonError::into_inner).opens = Instant::now() + AWAY;
        self.log.restart(behind);
        self.stop();
    }
}
