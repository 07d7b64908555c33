//! Reads JSON quickly, if it is written as servers write it: no white space, no escapes where a text is wanted.
//!
//! Nothing is judged here. What is read is JSON, exactly as `serde_json` has it; of what is not read nothing is said,
//! so `serde_json` is asked. Whoever scans looks for what nearly every frame is, and saves most of the time that
//! way.

use alloc::borrow::Cow;

use crate::dialect::envelope::{Int, Str};

/// What is left of a text. Where something is not as expected, the scan is over.
#[derive(Debug)]
pub(crate) struct Scan<'a> {
    rest: &'a str,
}

impl<'a> Scan<'a> {
    /// At the beginning of `text`.
    pub(crate) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// Passes `literal`.
    pub(crate) fn literal(&mut self, literal: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(literal)?;
        Some(())
    }

    /// Passes `literal`, if that comes next.
    pub(crate) fn passes(&mut self, literal: &str) -> bool {
        self.literal(literal).is_some()
    }

    /// The string after `literal`.
    pub(crate) fn after(&mut self, literal: &str) -> Option<Str<'a>> {
        self.literal(literal)?;
        self.string()
    }

    /// A string that holds no escape.
    pub(crate) fn string(&mut self) -> Option<Str<'a>> {
        self.literal("\"")?;
        let text = self.skip(plain_length(self.rest.as_bytes()))?;
        self.literal("\"")?;
        Some(Str(Cow::Borrowed(text)))
    }

    /// A whole number of so few digits that it is certain to fit.
    pub(crate) fn whole(&mut self) -> Option<Int> {
        const DIGITS_MAX: usize = 18;
        let digits = self.digits()?.as_bytes();
        let is_sound = digits.len() <= DIGITS_MAX && (digits.len() == 1 || digits[0] != b'0');
        is_sound.then(|| Int(digits.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'))))
    }

    /// Passes a value of whatever shape, in which no more than `depth_max` others stand in one another.
    pub(crate) fn value(&mut self, depth_max: usize) -> Option<()> {
        let mut levels = Levels::new(depth_max);
        loop {
            match self.byte()? {
                b'"' => self.string_to_its_end()?,
                b'{' => {
                    levels.enter(Level::Object)?;
                    if !self.passes("}") {
                        self.name()?;
                        continue;
                    }
                    levels.leave();
                }
                b'[' => {
                    levels.enter(Level::Array)?;
                    if !self.passes("]") {
                        continue;
                    }
                    levels.leave();
                }
                b't' => self.literal("rue")?,
                b'f' => self.literal("alse")?,
                b'n' => self.literal("ull")?,
                first => self.number(first)?,
            }
            // A value has ended, and with it perhaps what it stands in.
            loop {
                let Some(level) = levels.innermost() else { return Some(()) };
                match (level, self.byte()?) {
                    (Level::Object, b'}') | (Level::Array, b']') => levels.leave(),
                    (Level::Array, b',') => break,
                    (Level::Object, b',') => {
                        self.name()?;
                        break;
                    }
                    _ => return None,
                }
            }
        }
    }

    /// The end of the text.
    pub(crate) fn end(&self) -> Option<()> {
        self.rest.is_empty().then_some(())
    }

    /// Passes a member's name, and what stands between it and the value.
    fn name(&mut self) -> Option<()> {
        self.literal("\"")?;
        self.string_to_its_end()?;
        self.literal(":")
    }

    /// Passes the rest of a string, of which the first quotation mark is passed.
    fn string_to_its_end(&mut self) -> Option<()> {
        loop {
            self.skip(plain_length(self.rest.as_bytes()))?;
            match self.byte()? {
                b'"' => return Some(()),
                b'\\' => self.escape()?,
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<()> {
        match self.byte()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => self.skip(4)?.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(()),
            _ => None,
        }
    }

    /// Passes the rest of a number, which begins with `first`.
    fn number(&mut self, first: u8) -> Option<()> {
        match if first == b'-' { self.byte()? } else { first } {
            b'0' => {}
            b'1'..=b'9' => drop(self.digits()),
            _ => return None,
        }
        if self.passes(".") {
            self.digits()?;
        }
        if self.passes("e") || self.passes("E") {
            let _ = self.passes("+") || self.passes("-");
            self.digits()?;
        }
        Some(())
    }

    /// Passes digits, of which there is one at least.
    fn digits(&mut self) -> Option<&'a str> {
        let length = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        self.skip(length).filter(|digits| !digits.is_empty())
    }

    /// Passes one byte, which is a whole character.
    fn byte(&mut self) -> Option<u8> {
        self.skip(1)?.bytes().next()
    }

    /// Passes `length` bytes, with which a character ends.
    fn skip(&mut self, length: usize) -> Option<&'a str> {
        let (skipped, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(skipped)
    }
}

/// What a value stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Object,
    Array,
}

/// What a value stands in, from the outermost to the innermost: a bit each.
#[derive(Debug)]
struct Levels {
    objects: u128,
    depth: usize,
    depth_max: usize,
}

impl Levels {
    fn new(depth_max: usize) -> Self {
        assert!(depth_max <= u128::BITS as usize, "each level has a bit");
        Self { objects: 0, depth: 0, depth_max }
    }

    fn enter(&mut self, level: Level) -> Option<()> {
        self.objects = self.objects << 1 | u128::from(level == Level::Object);
        self.depth += 1;
        (self.depth <= self.depth_max).then_some(())
    }

    fn leave(&mut self) {
        self.objects >>= 1;
        self.depth -= 1;
    }

    fn innermost(&self) -> Option<Level> {
        let level = if self.objects & 1 == 1 { Level::Object } else { Level::Array };
        (self.depth > 0).then_some(level)
    }
}

/// How many bytes there are before a quotation mark, a backslash or a control character.
fn plain_length(bytes: &[u8]) -> usize {
    let (mut eights, mut at) = (bytes.chunks_exact(8), 0);
    for eight in eights.by_ref() {
        let marks = marks_in(u64::from_le_bytes(eight.try_into().expect("a chunk of eight has eight bytes")));
        if marks != 0 {
            return at + marks.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = eights.remainder();
    at + rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..0x20)).unwrap_or(rest.len())
}

/// The highest bit of each byte of `eight` that is a quotation mark, a backslash or a control character: what is
/// less than a bound, and was no more than 0x7f, has it once the bound is taken away. Above the lowest such byte others
/// may have it too, for want of what was borrowed (Lamport, Multiple byte processing with full-word instructions, 1975).
fn marks_in(eight: u64) -> u64 {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGHEST: u64 = ONES << 7;
    let less = |bytes: u64, bound: u64| bytes.wrapping_sub(ONES * bound);
    let quotation_mark = less(eight ^ (ONES * 0x22), 1);
    let backslash = less(eight ^ (ONES * 0x5c), 1);
    (quotation_mark | backslash | less(eight, 0x20)) & !eight & HIGHEST
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString as _};
    use alloc::vec::Vec;

    use proptest::prelude::*;
    use serde::de::IgnoredAny;
    use serde_json::{Map, Value};

    use super::*;

    fn passes_whole(text: &str) -> bool {
        let mut scan = Scan::new(text);
        scan.value(128).and_then(|()| scan.end()).is_some()
    }

    fn value() -> impl Strategy<Value = Value> {
        let number = prop_oneof![any::<i64>().prop_map(Value::from), any::<f64>().prop_map(Value::from)];
        let string = r#"[a-f"\\/\n\t\u{0}\u{7f}é🌧 ]{0,20}"#;
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            number,
            string.prop_map(Value::from)
        ];
        leaf.prop_recursive(6, 64, 5, move |inner| {
            let members = prop::collection::vec((string, inner.clone()), 0..5);
            prop_oneof![
                prop::collection::vec(inner, 0..5).prop_map(Value::from),
                members.prop_map(|members| Value::from(members.into_iter().collect::<Map<_, _>>())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_without_spaces_passes(value in value()) {
            prop_assert!(passes_whole(&value.to_string()));
        }

        #[test]
        fn what_passes_is_json(
            value in value(),
            at in any::<prop::sample::Index>(),
            put in r#"[\[\]{}",:.eE+\-0-9tfnul\\x\n ]{0,3}"#,
        ) {
            let mut text: Vec<char> = value.to_string().chars().collect();
            let at = at.index(text.len());
            text.splice(at..=at, put.chars());
            let text: String = text.into_iter().collect();
            let is_json = serde_json::from_str::<IgnoredAny>(&text).is_ok();
            prop_assert!(is_json || !passes_whole(&text), "{}", text);
        }

        #[test]
        fn plain_is_what_needs_no_escape(bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0x1e..0x24_u8], 0..40)) {
            let is_marked = |byte: &u8| matches!(byte, b'"' | b'\\' | ..0x20);
            prop_assert_eq!(plain_length(&bytes), bytes.iter().take_while(|byte| !is_marked(byte)).count());
        }
    }

    #[test]
    fn what_needs_a_closer_look_does_not_pass() {
        for text in [
            "",
            " 1",
            "1 ",
            "[1, 2]",
            "01",
            "-",
            "1.",
            ".5",
            "1e",
            "+1",
            "[1,]",
            "{\"a\":1,}",
            "{1:2}",
            "[}",
            "{]",
        ] {
            assert!(!passes_whole(text), "{text}");
        }
        for text in ["-0", "0.50e+01", r#""\u00e9\"""#, "[[],{},[{}]]", r#"{"":null,"a":[true,false]}"#] {
            assert!(passes_whole(text), "{text}");
        }
        assert!(
            ["\"\\u12g4\"", "\"\\x\"", "\"a", "\"\u{1f}\"", "tru", "é"]
                .iter()
                .all(|text| !passes_whole(text))
        );
    }

    #[test]
    fn depth_has_a_limit() {
        for (depth, fits) in [(126, true), (127, false)] {
            let text = ["[".repeat(depth), "]".repeat(depth)].concat();
            assert_eq!(Scan::new(&text).value(126).is_some(), fits);
        }
    }

    #[test]
    fn numbers_are_short_and_strings_plain() {
        let whole = |text| Scan::new(text).whole().map(|Int(number)| number);
        assert_eq!(
            [whole("0"), whole("7,"), whole("123456789012345678")],
            [0, 7, 123_456_789_012_345_678].map(Some)
        );
        assert_eq!([whole(""), whole("-1"), whole("07"), whole("1234567890123456789")], [None; 4]);
        let string = |text| Scan::new(text).string().map(|Str(text)| text);
        assert_eq!(string(r#""grüße","#).as_deref(), Some("grüße"));
        assert_eq!([string(r#""\n""#), string("\"a"), string("a\""), string("")], [const { None }; 4]);
    }
}
