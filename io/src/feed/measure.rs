//! How much, as a flag says it: so many times, or for so long.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A count or a length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// So many of whatever is counted; never 0.
    Times(u64),
    /// So long; never 0.
    Time(Duration),
}

/// The text is neither a count nor a length of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAMeasure(String);

impl FromStr for Measure {
    type Err = NotAMeasure;

    fn from_str(text: &str) -> Result<Self, NotAMeasure> {
        let measure = match text.parse() {
            Ok(times) => Self::Times(times),
            Err(_) => Self::Time(humantime::parse_duration(text).map_err(|_| NotAMeasure(text.to_owned()))?),
        };
        match measure {
            Self::Times(0) | Self::Time(Duration::ZERO) => Err(NotAMeasure(text.to_owned())),
            some => Ok(some),
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Times(times) => times.fmt(f),
            Self::Time(time) => humantime::format_duration(*time).fmt(f),
        }
    }
}

impl fmt::Display for NotAMeasure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is neither a count nor a time: write it as 500, 250ms or 1m 30s; 0 is not enough",
            self.0
        )
    }
}

impl std::error::Error for NotAMeasure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_number_counts_and_one_with_a_unit_lasts() {
        assert_eq!("500".parse(), Ok(Measure::Times(500)));
        assert_eq!("1m 30s".parse(), Ok(Measure::Time(Duration::from_secs(90))));
        for wrong in ["", "0", "0s", "-1", "often", "5 events", "99999999999999999999999s"] {
            assert_eq!(wrong.parse::<Measure>(), Err(NotAMeasure(wrong.to_owned())));
        }
    }
}
