//! Keyed randomness: what is drawn for one thing never depends on what was drawn for another.
//!
//! So that event 1,000,000 can be made without the 999,999 before it, and a fault more does not change the events.

/// A stream of numbers for one named thing: `SplitMix64` begun at a hash of the name.
#[derive(Clone, Debug)]
pub(crate) struct Draw(u64);

impl Draw {
    /// The numbers of thing `number` of the sort `sort`, under `seed`.
    pub(crate) fn new(seed: u64, sort: u64, number: u64) -> Self {
        Self(mix(mix(mix(seed) ^ sort) ^ number))
    }

    /// The next number, all 64 bits of it.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `bound`; 0 if there is none. Its bias is below one in 2^32 for the bounds used here.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// A number in `from..to`.
    pub(crate) fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to - from)
    }

    /// True `times` out of a hundred.
    pub(crate) fn percent(&mut self, times: u64) -> bool {
        self.below(100) < times
    }

    /// One of `choices`, which is not empty.
    pub(crate) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }

    /// `length` characters of `alphabet`, which has 32.
    pub(crate) fn word(&mut self, alphabet: &[u8; 32], length: usize, to: &mut String) {
        let mut left = length;
        while left > 0 {
            let bits = self.bits();
            let taken = left.min(12);
            to.extend((0..taken).map(|n| char::from(alphabet[(bits >> (5 * n) & 31) as usize])));
            left -= taken;
        }
    }
}

/// `SplitMix64`'s finalizer: each bit of the input moves about half of the output's.
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_splitmix64() {
        let mut draw = Draw(1_234_567);
        assert_eq!(draw.bits(), 6_457_827_717_110_365_317);
        assert_eq!(draw.bits(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn below_stays_below_and_reaches_every_number() {
        let mut draw = Draw::new(1, 2, 3);
        let mut seen = [0_u32; 7];
        for _ in 0..7_000 {
            seen[draw.below(7) as usize] += 1;
        }
        assert!(seen.iter().all(|&times| (800..1_200).contains(&times)), "{seen:?}");
    }
}
