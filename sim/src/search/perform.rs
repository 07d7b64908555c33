//! One act: what the machine is handed, and how its effects are carried out.

mod answers;

use std::sync::Arc;

use highwater_core::closure::Closure;
use highwater_core::cursor::Place;
use highwater_core::effect::{Effect, Notice, OpenOptions};
use highwater_core::event::Item;
use highwater_core::number::Epoch;
use highwater_core::scope::SourceId;
use highwater_core::time::Duration;
use highwater_core::{Consumer, Input};

use super::act::Act;
use super::model::Model;
use super::rules;
use super::scene::{Asked, Line, Open, Scene};
use super::server::{Server, fact};
use super::story::Notes;
use crate::carrier::{Carrier as _, Direct, Small};
use crate::oracle::{Rule, Violation, must};
use crate::truth::{EventId, Filter, Nature};
use answers::Answer;

/// What a server has just said of what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Nothing,
    /// It no longer has it, and refuses.
    TooOld,
    /// It no longer has all of it, and begins with what it has.
    Outdated,
}

/// How far the wall clock steps.
const STEP: Duration = Duration::from_secs(3_600);

impl Model {
    /// Does one act that the state offers. `Err` if a rule is broken by it.
    pub fn perform(&self, scene: &mut Scene, act: Act) -> Result<(), Violation> {
        self.tell(scene, act, None)
    }

    /// The same, and writes it down.
    pub(super) fn tell(
        &self,
        scene: &mut Scene,
        act: Act,
        mut told: Option<&mut Notes>,
    ) -> Result<(), Violation> {
        if let Some(told) = &mut told {
            told.act(scene.now.monotonic, act);
        }
        if let Some(mishap) = act.mishap() {
            scene.spent.spend(mishap);
        }
        Turn { model: self, scene, told, has_handed: false, has_slept: false, said: Said::Nothing }
            .act(act)?;
        rules::account_losses(scene, self.bounds.feed());
        rules::check_state(scene, &self.config)
    }
}

/// One act, being done.
struct Turn<'a> {
    model: &'a Model,
    scene: &'a mut Scene,
    told: Option<&'a mut Notes>,
    /// The machine was handed an event in this very act.
    has_handed: bool,
    /// The wall clock went ahead since the machine was last told something.
    has_slept: bool,
    said: Said,
}

