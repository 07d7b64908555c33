//! What can happen next in a state, the fair thing first.

use highwater_core::time::Duration;

use super::act::Act;
use super::bounds::Bounds;
use super::model::Model;
use super::rules::REFUSALS;
use super::scene::{Asked, Line, Scene};
use crate::carrier::Told as _;

/// Time goes on by so much at any time; whoever owes an answer for longer is slow, and that is a fault.
const FREELY: Duration = Duration::from_secs(1);

/// What can happen, and what only the bounds keep from happening.
#[derive(Clone, Debug, Default)]
pub struct Offer {
    acts: Vec<Act>,
    /// What may not go wrong once more, of this kind or at all: a bit each.
    cut_off: u32,
}

impl Offer {
    /// What can happen, the fair thing first.
    pub fn acts(&self) -> &[Act] {
        &self.acts
    }

    /// What could go wrong too, if it had not so often.
    pub(super) fn cut_off(&self) -> impl Iterator<Item = usize> {
        let mut left = self.cut_off;
        core::iter::from_fn(move || {
            let first = left.trailing_zeros();
            left &= left.wrapping_sub(1);
            (first < u32::BITS).then_some(first as usize)
        })
    }

    fn clear(&mut self) {
        self.acts.clear();
        self.cut_off = 0;
    }
}

impl Model {
    /// What can happen next. There is always something, and the first of it is what a fair world does.
    pub fn offer(&self, scene: &Scene, offer: &mut Offer) {
        offer.clear();
        offer.acts.push(self.fair(scene));
        self.offer_time(scene, offer);
        let mut take = Taker::new(&self.bounds, scene, offer);
        take.of_line(self);
        take.of_sink();
        take.of_house();
        take.of_server();
    }

    /// What happens next if all is well. Nothing that goes wrong is needed to get on.
    pub(super) fn fair(&self, scene: &Scene) -> Act {
        let Scene { line, asked, .. } = scene;
        match (&scene.machine, asked, line) {
            (None, _, _) => Act::Start,
            (Some(_), Asked::Load(_) | Asked::Flush(_) | Asked::Append { .. }, _) => Act::Answer,
            (Some(_), Asked::Nothing, Line::Dialing { is_silent: false, .. }) => Act::Greet,
            (Some(_), Asked::Nothing, Line::Open(open)) if open.is_pinged && !open.is_silent => Act::Pong,
            (Some(_), Asked::Nothing, Line::Open(_)) if self.can_deliver(scene) => Act::Deliver,
            (Some(_), Asked::Nothing, Line::None | Line::Dialing { .. } | Line::Open(_)) => Act::Wait,
        }
    }

    fn can_deliver(&self, scene: &Scene) -> bool {
        scene.line.open().is_some_and(|open| {
            let is_left = open.is_outdated || open.next < self.bounds.events;
            is_left && !open.is_silent && !open.is_paused
        })
    }

    /// An event that happens while nobody listens is one like any other where all is replayed, and is never heard
    /// otherwise.
    fn can_be_unheard(&self, scene: &Scene) -> bool {
        let is_heard = scene.line.open().is_some_and(|open| !open.is_silent);
        self.bounds.at_tip && scene.server.told < self.bounds.events && !is_heard
    }

    /// All that is fair besides, since nobody knows who is first.
    fn offer_time(&self, scene: &Scene, offer: &mut Offer) {
        let Some(machine) = &scene.machine else { return };
        let fair = offer.acts[0];
        let open = scene.line.open().filter(|open| !open.is_silent);
        let has_pong = open.is_some_and(|open| open.is_pinged);
        let others = [
            (Act::Greet, matches!(scene.line, Line::Dialing { is_silent: false, .. })),
            (Act::Pong, has_pong),
            (Act::Deliver, self.can_deliver(scene)),
            (Act::Unheard, self.can_be_unheard(scene)),
        ];
        offer.acts.extend(others.into_iter().filter(|&(act, can)| can && act != fair).map(|(act, _)| act));
        let Some(next) = machine.next_timeout().filter(|_| fair != Act::Wait) else { return };
        if next.since(scene.now.monotonic) <= FREELY {
            offer.acts.push(Act::Wait);
        } else {
            Taker::new(&self.bounds, scene, offer).take(Act::WaitInVain);
        }
    }
}

