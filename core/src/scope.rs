//! Where a cursor has a meaning: one history of one source.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::cursor::CursorKind;

/// The place of a URL in the operator's order of preference, from zero.
///
/// The host knows which host, port and dialect it stands for, and stores a scope under those.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceId(pub u16);

/// One history of one source: a cursor of one scope means nothing in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scope {
    /// The source; its host, port and dialect are what is stored.
    pub source: SourceId,
    /// What its cursors count.
    pub kind: CursorKind,
    /// How often the source proved to be another history than before.
    pub incarnation: u32,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.source.0, self.kind, self.incarnation)
    }
}
