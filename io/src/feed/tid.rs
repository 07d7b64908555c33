//! Timestamp identifiers, which the AT Protocol uses for revisions and record keys: they sort by time as text.

/// The characters of a TID in their sorting order.
const ALPHABET: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";

/// The identifier of a moment (µs since 1970), told apart from others of the same moment by the low ten bits of `clock`.
pub(crate) fn tid(micros: u64, clock: u64) -> String {
    let bits = (micros & ((1 << 53) - 1)) << 10 | (clock & 0x3ff);
    (0..13).rev().map(|n| char::from(ALPHABET[(bits >> (5 * n) & 31) as usize])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tid_is_what_the_protocol_documents() {
        assert_eq!(tid(0, 0), "2222222222222");
        // The example of the specification.
        assert_eq!(tid(1_688_137_381_887_007, 6), "3jzfcijpj2z2a");
        assert_eq!(tid((1 << 53) - 1, 0x3ff), "bzzzzzzzzzzzz");
    }

    #[test]
    fn tids_sort_by_time() {
        assert!(tid(1_779_719_009_132_431, 1_023) < tid(1_779_719_009_132_432, 0));
        assert_eq!(tid(1_779_719_009_132_431, 5).len(), 13);
    }
}
