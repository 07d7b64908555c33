//! Frames compressed with a dictionary: both wires send each event as one zstd frame of its own.
//!
//! Without the dictionary such a frame says nothing, so a dictionary is checked when it is taken in and not when the
//! first frame fails. What a frame decompresses to is bounded, whatever its header claims.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use zstd::bulk::Decompressor as Bulk;
use zstd::zstd_safe::get_frame_content_size;

/// What a zstd dictionary begins with.
const MAGIC: [u8; 4] = 0xec30_a437_u32.to_le_bytes();

/// No dictionary is larger; those in use have about 100 KiB.
pub const DICTIONARY_BYTES_MAX: usize = 8 << 20;

/// What is tried first where a frame does not say how large its content is.
const GUESS_BYTES: usize = 16 << 10;

/// What zstd says where a frame hides its size and the room was not enough; the library has no code for it.
const TOO_SMALL: &str = "Destination buffer is too small";

/// A buffer larger than this is not kept from one frame to the next.
const KEPT_BYTES_MAX: usize = 4 << 20;

/// What server and client agreed on beforehand. Cloning shares it.
#[derive(Clone)]
pub struct Dictionary {
    id: u32,
    bytes: Arc<[u8]>,
}

/// These bytes are no zstd dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotADictionary {
    /// They do not begin as one does.
    Magic,
    /// They begin as one, and go wrong later.
    Content,
    /// They are more than [`DICTIONARY_BYTES_MAX`].
    TooLarge,
}

impl Dictionary {
    /// Takes `bytes` for a dictionary, if they are one.
    pub fn new(bytes: &[u8]) -> Result<Self, NotADictionary> {
        if bytes.len() > DICTIONARY_BYTES_MAX {
            return Err(NotADictionary::TooLarge);
        }
        let (magic, rest) = bytes.split_first_chunk::<4>().ok_or(NotADictionary::Magic)?;
        let (id, _) = rest.split_first_chunk::<4>().ok_or(NotADictionary::Magic)?;
        if *magic != MAGIC {
            return Err(NotADictionary::Magic);
        }
        let dictionary = Self { id: u32::from_le_bytes(*id), bytes: Arc::from(bytes) };
        // zstd digests a dictionary only with the first frame; an empty frame is enough of one.
        let mut decompressor = Decompressor::new(&dictionary).map_err(|_| NotADictionary::Content)?;
        decompressor.digest().map_err(|_| NotADictionary::Content)?;
        Ok(dictionary)
    }

    /// The number that frames name it by.
    pub fn id(&self) -> u32 {
        self.id
    }
}

impl fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dictionary {{ id: {}, {} bytes }}", self.id, self.bytes.len())
    }
}

impl fmt::Display for NotADictionary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic => f.write_str("not a zstd dictionary: it does not begin with 37 a4 30 ec"),
            Self::Content => f.write_str("a damaged zstd dictionary: zstd cannot digest it"),
            Self::TooLarge => {
                write!(f, "larger than the {DICTIONARY_BYTES_MAX} bytes that a dictionary may have")
            }
        }
    }
}

impl std::error::Error for NotADictionary {}

/// Decompresses the frames of one connection, with its dictionary digested once and one buffer reused.
pub struct Decompressor {
    bulk: Bulk<'static>,
    buffer: Vec<u8>,
}

/// Why a frame did not decompress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undecodable {
    /// It is damaged, of another dictionary, or no zstd frame.
    Damaged,
    /// It is larger, decompressed, than was allowed.
    TooLarge,
}

impl Decompressor {
    /// A decompressor for frames that need `dictionary`. Fails where memory does.
    pub fn new(dictionary: &Dictionary) -> std::io::Result<Self> {
        Ok(Self { bulk: Bulk::with_dictionary(&dictionary.bytes)?, buffer: Vec::new() })
    }

    /// The content of `frame`, in bytes of its own, at most `bytes_max` of them.
    pub fn decompress(&mut self, frame: &[u8], bytes_max: usize) -> Result<Bytes, Undecodable> {
        let said = get_frame_content_size(frame).map_err(|_| Undecodable::Damaged)?;
        let first = match said.map(usize::try_from) {
            None => GUESS_BYTES.min(bytes_max),
            Some(Ok(size)) if size <= bytes_max => size,
            Some(_) => return Err(Undecodable::TooLarge),
        };
        let content = self.fill(frame, first, bytes_max);
        if self.buffer.capacity() > KEPT_BYTES_MAX {
            self.buffer = Vec::new();
        }
        content
    }

