//! The same for people.

use std::fmt;

use highwater_core::cursor::Place;
use highwater_core::gap::{Cause, GapState};
use highwater_core::time::{Duration, WallTime};
use indicatif::{HumanBytes, HumanCount};
use jiff::Timestamp;

use super::{ScopeStatus, Status};

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let events = HumanCount(self.events);
        write!(f, "{}: {events} events, {}", self.database, HumanBytes(self.size_bytes))?;
        if self.scopes.is_empty() {
            f.write_str("\n\nnothing was followed yet")?;
        }
        for scope in &self.scopes {
            write!(f, "\n\n{scope}")?;
        }
        self.gaps(f)?;
        self.dead_letters(f)
    }
}

impl Status {
    /// A table: a line for each cause that there is, a column for each state.
    fn gaps(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.gaps.is_empty() {
            return f.write_str("\n\nno gaps");
        }
        let states = [GapState::Lost, GapState::Unproven, GapState::Closed].map(GapState::name);
        write!(f, "\n\n{:<12}", "gaps")?;
        for state in states {
            write!(f, "{state:>10}")?;
        }
        for cause in Cause::ALL.map(Cause::name) {
            let of_cause = || self.gaps.iter().filter(|gap| gap.cause == cause);
            if of_cause().next().is_none() {
                continue;
            }
            write!(f, "\n  {cause:<10}")?;
            for state in states {
                let count = of_cause().find(|gap| gap.state == state).map_or(0, |gap| gap.count);
                write!(f, "{:>10}", HumanCount(count).to_string())?;
            }
        }
        write!(f, "\n  each: highwater export {} --gaps", self.database)
    }

    fn dead_letters(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.dead_letters.is_empty() {
            return f.write_str("\n\nno dead letters");
        }
        f.write_str("\n\ndead letters")?;
        for (reason, count) in &self.dead_letters {
            write!(f, "\n  {reason:<10}{:>10}", HumanCount(*count).to_string())?;
        }
        write!(f, "\n  each: highwater export {} --dead-letters", self.database)
    }
}

impl fmt::Display for ScopeStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scope, checkpoint) = (&self.stored.scope, &self.stored.checkpoint);
        write!(f, "{} {}", scope.host, scope.dialect)?;
        if scope.incarnation > 0 {
            write!(f, ", history {}", scope.incarnation + 1)?;
        }
        match checkpoint.place {
            Place::Cursor(cursor) => write!(f, "\n  cursor    {} {cursor}", scope.kind)?,
            Place::Tip => f.write_str("\n  begins    with whatever comes next")?,
            Place::Oldest => f.write_str("\n  begins    with the oldest event there is")?,
            Place::Time(time) => write!(f, "\n  begins    at {}", Moment(time))?,
        }
        if let Some(witness) = &checkpoint.witness {
            write!(
                f,
                "\n  witness   {}\n            {}",
                Moment(witness.time),
                Short(&witness.key.to_string())
            )?;
        }
        write!(f, "\n  covered   until {}", Moment(checkpoint.covered_until))?;
        if let Some(lag) = self.lag_us {
            write!(f, "\n  behind    {}", Lag(Duration::from_micros(lag)))?;
        }
        write!(f, "\n  events    {}", HumanCount(self.stored.stored))
    }
}

/// A moment as a calendar has it, or its number if no calendar goes so far.
struct Moment(WallTime);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        let known = i64::try_from(micros).ok().and_then(|micros| Timestamp::from_microsecond(micros).ok());
        match known {
            Some(timestamp) => write!(f, "{timestamp:.3}"),
            None => write!(f, "{micros} us"),
        }
    }
}

/// The two largest units of a length of time, a second at least.
struct Lag(Duration);

impl fmt::Display for Lag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = std::time::Duration::from_secs(self.0.as_micros() / 1_000_000);
        if seconds.is_zero() {
            return f.write_str("less than a second");
        }
        let text = humantime::format_duration(seconds).to_string();
        let mut units = text.split(' ').take(2);
        f.write_str(units.next().unwrap_or_default())?;
        units.try_for_each(|unit| write!(f, " {unit}"))
    }
}

/// A key of an unknown kind is the whole event: more than a line of it helps nobody.
struct Short<'a>(&'a str);

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(160) {
            Some((end, _)) => write!(f, "{}...", &self.0[..end]),
            None => f.write_str(self.0),
        }
    }
}
