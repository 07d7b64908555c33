//! A sink that somebody brought, with the storage behind it: opened, killed and opened again as processes come and go.

use core::fmt;
use std::sync::Arc;

use highwater_core::event::Payload;
use highwater_core::sink::{Loaded, Sink, Unavailable};
use highwater_core::time::Instant;

use crate::oracle::Violation;
use crate::shown::Shown;
use crate::storage::{Storage, Strike};

/// A sink of the user's and its storage, whatever their types.
pub(crate) trait Guest<P: Payload>: fmt::Debug {
    /// The sink of the process that runs; a new process opens one.
    fn sink(&mut self) -> &mut dyn Sink<P>;

    /// A job begins, and this is in store for its writes.
    fn begin(&mut self, now: Instant, strike: Option<Strike>);

    /// The job is over: how many writes it asked for, and how many were done.
    fn end(&mut self) -> (u32, u32);

    /// The process is gone; if it `haunts`, what it sent to the storage is still on the way.
    fn die(&mut self, haunts: bool);

    /// The sink of a process that is gone, as far as it is still on the way.
    fn ghost(&mut self) -> Option<&mut dyn Sink<P>>;

    /// Nothing of it is on the way any more.
    fn lay_ghost(&mut self);

    /// Another process opens the storage, and leaves again.
    fn rival(&mut self) -> Result<Loaded<P::Key>, Unavailable>;

    /// What is stored; or what is wrong with it.
    fn shown(&self) -> Result<Shown<P>, Violation>;
}

/// A guest with its types: how its sink is made of its storage, and how the storage shows itself.
pub(crate) struct Visit<T, S, M, V> {
    storage: Storage<T>,
    sink: Option<(Storage<T>, S)>,
    ghost: Option<(Storage<T>, S)>,
    make: Arc<M>,
    view: Arc<V>,
}

impl<T: Default, S, M, V> Visit<T, S, M, V> {
    /// A guest with an empty storage.
    pub(crate) fn new(make: Arc<M>, view: Arc<V>) -> Self {
        Self { storage: Storage::empty(), sink: None, ghost: None, make, view }
    }
}

impl<P: Payload, T, S, M, V> Guest<P> for Visit<T, S, M, V>
where
    S: Sink<P>,
    M: Fn(Storage<T>) -> S,
    V: Fn(&T) -> Result<Shown<P>, Violation>,
{
    fn sink(&mut self) -> &mut dyn Sink<P> {
        let (_, sink) = self.sink.get_or_insert_with(|| {
            let storage = self.storage.of_another_process();
            (storage.clone(), (self.make)(storage))
        });
        sink
    }

    fn begin(&mut self, now: Instant, strike: Option<Strike>) {
        self.storage.begin(now, strike);
    }

    fn end(&mut self) -> (u32, u32) {
        self.storage.end()
    }

    fn die(&mut self, haunts: bool) {
        let Some((storage, sink)) = self.sink.take() else { return };
        if haunts {
            self.ghost = Some((storage, sink));
        } else {
            storage.die();
        }
    }

    fn ghost(&mut self) -> Option<&mut dyn Sink<P>> {
        self.ghost.as_mut().map(|(_, sink)| sink as &mut dyn Sink<P>)
    }

    fn lay_ghost(&mut self) {
        if let Some((storage, _)) = &self.ghost {
            storage.die();
        }
        self.ghost = None;
    }

    fn rival(&mut self) -> Result<Loaded<P::Key>, Unavailable> {
        let storage = self.storage.of_another_process();
        let loaded = (self.make)(storage.clone()).open();
        storage.die();
        loaded
    }

    fn shown(&self) -> Result<Shown<P>, Violation> {
        self.storage.examine(|theirs| (self.view)(theirs))
    }
}

impl<T, S, M, V> fmt::Debug for Visit<T, S, M, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visit").field("storage", &self.storage).finish_non_exhaustive()
    }
}
