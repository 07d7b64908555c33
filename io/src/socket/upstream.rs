//! A feed as the socket needs to know it: where it is, what is wanted of it, and its dictionary once it is known.

use std::sync::{Arc, Mutex, PoisonError};

use highwater_core::dialect::Subscription;

use crate::address::Address;
use crate::zstd::Dictionary;

/// Whether frames come compressed.
#[derive(Clone, Debug)]
pub enum Compression {
    /// They do not.
    Off,
    /// They do, with a dictionary that the server hands out.
    Fetched,
    /// They do, with this dictionary.
    With(Dictionary),
}

/// A feed to follow.
#[derive(Debug)]
pub struct Upstream {
    address: Address,
    subscription: Arc<Subscription>,
    compression: Compression,
    fetched: Mutex<Option<Dictionary>>,
}

impl Upstream {
    /// The feed at `address`, asked for `subscription`.
    pub fn new(address: Address, subscription: Arc<Subscription>, compression: Compression) -> Self {
        Self { address, subscription, compression, fetched: Mutex::new(None) }
    }

    /// Where it is.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// What is wanted of it.
    pub fn subscription(&self) -> &Arc<Subscription> {
        &self.subscription
    }

    /// Whether frames come compressed.
    pub fn compression(&self) -> &Compression {
        &self.compression
    }

    /// The dictionary that was fetched last and not refused since.
    pub(super) fn fetched(&self) -> Option<Dictionary> {
        self.fetched.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Remembers `dictionary` for the connections to come, or forgets the one that was.
    pub(super) fn remember(&self, dictionary: Option<Dictionary>) {
        *self.fetched.lock().unwrap_or_else(PoisonError::into_inner) = dictionary;
    }
}
