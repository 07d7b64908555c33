//! What the machines of a run were handed, so that it can be handed in again with no world around them.

use std::time::Duration;

use highwater_core::event::Payload;
use highwater_core::time::Now;
use highwater_core::{Config, Consumer, Input};

use crate::cpu;

/// Every input of every process of a run, in order.
#[derive(Clone, Debug)]
pub(crate) struct Tape<P: Payload> {
    lives: Vec<Life<P>>,
}

/// What one process was handed.
#[derive(Clone, Debug)]
pub(crate) struct Life<P: Payload> {
    config: Config,
    began: Now,
    inputs: Vec<(Now, Input<P>)>,
}

impl<P: Payload> Tape<P> {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self { lives: Vec::new() }
    }

    /// A process starts.
    pub(crate) fn begin(&mut self, config: &Config, began: Now) {
        self.lives.push(Life { config: config.clone(), began, inputs: Vec::new() });
    }

    /// The machine of the last process is handed an input.
    pub(crate) fn note(&mut self, now: Now, input: &Input<P>) {
        if let Some(life) = self.lives.last_mut() {
            life.inputs.push((now, input.clone()));
        }
    }

    /// What the last process was handed.
    pub(crate) fn last(&self) -> Option<&Life<P>> {
        self.lives.last()
    }

    /// Hands it all in again. Says how many inputs it was, and what processor time they cost.
    pub(crate) fn replay(self) -> (u64, Duration) {
        let began = cpu::spent();
        let mut steps = 0;
        for life in self.lives {
            let mut machine = Consumer::new(life.config, life.began);
            while machine.poll_effect().is_some() {}
            for (now, input) in life.inputs {
                machine.handle(now, input);
                while machine.poll_effect().is_some() {}
                steps += 1;
            }
        }
        (steps, cpu::spent().saturating_sub(began))
    }
}

impl<P: Payload> Life<P> {
    /// What its machine was told at its birth.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// When that was.
    pub(crate) fn began(&self) -> Now {
        self.began
    }

    /// What it was handed, and when.
    pub(crate) fn inputs(&self) -> &[(Now, Input<P>)] {
        &self.inputs
    }
}
