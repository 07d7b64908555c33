//! The name of a run, as it is written and read.

use core::fmt;
use core::str::{FromStr, SplitAsciiWhitespace};

use highwater_core::time::Instant;

use super::{Base, Generator, Pair};
use crate::faults::Fault;
use crate::mode::Mode;

/// A run, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What its chance hangs on.
    pub seed: u64,
    /// What the machine carries.
    pub mode: Mode,
    /// How what goes wrong is chosen.
    pub generator: Generator,
}

/// A text that names no run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseError {
    word: Option<String>,
    wanted: &'static str,
}

impl Case {
    /// The run of a seed.
    pub fn of_seed(seed: u64, mode: Mode) -> Self {
        Self { seed, mode, generator: Generator::Mix }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.mode != Mode::Machine {
            write!(f, "{} ", self.mode.name())?;
        }
        write!(f, "{}", self.seed)?;
        match &self.generator {
            Generator::Mix => Ok(()),
            Generator::Pair(Pair { first, second }) => write!(f, " pair {first} {second}"),
            Generator::Points => f.write_str(" points"),
            Generator::Swizzle => f.write_str(" swizzle"),
            Generator::Branch(base) => write!(f, " branch {} of {}", base.until().as_micros(), base.case()),
        }
    }
}

/// A branch of a branch of a branch, and so on, is followed so far.
const DEPTH_MAX: u32 = 32;

impl FromStr for Case {
    type Err = CaseError;

    fn from_str(text: &str) -> Result<Self, CaseError> {
        let mut words = text.split_ascii_whitespace();
        let case = read(&mut words, DEPTH_MAX)?;
        match words.next() {
            None => Ok(case),
            Some(word) => Err(CaseError { word: Some(word.to_owned()), wanted: "nothing more" }),
        }
    }
}

fn read(words: &mut SplitAsciiWhitespace<'_>, depth: u32) -> Result<Case, CaseError> {
    let first = words.next();
    let mode = Mode::ALL.into_iter().find(|mode| first == Some(mode.name()));
    let seed = if mode.is_some() { words.next() } else { first };
    let (seed, mode) = (number(seed, "a seed")?, mode.unwrap_or(Mode::Machine));
    let generator = match words.next() {
        None => Generator::Mix,
        Some("pair") => Generator::Pair(Pair { first: fault(words.next())?, second: fault(words.next())? }),
        Some("points") => Generator::Points,
        Some("swizzle") => Generator::Swizzle,
        Some("branch") => {
            let until = Instant::from_micros(number(words.next(), "a moment in microseconds")?);
            match words.next() {
                Some("of") if 0 < depth => {
                    Generator::Branch(Box::new(Base::of(read(words, depth - 1)?, until)))
                }
                word => return Err(error(word, "`of` and another case, not too deep")),
            }
        }
        word => return Err(error(word, "pair, points, swizzle, branch or nothing")),
    };
    Ok(Case { seed, mode, generator })
}

fn number(word: Option<&str>, wanted: &'static str) -> Result<u64, CaseError> {
    word.and_then(|word| word.parse().ok()).ok_or_else(|| error(word, wanted))
}

fn fault(word: Option<&str>) -> Result<Fault, CaseError> {
    let named = |word| Fault::ALL.into_iter().find(|fault| fault.name() == word);
    word.and_then(named).ok_or_else(|| error(word, "the name of a fault, as `run` lists them"))
}

fn error(word: Option<&str>, wanted: &'static str) -> CaseError {
    CaseError { word: word.map(str::to_owned), wanted }
}

impl fmt::Display for CaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.word {
            Some(word) => write!(f, "`{word}` stands where {} should", self.wanted),
            None => write!(f, "{} is missing", self.wanted),
        }
    }
}

impl core::error::Error for CaseError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for text in [
            "7",
            "wire 7",
            "7 pair crash stall",
            "wire 0 points",
            "1 swizzle",
            "1 branch 5 of 2 branch 3 of 4",
        ] {
            assert_eq!(text.parse::<Case>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_names_no_run_is_refused_with_what_was_wanted() {
        let refused = |text: &str| text.parse::<Case>().unwrap_err().to_string();
        assert_eq!(refused(""), "a seed is missing");
        assert_eq!(refused("x"), "`x` stands where a seed should");
        assert_eq!(refused("1 2"), "`2` stands where pair, points, swizzle, branch or nothing should");
        assert_eq!(refused("1 points 2"), "`2` stands where nothing more should");
        assert_eq!(refused("1 pair crash"), "the name of a fault, as `run` lists them is missing");
        let deep = format!("1{}", " branch 1 of 1".repeat(40));
        assert!(refused(&deep).contains("not too deep"));
    }
}