impl Turn<'_> {
    fn act(&mut self, act: Act) -> Result<(), Violation> {
        match act {
            Act::Start => self.start(),
            Act::Answer => self.answer(Answer::Plain),
            Act::AnswerUnavailable => self.answer(Answer::Unavailable),
            Act::AnswerUnknownDone => self.answer(Answer::UnknownDone),
            Act::AnswerUnknownUndone => self.answer(Answer::UnknownUndone),
            Act::AnswerRefused => self.answer(Answer::Refused),
            Act::Greet => self.greet(),
            Act::Pong => self.pong(),
            Act::Deliver => self.deliver(Nature::Plain),
            Act::DeliverPoison => self.deliver(Nature::Poison),
            Act::DeliverGarbage => self.deliver(Nature::Garbage),
            Act::Wait | Act::WaitInVain => self.wait(),
            Act::Cut | Act::Refuse => self.end_line(Closure::Retry { after: None }),
            Act::SendAway => self.end_line(Closure::Elsewhere),
            Act::RefuseForEver => self.end_line(Closure::Fatal),
            Act::GoSilent => {
                match &mut self.scene.line {
                    Line::None => {}
                    Line::Dialing { is_silent, .. } => *is_silent = true,
                    Line::Open(open) => open.is_silent = true,
                }
                Ok(())
            }
            Act::Crash => {
                self.end_life();
                Ok(())
            }
            Act::CrashDone => {
                if let Asked::Append { append, .. } = self.scene.asked.clone() {
                    Arc::make_mut(&mut self.scene.shelf).append(&append, self.scene.fence);
                }
                self.end_life();
                Ok(())
            }
            Act::Stop => {
                self.scene.ledger.is_stopping = true;
                self.hand(Input::StopRequested)
            }
            Act::StepAhead | Act::StepBack => {
                let wall = &mut self.scene.now.wall;
                *wall = if act == Act::StepAhead { *wall + STEP } else { *wall - STEP };
                Ok(())
            }
            Act::Unheard => {
                self.scene.server.told += 1;
                Ok(())
            }
            Act::Forget | Act::ForgetUnheard | Act::ForgetAside => {
                self.lose(act);
                Ok(())
            }
            Act::Rebuild => self.rebuild(),
            Act::RaiseFence => {
                self.scene.fence = self.scene.fence.next();
                self.scene.is_fenced = true;
                Ok(())
            }
        }
    }

    fn start(&mut self) -> Result<(), Violation> {
        let (config, now) = (&self.model.config, self.scene.now);
        if let Some(told) = &mut self.told {
            told.begin(config, now);
        }
        self.scene.machine = Some(Consumer::new(config.clone(), now));
        self.scene.ledger.wall = now.wall;
        self.scene.is_fenced = false;
        self.carry_out()
    }

    /// The process is gone, with its connection.
    fn end_life(&mut self) {
        let scene = &mut *self.scene;
        (scene.machine, scene.line, scene.asked) = (None, Line::None, Asked::Nothing);
        scene.ledger.end_life();
    }

    /// The process wakes up because it wanted to.
    fn wait(&mut self) -> Result<(), Violation> {
        let next = self.scene.machine.as_ref().and_then(Consumer::next_timeout);
        let Some(next) = next else {
            return Err(Violation::of(Rule::O9Liveness, "the machine waits for nothing"));
        };
        rules::must_be_later(self.scene.now.monotonic, next)?;
        self.scene.now.monotonic = next;
        self.hand(Input::Timeout)
    }

    fn greet(&mut self) -> Result<(), Violation> {
        let Line::Dialing { epoch, source, place: asked, .. } = self.scene.line else { return Ok(()) };
        let (wire, events) = (self.model.bounds.wire, self.model.bounds.events);
        let place = Direct.ask(wire, Filter::First, asked, PLAIN);
        let Ok(start) = self.scene.server.seat(wire, place, self.model.bounds.feed(), source) else {
            self.said = Said::TooOld;
            self.scene.ledger.is_too_old = true;
            return self.end_line(Closure::TooOld);
        };
        self.scene.line = Line::Open(Open {
            epoch,
            source,
            next: start.next,
            is_silent: false,
            is_pinged: false,
            is_paused: false,
            is_outdated: start.is_outdated,
        });
        self.scene.ledger.attempt.opened = Some(self.scene.now.monotonic);
        self.scene.ledger.attempt.heard = self.scene.now.monotonic;
        if asked == Place::Tip {
            // What happened before is not what comes next.
            self.scene.ledger.excused |= self.scene.server.first(self.scene.server.told, events);
        }
        self.hand(Input::Opened { epoch })?;
        rules::must_doubt(self.scene, asked, &self.model.bounds)
    }

    fn pong(&mut self) -> Result<(), Violation> {
        let Line::Open(open) = &mut self.scene.line else { return Ok(()) };
        open.is_pinged = false;
        let (epoch, is_paused, attempt) = (open.epoch, open.is_paused, &mut self.scene.ledger.attempt);
        attempt.is_ponged = true;
        attempt.heard = if is_paused { attempt.paused } else { self.scene.now.monotonic };
        self.hand(Input::Heard { epoch, pong: true })
    }

    fn deliver(&mut self, nature: Nature) -> Result<(), Violation> {
        let Line::Open(open) = &mut self.scene.line else { return Ok(()) };
        let (epoch, source) = (open.epoch, open.source);
        let (wire, events) = (self.model.bounds.wire, self.model.bounds.events);
        self.scene.ledger.attempt.heard = self.scene.now.monotonic;
        if core::mem::take(&mut open.is_outdated) {
            self.said = Said::Outdated;
            return self.hand(Input::Received { epoch, items: vec![Direct.outdated(wire)] });
        }
        let server = &mut self.scene.server;
        let id = server.id(open.next, events);
        open.next += 1;
        server.told = server.told.max(open.next);
        let item = self.item(id, source, nature);
        self.hand(Input::Received { epoch, items: vec![item] })
    }

    /// The event as it comes now; poison is poison for ever.
    fn item(&mut self, id: EventId, source: SourceId, nature: Nature) -> Item<Small> {
        let telling = Server::telling(id, self.model.bounds.feed(), source);
        let ledger = &mut self.scene.ledger;
        if nature == Nature::Poison {
            ledger.poison |= 1 << id.0;
        }
        if nature == Nature::Garbage {
            ledger.garbled |= 1 << id.0;
        }
        self.has_handed = rules::hand(ledger, id, nature == Nature::Garbage);
        let is_poison = ledger.poison & 1 << id.0 != 0 && nature != Nature::Garbage;
        let nature = if is_poison { Nature::Poison } else { nature };
        Direct.item(self.model.bounds.wire, Filter::First, telling, fact(nature))
    }

    /// The other side ends the connection, or the dial.
    fn end_line(&mut self, closure: Closure) -> Result<(), Violation> {
        let Some(epoch) = self.scene.line.epoch() else { return Ok(()) };
        self.scene.line = Line::None;
        rules::end_attempt(&mut self.scene.ledger, self.scene.now.monotonic);
        self.hand(Input::Closed { epoch, closure })
    }

    /// A source can no longer tell what it told, and so cannot any if one event more happened that nobody heard.
    fn lose(&mut self, act: Act) {
        let (here, sources) = (self.scene.source(), usize::from(self.model.bounds.sources));
        let server = &mut self.scene.server;
        if act == Act::ForgetUnheard {
            server.told += 1;
            server.floors[..sources].fill(server.told);
        } else {
            let source = if act == Act::ForgetAside { 1 - here } else { here };
            server.floors[source] = server.told;
        }
    }

    /// What the old history had not told anybody dies with it, and so does the connection.
    fn rebuild(&mut self) -> Result<(), Violation> {
        let is_open = self.scene.line.open().is_some();
        let server = &mut self.scene.server;
        let is_left = server.told < self.model.bounds.events && !is_open;
        let lost = server.told + u8::from(is_left);
        (0..lost).for_each(|index| {
            self.scene.ledger.gone |= 1 << server.id(index, self.model.bounds.events).0;
        });
        *server = Server { history: 1, ..Server::NEW };
        if is_open { self.end_line(Closure::Retry { after: None }) } else { Ok(()) }
    }
}

