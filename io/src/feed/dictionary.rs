//! The dictionaries that frames are compressed with: one given or trained, and another after each rotation.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use highwater_core::serve::Wire;
use highwater_core::time::WallTime;
use zstd::bulk::Compressor as Bulk;
use zstd::dict::EncoderDictionary;

use crate::feed::generator::Generator;
use crate::zstd::{Dictionary as Checked, NotADictionary};

/// The number of the first dictionary that is trained; each later one has the next.
const FIRST_ID: u32 = 20_260_811;

/// As large as the real ones, about.
const BYTES: usize = 64 << 10;

/// So many events are enough to train one.
const SAMPLES: u64 = 2_000;

/// As the servers compress.
const LEVEL: i32 = 3;

/// What both sides know beforehand, ready to compress with. Cloning shares it.
#[derive(Clone)]
pub(crate) struct Dictionary {
    id: u32,
    bytes: Bytes,
    encoder: Arc<EncoderDictionary<'static>>,
}

impl Dictionary {
    /// Takes `bytes` for a dictionary, if they are one.
    pub(crate) fn new(bytes: Vec<u8>) -> Result<Self, NotADictionary> {
        let id = Checked::new(&bytes)?.id();
        let encoder = Arc::new(EncoderDictionary::copy(&bytes, LEVEL));
        Ok(Self { id, bytes: bytes.into(), encoder })
    }

    /// The dictionary after `rotations` of them, trained on made-up events that it will not have to compress.
    pub(crate) fn trained(seed: u64, rotations: u32) -> Self {
        let generator = Generator::new(!seed, false);
        let samples: Vec<Bytes> = (0..SAMPLES)
            .map(|n| u64::from(rotations) * SAMPLES + n)
            .filter_map(|index| {
                let time = WallTime::from_micros(1_790_000_000_000_000 + index * 1_000);
                let entry = generator.event(index, time.as_micros());
                highwater_core::serve::entry::Entry { time, ..entry }.frame(Wire::V1)
            })
            .collect();
        let mut bytes = zstd::dict::from_samples(&samples, BYTES).expect("enough samples of some size");
        bytes[4..8].copy_from_slice(&(FIRST_ID + rotations).to_le_bytes());
        Self::new(bytes).expect("what zstd trained is a dictionary, whatever its number")
    }

    /// The number that frames name it by.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// The file.
    pub(crate) fn bytes(&self) -> Bytes {
        self.bytes.clone()
    }

    /// What compresses with it, one frame a message.
    pub(crate) fn compressor(&self) -> Compressor<'_> {
        Compressor(Bulk::with_prepared_dictionary(&self.encoder).expect("memory is all it takes"))
    }
}

/// Compresses messages, one after the other.
pub(crate) struct Compressor<'a>(Bulk<'a>);

impl Compressor<'_> {
    /// One whole frame.
    pub(crate) fn compress(&mut self, content: &[u8]) -> Bytes {
        self.0.compress(content).expect("there is room for whatever comes of it").into()
    }
}

impl fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dictionary {{ id: {} }}", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zstd::Decompressor;

    #[test]
    fn what_it_compresses_only_the_same_dictionary_reads() {
        let (first, second) = (Dictionary::trained(1, 0), Dictionary::trained(1, 1));
        assert_eq!((first.id(), second.id()), (FIRST_ID, FIRST_ID + 1));
        assert_eq!(first.bytes(), Dictionary::trained(1, 0).bytes());
        let text = br#"{"did":"did:plc:abc","time_us":1,"kind":"commit"}"#;
        let frame = first.compressor().compress(text);
        let read = |dictionary: &Dictionary| {
            let known = Checked::new(&dictionary.bytes()).unwrap();
            Decompressor::new(&known).unwrap().decompress(&frame, 1_000).ok()
        };
        assert_eq!(read(&first).unwrap(), &text[..]);
        assert_eq!(read(&second), None);
    }
}
