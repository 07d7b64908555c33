//! A string of an envelope, as a range of the frame it stands in: keeping it copies nothing.
//!
//! Only a string that was written with a JSON escape has to be owned, because its text is not in the frame.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use core::ops::Range;

/// A string of an envelope; means something only together with the frame it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    Span(Range<u32>),
    Owned(Box<str>),
}

impl Text {
    /// Keeps `text`, which was read from `frame`.
    pub(crate) fn of(text: Cow<'_, str>, frame: &str) -> Self {
        match text {
            Cow::Borrowed(text) => {
                Self::span_of(text, frame).map_or_else(|| Self::Owned(text.into()), Self::Span)
            }
            Cow::Owned(text) => Self::Owned(text.into_boxed_str()),
        }
    }

    /// Where `text` lies in `frame`; none if it lies elsewhere.
    pub(crate) fn span_of(text: &str, frame: &str) -> Option<Range<u32>> {
        let start = text.as_ptr().addr().checked_sub(frame.as_ptr().addr())?;
        let end = start.checked_add(text.len())?;
        if end > frame.len() {
            return None;
        }
        Some(u32::try_from(start).ok()?..u32::try_from(end).ok()?)
    }

    /// The string, given the bytes of the frame it was read from.
    pub(crate) fn read<'a>(&'a self, frame: &'a [u8]) -> &'a str {
        match self {
            Self::Span(_) => {
                core::str::from_utf8(self.bytes(frame)).expect("a span was taken from a str, so it is one")
            }
            Self::Owned(text) => text,
        }
    }

    /// The string's bytes, given those of the frame it was read from.
    pub(crate) fn bytes<'a>(&'a self, frame: &'a [u8]) -> &'a [u8] {
        match self {
            Self::Span(span) => &frame[span.start as usize..span.end as usize],
            Self::Owned(text) => text.as_bytes(),
        }
    }

    /// The same string, able to outlive its frame.
    #[must_use]
    pub(crate) fn detached(&self, frame: &[u8]) -> Self {
        Self::Owned(self.read(frame).into())
    }

    /// Bytes of memory it holds besides itself.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::Span(_) => 0,
            Self::Owned(text) => text.len(),
        }
    }
}
