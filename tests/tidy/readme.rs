//! What a newcomer is told to type can be typed, and what they are told to read is there.

use super::tree::root;

#[test]
fn the_files_that_documents_name_exist() {
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = std::fs::read_to_string(root().join(document)).unwrap();
        for path in paths(&text) {
            assert!(root().join(path).exists(), "{document} names `{path}`: there is no such file");
        }
    }
    let text =
        "`core/src/x.rs`, `sim/` and `core/src/NAME.rs`, `tests/*.rs`, `highwater run`, [a](docs/b.svg)";
    assert_eq!(paths(text), ["core/src/x.rs", "sim/", "docs/b.svg"]);
}

/// Paths of ours, in backticks or as the target of a link; not patterns.
fn paths(markdown: &str) -> Vec<&str> {
    let rooms = ["core/", "io/", "sim/", "tests/", "docs/", ".ci/"];
    let words = markdown.split(['`', '(', ')']);
    let is_path = |word: &&str| rooms.iter().any(|room| word.starts_with(room)) && !word.contains([' ', '*']);
    words.filter(is_path).filter(|word| !word.contains("NAME")).collect()
}

#[test]
fn the_commands_in_the_readme_exist() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let commands = commands(&readme);
    assert!(commands.iter().any(|command| command == "cargo test"), "README.md says how to test");
    assert!(
        commands.iter().any(|command| command == "cargo run --release -- demo"),
        "README.md shows the demo"
    );
    for command in &commands {
        assert!(exists(command), "README.md says `{command}`: there is no such command, package or program");
    }
    assert!(exists("cargo run --release -- run ws://localhost"));
    for wrong in [
        "cargo run -- walk",
        "cargo run -p nothing -- run",
        "highwater walk",
        "cargo run -p highwater-tests --bin no",
    ] {
        assert!(!exists(wrong), "{wrong}");
    }
}

/// The lines of the code blocks that are commands of ours.
fn commands(markdown: &str) -> Vec<String> {
    let mut is_inside = false;
    let mut commands = Vec::new();
    for line in markdown.lines() {
        if line.starts_with("```") {
            is_inside = !is_inside;
        }
        let line = line.trim_start_matches("$ ");
        let line = line.split(" #").next().unwrap_or(line).trim();
        if is_inside && ["cargo ", "highwater ", "highwater-sim "].iter().any(|start| line.starts_with(start))
        {
            commands.push(line.to_owned());
        }
    }
    commands
}

/// Whether a program of ours, or the package and program that cargo is to run, has such a command.
fn exists(command: &str) -> bool {
    let words: Vec<&str> = command.split_whitespace().collect();
    let after = |flag: &str| {
        let at = words.iter().position(|word| *word == flag);
        at.and_then(|at| words.get(at + 1)).copied()
    };
    match words[..] {
        ["highwater", word, ..] => has_command("io", word),
        ["highwater-sim", word, ..] => has_command("sim", word),
        ["cargo", "run", ..] => {
            let package = after("-p").map_or("io", |name| match name {
                "highwater" => "io",
                name => name.trim_start_matches("highwater-"),
            });
            let program = after("--bin").map(|name| format!("{package}/bin/{name}.rs"));
            match program {
                Some(program) => root().join(program).exists(),
                None => after("--").is_some_and(|word| has_command(package, word)),
            }
        }
        _ => command.starts_with("cargo "),
    }
}

fn has_command(package: &str, word: &str) -> bool {
    root().join(format!("{package}/src/cli/{word}.rs")).exists()
}
