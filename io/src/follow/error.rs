//! Why nothing was followed, or no longer: who must act can be told by the kind.

use std::fmt;

use highwater_core::dialect::{Dialect, SubscriptionError};

use crate::address::AddressError;
use crate::driver::Fault;
use crate::sink::{Doubled, OpenError};

/// Why nothing was followed, or no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FollowError {
    /// A URL does not name a feed.
    Address {
        /// The URL.
        url: String,
        /// What is wrong with it.
        error: AddressError,
    },
    /// The same feed is named twice.
    Doubled(Doubled),
    /// What is wanted cannot be asked for.
    Subscription(SubscriptionError),
    /// Feeds that speak so hand out no dictionary: it has to be given.
    NoDictionary(Dialect),
    /// A position means different things to feeds that speak differently.
    AmbiguousStart,
    /// The sink cannot be opened.
    Sink(OpenError),
    /// The operating system gives no thread to the sink.
    Thread(String),
    /// It began, and went wrong.
    Fault(Fault),
}

impl From<Doubled> for FollowError {
    fn from(error: Doubled) -> Self {
        Self::Doubled(error)
    }
}

impl From<SubscriptionError> for FollowError {
    fn from(error: SubscriptionError) -> Self {
        Self::Subscription(error)
    }
}

impl From<OpenError> for FollowError {
    fn from(error: OpenError) -> Self {
        Self::Sink(error)
    }
}

impl From<Fault> for FollowError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl fmt::Display for FollowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // A password is not written anywhere.
            Self::Address { error: error @ AddressError::Credentials, .. } => error.fmt(f),
            Self::Address { url, error } => write!(f, "{url} is {error}"),
            Self::Doubled(error) => error.fmt(f),
            Self::Subscription(error) => error.fmt(f),
            Self::NoDictionary(dialect) => {
                write!(f, "feeds that speak {} hand out no zstd dictionary", dialect.name())
            }
            Self::AmbiguousStart => {
                f.write_str("a position as a start means different things to feeds that speak differently")
            }
            Self::Sink(error) => error.fmt(f),
            Self::Thread(error) => write!(f, "the operating system gives the sink no thread: {error}"),
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for FollowError {}
