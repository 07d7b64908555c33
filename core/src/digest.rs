//! A number that stands for something which is not written down.

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// 64 bits that stand for something longer, or for something that is nobody's business. As text, 16 hexadecimal digits.
///
/// Equal things have equal digests, on every machine; unlike things have unlike ones but for one pair in 2^64. It is
/// made to be cheap, not to keep secrets: it says nothing to who has only the digest, but who guesses what it stands
/// for can see that the guess is right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub u64);

impl Digest {
    /// The digest of this and of what comes after it, in this order.
    #[must_use]
    pub const fn and(self, word: u64) -> Self {
        // Both halves of a product of 128 bits, as in wyhash: every bit of the word reaches every bit of the sum.
        let product = (self.0 ^ 0x9e37_79b9_7f4a_7c15) as u128 * (word ^ 0xd6e8_feb8_6659_fd93) as u128;
        Self(product as u64 ^ (product >> 64) as u64 ^ word.rotate_left(32))
    }

    /// The digest of this and of these bytes.
    #[must_use]
    #[inline]
    pub fn and_bytes(self, bytes: &[u8]) -> Self {
        let mut hash = self.and(bytes.len() as u64);
        let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) else {
            return hash.and(bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
        };
        let Some(last_two) = bytes.last_chunk() else {
            return hash.and_both(u64::from_le_bytes(*first), u64::from_le_bytes(*last));
        };
        // Sixteen at a time; the last ones may be taken twice, which the length makes up for.
        let mut rest = bytes;
        while let Some((words, behind)) = rest.split_first_chunk().filter(|(_, behind)| !behind.is_empty()) {
            (hash, rest) = (hash.and_words(*words), behind);
        }
        hash.and_words(*last_two)
    }

    const fn and_words(self, words: [u8; 16]) -> Self {
        let words = u128::from_le_bytes(words);
        self.and_both(words as u64, (words >> 64) as u64)
    }

    /// As [`and`](Self::and) for two words at once.
    const fn and_both(self, one: u64, other: u64) -> Self {
        let product =
            (self.0 ^ one ^ 0x9e37_79b9_7f4a_7c15) as u128 * (other ^ 0xd6e8_feb8_6659_fd93) as u128;
        Self(product as u64 ^ (product >> 64) as u64 ^ one.rotate_left(32) ^ self.0.rotate_left(16))
    }
}

impl Digest {
    /// Its 16 hexadecimal digits.
    pub(crate) const fn digits(self) -> [u8; 16] {
        let (high, low) = (digits((self.0 >> 32) as u32), digits(self.0 as u32));
        ((high as u128) << 64 | low as u128).to_be_bytes()
    }
}

/// Eight hexadecimal digits, all of them at once: one is written for every event of a trace.
const fn digits(word: u32) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let word = word as u64;
    let word = (word | word << 16) & 0x0000_ffff_0000_ffff;
    let word = (word | word << 8) & 0x00ff_00ff_00ff_00ff;
    let word = (word | word << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    let letters = (word + ONES * 6) >> 4 & ONES;
    word + ONES * b'0' as u64 + letters * (b'a' - b'0' - 10) as u64
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(core::str::from_utf8(&self.digits()).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Digits;
        impl de::Visitor<'_> for Digits {
            type Value = Digest;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("16 hexadecimal digits")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Digest, E> {
                let wrong = |_| E::invalid_value(de::Unexpected::Str(text), &self);
                u64::from_str_radix(text, 16).map(Digest).map_err(wrong)
            }
        }
        deserializer.deserialize_str(Digits)
    }
}

#[cfg(test)]
mod tests {
    use super::Digest;

    #[test]
    fn digits_are_hexadecimal() {
        let mut digest = Digest(0);
        for word in 0..1_000 {
            digest = digest.and(word);
            assert_eq!(core::str::from_utf8(&digest.digits()), Ok(digest.to_string().as_str()));
        }
    }

    #[test]
    fn every_byte_counts_and_so_does_their_number() {
        let mut seen = std::collections::BTreeSet::new();
        for length in 0..70 {
            let mut bytes = std::vec![7; length];
            assert!(seen.insert(Digest(1).and_bytes(&bytes)), "{length}");
            for at in 0..length {
                bytes[at] ^= 0x80;
                assert!(seen.insert(Digest(1).and_bytes(&bytes)), "{length}, {at}");
                bytes[at] ^= 0x80;
            }
        }
    }
}
