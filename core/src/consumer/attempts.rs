//! Which source is asked, how often in vain, and with what success.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::cursor::Place;
use crate::scope::SourceId;

/// So many failures in a row on one source, and the next is asked.
const FAILURES_PER_SOURCE: u32 = 3;
/// So many deaths by a large message at one position, and large messages are left out.
const LARGE_DEATHS_MAX: u8 = 3;

/// The attempts so far.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Attempts {
    /// The source that is asked.
    pub(super) source: SourceId,
    /// Finished attempts since the last good one: 0 exactly if the last was good.
    pub(super) failures: u32,
    /// The attempt under way made progress or lived long enough.
    pub(super) is_good: bool,
    compression: Compression,
    failures_here: u32,
    is_fatal: Vec<bool>,
    /// For each source: where connections died of a large message, and how many.
    large: Vec<Option<(Place, u8)>>,
}

impl Clone for Attempts {
    fn clone(&self) -> Self {
        let (is_fatal, large) = (self.is_fatal.clone(), self.large.clone());
        Self { is_fatal, large, ..*self }
    }

    fn clone_from(&mut self, from: &Self) {
        let (mut is_fatal, mut large) =
            (core::mem::take(&mut self.is_fatal), core::mem::take(&mut self.large));
        is_fatal.clone_from(&from.is_fatal);
        large.clone_from(&from.large);
        *self = Self { is_fatal, large, ..*from };
    }
}

/// Whether to ask for compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Compression {
    Wanted,
    /// A connection failed over it: once more, with whatever the server offers now.
    LastTry,
    Off,
}

impl Attempts {
    pub(super) fn new(sources: usize, compress: bool) -> Self {
        Self {
            source: SourceId(0),
            failures: 0,
            is_good: false,
            compression: if compress { Compression::Wanted } else { Compression::Off },
            failures_here: 0,
            is_fatal: alloc::vec![false; sources],
            large: alloc::vec![None; sources],
        }
    }

    /// The attempt is over. Answers the source to turn to, if it is another one.
    pub(super) fn end(&mut self, elsewhere: bool) -> Option<SourceId> {
        if self.is_good {
            if self.compression == Compression::LastTry {
                self.compression = Compression::Wanted;
            }
            (self.failures, self.failures_here) = (0, 0);
        } else {
            self.failures = self.failures.saturating_add(1);
            self.failures_here += 1;
        }
        self.is_good = false;
        let is_hopeless = elsewhere || self.failures_here >= FAILURES_PER_SOURCE;
        let must_go = self.is_fatal[usize::from(self.source.0)];
        let next = if must_go || is_hopeless { self.next_source() } else { None };
        if let Some(next) = next {
            self.source = next;
            self.failures_here = 0;
        }
        next
    }

    /// Whether to ask for compression.
    pub(super) fn asks_for_compression(&self) -> bool {
        self.compression != Compression::Off
    }

    /// What was negotiated is not to be had: the dictionary has changed, or it never will be.
    pub(super) fn renegotiate(&mut self) {
        self.compression = match self.compression {
            Compression::Wanted => Compression::LastTry,
            Compression::LastTry | Compression::Off => Compression::Off,
        };
    }

    /// Nothing makes sense: from now on as plain as can be.
    pub(super) fn forgo_compression(&mut self) {
        self.compression = Compression::Off;
    }

    /// This source will never accept the subscription. False if none is left.
    pub(super) fn give_up_source(&mut self) -> bool {
        self.is_fatal[usize::from(self.source.0)] = true;
        self.is_fatal.contains(&false)
    }

    /// Counts a death by a message larger than the connection takes, with the checkpoint at `place`.
    pub(super) fn die_of_large(&mut self, place: Place) {
        let large = &mut self.large[usize::from(self.source.0)];
        *large = match *large {
            Some((last, deaths)) if last == place => Some((place, deaths.saturating_add(1))),
            Some(_) | None => Some((place, 1)),
        };
        // Another source would have it as well, and here the remedy is known.
        self.failures_here = 0;
    }

    /// Whether the next connection must leave out large messages to get past `place`.
    pub(super) fn leaves_out_large(&self, place: Place) -> bool {
        let large = self.large[usize::from(self.source.0)];
        large.is_some_and(|(at, deaths)| at == place && deaths >= LARGE_DEATHS_MAX)
    }

    /// What the next decision rests on besides the failures, as words for a fingerprint.
    pub(super) fn add(&self, mut take: impl FnMut(u64)) {
        let tag = (self.compression as u64) << 1 | u64::from(self.is_good);
        take(u64::from(self.source.0) << 32 | u64::from(self.failures));
        take(u64::from(self.failures_here) << 8 | tag);
        take(self.is_fatal.iter().fold(0, |bits, &is_fatal| bits << 1 | u64::from(is_fatal)));
    }

    /// For each source: where connections died of a large message, and how many.
    pub(super) fn large(&self) -> &[Option<(Place, u8)>] {
        &self.large
    }

    /// The next source in the order of preference that is not given up, if there is another one.
    fn next_source(&self) -> Option<SourceId> {
        let count = self.is_fatal.len();
        let here = usize::from(self.source.0);
        let next = (1..count).map(|step| (here + step) % count).find(|&source| !self.is_fatal[source])?;
        u16::try_from(next).ok().map(SourceId)
    }
}
