//! Moments as servers and their proxies may write them: in other zones, with fewer digits, and wrongly.

use bytes::Bytes;
use highwater_core::dialect::{Dialect, Frame, Subscription};
use highwater_core::event::Item;
use highwater_core::serve::Wire;
use highwater_core::time::{Duration, WallTime};

use super::is_malformed;
use super::made::entry;
use crate::draw::Stream;

/// The earliest moment that is told here with another zone: nothing before 1970 can be told at all.
const EARLY: u64 = 200_000_000_000;

/// A moment, written in some way.
pub(super) fn check(stream: &mut Stream) {
    let mut entry = entry(stream);
    let micros = entry.time.as_micros().max(EARLY);
    // As many of the six digits as are not cut off below.
    let digits = stream.below(7) as usize;
    let micros = micros - micros % 10_u64.pow(6 - digits as u32);
    let (hours, minutes) = (stream.below(24), stream.below(60));
    let offset = Duration::from_secs(hours * 3_600 + minutes * 60);
    let (sign, told) = match stream.below(3) {
        0 => ("", WallTime::from_micros(micros)),
        1 => ("+", WallTime::from_micros(micros) + offset),
        _ => ("-", WallTime::from_micros(micros) - offset),
    };
    entry.time = told;
    let Some(frame) = entry.frame(Wire::V2) else { return };
    let frame = String::from_utf8(frame.to_vec()).expect("JSON is text");
    let Some((before, rest)) = frame.split_once(r#","time":""#) else { return };
    let (written, after) = (&rest[..27], &rest[27..]);
    if !before.ends_with('"') || written.len() != 27 || told.as_micros() > 253_402_300_799_999_999 {
        return;
    }
    let seconds = &written[..19];
    let fraction = if digits == 0 { String::new() } else { written[19..20 + digits].to_owned() };
    let zone = if sign.is_empty() { "Z".to_owned() } else { format!("{sign}{hours:02}:{minutes:02}") };
    let finer = if digits == 6 && stream.one_in(2) { "999" } else { "" };
    let text = format!("{before},\"time\":\"{seconds}{fraction}{finer}{zone}{after}");
    match read(&text) {
        Frame::Item(Item::Event(event)) => {
            assert_eq!(event.time, WallTime::from_micros(micros), "{text}");
        }
        Frame::Item(Item::Info) => return,
        other => panic!("{text} is read as {other:?}"),
    }
    let wrong = wrong(stream, seconds, &zone);
    let text = format!("{before},\"time\":\"{wrong}{after}");
    assert!(is_malformed(&read(&text)), "{text} is read as {:?}", read(&text));
}

/// Something that is no moment.
fn wrong(stream: &mut Stream, seconds: &str, zone: &str) -> String {
    let replaced = |at: usize, part: &str| {
        let mut text = seconds.to_owned();
        text.replace_range(at..at + part.len(), part);
        format!("{text}{zone}")
    };
    let month = |last: &str| format!("2026-{last}T00:00:00Z");
    match stream.below(14) {
        0 => replaced(5, stream.pick(&["00", "13"])),
        1 => replaced(8, stream.pick(&["00", "32"])),
        2 => replaced(11, "24"),
        3 => replaced(14, "60"),
        4 => replaced(17, "61"),
        5 => replaced(stream.pick(&[4, 7, 10, 13, 16]), "."),
        6 => format!("{seconds}.{zone}"),
        7 => seconds.to_owned(),
        8 => {
            format!("{seconds}{}", stream.pick(&["+24:00", "+00:60", "*00:00", "+0000", "+1:00", "ZZ", "z"]))
        }
        9 => stream
            .pick(&["1969-12-31T23:59:59Z", "1970-01-01T00:30:00+01:00", "1970-01-01T00:00:00+23:59"])
            .to_owned(),
        10 => month(stream.pick(&["02-29", "02-30", "04-31", "06-31", "09-31", "11-31", "01-32"])),
        11 => {
            stream.pick(&["2100-02-29T00:00:00Z", "2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z"]).to_owned()
        }
        12 => replaced(stream.pick(&[0, 3, 6, 9, 12, 15, 18]), stream.pick(&["x", "/", ":", "+"])),
        _ => seconds[..stream.below(19) as usize].to_owned(),
    }
}

fn read(text: &str) -> Frame {
    Dialect::JetstreamV2.decode(&Subscription::default(), Bytes::copy_from_slice(text.as_bytes()))
}
