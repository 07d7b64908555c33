//! What a line of a trace leaves to the line before it: the number, the wall time, the digest.

use crate::digest::Digest;
use crate::time::{Instant, Now, WallTime};
use crate::trace::Step;

/// Where a trace is: whoever writes one and whoever reads one keep the same.
#[derive(Clone, Copy, Debug)]
pub struct Track {
    n: u64,
    last: Now,
    hash: Digest,
}

impl Track {
    /// At the birth of a machine whose clocks say this.
    pub const fn new(now: Now) -> Self {
        Self { n: 0, last: now, hash: Digest(0) }
    }

    /// The next step comes, for who writes. Gives the wall time if that has to be said.
    pub(super) fn write(&mut self, now: Now) -> Option<WallTime> {
        let wall = (now.wall != self.expected(now.monotonic)).then_some(now.wall);
        (self.n, self.last) = (self.n + 1, now);
        wall
    }

    /// What the clocks said at the next step, for who reads. The wall clock runs as the other does unless it is said.
    pub fn read(&mut self, step: &Step) -> Now {
        let now = Now { monotonic: step.t, wall: step.wall.unwrap_or(self.expected(step.t)) };
        (self.n, self.last) = (step.n, now);
        now
    }

    /// The digest of all fingerprints that were taken, this one included.
    pub fn fold(&mut self, fingerprint: u64) -> Digest {
        self.hash = self.hash.and(fingerprint);
        self.hash
    }

    /// The number of the last step.
    pub const fn n(&self) -> u64 {
        self.n
    }

    /// What the clocks said at the last step.
    pub const fn now(&self) -> Now {
        self.last
    }

    fn expected(&self, t: Instant) -> WallTime {
        self.last.wall + t.since(self.last.monotonic)
    }
}
