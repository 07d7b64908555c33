//! What the program says of itself.

use super::output;

fn help(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = output(folder.path(), arguments);
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_program_says_what_it_can_do() {
    insta::assert_snapshot!(help(&["--help"]));
}

#[test]
fn run_says_what_each_flag_does_and_would_do_without_it() {
    insta::assert_snapshot!(help(&["run", "--help"]));
}

#[test]
fn the_version_is_the_packages() {
    assert_eq!(help(&["--version"]), format!("highwater {}\n", env!("CARGO_PKG_VERSION")));
}
