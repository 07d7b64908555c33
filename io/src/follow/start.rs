//! Where to begin when nothing is durable: what an operator may say, and what it means on a wire.

use highwater_core::cursor::Place;
use highwater_core::dialect::Dialect;
use highwater_core::time::{Duration, WallTime};

use super::FollowError;

/// Where to begin when there is no checkpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// With whatever happens from now on.
    #[default]
    Now,
    /// With the oldest event that the feed still has.
    Oldest,
    /// At a position, as the wire writes it.
    Integer(u64),
    /// At a moment of the server's clock.
    Time(WallTime),
    /// So long before now.
    Ago(Duration),
}

impl Start {
    /// The place that is meant, of feeds that speak `dialects`, at the moment `now`.
    pub(super) fn place(self, dialects: &[Dialect], now: WallTime) -> Result<Place, FollowError> {
        Ok(match self {
            Self::Now => Place::Tip,
            Self::Oldest => Place::Oldest,
            Self::Time(time) => Place::Time(time),
            Self::Ago(ago) => Place::Time(now - ago),
            Self::Integer(integer) => {
                let (first, rest) = dialects.split_first().ok_or(FollowError::AmbiguousStart)?;
                if rest.iter().any(|dialect| dialect != first) {
                    return Err(FollowError::AmbiguousStart);
                }
                first.place_of_wire_integer(integer)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_means_what_its_wire_says() {
        let now = WallTime::from_micros(100);
        let (v1, v2) = (Dialect::JetstreamV1, Dialect::JetstreamV2);
        let place = |start: Start, dialects: &[Dialect]| start.place(dialects, now);
        let integer = Start::Integer(1_700_000_000_000_000);
        assert_eq!(place(integer, &[v1, v1]), Ok(v1.place_of_wire_integer(1_700_000_000_000_000)));
        assert_eq!(place(integer, &[v2]), Ok(Place::Time(WallTime::from_micros(1_700_000_000_000_000))));
        assert_eq!(place(integer, &[v1, v2]), Err(FollowError::AmbiguousStart));
        assert_eq!(
            place(Start::Ago(Duration::from_micros(40)), &[v1]),
            Ok(Place::Time(WallTime::from_micros(60)))
        );
    }
}
