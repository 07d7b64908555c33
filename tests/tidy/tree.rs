//! Our own sources as tokens, so that no comment, string or test fools a check.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// One thing that breaks a rule.
#[derive(Debug)]
pub(super) struct Offence {
    pub(super) line: usize,
    pub(super) what: String,
}

/// One file of Rust.
pub(super) struct Source {
    /// From the root of the repository, with `/`.
    pub(super) path: String,
    pub(super) text: String,
    /// Everything but documentation and comments.
    pub(super) all: Vec<Token>,
    /// What is compiled into the product: no tests either.
    pub(super) product: Vec<Token>,
}

/// A word, a mark or a literal.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) line: usize,
    /// A mark that another follows without a space, as the first of `==`.
    joint: bool,
}

/// The root of the repository.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every file of Rust in the repository, in the order of their paths.
pub(super) fn tree() -> &'static [Source] {
    static TREE: LazyLock<Vec<Source>> = LazyLock::new(|| {
        let mut paths = Vec::new();
        for package in ["core", "io", "sim", "tests"] {
            collect(&root().join(package), &mut paths);
        }
        paths.sort();
        paths.iter().map(|path| read(path)).collect()
    });
    &TREE
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

fn read(path: &Path) -> Source {
    let text = std::fs::read_to_string(path).unwrap();
    let path = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
    Source::new(&path, &text)
}

impl Source {
    /// # Panics
    /// If `text` is not made of the tokens of Rust.
    pub(super) fn new(path: &str, text: &str) -> Self {
        let stream = stream(text);
        let is_test = path.ends_with("/tests.rs") || !path.contains("/src/") || path.contains("/tests/");
        let mut all = Vec::new();
        flatten(stream.clone(), Tests::Keep, &mut all);
        let mut product = Vec::new();
        if !is_test {
            flatten(stream, Tests::Drop, &mut product);
        }
        Self { path: path.to_owned(), text: text.to_owned(), all, product }
    }

    /// The package's folder: `core`, `io`, `sim` or `tests`.
    pub(super) fn package(&self) -> &str {
        self.path.split('/').next().unwrap()
    }

    /// The part of the package that the file belongs to: `consumer` for `core/src/consumer/backoff.rs`.
    pub(super) fn room(&self) -> &str {
        self.path.split('/').nth(2).unwrap_or("").trim_end_matches(".rs")
    }
}

/// The lines on which `pattern`, itself a bit of Rust, begins among `tokens`.
pub(super) fn lines_of(tokens: &[Token], pattern: &str) -> Vec<usize> {
    let mut wanted = Vec::new();
    flatten(stream(pattern), Tests::Keep, &mut wanted);
    let same = |(a, b): (&Token, &Token)| a.text == b.text && a.joint == b.joint;
    tokens
        .windows(wanted.len())
        .filter(|window| window.iter().zip(&wanted).all(same))
        .map(|window| window[0].line)
        .collect()
}

fn stream(text: &str) -> TokenStream {
    text.parse().unwrap_or_else(|error| panic!("{error} in\n{text}"))
}

#[derive(Clone, Copy, PartialEq)]
enum Tests {
    Keep,
    Drop,
}

fn flatten(stream: TokenStream, tests: Tests, tokens: &mut Vec<Token>) {
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Punct(mark) if mark.as_char() == '#' => {
                // An inner attribute, and inner documentation, has a `!` before its bracket.
                trees.next_if(|tree| matches!(tree, TokenTree::Punct(mark) if mark.as_char() == '!'));
                let Some(attribute) = trees.next_if(is_bracketed).and_then(content) else { continue };
                let words = attribute.to_string().replace(' ', "");
                if words.starts_with("doc=") {
                    continue;
                }
                if tests == Tests::Drop && words == "cfg(test)" {
                    skip_item(&mut trees);
                } else {
                    flatten(attribute, tests, tokens);
                }
            }
            TokenTree::Punct(mark) => {
                let joint = mark.spacing() == proc_macro2::Spacing::Joint;
                tokens.push(Token { text: mark.as_char().to_string(), line, joint });
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                tokens.push(Token { text: open.to_owned(), line, joint: false });
                flatten(group.stream(), tests, tokens);
                let line = group.span_close().start().line;
                tokens.push(Token { text: close.to_owned(), line, joint: false });
            }
            other => tokens.push(Token { text: other.to_string(), line, joint: false }),
        }
    }
}

fn is_bracketed(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket)
}

fn content(tree: TokenTree) -> Option<TokenStream> {
    if let TokenTree::Group(group) = tree { Some(group.stream()) } else { None }
}

/// An item ends with its first block or its first semicolon.
fn skip_item(trees: &mut impl Iterator<Item = TokenTree>) {
    for tree in trees {
        match tree {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return,
            TokenTree::Punct(mark) if mark.as_char() == ';' => return,
            _ => {}
        }
    }
}
