//! Reads the envelope of a frame with `serde_json`, strictly: what is not exactly JSON is nobody's event.
//!
//! The envelope's strings are borrowed; the record inside is skipped, which checks its grammar, and does so without
//! recursion, so its depth is checked apart.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use core::fmt;
use core::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::dialect::text::Text;

/// A frame is nested so deep at most; whoever reads its record later may recurse.
pub(crate) const DEPTH_MAX: usize = 128;

/// No frame is longer; the sockets' limit is the same.
pub(crate) const FRAME_BYTES_MAX: usize = 32 << 20;

/// A reason is for a person to read, and may quote what a stranger sent.
const REASON_CHARS_MAX: usize = 200;

/// A borrowed string, or an owned one where an escape forces it.
#[derive(Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Str<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// A whole number that every table can hold; the servers' own type is Go's `int64` or smaller in use.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "i64")]
pub(crate) struct Int(pub(crate) u64);

impl TryFrom<i64> for Int {
    type Error = &'static str;

    fn try_from(number: i64) -> Result<Self, Self::Error> {
        u64::try_from(number).map(Self).map_err(|_| "a negative number")
    }
}

/// What the relay said of an identity, an account or a repository: its own number and time are what matters.
#[derive(Deserialize)]
#[allow(dead_code, reason = "what is not read is named so that a second one is an error")]
pub(crate) struct Upstream<'a> {
    pub(crate) seq: Int,
    #[serde(borrow)]
    pub(crate) time: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) rev: Option<Str<'a>>,
    did: Option<IgnoredAny>,
    handle: Option<IgnoredAny>,
    active: Option<IgnoredAny>,
    status: Option<IgnoredAny>,
}

/// A `T` that was written as an object: what `derive` makes would take an array too.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(Members(PhantomData))
    }
}

/// Reads all of `text` as one object; the error says what is wrong and where.
pub(crate) fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    match serde_json::from_str::<Object<T>>(text) {
        Ok(Object(value)) => Ok(value),
        Err(error) => Err(shortened(&format!("{error}"))),
    }
}

/// Keeps `found`, which has to be there, as a text of `frame`.
pub(crate) fn needed(found: Option<Str<'_>>, name: &str, frame: &str) -> Result<Text, String> {
    found.map(|found| Text::of(found.0, frame)).ok_or_else(|| format!("no `{name}`"))
}

/// The frame as text, if it is UTF-8 and not too long.
pub(crate) fn text_of(frame: &[u8]) -> Result<&str, String> {
    if frame.len() > FRAME_BYTES_MAX {
        return Err(format!("{} bytes, where a frame has {FRAME_BYTES_MAX} at most", frame.len()));
    }
    core::str::from_utf8(frame).map_err(|error| format!("not UTF-8: {error}"))
}

/// Nothing, if `text` is not nested too deep: what is passed without being read is passed without recursion, so that is
/// nobody else's affair.
pub(crate) fn check_depth(text: &str) -> Result<(), String> {
    match too_deep_at(text.as_bytes()) {
        Some(at) => Err(format!("nested deeper than {DEPTH_MAX} at byte {at}")),
        None => Ok(()),
    }
}

/// Where brackets are nested deeper than [`DEPTH_MAX`], if anywhere.
fn too_deep_at(frame: &[u8]) -> Option<usize> {
    // Nearly every frame has fewer brackets, strings included, than may be nested.
    if opening_brackets(frame) <= DEPTH_MAX {
        return None;
    }
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for (at, &byte) in frame.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return Some(at);
        }
    }
    None
}

/// How many `[` and `{` there are, which differ in one bit.
fn opening_brackets(frame: &[u8]) -> usize {
    // Runs that one byte can count: the compiler makes vectors of that.
    let in_run = |run: &[u8]| run.iter().map(|byte| u8::from(byte | 0x20 == b'{')).sum::<u8>();
    frame.chunks(usize::from(u8::MAX)).map(|run| usize::from(in_run(run))).sum()
}

/// As much of `reason` as a person wants to read.
pub(crate) fn shortened(reason: &str) -> String {
    let end = reason.char_indices().nth(REASON_CHARS_MAX).map_or(reason.len(), |(at, _)| at);
    if end == reason.len() {
        return reason.into();
    }
    // The place stands last, and matters most.
    let place = reason.rfind(" at line ").map_or("", |at| &reason[at..]);
    format!("{}…{place}", &reason[..end])
}
