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

    /// The digest of this and of a text.
    #[must_use]
    pub fn and_text(self, text: &str) -> Self {
        let word = |chunk: &[u8]| {
            let mut bytes = [0; 8];
            bytes[..chunk.len()].copy_from_slice(chunk);
            u64::from_le_bytes(bytes)
        };
        let words = text.as_bytes().chunks(8).map(word);
        words.fold(self, Self::and).and(text.len() as u64)
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
