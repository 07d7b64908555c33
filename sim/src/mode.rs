//! What the machine carries through a run.

/// What the machine carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Only what it decides by.
    Machine,
    /// The bytes of the real wires.
    Wire,
}

impl Mode {
    /// All modes.
    pub const ALL: [Self; 2] = [Self::Machine, Self::Wire];

    /// The mode's name in commands, plans and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Wire => "wire",
        }
    }
}
