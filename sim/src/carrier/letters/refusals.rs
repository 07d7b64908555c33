//! How servers refuse and end connections, said once more: who must act.

use highwater_core::closure::Closure;
use highwater_core::dialect::{Frame, Subscription};
use highwater_core::serve::error;
use highwater_core::time::Duration;

use super::{dialect, wire};
use crate::draw::Stream;

/// A refusal at the door, an error frame and a close code.
pub(super) fn check(stream: &mut Stream) {
    let dialect = dialect(wire(stream));
    let retry = Closure::Retry { after: None };
    let named = [
        ("CursorTooOld", Closure::TooOld, Closure::TooOld),
        ("UnknownZstdDictionary", Closure::Renegotiate, Closure::Renegotiate),
        ("ServiceUnavailable", retry, retry),
        ("InvalidRequest", Closure::Fatal, retry),
        ("Newer", Closure::Fatal, retry),
    ];
    let (name, at_door, in_frame) = stream.pick(&named);
    let body = format!(r#"{{"error":"{name}","message":"m"}}"#);
    assert_eq!(dialect.refusal(400, body.as_bytes(), None), at_door, "{body}");
    assert_eq!(dialect.refusal(400, b"in plain text", None), Closure::Fatal);
    let v2 = highwater_core::dialect::Dialect::JetstreamV2;
    match v2.decode(&Subscription::default(), error(name, "m")) {
        Frame::Error { closure, said } => {
            assert_eq!(closure, in_frame, "{name}");
            assert_eq!(said, format!("{name}: m"));
        }
        Frame::Item(item) => panic!("the error {name} is read as {item:?}"),
    }

    let status = if stream.one_in(2) { stream.below(1_000) } else { 400 + stream.below(32) };
    let asked = stream.one_in(2).then(|| stream.below(120));
    let after = asked.map(|secs| Duration::from_secs(secs.min(60)));
    let expected = match status {
        408 | 421 | 425 | 429 | 500..=599 => Closure::Retry { after },
        301 | 308 | 400..=499 => Closure::Fatal,
        _ => Closure::Elsewhere,
    };
    assert_eq!(dialect.refusal(status as u16, b"", asked), expected, "{status}");

    let code = 995 + stream.below(25) as u16;
    let is_about_us = matches!(code, 1002 | 1003 | 1007..=1010);
    let expected = if is_about_us { Closure::Elsewhere } else { retry };
    assert_eq!(dialect.close_code(Some(code)), expected, "{code}");
    assert_eq!(dialect.close_code(None), retry);
}
