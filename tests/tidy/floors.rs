//! Imports point down: tests, then io and sim, then core; and within a package never in a circle.

use std::collections::BTreeMap;

use super::tree::{Offence, Source, Token, lines_of, root, tree};
use super::{bites, passes, sweep};

#[test]
fn io_and_sim_never_meet() {
    let forbidden = [("core", ["highwater", "highwater-sim"]), ("io", ["highwater-sim", "highwater-tests"])];
    let forbidden = [&forbidden[..], &[("sim", ["highwater", "highwater-tests"])]].concat();
    for (package, others) in forbidden {
        let manifest = std::fs::read_to_string(root().join(package).join("Cargo.toml")).unwrap();
        let dependencies = dependencies(&manifest);
        assert!(package == "core" || dependencies.contains(&"highwater-core".to_owned()), "{dependencies:?}");
        for other in others {
            assert!(
                !dependencies.contains(&other.to_owned()),
                "{package}/Cargo.toml depends on {other}: what both need belongs in core"
            );
        }
    }
    assert_eq!(dependencies("[package]\nname = \"a\"\n[dev-dependencies]\nb.workspace = true\n"), ["b"]);
}

/// Names of all packages that a manifest depends on, in any way.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut is_inside = false;
    let mut names = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            is_inside = line.contains("dependencies");
        } else if is_inside && !line.trim_start().starts_with('#') {
            let name = line.split(['.', '=', ' ']).next().unwrap_or("");
            names.extend((!name.is_empty()).then(|| name.to_owned()));
        }
    }
    names
}

#[test]
fn in_core_the_words_lie_below_the_machines() {
    let rule = |source: &Source| {
        let above: &[&str] = match (source.package(), source.room()) {
            ("core", "lib") | ("io" | "sim" | "tests", _) => &[],
            ("core", "consumer") => &["dialect", "serve"],
            ("core", "dialect") => &["consumer", "serve"],
            ("core", "serve") => &["consumer"],
            _ => &["consumer", "dialect", "serve"],
        };
        let imports = rooms_named(&source.product).into_iter();
        let upward = imports.filter(|(_, room)| above.contains(&room.as_str()));
        upward.map(|(line, room)| Offence { line, what: format!("names `{room}`") }).collect()
    };
    bites(rule, "core/src/dialect/jetstream.rs", "use crate::consumer::Consumer;");
    bites(rule, "core/src/consumer/silence.rs", "fn f() { crate::dialect::decode() }");
    bites(rule, "core/src/gap.rs", "use crate::{cursor::{A, B}, serve};");
    passes(rule, "core/src/consumer.rs", "use crate::{cursor::{A, serve}, gap};");
    passes(rule, "core/src/consumer.rs", "#[cfg(test)]\nmod tests { use crate::dialect::A; }");
    sweep(
        rule,
        "Words know nothing of machines, and machines nothing of one another: say it with a word of both.",
    );
}

#[test]
fn rooms_do_not_import_each_other_in_a_circle() {
    for package in ["core", "io", "sim"] {
        let mut imports = BTreeMap::<String, Vec<String>>::new();
        for source in tree().iter().filter(|source| source.package() == package) {
            let named = rooms_named(&source.product).into_iter().map(|(_, room)| room);
            imports.entry(source.room().to_owned()).or_default().extend(named);
        }
        let circle = circle(&imports);
        assert!(
            circle.is_empty(),
            "in {package}, each imports the next: {}\nA third, smaller idea is missing that both can stand on.",
            circle.join(" -> ")
        );
    }
    let graph = |edges: &[(&str, &str)]| {
        let mut graph = BTreeMap::<String, Vec<String>>::new();
        for (from, to) in edges {
            graph.entry((*from).to_owned()).or_default().push((*to).to_owned());
        }
        graph
    };
    assert_eq!(circle(&graph(&[("a", "b"), ("b", "c"), ("c", "b")])), ["b", "c", "b"]);
    assert!(circle(&graph(&[("a", "b"), ("b", "c"), ("a", "c"), ("c", "c")])).is_empty());
}

/// One circle in the graph, its first room named again at its end; empty if there is none.
fn circle(imports: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    fn walk<'a>(room: &'a str, imports: &'a BTreeMap<String, Vec<String>>, path: &mut Vec<&'a str>) -> bool {
        if path.contains(&room) {
            path.push(room);
            return true;
        }
        path.push(room);
        let next = imports.get(room).into_iter().flatten();
        let is_found = next.filter(|next| *next != room).any(|next| walk(next, imports, path));
        if !is_found {
            path.pop();
        }
        is_found
    }
    for room in imports.keys() {
        let mut path = Vec::new();
        if walk(room, imports, &mut path) {
            let start = path.iter().position(|room| Some(room) == path.last()).unwrap_or(0);
            return path[start..].iter().map(|room| (*room).to_owned()).collect();
        }
    }
    Vec::new()
}

#[test]
fn paths_begin_at_the_root_of_the_package() {
    let rule = |source: &Source| {
        let is_top = source.path.split('/').count() == 3;
        let pattern = if is_top { "super ::" } else { "super :: super" };
        let lines = lines_of(&source.product, pattern).into_iter();
        lines.map(|line| Offence { line, what: format!("`{pattern}`") }).collect()
    };
    bites(rule, "core/src/gap.rs", "use super::cursor::Cursor;");
    bites(rule, "core/src/consumer/silence.rs", "use super::super::cursor::Cursor;");
    passes(rule, "core/src/consumer/silence.rs", "use super::Consumer;");
    sweep(rule, "Say `crate::`: whoever reads the import sees from which floor it comes.");
}

/// The rooms of the own package that `tokens` name: `a` and `b` in `use crate::{a::c, b}`.
fn rooms_named(tokens: &[Token]) -> Vec<(usize, String)> {
    let mut rooms = Vec::new();
    for (index, window) in tokens.windows(4).enumerate() {
        let [crate_, colon, _, next] = window else { continue };
        if crate_.text != "crate" || colon.text != ":" {
            continue;
        }
        if next.text != "{" {
            rooms.push((next.line, next.text.clone()));
            continue;
        }
        let mut depth = 0;
        let mut is_first = false;
        for token in &tokens[index + 3..] {
            match token.text.as_str() {
                "{" => (depth, is_first) = (depth + 1, depth == 0),
                "}" if depth == 1 => break,
                "}" => depth -= 1,
                "," => is_first = depth == 1,
                room if is_first => {
                    rooms.push((token.line, room.to_owned()));
                    is_first = false;
                }
                _ => {}
            }
        }
    }
    // What the root exports again has no room of its own.
    rooms.retain(|(_, room)| room.starts_with(|c: char| c.is_lowercase()));
    rooms
}
