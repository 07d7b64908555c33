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
    pub fn and_bytes(self, bytes: &[u8]) -> Self {
        let length = bytes.len();
        let word = |at: usize| bytes[at..].first_chunk().map_or(0, |chunk| u64::from_le_bytes(*chunk));
        let hash = self.and(length as u64);
        if length < 8 {
            return hash.and(bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
        }
        // Sixteen at a time; the last ones may be taken twice, which the length makes up for.
        let starts = (0..length.saturating_sub(16)).step_by(16);
        let hash = starts.fold(hash, |hash, at| hash.and_both(word(at), word(at + 8)));
        hash.and_both(word(length.saturating_sub(16)), word(length - 8))
    }

    /// As [`and`](Self::and) for two words at once.
    const fn and_both(self, one: u64, other: u64) -> Self {
        let product =
            (self.0 ^ one ^ 0x9e37_79b9_7f4a_7c15) as u128 * (other ^ 0xd6e8_feb8_6659_fd93) as u128;
        Self(product as u64 ^ (product >> 64) as u64 ^ one.rotate_left(32) ^ self.0.rotate_left(16))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // By hand: one is written for every event of a trace.
        let digits = core::array::from_fn::<u8, 16, _>(|place| {
            b"0123456789abcdef"[(self.0 >> (60 - 4 * place)) as usize & 0xf]
        });
        serializer.serialize_str(core::str::from_utf8(&digits).unwrap_or_default())
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
