//! The connect-consume-append-back-off machine (signatures; the body follows).

use core::marker::PhantomData;

use crate::config::Config;
use crate::effect::Effect;
use crate::event::Payload;
use crate::input::Input;
use crate::time::{Instant, Now};

/// The connect-consume-append-back-off machine.
#[derive(Clone, Debug)]
pub struct Consumer<P: Payload> {
    payload: PhantomData<P>,
}

impl<P: Payload> Consumer<P> {
    /// A machine that asks for what is durable, then follows `config.sources`.
    pub fn new(config: Config, now: Now) -> Self {
        let _ = (config, now);
        Self { payload: PhantomData }
    }

    /// Takes in one thing that happened.
    ///
    /// # Panics
    /// If effects are left undrained, or if `now.monotonic` goes back.
    pub fn handle(&mut self, now: Now, input: Input<P>) {
        let _ = (now, input);
    }

    /// The next thing to do, until there is none.
    #[must_use]
    pub fn poll_effect(&mut self) -> Option<Effect<P>> {
        None
    }

    /// When to hand in [`Input::Timeout`] if nothing else happens before.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        None
    }
}
