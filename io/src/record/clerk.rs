//! The thread that puts away what is written: a disk may take its time.

use std::io;
use std::sync::Arc;

use tracing::warn;

use super::desk::Desk;
use super::shelf::Shelf;

/// Puts away what lies on the desk.
pub(super) struct Clerk {
    shelf: Shelf,
    desk: Arc<Desk>,
}

impl Clerk {
    pub(super) const fn new(shelf: Shelf, desk: Arc<Desk>) -> Self {
        Self { shelf, desk }
    }

    /// Goes on until nothing follows or it cannot be put away.
    pub(super) fn run(mut self) {
        if let Err(error) = self.put_away() {
            warn!("the recording to {} ends here: {error}; the run goes on", self.shelf.path().display());
        }
        self.desk.leave();
    }

    fn put_away(&mut self) -> io::Result<()> {
        loop {
            let tray = self.desk.take();
            for (index, piece) in tray.pieces.iter().enumerate() {
                if index > 0 {
                    self.shelf.turn()?;
                }
                self.shelf.put(piece)?;
            }
            if tray.dump {
                self.shelf.dump()?;
            }
            if tray.over {
                return Ok(());
            }
        }
    }
}
