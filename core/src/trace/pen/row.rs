//! An event as a row of a trace, by hand: all but a few bytes of a trace are these.

use alloc::vec::Vec;

use crate::event::Event;
use crate::payload::Redact;

/// Writes `[time,seq,["key",size]]`, as a serializer would.
pub(super) fn write<P: Redact>(line: &mut Vec<u8>, event: &Event<P>) {
    let shadow = event.payload.shadow();
    let mut row = Row { bytes: [0; BYTES_MAX], begin: BYTES_MAX };
    row.text(*b"]]");
    row.number(shadow.size as u64);
    row.text(*b"\",");
    row.text(shadow.key.digits());
    row.text(*b",[\"");
    match event.seq {
        Some(seq) => row.number(seq.0),
        None => row.text(*b"null"),
    }
    row.text(*b",");
    row.number(event.time.as_micros());
    row.text(*b"[");
    line.extend_from_slice(&row.bytes[row.begin..]);
}

/// Three numbers of twenty digits at most, sixteen digits, what stands between them, and the zeros before a number.
const BYTES_MAX: usize = 96;

/// A row that is written from its end, since that is where a number begins.
struct Row {
    bytes: [u8; BYTES_MAX],
    begin: usize,
}

impl Row {
    fn text<const BYTES: usize>(&mut self, text: [u8; BYTES]) {
        self.begin -= BYTES;
        self.bytes[self.begin..][..BYTES].copy_from_slice(&text);
    }

    fn number(&mut self, mut number: u64) {
        const EIGHT_DIGITS: u64 = 100_000_000;
        while number >= EIGHT_DIGITS {
            self.text(digits((number % EIGHT_DIGITS) as u32).to_le_bytes());
            number /= EIGHT_DIGITS;
        }
        let digits = digits(number as u32);
        self.text(digits.to_le_bytes());
        // All zeros but the last digit go, if nothing stands before them.
        self.begin += ((digits ^ ZEROS).trailing_zeros() / 8).min(7) as usize;
    }
}

/// Eight times the digit 0.
const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);

/// The eight digits of a number below 10^8, the first in the lowest byte: halves, quarters and eighths of it, each
/// divided by all at once.
fn digits(number: u32) -> u64 {
    let halves = u64::from(number / 10_000) | u64::from(number % 10_000) << 32;
    let hundreds = ((halves * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let quarters = hundreds | (halves - hundreds * 100) << 16;
    let tens = ((quarters * 103) >> 10) & 0x000f_000f_000f_000f;
    ZEROS + (tens | (quarters - tens * 10) << 8)
}

#[cfg(test)]
mod tests {
    use std::string::ToString as _;

    use super::{BYTES_MAX, Row};

    #[test]
    fn numbers_are_decimal() {
        let powers = (0..20).map(|power| 10_u64.pow(power));
        let near =
            powers.flat_map(|power| [power - 1, power, power + 1, power.saturating_mul(7), u64::MAX / power]);
        for number in (0..20_000).chain(near) {
            let mut row = Row { bytes: [0; BYTES_MAX], begin: BYTES_MAX };
            row.number(number);
            assert_eq!(core::str::from_utf8(&row.bytes[row.begin..]), Ok(number.to_string().as_str()));
        }
    }
}
