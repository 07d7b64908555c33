//! A rolling hash of fixed-width fields: the same numbers in the same order give the same hash on every machine.
//!
//! Not for keys that an enemy may choose: it tells two runs apart, and names streams of chance.

/// A hash being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hash(u64);

/// Odd, with bits well mixed: the fractional part of the golden ratio.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hash {
    /// The hash of nothing.
    pub(crate) const EMPTY: Self = Self(0x6869_6768_7761_7465);

    /// The hash of a name.
    pub(crate) fn of_name(name: &str) -> Self {
        let letters = name.bytes().fold(Self::EMPTY, |hash, byte| hash.and(u64::from(byte)));
        letters.and(name.len() as u64)
    }

    /// This hash with one more field.
    #[must_use]
    #[inline]
    pub(crate) fn and(self, field: u64) -> Self {
        Self((self.0.rotate_left(23) ^ field).wrapping_mul(FACTOR))
    }

    /// The number that stands for all fields so far, every bit of it mixed (the finalizer of `SplitMix64`).
    pub(crate) fn finish(self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_number_of_fields_count() {
        let hashes = [
            Hash::EMPTY.finish(),
            Hash::EMPTY.and(0).finish(),
            Hash::EMPTY.and(0).and(0).finish(),
            Hash::EMPTY.and(1).and(2).finish(),
            Hash::EMPTY.and(2).and(1).finish(),
            Hash::of_name("ab").finish(),
            Hash::of_name("ba").finish(),
        ];
        for (index, hash) in hashes.iter().enumerate() {
            assert!(!hashes[..index].contains(hash), "{index}");
        }
    }
}
