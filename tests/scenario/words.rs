//! The words of a line: numbers, lengths of time, moments, cursors, scopes.

use std::iter::Peekable;
use std::str::SplitWhitespace;

use highwater_core::cursor::{Cursor, CursorKind, Place};
use highwater_core::number::{Epoch, Op};
use highwater_core::scope::{Scope, SourceId};
use highwater_core::time::{Duration, WallTime};

/// What was read, or what is wrong with it.
pub(super) type Parsed<T> = Result<T, String>;

/// What is still to be read of a line.
pub(super) struct Words<'a> {
    rest: Peekable<SplitWhitespace<'a>>,
}

impl<'a> Words<'a> {
    pub(super) fn new(line: &'a str) -> Self {
        Self { rest: line.split_whitespace().peekable() }
    }

    /// The next word, which should be `what`.
    pub(super) fn word(&mut self, what: &str) -> Parsed<&'a str> {
        self.rest.next().ok_or_else(|| format!("the line ends where {what} should follow"))
    }

    /// The next word as a value.
    pub(super) fn value<T: Value>(&mut self) -> Parsed<T> {
        let word = self.word(T::WHAT)?;
        T::read(word).ok_or_else(|| format!("`{word}` should be {}", T::WHAT))
    }

    /// The value after `name`, if the next word is `name`.
    pub(super) fn option<T: Value>(&mut self, name: &str) -> Parsed<Option<T>> {
        if self.take(name) { self.value().map(Some) } else { Ok(None) }
    }

    /// The value after `name`, which must be the next word.
    pub(super) fn field<T: Value>(&mut self, name: &str) -> Parsed<T> {
        self.option(name)?.ok_or_else(|| format!("`{name}` is missing{}", self.before()))
    }

    /// Takes the next word if it is `word`.
    pub(super) fn take(&mut self, word: &str) -> bool {
        self.rest.next_if_eq(&word).is_some()
    }

    pub(super) fn is_done(&mut self) -> bool {
        self.rest.peek().is_none()
    }

    /// All the words left, with single spaces.
    pub(super) fn rest(&mut self) -> String {
        self.rest.by_ref().collect::<Vec<_>>().join(" ")
    }

    /// # Errors
    /// If there is a word left.
    pub(super) fn end(&mut self) -> Parsed<()> {
        if self.is_done() { Ok(()) } else { Err(format!("too much{}", self.before())) }
    }

    fn before(&mut self) -> String {
        self.rest.peek().map_or_else(String::new, |word| format!(" before `{word}`"))
    }
}

/// Something that is written as one word.
pub(super) trait Value: Sized {
    const WHAT: &str;
    fn read(word: &str) -> Option<Self>;
}

impl Value for u64 {
    const WHAT: &str = "a number";
    fn read(word: &str) -> Option<Self> {
        word.parse().ok()
    }
}

impl Value for u32 {
    const WHAT: &str = "a number";
    fn read(word: &str) -> Option<Self> {
        word.parse().ok()
    }
}

impl Value for Epoch {
    const WHAT: &str = "the number of a connection, as `#1`";
    fn read(word: &str) -> Option<Self> {
        word.strip_prefix('#')?.parse().ok().map(Self)
    }
}

impl Value for Op {
    const WHAT: &str = "the number of a question, as `#1`";
    fn read(word: &str) -> Option<Self> {
        word.strip_prefix('#')?.parse().ok().map(Self)
    }
}

impl Value for Duration {
    const WHAT: &str = "a length of time, as `900ms` or `1.5s`";
    fn read(word: &str) -> Option<Self> {
        let end = word.find(|c: char| c.is_alphabetic())?;
        let micros: u64 = match &word[end..] {
            "us" => 1,
            "ms" => 1_000,
            "s" => 1_000_000,
            "m" => 60_000_000,
            "h" => 3_600_000_000,
            _ => return None,
        };
        let (whole, part) = word[..end].split_once('.').unwrap_or((&word[..end], ""));
        let part_micros = match part {
            "" => 0,
            part => {
                part.parse::<u64>().ok()? * micros / 10_u64.checked_pow(u32::try_from(part.len()).ok()?)?
            }
        };
        Some(Self::from_micros(whole.parse::<u64>().ok()?.checked_mul(micros)? + part_micros))
    }
}

impl Value for WallTime {
    const WHAT: &str = "a moment by the wall clock, as `999.5s`";
    fn read(word: &str) -> Option<Self> {
        Duration::read(word).map(|since_1970| Self::from_micros(since_1970.as_micros()))
    }
}

/// A moment stands for the cursor of that moment.
impl Value for Cursor {
    const WHAT: &str = "a cursor, as `13` or `999.5s`";
    fn read(word: &str) -> Option<Self> {
        u64::read(word).or_else(|| WallTime::read(word).map(WallTime::as_micros)).map(Self)
    }
}

impl Value for CursorKind {
    const WHAT: &str = "`time` or `seq`";
    fn read(word: &str) -> Option<Self> {
        [Self::Time, Self::Seq].into_iter().find(|kind| kind.to_string() == word)
    }
}

impl Value for Place {
    const WHAT: &str = "`now`, `oldest`, a moment as `999.5s`, or a cursor as `13`";
    fn read(word: &str) -> Option<Self> {
        match word {
            "now" => Some(Self::Tip),
            "oldest" => Some(Self::Oldest),
            _ => u64::read(word)
                .map(|n| Self::Cursor(Cursor(n)))
                .or_else(|| WallTime::read(word).map(Self::Time)),
        }
    }
}

impl Value for Scope {
    const WHAT: &str = "a scope, as `0/seq/0`";
    fn read(word: &str) -> Option<Self> {
        let mut parts = word.split('/');
        let scope = Self {
            source: SourceId(parts.next()?.parse().ok()?),
            kind: CursorKind::read(parts.next()?)?,
            incarnation: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(scope)
    }
}

#[test]
fn times_are_read_as_they_are_written() {
    for (word, micros) in
        [("7us", 7), ("900ms", 900_000), ("1.5s", 1_500_000), ("1.210000s", 1_210_000), ("2m", 120_000_000)]
    {
        assert_eq!(Duration::read(word), Some(Duration::from_micros(micros)), "{word}");
    }
    for word in ["", "5", "s", "1,5s", "1.s2", "99999999999999999999h", "-1s", "1.5.5s", "3days"] {
        assert_eq!(Duration::read(word), None, "{word}");
    }
}

#[test]
fn a_fault_in_a_line_says_what_should_stand_there() {
    let mut words = Words::new("opened 1 twice");
    assert_eq!(words.word("a verb"), Ok("opened"));
    assert_eq!(words.value::<Epoch>(), Err("`1` should be the number of a connection, as `#1`".to_owned()));
    assert_eq!(words.end(), Err("too much before `twice`".to_owned()));
    assert_eq!(words.field::<u64>("fence"), Err("`fence` is missing before `twice`".to_owned()));
    assert_eq!(words.rest(), "twice");
    assert_eq!(
        words.value::<Scope>(),
        Err("the line ends where a scope, as `0/seq/0` should follow".to_owned())
    );
}
