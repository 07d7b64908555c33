//! What a line of a trace leaves to the line before it: the number, the wall time, the digest.

use alloc::vec::Vec;

use crate::digest::Digest;
use crate::input::Input;
use crate::time::{Instant, Now, WallTime};
use crate::trace::{Deed, Shadow, Step};

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

    /// The birth, and what the machine said at once.
    pub fn birth(&self, out: Vec<Deed>) -> Step {
        Step { n: self.n, t: self.last.monotonic, wall: None, input: None, out: Some(out), h: None }
    }

    /// The next step, for who writes. `fingerprint` is the machine's after it, if it was taken.
    pub fn write(
        &mut self,
        now: Now,
        input: Input<Shadow>,
        out: Vec<Deed>,
        fingerprint: Option<u64>,
    ) -> Step {
        let wall = (now.wall != self.expected(now.monotonic)).then_some(now.wall);
        (self.n, self.last) = (self.n + 1, now);
        let h = fingerprint.map(|fingerprint| self.fold(fingerprint));
        Step { n: self.n, t: now.monotonic, wall, input: Some(input), out: Some(out), h }
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
