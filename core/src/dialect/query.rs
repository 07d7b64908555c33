//! The part of a URL after `?`: pairs of names and values, percent-encoded.

use alloc::string::String;
use alloc::vec::Vec;

/// Writes `name=value` after whatever the query holds already.
pub(crate) fn push(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(name);
    query.push('=');
    for byte in value.bytes() {
        match byte {
            // RFC 3986: unreserved, and what of the rest a query value may hold as it is.
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' | b'*' => {
                query.push(char::from(byte));
            }
            _ => {
                query.push('%');
                query.push(char::from(DIGITS[usize::from(byte >> 4)]));
                query.push(char::from(DIGITS[usize::from(byte & 15)]));
            }
        }
    }
}

const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

/// The pairs of `query`, decoded. A pair that cannot be decoded is left out, as Go's servers do. [S]
pub(crate) fn pairs(query: &str) -> Vec<(String, String)> {
    let decoded = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((decode(name)?, decode(value)?))
    };
    query.split('&').filter(|pair| !pair.is_empty()).filter_map(decoded).collect()
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            b';' => return None,
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pushed_is_read_again() {
        let mut query = String::new();
        let written =
            [("a", "did:plc:x"), ("a", "p q&r=s;t+u%"), ("b", ""), ("c", "app.bsky.*"), ("d", "ü/🌧")];
        for (name, value) in written {
            push(&mut query, name, value);
        }
        assert_eq!(query, "a=did:plc:x&a=p%20q%26r%3Ds%3Bt%2Bu%25&b=&c=app.bsky.*&d=%C3%BC%2F%F0%9F%8C%A7");
        let written = written.map(|(name, value)| (name.into(), value.into()));
        assert_eq!(pairs(&query), written);
    }

    #[test]
    fn a_pair_that_cannot_be_decoded_is_left_out() {
        let read = pairs("&x&y=%4&z=%zz&b;c=d&e=%ff&f=a+b=c&&");
        assert_eq!(read, [("x".into(), String::new()), ("f".into(), "a b=c".into())]);
    }
}
