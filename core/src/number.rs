//! The numbers that tell one connection, one question and one writer from the next.

use core::fmt;

use serde::{Deserialize, Serialize};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub struct $name(pub u64);

        impl $name {
            /// The number after this one.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0 + 1)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "#{}", self.0)
            }
        }
    };
}

number! {
    /// The number of a connection; news of an old one changes nothing.
    Epoch
}
number! {
    /// The number of a question to the sink, unique in the process: each retry and each split gets a new one.
    Op
}
number! {
    /// Grows with each writer that opens a sink; the sink refuses all but the newest.
    Fence
}
number! {
    /// How often a scope's checkpoint was written; an append names the one it builds on.
    Version
}
