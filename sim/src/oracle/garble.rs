//! O7: frames that cannot be read end a connection where there are too many of them, and not before.

use std::collections::VecDeque;

/// So many in a row are too many, and so many among the last thousand.
const ROW: u32 = 100;
const AMONG: usize = 500;
const LAST: u64 = 1_000;

/// Which frames of a connection could not be read.
#[derive(Clone, Debug, Default)]
pub(super) struct Garble {
    frames: u64,
    row: u32,
    /// The numbers of those among the last thousand.
    garbled: VecDeque<u64>,
    is_too_much: bool,
}

impl Garble {
    /// A frame.
    #[inline]
    pub(super) fn frame(&mut self, is_malformed: bool) {
        self.frames += 1;
        self.row = if is_malformed { self.row + 1 } else { 0 };
        if is_malformed {
            self.garbled.push_back(self.frames);
        }
        while self.garbled.front().is_some_and(|first| first + LAST <= self.frames) {
            self.garbled.pop_front();
        }
        let is_half = LAST <= self.frames && AMONG <= self.garbled.len();
        self.is_too_much |= ROW <= self.row || is_half;
    }

    /// Whether there were too many.
    pub(super) fn is_too_much(&self) -> bool {
        self.is_too_much
    }
}
