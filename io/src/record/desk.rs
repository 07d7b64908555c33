//! What lies between the driver, which writes lines, and the clerk, who puts them away.
//!
//! Lines are collected to pages, so that the clerk is woken once for many of them; but none lies there for long.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::warn;

/// So long may a line lie there: a kill takes it away.
const PATIENCE: Duration = Duration::from_millis(100);
/// So many bytes are a page, which is put away at once.
const PAGE_BYTES: usize = 256 << 10;
/// So many may lie there. More, and the disk does not follow.
const DESK_BYTES_MAX: usize = 32 << 20;

/// Where lines wait to be put away.
#[derive(Debug, Default)]
pub(super) struct Desk {
    tray: Mutex<Tray>,
    /// Rings when there is something for the clerk to do.
    bell: Condvar,
}

/// What the clerk is handed.
#[derive(Debug, Default)]
pub(super) struct Tray {
    /// What belongs to the piece on the shelf, and to those that begin after it.
    pub(super) pieces: Vec<Vec<u8>>,
    /// What is in memory is to be written.
    pub(super) dump: bool,
    /// Nothing follows.
    pub(super) over: bool,
    /// The clerk is gone.
    gone: bool,
    bytes: usize,
}

impl Desk {
    /// Puts whole lines there; false if nothing is taken any more.
    pub(super) fn put(&self, lines: &[u8]) -> bool {
        let mut tray = self.tray();
        if tray.gone {
            return false;
        }
        if tray.bytes + lines.len() > DESK_BYTES_MAX {
            warn!("the disk is too slow for the recording, which ends here; the run goes on");
            return false;
        }
        if tray.pieces.is_empty() {
            tray.pieces.push(Vec::with_capacity(PAGE_BYTES + PAGE_BYTES / 8));
        }
        let was = tray.bytes;
        tray.bytes += lines.len();
        if let Some(piece) = tray.pieces.last_mut() {
            piece.extend_from_slice(lines);
        }
        let is_page = was < PAGE_BYTES && PAGE_BYTES <= tray.bytes;
        drop(tray);
        if was == 0 || is_page {
            self.bell.notify_one();
        }
        true
    }

    /// What follows belongs to a new piece.
    pub(super) fn turn(&self) {
        let mut tray = self.tray();
        if tray.pieces.is_empty() {
            // What is on the shelf ends as it stands.
            tray.pieces.push(Vec::new());
        }
        tray.pieces.push(Vec::new());
    }

    /// What is in memory is to be written.
    pub(super) fn ask_for_dump(&self) {
        self.tray().dump = true;
        self.bell.notify_one();
    }

    /// Nothing follows.
    pub(super) fn close(&self) {
        self.tray().over = true;
        self.bell.notify_one();
    }

    /// The clerk is gone, and nothing is taken any more.
    pub(super) fn leave(&self) {
        self.tray().gone = true;
    }

    /// Waits until there is something to put away, and takes all of it.
    pub(super) fn take(&self) -> Tray {
        let is_calm = |tray: &mut Tray| !tray.dump && !tray.over;
        let tray = self.bell.wait_while(self.tray(), |tray| is_calm(tray) && tray.bytes == 0);
        let tray = tray.unwrap_or_else(PoisonError::into_inner);
        let waited =
            self.bell.wait_timeout_while(tray, PATIENCE, |tray| is_calm(tray) && tray.bytes < PAGE_BYTES);
        let (mut tray, _) = waited.unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *tray)
    }

    /// Whoever panicked while holding it left it whole.
    fn tray(&self) -> MutexGuard<'_, Tray> {
        self.tray.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{DESK_BYTES_MAX, Desk, PAGE_BYTES};

    #[test]
    fn what_follows_a_turn_is_another_piece() {
        let desk = Desk::default();
        desk.turn();
        assert!(desk.put(b"one\n") && desk.put(b"two\n"));
        desk.turn();
        assert!(desk.put(&vec![b'3'; PAGE_BYTES]));
        let pieces = desk.take().pieces;
        let [before, first, second] = &pieces[..] else { panic!("{} pieces", pieces.len()) };
        assert_eq!((before.len(), &first[..], second.len()), (0, &b"one\ntwo\n"[..], PAGE_BYTES));
        assert!(desk.put(b"four\n"));
        desk.close();
        let tray = desk.take();
        assert_eq!((tray.pieces, tray.over), (vec![b"four\n".to_vec()], true));
    }

    #[test]
    fn a_desk_takes_so_much_and_nothing_once_the_clerk_is_gone() {
        let desk = Desk::default();
        let page = vec![b'1'; PAGE_BYTES];
        let pages = (0..1_000).take_while(|_| desk.put(&page)).count();
        assert_eq!(pages, DESK_BYTES_MAX / PAGE_BYTES);
        desk.take();
        assert!(desk.put(b"more\n"));
        desk.leave();
        assert!(!desk.put(b"more\n"));
    }

    #[test]
    fn a_dump_is_asked_for_whatever_lies_there() {
        let desk = Desk::default();
        desk.ask_for_dump();
        let tray = desk.take();
        assert!(tray.dump && !tray.over && tray.pieces.is_empty());
    }
}
