//! Moments as RFC 3339 writes them, to the microsecond: v2 gives each event's time so.

use alloc::format;
use alloc::string::String;

use crate::time::WallTime;

const MICROS_PER_SEC: u64 = 1_000_000;
const SECS_PER_DAY: u64 = 86_400;

/// The moment that `text` names; none if it is not RFC 3339, or lies before 1970. Digits after the sixth are cut off.
pub(crate) fn parse(text: &str) -> Option<WallTime> {
    let bytes = text.as_bytes();
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if separators.iter().any(|&(at, byte)| bytes.get(at) != Some(&byte)) {
        return None;
    }
    let part = |from, to| number(bytes.get(from..to)?);
    let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
    // A leap second is written as 60 and lies where the next second begins.
    let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
    if !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (micros, zone) = fraction(&bytes[19..])?;
    let east = offset_secs(zone)?;
    let local = days_since_1970(year, month, day)? * SECS_PER_DAY + hour * 3600 + minute * 60 + second;
    let utc = local.checked_add_signed(-east)?;
    Some(WallTime::from_micros(utc * MICROS_PER_SEC + micros))
}

/// `time` as v2 writes it: UTC, with exactly six digits after the point. [S]
pub(crate) fn format(time: WallTime) -> String {
    let (secs, micros) = (time.as_micros() / MICROS_PER_SEC, time.as_micros() % MICROS_PER_SEC);
    let (year, month, day) = date_of(secs / SECS_PER_DAY);
    let (hour, minute, second) = (secs / 3600 % 24, secs / 60 % 60, secs % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

fn number(digits: &[u8]) -> Option<u64> {
    digits
        .iter()
        .try_fold(0, |sum: u64, byte| byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0')))
}

/// The microseconds of an optional fraction, and what stands after it.
fn fraction(rest: &[u8]) -> Option<(u64, &[u8])> {
    let Some((b'.', rest)) = rest.split_first() else { return Some((0, rest)) };
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, zone) = rest.split_at(length);
    let kept = &digits[..length.min(6)];
    let scale = 10_u64.pow(6 - u32::try_from(kept.len()).ok()?);
    (length > 0).then_some((number(kept)? * scale, zone))
}

/// Seconds that the zone is ahead of UTC.
fn offset_secs(zone: &[u8]) -> Option<i64> {
    let (sign, hours, minutes) = match zone {
        b"Z" => return Some(0),
        [sign, h1, h2, b':', m1, m2] => (sign, number(&[*h1, *h2])?, number(&[*m1, *m2])?),
        _ => return None,
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    let secs = i64::try_from(hours * 3600 + minutes * 60).ok()?;
    match sign {
        b'+' => Some(secs),
        b'-' => Some(-secs),
        _ => None,
    }
}

fn is_leap(year: u64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: u64, month: u64) -> u64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

fn days_since_1970(year: u64, month: u64, day: u64) -> Option<u64> {
    let leap_years_to = |year: u64| year / 4 - year / 100 + year / 400;
    let years = year.checked_sub(1970)? * 365 + leap_years_to(year - 1) - leap_years_to(1969);
    let months = (1..month).map(|month| days_in(year, month));
    Some(years + months.sum::<u64>() + day - 1)
}

fn date_of(mut days: u64) -> (u64, u64, u64) {
    // Days of the proleptic Gregorian calendar repeat every 400 years.
    let mut year = 1970 + days / 146_097 * 400;
    days %= 146_097;
    loop {
        let in_year = if is_leap(year) { 366 } else { 365 };
        if days < in_year {
            break;
        }
        days -= in_year;
        year += 1;
    }
    let mut month = 1;
    while days >= days_in(year, month) {
        days -= days_in(year, month);
        month += 1;
    }
    (year, month, days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(text: &str) -> Option<u64> {
        parse(text).map(WallTime::as_micros)
    }

    #[test]
    fn moments_are_read_to_the_microsecond() {
        assert_eq!(micros("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(micros("2024-09-09T19:46:02.329308Z"), Some(1_725_911_162_329_308));
        assert_eq!(micros("2024-02-29T23:59:59.9Z"), Some(1_709_251_199_900_000));
        assert_eq!(micros("2000-03-01T00:00:00.000001999Z"), Some(951_868_800_000_001));
        assert_eq!(micros("2016-12-31T23:59:60Z"), micros("2017-01-01T00:00:00Z"));
        assert_eq!(micros("2026-05-25T16:23:29.95+02:00"), micros("2026-05-25T14:23:29.950Z"));
        assert_eq!(micros("2026-05-24T23:23:29-15:00"), micros("2026-05-25T14:23:29Z"));
        assert_eq!(micros("9999-12-31T23:59:59.999999Z"), Some(253_402_300_799_999_999));
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for bad in [
            "",
            "2026",
            "2026-05-25",
            "2026-05-25T14:23:29",
            "2026-05-25 14:23:29Z",
            "2026-05-25T14:23:29.Z",
            "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-00-10T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:61Z",
            "2026-01-01T00:00:00+1:00",
            "2026-01-01T00:00:00+24:00",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:30:00+01:00",
            "+026-01-01T00:00:00Z",
            "2026-01-01T00:00:00Zz",
            "2026-01-01T00:00:0\u{664}Z",
        ] {
            assert_eq!(micros(bad), None, "{bad}");
        }
    }

    #[test]
    fn each_day_of_eight_centuries_is_written_and_read() {
        for day in 0..292_194 {
            let time =
                WallTime::from_micros((day * SECS_PER_DAY + day % SECS_PER_DAY) * MICROS_PER_SEC + day);
            assert_eq!(parse(&format(time)), Some(time));
        }
        assert_eq!(format(WallTime::from_micros(1_725_911_162_000_308)), "2024-09-09T19:46:02.000308Z");
    }
}
