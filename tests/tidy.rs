//! The house keeps itself tidy: what ARCHITECTURE.md promises by absence is looked for here.
//!
//! Each rule is a test, and each test first shows its rule a bad sample: a check that cannot fail proves nothing.

mod absence;
mod floors;
mod readme;
mod shape;
mod tree;

use tree::{Offence, Source, tree};

/// Fails with every place where the rule is broken, and with what to do about it.
fn sweep(rule: impl Fn(&Source) -> Vec<Offence>, advice: &str) {
    let found = tree().iter().flat_map(|source| {
        let offences = rule(source).into_iter();
        offences.map(|offence| format!("{}:{}: {}", source.path, offence.line, offence.what))
    });
    let found: Vec<String> = found.collect();
    assert!(found.is_empty(), "\n{}\n{advice}\n", found.join("\n"));
}

/// Fails unless the rule finds fault with `text` as the content of `path`.
fn bites(rule: impl Fn(&Source) -> Vec<Offence>, path: &str, text: &str) {
    assert!(!rule(&Source::new(path, text)).is_empty(), "the rule must object to {path} with\n{text}");
}

/// Fails if the rule finds fault with `text` as the content of `path`.
fn passes(rule: impl Fn(&Source) -> Vec<Offence>, path: &str, text: &str) {
    let offences = rule(&Source::new(path, text));
    assert!(offences.is_empty(), "the rule must accept {path} with\n{text}\nand said {offences:?}");
}
