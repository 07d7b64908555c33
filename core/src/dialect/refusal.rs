//! How servers refuse and end connections, and who must act: every such rule, with where it was read.
//!
//! [S] server source, [D] official documents, [O] our own decision. Where a live server differs, this is the file
//! to change.

use alloc::string::String;

use serde::Deserialize;

use crate::closure::Closure;
use crate::time::Duration;

/// No server makes us wait longer. [O]
const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);

/// It passes, and nothing was said of how long.
const RETRY: Closure = Closure::Retry { after: None };

/// What v2 says in the body of a refusal. [S]
#[derive(Deserialize)]
struct Body {
    error: String,
}

/// What an HTTP answer other than 101 means. `retry_after` is in seconds.
pub(crate) fn of_status(status: u16, body: &[u8], retry_after: Option<u64>) -> Closure {
    let after = retry_after.map(|secs| Duration::from_secs(secs).min(RETRY_AFTER_MAX));
    match status {
        // Timeout, misdirected, too early, too many; all that are the server's own fault, 503 at warm-up too. [S]
        408 | 421 | 425 | 429 | 500..=599 => Closure::Retry { after },
        400 => match serde_json::from_slice::<Body>(body) {
            Ok(body) => of_error(&body.error),
            // v1 answers in plain text: a cursor, a collection or a DID it does not take. [S]
            Err(_) => Closure::Fatal,
        },
        // Moved for good, and everything that says the request itself is wrong: 401, 403, 404, 414 and the like. [O]
        301 | 308 | 400..=499 => Closure::Fatal,
        // Moved for now, or a page where a WebSocket should be: a portal, a proxy's notice. [O]
        _ => Closure::Elsewhere,
    }
}

/// What the error of a refusal's body means.
fn of_error(error: &str) -> Closure {
    match error {
        // A seq below the floor; never a moment. [S]
        "CursorTooOld" => Closure::TooOld,
        // Rotated since it was fetched. [S]
        "UnknownZstdDictionary" => Closure::Renegotiate,
        "ServiceUnavailable" => RETRY,
        // `InvalidRequest` [S], and what we do not know. [O]
        _ => Closure::Fatal,
    }
}

/// What an error frame means, after which the connection ends: `ConsumerTooSlow`, `InternalError`. [S]
pub(crate) fn of_error_frame(error: &str) -> Closure {
    match error {
        "CursorTooOld" => Closure::TooOld,
        "UnknownZstdDictionary" => Closure::Renegotiate,
        _ => RETRY,
    }
}

/// What a WebSocket close code means; none is a connection that ended without a word, which is 1006.
pub(crate) fn of_close_code(code: Option<u16>) -> Closure {
    match code {
        // 1003 binary refused, 1007 not UTF-8, 1008 policy, 1009 too big, 1010 extension: answers to what a client
        // sends. [S] We send nothing, so it is another's policy that we ran into. [O]
        Some(1002 | 1003 | 1007..=1010) => Closure::Elsewhere,
        // 1000 and 1001 "server shutting down" [S], 1005, 1006 an overflowing outbox [S], 1011 to 1014, 1015 TLS,
        // 3000 and up the application's own.
        _ => RETRY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ELSEWHERE: Closure = Closure::Elsewhere;
    const FATAL: Closure = Closure::Fatal;

    #[test]
    fn a_status_says_who_must_act() {
        for status in [408, 425, 429, 500, 502, 503, 520, 599] {
            assert_eq!(of_status(status, b"", None), RETRY, "{status}");
        }
        for status in [301, 308, 400, 401, 403, 404, 405, 410, 414, 431, 451] {
            assert_eq!(of_status(status, b"", Some(1)), FATAL, "{status}");
        }
        for status in [0, 101, 200, 204, 302, 307, 600, 999] {
            assert_eq!(of_status(status, b"", None), ELSEWHERE, "{status}");
        }
    }

    #[test]
    fn no_server_makes_us_wait_for_more_than_a_minute() {
        let after = |secs| Closure::Retry { after: Some(Duration::from_secs(secs)) };
        assert_eq!(of_status(429, b"", Some(7)), after(7));
        assert_eq!(of_status(503, b"", Some(60)), after(60));
        assert_eq!(of_status(503, b"", Some(u64::MAX)), after(60));
    }

    #[test]
    fn the_body_of_a_400_says_more() {
        let of = |body: &str| of_status(400, body.as_bytes(), None);
        assert_eq!(of(r#"{"error":"CursorTooOld","message":"x"}"#), Closure::TooOld);
        assert_eq!(of(r#"{"error":"UnknownZstdDictionary"}"#), Closure::Renegotiate);
        assert_eq!(of(r#"{"error":"ServiceUnavailable"}"#), RETRY);
        for fatal in
            [r#"{"error":"InvalidRequest"}"#, r#"{"error":"New"}"#, r#"{"error":7}"#, "invalid cursor: x", ""]
        {
            assert_eq!(of(fatal), FATAL, "{fatal}");
        }
    }

    #[test]
    fn a_close_passes_unless_it_is_about_what_was_sent() {
        for code in [None, Some(1000), Some(1001), Some(1006), Some(1011), Some(1012), Some(1013), Some(4000)]
        {
            assert_eq!(of_close_code(code), RETRY, "{code:?}");
        }
        for code in [1002, 1003, 1007, 1008, 1009, 1010] {
            assert_eq!(of_close_code(Some(code)), ELSEWHERE, "{code}");
        }
        assert_eq!(of_error_frame("ConsumerTooSlow"), RETRY);
        assert_eq!(of_error_frame("InternalError"), RETRY);
    }
}
