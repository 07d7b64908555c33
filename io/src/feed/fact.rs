//! What happened in the network that a feed reports: an event before any wire gave it a form, a time or a number.

/// One thing that happened to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    /// Whose.
    pub(crate) did: String,
    /// What.
    pub(crate) content: Content,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// A record was made, changed or removed.
    Commit { rev: String, change: Change, collection: String, rkey: String },
    /// The account's name or keys may have changed.
    Identity { handle: Option<String>, seq: u64, time: String },
    /// The account's standing changed.
    Account { active: bool, status: Option<&'static str>, seq: u64, time: String },
    /// The repository was replaced as a whole; only the newer wire reports it.
    Sync { rev: String, seq: u64, time: String },
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// There is a new one.
    Create(Record),
    /// It has other content now.
    Update(Record),
    /// It is gone.
    Delete,
}

/// A record's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// JSON, as it goes on the wire.
    pub(crate) json: String,
    /// The hash that the network knows the content by.
    pub(crate) cid: String,
}
