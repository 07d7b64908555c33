//! When two failures are the same: the same rule, said in the same words but for the numbers.

use crate::oracle::{Rule, Violation};
use crate::run::Failure;

/// What kind of failure it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bucket {
    rule: Rule,
    words: Vec<String>,
}

impl Bucket {
    /// The kind that a violation is of. What stands behind a colon says where it was, and does not count; nor do
    /// numbers, nor how many of a list there are. Only of a panic everything is said behind the colon.
    pub(crate) fn of(violation: &Violation) -> Self {
        let what = violation.what.as_str();
        let said = match what.split_once(": ") {
            Some((what, _)) if what != "a panic" => what,
            _ => what,
        };
        let mut words: Vec<String> = said.split_whitespace().map(without_numbers).collect();
        words.retain(|word| word != "#" && word != "e#");
        words.dedup();
        Self { rule: violation.rule, words }
    }
}

/// The word with `#` for every run of digits, and without what stands around it.
fn without_numbers(word: &str) -> String {
    let mut plain = String::new();
    for letter in word.trim_matches(|c: char| c.is_ascii_punctuation()).chars() {
        match letter {
            '0'..='9' | '.' if plain.ends_with('#') => {}
            '0'..='9' => plain.push('#'),
            letter => plain.push(letter),
        }
    }
    plain
}

/// Of these the shortest of each kind, in their order.
pub fn distinct<'a>(failures: impl IntoIterator<Item = &'a Failure>) -> Vec<&'a Failure> {
    let mut distinct: Vec<(Bucket, &Failure)> = Vec::new();
    for failure in failures {
        let bucket = Bucket::of(&failure.violation);
        match distinct.iter_mut().find(|(other, _)| *other == bucket) {
            Some((_, known)) if failure.step < known.step => *known = failure,
            Some(_) => {}
            None => distinct.push((bucket, failure)),
        }
    }
    distinct.into_iter().map(|(_, failure)| failure).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_do_not_tell_two_failures_apart_and_words_do() {
        let bucket = |rule, what: &str| Bucket::of(&Violation { rule, what: what.to_owned() });
        let lost = |what| bucket(Rule::O1NoLoss, what);
        let first = lost("e35 (Both, Plain) is lost: told by source 0 at 0.8s as 17/36");
        assert_eq!(first, lost("e7 (Both, Plain) is lost: told by source 0 as 1/2, told by source 1 as 3/4"));
        assert_ne!(first, lost("e35 (Both, Huge) is lost: told by source 0 at 0.8s as 17/36"));
        assert_ne!(
            first,
            bucket(Rule::O16Poison, "e35 (Both, Plain) is lost: told by source 0 at 0.8s as 17/36")
        );
        let pace = |what| bucket(Rule::O7Pace, what);
        assert_eq!(pace("two dials 0.5s apart"), pace("two dials 12.123456s apart"));
        assert_eq!(pace("events e1 e2 e3 wait"), pace("events e9 wait"));
        let panic = |what| bucket(Rule::World, what);
        assert_ne!(panic("a panic: time went back"), panic("a panic: drain the effects"));
    }
}
