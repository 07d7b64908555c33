//! The records of a run: spans that were lost or cannot be proved, and which events lie in them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::Failure;

/// One record that is not closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Why it is there.
    pub cause: String,
    from: Mark,
    to: Option<Mark>,
    counts_in: Count,
}

/// An end of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    cursor: u64,
    time: u64,
}

/// What the cursors of a record count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Count {
    /// The server's time in µs, which may go back.
    Time,
    /// Its numbers.
    Seq,
}

/// Where an event was in the server's log: each time that it was said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The server's times of it, in µs.
    pub times: BTreeSet<u64>,
    /// Its numbers, in the order of the log.
    pub numbers: BTreeSet<u64>,
}

/// The log of a server, to find spans in.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// The last number with a time: clocks go back, numbers do not.
    pub numbers: BTreeMap<u64, u64>,
    /// The numbers of what is stored.
    pub stored: BTreeSet<u64>,
}

impl Record {
    /// The records that are not closed, of those that `highwater export --gaps` prints.
    pub fn parse_all(lines: &str) -> Result<Vec<Self>, Failure> {
        let mut records = Vec::new();
        for line in lines.lines() {
            let value: Value = serde_json::from_str(line)?;
            if value["state"] != "closed" {
                records.push(Self::read(&value)?);
            }
        }
        Ok(records)
    }

    fn read(value: &Value) -> Result<Self, Failure> {
        let mark = |value: &Value| {
            Some(Mark { cursor: value["cursor"].as_u64()?, time: value["time_us"].as_u64()? })
        };
        let counts_in = match value["kind"].as_str() {
            Some("time") => Count::Time,
            Some("seq") => Count::Seq,
            _ => return Err(format!("a record that counts in nothing known: {value}").into()),
        };
        Ok(Self {
            cause: value["cause"].as_str().ok_or("a record without a cause")?.to_owned(),
            from: mark(&value["from"]).ok_or("a record without a beginning")?,
            to: mark(&value["to"]),
            counts_in,
        })
    }

    /// Whether an event lies in the span: by the order of the log where both ends are events, else by time.
    pub fn covers(&self, event: &Places, log: &Log) -> bool {
        match (self.numbers(log), self.to) {
            (Some((first, last)), _) => event.numbers.range(first..=last).next().is_some(),
            (None, Some(to)) => {
                event.times.range(self.from.time..=to.time.max(self.from.time)).next().is_some()
            }
            (None, None) => false,
        }
    }

    /// How many events that are stored lie between the ends of the span, where both are events: a span never is wider
    /// than from the last event before it to the first one after it.
    pub fn stored_inside(&self, log: &Log) -> usize {
        self.numbers(log).map_or(0, |(first, last)| {
            let after = first + 1;
            if after < last { log.stored.range(after..last).count() } else { 0 }
        })
    }

    /// The numbers of both ends, if they are events. A span without an end goes no further than the next event that is
    /// stored.
    fn numbers(&self, log: &Log) -> Option<(u64, u64)> {
        let number = |mark: Mark| match self.counts_in {
            Count::Seq => Some(mark.cursor),
            Count::Time => log.numbers.get(&mark.cursor).copied(),
        };
        let first = number(self.from)?;
        let last = match self.to {
            Some(to) => number(to)?,
            None => log.stored.range(first + 1..).next().copied().unwrap_or(u64::MAX),
        };
        (first <= last).then_some((first, last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers 1 to 5; before the third the server's clock went back. The first two and the last are stored.
    fn log() -> Log {
        let numbers = BTreeMap::from([(10, 1), (20, 2), (12, 3), (13, 4), (30, 5)]);
        Log { numbers, stored: BTreeSet::from([1, 2, 5]) }
    }

    fn record(kind: &str, from: u64, to: &str) -> Record {
        let line = format!(
            r#"{{"kind":"{kind}","cause":"clock","state":"unproven","from":{{"cursor":{from},"time_us":{from}}},"to":{to}}}"#
        );
        Record::parse_all(&line).expect("a record").remove(0)
    }

    fn to(mark: u64) -> String {
        format!(r#"{{"cursor":{mark},"time_us":{mark}}}"#)
    }

    fn event(time: u64, number: u64) -> Places {
        Places { times: [time].into(), numbers: [number].into() }
    }

    #[test]
    fn between_two_events_the_order_of_the_log_decides() {
        let back = record("time", 20, &to(13));
        assert!(back.covers(&event(12, 3), &log()));
        assert!(!back.covers(&event(30, 5), &log()));
        let numbered = record("seq", 2, &to(4));
        assert!(numbered.covers(&event(12, 3), &log()));
        assert!(!numbered.covers(&event(10, 1), &log()));
    }

    #[test]
    fn between_two_moments_time_decides() {
        let span = record("time", 11, &to(14));
        assert!(span.covers(&event(12, 3), &log()));
        assert!(!span.covers(&event(10, 1), &log()));
        assert!(!span.covers(&event(20, 2), &log()));
    }

    #[test]
    fn a_span_without_an_end_goes_to_the_next_event_that_is_stored() {
        let open = record("time", 20, "null");
        assert!(open.covers(&event(13, 4), &log()));
        let open = record("time", 10, "null");
        assert!(!open.covers(&event(12, 3), &log()), "the second came after, so that is its end");
        assert!(!record("time", 11, "null").covers(&event(12, 3), &log()), "it begins nowhere");
    }

    #[test]
    fn a_span_with_stored_events_inside_is_too_wide() {
        assert_eq!(record("time", 20, &to(30)).stored_inside(&log()), 0);
        assert_eq!(record("time", 10, &to(30)).stored_inside(&log()), 1);
        assert_eq!(record("seq", 1, &to(5)).stored_inside(&log()), 1);
        assert_eq!(record("seq", 4, &to(5)).stored_inside(&log()), 0);
    }

    #[test]
    fn what_is_closed_is_no_record_any_more() {
        assert_eq!(Record::parse_all(r#"{"state":"closed"}"#).expect("a line").len(), 0);
        assert!(Record::parse_all(r#"{"state":"lost","cause":"too-old"}"#).is_err());
    }
}
