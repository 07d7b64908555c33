//! Chance, asked for by name: a draw made at a new place disturbs no other.
//!
//! This is `keyed-v1`. Each (site, entity) has a generator of its own, made on first use and read in order: the
//! seed is its key, a hash of site and entity its stream, and how often it was asked its position. So a seed goes on
//! meaning the same run when a fault is added elsewhere, and a fault can be left out without moving the rest.
//! Sequential `ChaCha8` reads cost 2 ns; a stateless draw that keys anew each time costs a hundred.

mod site;

use highwater_core::time::Duration;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::hash::Hash;
pub(crate) use site::Site;

/// All the chance of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Draws {
    seed: u64,
    chance: Chance,
}

/// Where the numbers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chance {
    /// From the seed, by name.
    Keyed,
    /// Always the same number: the network takes always as long, and nothing is by chance.
    Still,
}

impl Chance {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Keyed, Self::Still];

    /// The name in plans.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Keyed => "keyed-v1",
            Self::Still => "still",
        }
    }
}

impl Draws {
    /// The chance that `seed` stands for.
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, chance: Chance::Keyed }
    }

    /// The same with its numbers from there.
    pub(crate) fn with(self, chance: Chance) -> Self {
        Self { chance, ..self }
    }

    /// The generator of `entity` at `site`. Whoever asks keeps it: asking twice reads the same numbers twice.
    pub(crate) fn stream(self, site: Site, entity: u64) -> Stream {
        if self.chance == Chance::Still {
            return Stream { generator: None };
        }
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream(Hash::of_name(site.name()).and(entity).finish());
        Stream { generator: Some(generator) }
    }
}

/// One named source of numbers.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    generator: Option<ChaCha8Rng>,
}

/// Read again and again where nothing is by chance: three quarters of every range, so that what happens once in so
/// many times does not, and a coin that ends a row of coins falls at once.
const STILL: u64 = 0xC000_0000_0000_0001;

impl Stream {
    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.generator.as_mut().map_or(STILL, Rng::next_u64)
    }

    /// A number below `bound`, each as likely to within 2^-64 of itself; zero if there is none.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low).saturating_add(1))
    }

    /// A length of time from `low` to `high`, to the microsecond.
    pub(crate) fn span(&mut self, low: Duration, high: Duration) -> Duration {
        Duration::from_micros(self.between(low.as_micros(), high.as_micros()))
    }

    /// True once in `n` times; never if `n` is zero.
    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        n != 0 && self.below(n) == 0
    }

    /// One of `choices`.
    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }

    /// How long until something happens that happens `mean` apart and remembers nothing: often at once, seldom late.
    ///
    /// Whole half-lives by coin, then a uniform rest: whole numbers only, the same on every machine.
    pub(crate) fn wait(&mut self, mean: u64) -> u64 {
        let half_life = (mean.saturating_mul(7) / 10).max(1);
        let halves = u64::from(self.next().trailing_zeros());
        half_life.saturating_mul(halves).saturating_add(self.below(half_life))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keyed_v1_means_the_same_for_ever() {
        let mut stream = Draws::new(0x1f).stream(Site::Connection, 7);
        let read: Vec<u64> = (0..4).map(|_| stream.next()).collect();
        assert_eq!(read, GOLDEN_CONNECTION);
        let mut stream = Draws::new(u64::MAX).stream(Site::Upstream, 0);
        assert_eq!([stream.next(), stream.below(1_000), stream.wait(100)], GOLDEN_UPSTREAM);
    }

    const GOLDEN_CONNECTION: [u64; 4] = [
        10_440_959_210_158_519_349,
        18_256_602_836_818_357_916,
        9_151_026_244_337_770_578,
        4_010_226_708_860_572_044,
    ];
    const GOLDEN_UPSTREAM: [u64; 3] = [4_048_296_859_721_410_723, 923, 49];

    #[test]
    fn no_stream_is_like_its_neighbour() {
        let first = |draws: Draws, site, entity| draws.stream(site, entity).next();
        let draws = Draws::new(1);
        let mut seen = vec![first(Draws::new(2), Site::Connection, 0)];
        for entity in 0..100 {
            seen.push(first(draws, Site::Connection, entity));
            seen.push(first(draws, Site::Upstream, entity));
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 201);
    }

    #[test]
    fn where_nothing_is_by_chance_rare_things_do_not_happen() {
        let mut stream = Draws::new(5).with(Chance::Still).stream(Site::Connection, 0);
        assert_eq!([stream.below(100), stream.between(10, 13), stream.wait(1_000)], [75, 13, 525]);
        assert!(!stream.one_in(2) && stream.one_in(1));
    }

    #[test]
    fn bounds_are_kept() {
        let mut stream = Draws::new(4).stream(Site::Connection, 0);
        for _ in 0..1_000 {
            assert!(stream.below(3) < 3);
            assert!((5..=9).contains(&stream.between(5, 9)));
        }
        assert_eq!(stream.below(0), 0);
        assert_eq!(stream.between(4, 4), 4);
        assert!(!stream.one_in(0) && stream.one_in(1));
    }
}
