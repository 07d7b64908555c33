//! The grammar of the two names a filter is made of, as atproto's specifications of NSIDs and DIDs have it.

/// No NSID is longer.
const NSID_BYTES_MAX: usize = 317;
/// No segment of an NSID is longer.
const SEGMENT_BYTES_MAX: usize = 63;
/// No DID is longer.
const DID_BYTES_MAX: usize = 2048;

/// Whether `text` is an NSID: a reversed domain of at least two segments, then a name, as in `app.bsky.feed.post`.
pub(crate) fn is_nsid(text: &str) -> bool {
    let Some((authority, name)) = text.rsplit_once('.') else { return false };
    let is_name = name.len() <= SEGMENT_BYTES_MAX
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    text.len() <= NSID_BYTES_MAX && is_name && authority.contains('.') && is_authority(authority)
}

/// Whether `text` is `prefix.*`, where the prefix is the beginning of an NSID.
pub(crate) fn is_nsid_prefix(text: &str) -> bool {
    text.len() <= NSID_BYTES_MAX && text.strip_suffix(".*").is_some_and(is_authority)
}

fn is_authority(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.split('.').all(is_segment)
}

fn is_segment(segment: &str) -> bool {
    (1..=SEGMENT_BYTES_MAX).contains(&segment.len())
        && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !segment.starts_with('-')
        && !segment.ends_with('-')
}

/// Whether `text` is a DID, as in `did:plc:ewvi7nxzyoun6zhxrhs64oiz` or `did:web:example.com`.
pub(crate) fn is_did(text: &str) -> bool {
    let Some((method, id)) = text.strip_prefix("did:").and_then(|rest| rest.split_once(':')) else {
        return false;
    };
    text.len() <= DID_BYTES_MAX
        && !method.is_empty()
        && method.bytes().all(|byte| byte.is_ascii_lowercase())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:%-".contains(&byte))
        && id.ends_with(|c: char| c.is_ascii_alphanumeric() || "._-".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nsids_are_told_from_what_is_none() {
        for good in
            ["app.bsky.feed.post", "com.example.fooBar", "a-0.b-1.c3", "place.stream.broadcast.origin"]
        {
            assert!(is_nsid(good), "{good}");
        }
        let long = format!("app.bsky.{}", "a".repeat(64));
        for bad in [
            "",
            "app",
            "app.bsky",
            "app.bsky.",
            ".app.bsky.post",
            "app..post.x",
            "0app.bsky.post",
            "app.bsky.feed.3post",
            "app.bsky.feed.po-st",
            "app.bsky.fo*",
            "app.-bsky.post",
            "app.bsky-.post",
            "app.bsky.pöst",
            "app bsky.feed.post",
            &long,
        ] {
            assert!(!is_nsid(bad), "{bad}");
        }
    }

    #[test]
    fn prefixes_end_in_a_dot_and_a_star() {
        for good in ["app.bsky.graph.*", "app.bsky.*", "app.*"] {
            assert!(is_nsid_prefix(good), "{good}");
        }
        for bad in ["*", ".*", "app.bsky.fo*", "app.*.*", "app.bsky", "app..*"] {
            assert!(!is_nsid_prefix(bad), "{bad}");
        }
    }

    #[test]
    fn dids_are_told_from_what_is_none() {
        for good in ["did:plc:q235v55g5unth4zjjdpacfdr", "did:web:example.com", "did:web:localhost%3A8080"] {
            assert!(is_did(good), "{good}");
        }
        let long = format!("did:plc:{}", "a".repeat(2048));
        for bad in [
            "",
            "did:",
            "did:plc",
            "did:plc:",
            "did:PLC:abc",
            "did:plc:ab c",
            "did:plc:abc:",
            "did:plc:%",
            "plc:abc",
            &long,
        ] {
            assert!(!is_did(bad), "{bad}");
        }
    }
}