    fn fill(&mut self, frame: &[u8], first: usize, max: usize) -> Result<Bytes, Undecodable> {
        let mut room = first;
        loop {
            self.buffer.clear();
            self.buffer.reserve(room);
            match self.bulk.decompress_to_buffer(frame, &mut self.buffer) {
                Ok(_) if self.buffer.len() > max => return Err(Undecodable::TooLarge),
                Ok(_) => return Ok(Bytes::copy_from_slice(&self.buffer)),
                Err(error) if error.to_string() != TOO_SMALL => return Err(Undecodable::Damaged),
                Err(_) if room >= max => return Err(Undecodable::TooLarge),
                Err(_) => room = room.saturating_mul(4).clamp(GUESS_BYTES, max),
            }
        }
    }

    fn digest(&mut self) -> Result<(), Undecodable> {
        // The smallest frame: magic, one segment of zero bytes, a last raw block of none.
        const EMPTY: [u8; 9] = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x00, 0x01, 0x00, 0x00];
        self.decompress(&EMPTY, 0).map(drop)
    }
}

impl fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Decompressor")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: usize = 1 << 20;

    /// A dictionary trained on records of the shape that the wires carry.
    pub(crate) fn trained() -> Vec<u8> {
        let samples: Vec<String> = (0..2_000).map(record).collect();
        zstd::dict::from_samples(&samples, 8 << 10).unwrap()
    }

    fn record(n: usize) -> String {
        format!(r#"{{"did":"did:plc:{:024}","time_us":{n},"kind":"identity","seq":{}}}"#, n * 7919, n * 31)
    }

    fn compressed(dictionary: &[u8], content: &[u8], says_size: bool) -> Vec<u8> {
        let mut compressor = zstd::bulk::Compressor::with_dictionary(3, dictionary).unwrap();
        compressor.include_contentsize(says_size).unwrap();
        compressor.compress(content).unwrap()
    }

    #[test]
    fn a_frame_comes_back_whole_whether_it_says_its_size_or_not() {
        let bytes = trained();
        let dictionary = Dictionary::new(&bytes).unwrap();
        assert_eq!(dictionary.id().to_le_bytes(), bytes[4..8]);
        let mut decompressor = Decompressor::new(&dictionary).unwrap();
        for content in [String::new(), record(3), record(4).repeat(8_000)] {
            for says_size in [true, false] {
                let frame = compressed(&bytes, content.as_bytes(), says_size);
                assert_eq!(decompressor.decompress(&frame, MAX).unwrap(), content);
            }
        }
    }

    #[test]
    fn content_beyond_the_limit_is_not_made() {
        let bytes = trained();
        let mut decompressor = Decompressor::new(&Dictionary::new(&bytes).unwrap()).unwrap();
        for says_size in [true, false] {
            let bomb = compressed(&bytes, &vec![b'x'; MAX + 1], says_size);
            assert!(bomb.len() < 4_096, "a small frame, large content");
            assert_eq!(decompressor.decompress(&bomb, MAX), Err(Undecodable::TooLarge));
        }
        let whole = compressed(&bytes, &vec![b'x'; MAX], false);
        assert_eq!(decompressor.decompress(&whole, MAX).map(|content| content.len()), Ok(MAX));
    }

    #[test]
    fn what_is_damaged_is_said_to_be_and_the_next_frame_is_read() {
        let bytes = trained();
        let mut decompressor = Decompressor::new(&Dictionary::new(&bytes).unwrap()).unwrap();
        for says_size in [true, false] {
            let frame = compressed(&bytes, record(1).repeat(20).as_bytes(), says_size);
            for end in 0..frame.len() {
                assert_eq!(
                    decompressor.decompress(&frame[..end], MAX),
                    Err(Undecodable::Damaged),
                    "cut at {end}"
                );
            }
            assert!(decompressor.decompress(&frame, MAX).is_ok());
        }
        let text = br#"{"did":"did:plc:x"}"#;
        assert_eq!(decompressor.decompress(text, MAX), Err(Undecodable::Damaged));
    }

    #[test]
    fn a_frame_of_another_dictionary_is_damaged() {
        let ours = Dictionary::new(&trained()).unwrap();
        let mut theirs = trained();
        theirs[4] ^= 1;
        let frame = compressed(&theirs, record(9).as_bytes(), true);
        let mut decompressor = Decompressor::new(&ours).unwrap();
        assert_eq!(decompressor.decompress(&frame, MAX), Err(Undecodable::Damaged));
    }

    #[test]
    fn only_a_dictionary_is_taken_for_one() {
        let bytes = trained();
        assert_eq!(Dictionary::new(b"").unwrap_err(), NotADictionary::Magic);
        assert_eq!(Dictionary::new(&bytes[..7]).unwrap_err(), NotADictionary::Magic);
        assert_eq!(Dictionary::new(&bytes[1..]).unwrap_err(), NotADictionary::Magic);
        assert_eq!(Dictionary::new(&bytes[..60]).unwrap_err(), NotADictionary::Content);
        assert_eq!(
            Dictionary::new(&vec![0; DICTIONARY_BYTES_MAX + 1]).unwrap_err(),
            NotADictionary::TooLarge
        );
    }
}