struct Taker<'a> {
    bounds: &'a Bounds,
    scene: &'a Scene,
    offer: &'a mut Offer,
    /// Something may go wrong yet.
    is_left: bool,
}

impl<'a> Taker<'a> {
    fn new(bounds: &'a Bounds, scene: &'a Scene, offer: &'a mut Offer) -> Self {
        Self { bounds, scene, offer, is_left: scene.spent.total() < bounds.faults }
    }

    /// Offers what may go wrong once more.
    #[inline]
    fn take(&mut self, act: Act) {
        let Some(mishap) = act.mishap() else { return };
        if self.is_left && self.scene.spent.of(mishap) < self.bounds.of(mishap) {
            self.offer.acts.push(act);
        } else {
            self.offer.cut_off |= 1 << mishap as u32;
        }
    }

    fn of_line(&mut self, model: &Model) {
        match self.scene.line {
            Line::None => {}
            Line::Dialing { is_silent, .. } => {
                self.take(Act::Refuse);
                if !is_silent {
                    self.take(Act::GoSilent);
                }
                if self.bounds.sources > 1 {
                    self.take(Act::SendAway);
                    self.take(Act::RefuseForEver);
                }
            }
            Line::Open(open) => {
                self.take(Act::Cut);
                if !open.is_silent {
                    self.take(Act::GoSilent);
                }
                if self.bounds.sources > 1 {
                    self.take(Act::SendAway);
                }
                if model.can_deliver(self.scene) && !open.is_outdated {
                    self.take(Act::DeliverGarbage);
                    self.take(Act::DeliverPoison);
                }
            }
        }
    }

    fn of_sink(&mut self) {
        if !matches!(self.scene.asked, Asked::Nothing) {
            self.take(Act::AnswerUnavailable);
        }
        if let Asked::Append { append, .. } = &self.scene.asked {
            self.take(Act::AnswerUnknownDone);
            self.take(Act::AnswerUnknownUndone);
            // What is refused so often in a row is set aside, and with good reason.
            let refusals = &self.scene.ledger.refusals;
            let first = append.events.first().map(|event| event.payload.id());
            if first.is_some_and(|id| refusals.of(id) + 1 < REFUSALS) {
                self.take(Act::AnswerRefused);
            }
        }
    }

    fn of_house(&mut self) {
        if self.scene.machine.is_none() {
            return;
        }
        self.take(Act::Crash);
        if matches!(self.scene.asked, Asked::Append { .. }) {
            self.take(Act::CrashDone);
        }
        if !self.scene.ledger.is_stopping {
            self.take(Act::Stop);
        }
        self.take(Act::StepAhead);
        self.take(Act::StepBack);
        if !self.scene.is_fenced {
            self.take(Act::RaiseFence);
        }
    }

    fn of_server(&mut self) {
        let (server, is_open) = (self.scene.server, self.scene.line.open().is_some());
        let here = if self.bounds.sources > 1 { self.scene.source() } else { 0 };
        if server.floors[here] < server.told {
            self.take(Act::Forget);
        }
        if server.told < self.bounds.events && !is_open {
            self.take(Act::ForgetUnheard);
        }
        if self.bounds.sources > 1 {
            // What one of several sources loses by starting anew, the others still have; that world is the seeds'.
            if server.floors[1 - here] < server.told {
                self.take(Act::ForgetAside);
            }
        } else if server.history == 0 && server.told > 0 {
            self.take(Act::Rebuild);
        }
    }
}
