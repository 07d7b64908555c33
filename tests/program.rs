//! The program itself, for tests that run it as a shell would.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The program, built by cargo: a package's tests cannot ask for another's binary.
pub(crate) fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package", "highwater", "--bin", "highwater"]);
        // What cargo tells a test about its package makes dependencies that look there build anew, each time.
        let told = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        std::env::vars().filter(|(name, _)| told(name)).for_each(|(name, _)| {
            build.env_remove(name);
        });
        let is_release = !cfg!(debug_assertions);
        if is_release {
            build.arg("--release");
        }
        assert!(build.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap().success());
        let here = std::env::current_exe().unwrap();
        let folder = here.ancestors().nth(2).unwrap();
        folder.join("highwater").with_extension(std::env::consts::EXE_EXTENSION)
    })
}
