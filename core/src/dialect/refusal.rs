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
