//! The zstd dictionaries that frames are compressed with: where v2's is fetched, and what number one has.

/// Where a v2 host gives its current dictionary; `?id=` asks for one by its number.
pub const DICTIONARY_PATH: &str = "/xrpc/network.bsky.jetstream.getZstdDictionary";

/// The first bytes of a dictionary, as zstd has it.
const MAGIC: [u8; 4] = [0x37, 0xa4, 0x30, 0xec];

/// The number of the dictionary in `bytes`; none if that is no dictionary, or only raw content, which has no number.
pub fn dictionary_id(bytes: &[u8]) -> Option<u32> {
    let (magic, rest) = bytes.split_first_chunk::<4>()?;
    let id = u32::from_le_bytes(*rest.first_chunk::<4>()?);
    (*magic == MAGIC && id != 0).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dictionary_says_its_number() {
        let mut bytes = [0x37, 0xa4, 0x30, 0xec, 0, 0, 0, 0, 99];
        assert_eq!(dictionary_id(&bytes), None);
        bytes[4..8].copy_from_slice(&20_260_811_u32.to_le_bytes());
        assert_eq!(dictionary_id(&bytes), Some(20_260_811));
        assert_eq!(dictionary_id(&bytes[..7]), None);
        assert_eq!(dictionary_id(&bytes[1..]), None);
    }
}
