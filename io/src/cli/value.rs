//! What may stand after a flag, read as people write it.

use std::path::PathBuf;

use highwater::Start;
use highwater_core::dialect::Dialect;
use highwater_core::dialect::jetstream::Kind;
use highwater_core::time::{Duration, WallTime};
use jiff::Timestamp;

/// Where the events go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum To {
    /// A database.
    Sqlite(PathBuf),
    /// Lines.
    Stdout,
    /// Nowhere: for measuring the rest.
    Null,
}

/// `sqlite:PATH` or `stdout`.
pub(crate) fn to(text: &str) -> Result<To, String> {
    match text.split_once(':') {
        Some(("sqlite", "")) => Err("the path is missing, as in sqlite:highwater.db".into()),
        Some(("sqlite", path)) => Ok(To::Sqlite(path.into())),
        Some(("null", "")) => Ok(To::Null),
        None if text == "stdout" => Ok(To::Stdout),
        _ => Err("write sqlite:PATH, or stdout".into()),
    }
}

/// A length of time, with a unit.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err(format!("a number needs a unit: {text}s, or {text}ms"));
    }
    humantime::parse_duration(text)
        .map(Duration::from)
        .map_err(|error| format!("{error}; write it as 50ms, or \"1m 30s\""))
}

/// A length of time that is not nothing.
pub(crate) fn positive_duration(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("it has to be longer than nothing".into()),
        positive => Ok(positive),
    }
}

/// A number of bytes, with a unit.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30)];
    let read = units.iter().find_map(|(unit, shift)| Some((text.strip_suffix(unit)?.trim(), shift)));
    let bytes = read.and_then(|(number, shift)| number.parse::<u64>().ok()?.checked_mul(1 << shift));
    bytes
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| "write a size as 64MiB; the units are KiB, MiB and GiB".into())
}

/// Where to begin.
pub(crate) fn start(text: &str) -> Result<Start, String> {
    let moment = |text: &str| -> Option<WallTime> {
        let micros = text.parse::<Timestamp>().ok()?.as_microsecond();
        Some(WallTime::from_micros(u64::try_from(micros).ok()?))
    };
    match text {
        "now" => Ok(Start::Now),
        "oldest" => Ok(Start::Oldest),
        _ => {
            if let Some(ago) = text.strip_prefix('-') {
                return duration(ago).map(Start::Ago);
            }
            let integer = text.parse().ok().map(Start::Integer);
            integer.or_else(|| moment(text).map(Start::Time)).ok_or_else(|| {
                "write now, oldest, a cursor of the wire, a moment as 2026-05-25T14:23:29Z, or -1h".into()
            })
        }
    }
}

/// A kind of event.
pub(crate) fn kind(text: &str) -> Result<Kind, String> {
    let names = Kind::KNOWN.map(Kind::name).join(", ");
    Kind::from_name(text).ok_or_else(|| format!("the kinds are {names}"))
}

/// How a feed speaks.
pub(crate) fn dialect(text: &str) -> Result<Dialect, String> {
    let names = Dialect::ALL.map(Dialect::name).join(", ");
    Dialect::from_name(text).ok_or_else(|| format!("the dialects are {names}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_number_is_no_duration() {
        assert_eq!(duration("50ms"), Ok(Duration::from_millis(50)));
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("25"), Err("a number needs a unit: 25s, or 25ms".into()));
        assert!(duration("").is_err() && duration("fast").is_err() && duration("99999999999999y").is_err());
        assert!(positive_duration("0s").is_err());
    }

    #[test]
    fn a_size_has_a_unit() {
        assert_eq!(size("64MiB"), Ok(64 << 20));
        assert_eq!(size("1 GiB"), Ok(1 << 30));
        for wrong in ["", "64", "64MB", "0KiB", "-1KiB", "99999999999GiB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_start_is_a_word_a_cursor_a_moment_or_a_while_ago() {
        assert_eq!(start("now"), Ok(Start::Now));
        assert_eq!(start("oldest"), Ok(Start::Oldest));
        assert_eq!(start("1725911162329308"), Ok(Start::Integer(1_725_911_162_329_308)));
        assert_eq!(start("0"), Ok(Start::Integer(0)));
        assert_eq!(start("-1h"), Ok(Start::Ago(Duration::from_secs(3600))));
        let moment = WallTime::from_micros(1_779_719_009_132_431);
        assert_eq!(start("2026-05-25T14:23:29.132431Z"), Ok(Start::Time(moment)));
        assert_eq!(start("2026-05-25T16:23:29.132431+02:00"), Ok(Start::Time(moment)));
        for wrong in ["", "-5", "yesterday", "1960-01-01T00:00:00Z", "18446744073709551616"] {
            assert!(start(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_sink_is_named_by_its_scheme() {
        assert_eq!(to("sqlite:a:b.db"), Ok(To::Sqlite("a:b.db".into())));
        assert_eq!(to("stdout"), Ok(To::Stdout));
        assert!(to("sqlite:").is_err() && to("postgres://x").is_err() && to("events.db").is_err());
    }
}
