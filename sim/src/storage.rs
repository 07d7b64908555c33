//! What outlives a process: a storage of the user's, which the world may cut off between any two writes.
//!
//! A sink that is tried keeps all that must survive in here, and reaches it only through [`Storage::read`] and
//! [`Storage::write`]. So the world can be as bad to it as a database in production: a write fails, or is done and
//! nobody hears of it, or the process dies before the next.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use highwater_core::sink::{Appended, Unavailable};
use highwater_core::time::Instant;

/// A process's hold on a storage of the user's making.
///
/// `T` is whatever stands for a database: tables in memory, the handle of a real one. A crash takes the process and
/// its sink away and leaves `T` as it is, so that a new sink is opened over the same `T`.
///
/// What one call of [`Storage::write`] does is done whole or not at all, as one transaction is; between two calls
/// anything may happen.
pub struct Storage<T> {
    inside: Arc<Mutex<Inside<T>>>,
    /// The process that holds it is gone.
    is_dead: Arc<AtomicBool>,
}

/// A storage could not do what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It was not done: busy, full, out of reach.
    Undone,
    /// It may be done or not.
    Unknown,
}

/// How a job of the sink goes wrong in its storage. Writes are counted from zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strike {
    /// Nothing can be read or written.
    Out,
    /// This write is not done.
    Undone(u32),
    /// Of this write it is not known whether it is done; and whether it is.
    Unknown(u32, bool),
    /// The process dies before this write.
    Death(u32),
}

/// The storage itself, and what is in store for it.
struct Inside<T> {
    theirs: T,
    now: Instant,
    strike: Option<Strike>,
    /// Writes that were asked for in this job, and those that were done.
    asked: u32,
    done: u32,
}

impl<T: Default> Storage<T> {
    /// An empty storage.
    pub(crate) fn empty() -> Self {
        let (now, strike) = (Instant::ZERO, None);
        let inside = Inside { theirs: T::default(), now, strike, asked: 0, done: 0 };
        Self { inside: Arc::new(Mutex::new(inside)), is_dead: Arc::default() }
    }
}

impl<T> Storage<T> {
    /// Looks at what is stored, and changes nothing.
    pub fn read<R>(&self, look: impl FnOnce(&T) -> R) -> Result<R, Trouble> {
        let inside = self.lock();
        let is_cut = matches!(inside.strike, Some(Strike::Death(before)) if before < inside.asked);
        if self.is_dead() || is_cut || inside.strike == Some(Strike::Out) {
            return Err(Trouble::Undone);
        }
        Ok(look(&inside.theirs))
    }

    /// Changes what is stored: one transaction, durable when it returns.
    pub fn write<R>(&self, change: impl FnOnce(&mut T) -> R) -> Result<R, Trouble> {
        let mut inside = self.lock();
        if self.is_dead() {
            return Err(Trouble::Undone);
        }
        let number = inside.asked;
        inside.asked += 1;
        let fate = match inside.strike {
            Some(Strike::Out) => Err(Trouble::Undone),
            Some(Strike::Death(before)) if before <= number => Err(Trouble::Undone),
            Some(Strike::Undone(at)) if at == number => Err(Trouble::Undone),
            Some(Strike::Unknown(at, false)) if at == number => Err(Trouble::Unknown),
            Some(Strike::Unknown(at, true)) if at == number => {
                change(&mut inside.theirs);
                inside.done += 1;
                return Err(Trouble::Unknown);
            }
            Some(Strike::Death(_) | Strike::Undone(_) | Strike::Unknown(..)) | None => Ok(()),
        };
        fate.map(|()| {
            inside.done += 1;
            change(&mut inside.theirs)
        })
    }

    /// The world's clock, for a sink that puts things off: no other clock is the same in each run of a seed.
    pub fn now(&self) -> Instant {
        self.lock().now
    }

    /// Another process's hold on the same storage.
    pub(crate) fn of_another_process(&self) -> Self {
        Self { inside: Arc::clone(&self.inside), is_dead: Arc::default() }
    }

    /// The process dies: it reads and writes nothing any more.
    pub(crate) fn die(&self) {
        self.is_dead.store(true, Ordering::Relaxed);
    }

    /// A job begins, and this is in store for it.
    pub(crate) fn begin(&self, now: Instant, strike: Option<Strike>) {
        let mut inside = self.lock();
        (inside.now, inside.strike, inside.asked, inside.done) = (now, strike, 0, 0);
    }

    /// The job is over: how many writes it asked for, and how many were done.
    pub(crate) fn end(&self) -> (u32, u32) {
        let mut inside = self.lock();
        inside.strike = None;
        (inside.asked, inside.done)
    }

    /// What is stored, for whoever examines it.
    pub(crate) fn examine<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.lock().theirs)
    }

    fn is_dead(&self) -> bool {
        self.is_dead.load(Ordering::Relaxed)
    }

    /// A change that panicked is a finding, and told as such: the lock has nothing to add.
    fn lock(&self) -> MutexGuard<'_, Inside<T>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same process's hold.
impl<T> Clone for Storage<T> {
    fn clone(&self) -> Self {
        Self { inside: Arc::clone(&self.inside), is_dead: Arc::clone(&self.is_dead) }
    }
}

impl<T> fmt::Debug for Storage<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage").field("is_dead", &self.is_dead()).finish_non_exhaustive()
    }
}

/// What a sink says that found its storage in trouble: of what is not known, that it is not.
impl From<Trouble> for Appended {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Undone => Self::Unavailable,
            Trouble::Unknown => Self::Unknown,
        }
    }
}

impl From<Trouble> for Unavailable {
    fn from(_: Trouble) -> Self {
        Self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What two writes of 1 each come to, and what is stored then.
    fn struck(strike: Option<Strike>) -> ([Result<(), Trouble>; 2], u32) {
        let storage = Storage::<u32>::empty();
        storage.begin(Instant::ZERO, strike);
        let told = [(), ()].map(|()| storage.write(|stored| *stored += 1));
        let counted = told.iter().filter(|told| told.is_ok()).count() as u32;
        let stored = storage.examine(|stored| *stored);
        let (asked, done) = storage.end();
        assert_eq!((asked, done), (2, stored));
        assert!(counted <= stored);
        (told, stored)
    }

    #[test]
    fn a_strike_hits_the_write_it_is_meant_for() {
        let (undone, unknown) = (Err(Trouble::Undone), Err(Trouble::Unknown));
        assert_eq!(struck(None), ([Ok(()), Ok(())], 2));
        assert_eq!(struck(Some(Strike::Out)), ([undone, undone], 0));
        assert_eq!(struck(Some(Strike::Undone(1))), ([Ok(()), undone], 1));
        assert_eq!(struck(Some(Strike::Unknown(0, true))), ([unknown, Ok(())], 2));
        assert_eq!(struck(Some(Strike::Unknown(1, false))), ([Ok(()), unknown], 1));
        assert_eq!(struck(Some(Strike::Death(1))), ([Ok(()), undone], 1));
        assert_eq!(struck(Some(Strike::Death(2))), ([Ok(()), Ok(())], 2));
    }

    #[test]
    fn a_dead_process_has_no_hold_and_the_next_one_has() {
        let storage = Storage::<u32>::empty();
        let next = storage.of_another_process();
        storage.die();
        assert_eq!(storage.write(|stored| *stored = 7), Err(Trouble::Undone));
        assert_eq!(storage.read(|stored| *stored), Err(Trouble::Undone));
        assert_eq!(next.write(|stored| *stored += 1), Ok(()));
        assert_eq!(next.read(|stored| *stored), Ok(1));
    }
}
