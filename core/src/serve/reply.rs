//! What a server answers when it does not open a connection: status, type and text, as the hosts have them.

use alloc::format;
use alloc::string::String;

use serde::Serialize;

use crate::serve::Wire;

/// An HTTP answer other than 101.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The `Content-Type`.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

#[derive(Serialize)]
struct XrpcError<'a> {
    error: &'a str,
    message: &'a str,
}

impl Reply {
    pub(crate) fn text(status: u16, body: impl Into<String>) -> Self {
        Self { status, content_type: "text/plain; charset=UTF-8", body: body.into() }
    }

    fn json(status: u16, error: &str, message: &str) -> Self {
        let body = serde_json::to_string(&XrpcError { error, message });
        let body = body.expect("strings can always be written");
        Self { status, content_type: "application/json", body }
    }

    /// The request makes no sense: nobody should send it again. \[S\]
    pub(crate) fn invalid(wire: Wire, why: &str) -> Self {
        match wire {
            Wire::V1 | Wire::V1OnV2Host => Self::text(400, why),
            Wire::V2 => Self::json(400, "InvalidRequest", why),
        }
    }

    /// A `seq` below the floor, which only v2 refuses. \[S\]
    pub fn too_old(floor: u64) -> Self {
        Self::json(400, "CursorTooOld", &format!("cursor is older than the oldest retained seq {floor}"))
    }

    /// A dictionary that the host does not have, or no longer. \[S\]
    pub fn unknown_dictionary() -> Self {
        Self::json(400, "UnknownZstdDictionary", "fetch the current dictionary and try again")
    }

    /// While a host warms up. \[S\]
    pub fn unavailable(wire: Wire) -> Self {
        match wire {
            Wire::V1 | Wire::V1OnV2Host => Self::text(503, "service unavailable"),
            Wire::V2 => Self::json(503, "ServiceUnavailable", "warming up"),
        }
    }

    /// Nothing is here.
    pub fn not_found() -> Self {
        Self::text(404, "not found")
    }
}
