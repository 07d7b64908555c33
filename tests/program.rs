//! The program itself, built once for all tests that run it as a shell would.

use std::path::Path;
use std::sync::LazyLock;

use highwater_campaign::program::Program;

/// Where it is.
pub(crate) fn program() -> &'static Path {
    built().path()
}

/// The program, for campaigns.
pub(crate) fn built() -> &'static Program {
    static PROGRAM: LazyLock<Program> = LazyLock::new(|| Program::build().unwrap());
    &PROGRAM
}
