//! The shape of files, functions and names.

use super::tree::{Offence, Source, Token, lines_of};
use super::{bites, passes, sweep};

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;

#[test]
fn no_file_is_longer_than_400_lines() {
    let rule = |source: &Source| match source.text.lines().count() {
        0..=FILE_LINES_MAX => Vec::new(),
        lines => vec![Offence { line: lines, what: format!("{lines} lines") }],
    };
    bites(rule, "core/src/x.rs", &"\n".repeat(401));
    passes(rule, "core/src/x.rs", &"\n".repeat(400));
    sweep(rule, "A file has one idea: find the second one and give it a file in the room beside this one.");
}

#[test]
fn no_function_is_longer_than_70_lines() {
    let rule = |source: &Source| {
        let long = functions(&source.all).into_iter().filter(|function| function.lines > FUNCTION_LINES_MAX);
        long.map(|f| Offence { line: f.line, what: format!("`{}` has {} lines", f.name, f.lines) }).collect()
    };
    let long =
        |lines: usize| format!("impl A {{ fn f(x: [u8; 3]) -> u8 {{\n{}}} }}", "x;\n".repeat(lines - 2));
    bites(rule, "core/src/x.rs", &long(72));
    passes(rule, "core/src/x.rs", &long(70));
    sweep(rule, "A function fits on a screen: name the steps it is made of.");
}

#[test]
fn each_file_says_its_idea_first() {
    let rule = |source: &Source| {
        let is_silent = !source.text.starts_with("//! ");
        Vec::from_iter(is_silent.then(|| Offence { line: 1, what: "does not begin with `//! `".to_owned() }))
    };
    bites(rule, "core/src/x.rs", "use core::fmt;");
    sweep(rule, "Say in one sentence what the file is about, and why it is so.");
}

#[test]
fn names_say_what_a_thing_is() {
    let empty = ["util", "utils", "helper", "helpers", "manager", "misc", "common"];
    let rule = |source: &Source| {
        let mut offences = Vec::new();
        for part in source.path.trim_end_matches(".rs").split('/') {
            if empty.contains(&part) || part == "mod" {
                offences.push(Offence { line: 1, what: format!("a file or folder called `{part}`") });
            }
        }
        // Their names are not ours to choose.
        let crates = ["futures_util", "http_body_util", "hyper_util"];
        let is_empty = |token: &&Token| {
            !crates.contains(&token.text.as_str())
                && words(&token.text).iter().any(|word| empty.contains(&word.as_str()))
        };
        let tokens = source.all.iter().filter(is_empty);
        offences.extend(tokens.map(|token| Offence { line: token.line, what: format!("`{}`", token.text) }));
        offences
    };
    bites(rule, "core/src/consumer/mod.rs", "");
    bites(rule, "core/src/utils.rs", "");
    bites(rule, "core/src/x.rs", "struct SocketManager;");
    bites(rule, "core/src/x.rs", "fn test_helper() {}");
    passes(rule, "core/src/x.rs", "/// No manager.\nfn managed() -> &'static str { \"manager\" }");
    sweep(rule, "A room is `x.rs` and `x/`; a name says what the thing is, not that it is of use.");
}

#[test]
fn nothing_is_left_unfinished() {
    let notes = ["TO-DO", "FIX-ME", "XX-X"].map(|note| note.replace('-', ""));
    let code = ["todo !", "unimplemented !", "ignore", "should_panic"];
    let rule = |source: &Source| {
        let mut offences = Vec::new();
        for (index, line) in source.text.lines().enumerate() {
            if let Some(note) = notes.iter().find(|note| line.contains(note.as_str())) {
                offences.push(Offence { line: index + 1, what: format!("a note `{note}`") });
            }
        }
        for pattern in code {
            let lines = lines_of(&source.all, pattern);
            offences.extend(lines.into_iter().map(|line| Offence { line, what: format!("`{pattern}`") }));
        }
        offences
    };
    bites(rule, "io/src/x.rs", &format!("// {}: later", notes[0]));
    bites(rule, "io/src/x.rs", "#[test]\n#[ignore]\nfn f() {}");
    bites(rule, "io/src/x.rs", "#[should_panic(expected = \"x\")]\nfn f() {}");
    bites(rule, "io/src/x.rs", concat!("fn f() { to", "do!() }"));
    passes(rule, "io/src/x.rs", "// We ignore it.\nfn f() -> Ignored { ignored }");
    sweep(rule, "Finish it or take it out; a test that may not run and a panic as a verdict prove little.");
}

#[test]
fn each_exception_gives_its_reason() {
    let rule = |source: &Source| {
        let mut offences = Vec::new();
        for (index, window) in source.all.windows(3).enumerate() {
            let [before, name, open] = window else { continue };
            let is_attribute =
                ["allow", "expect"].contains(&&*name.text) && open.text == "(" && before.text != ".";
            let inside = source.all[index + 3..].iter().take_while(|token| token.text != ")");
            if is_attribute && !inside.map(|token| &token.text).any(|text| text == "reason") {
                offences.push(Offence { line: name.line, what: format!("`{}` without a reason", name.text) });
            }
        }
        offences
    };
    bites(rule, "core/src/x.rs", "struct A;\n#[allow(dead_code)]\nstruct B;");
    passes(
        rule,
        "core/src/x.rs",
        "struct A;\n#[expect(dead_code, reason = \"it is the shape of a row\")]\nstruct B;",
    );
    passes(rule, "core/src/x.rs", "fn f() { g().expect(\"a row\") }");
    sweep(rule, "Say `reason = \"...\"`: an exception that nobody can defend is a mistake.");
}

struct Function {
    name: String,
    line: usize,
    lines: usize,
}

fn functions(tokens: &[Token]) -> Vec<Function> {
    let mut functions = Vec::new();
    for (index, pair) in tokens.windows(2).enumerate() {
        let (keyword, name) = (&pair[0], &pair[1]);
        let is_function = keyword.text == "fn" && is_identifier(&name.text);
        if let Some(end) = is_function.then(|| end_of_body(&tokens[index..])).flatten() {
            let lines = end + 1 - keyword.line;
            functions.push(Function { name: name.text.clone(), line: keyword.line, lines });
        }
    }
    functions
}

/// The line of the brace that ends the body of the function that `tokens` begins with; none if it has no body.
fn end_of_body(tokens: &[Token]) -> Option<usize> {
    let mut depth = 0_usize;
    for token in tokens {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            "}" if depth == 1 => return Some(token.line),
            ")" | "]" | "}" => depth = depth.checked_sub(1)?,
            ";" if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

fn is_identifier(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// The words that an identifier is made of, in lower case: `socket`, `manager` of `SocketManager`.
fn words(token: &str) -> Vec<String> {
    let mut spaced = String::new();
    for letter in token.chars().filter(|_| is_identifier(token)) {
        match letter {
            '_' => spaced.push(' '),
            letter if letter.is_uppercase() => spaced.extend([' '].into_iter().chain(letter.to_lowercase())),
            letter => spaced.push(letter),
        }
    }
    spaced.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn a_function_ends_where_its_body_does() {
    let text = "trait T { fn a(); fn b<const N: usize>(x: [u8; N]) {\n { }\n }\n }\nfn c() { g(|| { 1 }) }";
    let found: Vec<_> =
        functions(&Source::new("core/src/x.rs", text).all).into_iter().map(|f| (f.name, f.lines)).collect();
    assert_eq!(found, [("b".to_owned(), 3), ("c".to_owned(), 1)]);
}