impl Turn<'_> {
    /// Hands in what happened, and does what the machine says.
    fn hand(&mut self, input: Input<Small>) -> Result<(), Violation> {
        let now = self.scene.now;
        self.has_slept = core::mem::replace(&mut self.scene.ledger.wall, now.wall) < now.wall;
        let Some(machine) = &mut self.scene.machine else { return Ok(()) };
        if let Some(told) = &mut self.told {
            told.input(now, &input);
        }
        machine.handle(now, input);
        self.carry_out()
    }

    fn carry_out(&mut self) -> Result<(), Violation> {
        loop {
            let Some(machine) = &mut self.scene.machine else { return Ok(()) };
            let Some(effect) = machine.poll_effect() else { return Ok(()) };
            if let Some(told) = &mut self.told {
                told.effect(&effect);
            }
            self.effect(effect)?;
        }
    }

    fn effect(&mut self, effect: Effect<Small>) -> Result<(), Violation> {
        match effect {
            Effect::Load { op } => self.ask(Asked::Load(op)),
            Effect::Flush { op } => self.ask(Asked::Flush(op)),
            Effect::Append(append) => {
                let covers = rules::check_append(self.scene, &append)?;
                self.ask(Asked::Append { append: Arc::new(append), covers })
            }
            Effect::Open { epoch, source, place, .. } => {
                rules::check_dial(self.scene, source, place)?;
                self.scene.line = Line::Dialing { epoch, source, place, is_silent: false };
                Ok(())
            }
            Effect::Ping { epoch } => self.with_line(epoch, |open| open.is_pinged = true),
            Effect::Pause { epoch } => {
                self.scene.ledger.attempt.paused = self.scene.now.monotonic;
                self.with_line(epoch, |open| open.is_paused = true)
            }
            Effect::Resume { epoch } => {
                let attempt = &mut self.scene.ledger.attempt;
                attempt.heard = attempt.heard + self.scene.now.monotonic.since(attempt.paused);
                self.with_line(epoch, |open| open.is_paused = false)
            }
            Effect::Close { epoch, reason } => {
                rules::check_close(self.scene, epoch, reason, self.has_handed, &self.model.config)?;
                self.scene.line = Line::None;
                rules::end_attempt(&mut self.scene.ledger, self.scene.now.monotonic);
                Ok(())
            }
            Effect::Notice(Notice::Suspended { span }) => {
                let what = || format!("slept for {span}, it says, and no clock went ahead");
                must(self.has_slept, Rule::O11Silence, what)
            }
            Effect::Notice(notice) => rules::check_notice(self.scene, notice, self.said, &self.model.bounds),
            Effect::Ignored(why) => {
                Err(Violation::of(Rule::O6LateNews, format!("news is taken for late: {why:?}")))
            }
            Effect::Stop(outcome) => {
                rules::check_stop(self.scene, outcome, &self.model.bounds)?;
                self.end_life();
                Ok(())
            }
        }
    }

    fn ask(&mut self, asked: Asked) -> Result<(), Violation> {
        rules::must_be_unasked(&self.scene.asked)?;
        self.scene.asked = asked;
        Ok(())
    }

    fn with_line(&mut self, epoch: Epoch, change: impl FnOnce(&mut Open)) -> Result<(), Violation> {
        match &mut self.scene.line {
            Line::Open(open) if open.epoch == epoch => {
                change(open);
                Ok(())
            }
            _ => Err(Violation::of(Rule::O5OneConnection, "something is asked of a connection that is none")),
        }
    }
}

/// Nothing is asked besides the place.
const PLAIN: OpenOptions = OpenOptions { compress: false, message_bytes_max: None };
