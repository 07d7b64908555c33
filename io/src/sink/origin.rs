//! What a source is called where it is stored: its number lives as long as the process, its name for ever.

use std::fmt;

use highwater_core::dialect::Dialect;
use highwater_core::scope::SourceId;

/// Who a source is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// `host:port`, in lower case, the port always given.
    pub host: String,
    /// How it speaks; the same host speaking otherwise is another source.
    pub dialect: Dialect,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.host, self.dialect.name())
    }
}

/// The origin of each source in use, all different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins(Vec<Origin>);

/// The same source is named twice: its place could not be told from its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubled(pub Origin);

impl fmt::Display for Doubled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the feed {} is named twice", self.0)
    }
}

impl std::error::Error for Doubled {}

impl Origins {
    /// The first is that of source 0, and so on.
    ///
    /// # Panics
    /// If there are more than 65,536.
    pub fn new(origins: Vec<Origin>) -> Result<Self, Doubled> {
        assert!(origins.len() <= usize::from(u16::MAX) + 1, "each source has a number of 16 bits");
        let doubled = origins.iter().enumerate().find(|(index, origin)| origins[..*index].contains(origin));
        match doubled {
            Some((_, origin)) => Err(Doubled(origin.clone())),
            None => Ok(Self(origins)),
        }
    }

    /// Every source with its origin.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Origin)> {
        self.0.iter().enumerate().map(|(index, origin)| (SourceId(index as u16), origin))
    }

    /// The origin of `source`.
    ///
    /// # Panics
    /// If there is no such source.
    pub(crate) fn of(&self, source: SourceId) -> &Origin {
        self.0.get(usize::from(source.0)).expect("the machine knows only sources that it was given")
    }

    /// The source that is called so, if it is in use.
    pub(crate) fn find(&self, host: &str, dialect: &str) -> Option<SourceId> {
        self.iter().find(|(_, it)| it.host == host && it.dialect.name() == dialect).map(|(source, _)| source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_source_twice_is_refused() {
        let origin = |dialect| Origin { host: "a:443".into(), dialect };
        let (v1, v2) = (origin(Dialect::JetstreamV1), origin(Dialect::JetstreamV2));
        let origins = Origins::new(vec![v1.clone(), v2.clone()]).unwrap();
        assert_eq!(origins.find("a:443", "jetstream_v2"), Some(SourceId(1)));
        assert_eq!(origins.of(SourceId(0)), &v1);
        assert_eq!(Origins::new(vec![v1.clone(), v2, v1.clone()]), Err(Doubled(v1)));
    }
}
