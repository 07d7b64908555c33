//! A URL pasted with its query: highwater refuses it, and prints the flags that mean the same.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::dialect::query;

/// What the flags for a pasted query are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pasted {
    /// The flags, ready for a shell.
    pub flags: Vec<String>,
    /// Parameters for which there is no flag.
    pub without_flag: Vec<String>,
}

/// The flags that ask for what `query` (without `?`) asks for, on either wire.
pub fn flags_of_query(query: &str) -> Pasted {
    let mut pasted = Pasted::default();
    for (name, value) in query::pairs(query) {
        let flag = match name.as_str() {
            "wantedCollections" | "collections" => "--collection",
            "wantedDids" | "dids" => "--did",
            "kinds" => "--kind",
            "cursor" => "--start",
            "compress" | "zstdDictionary" => {
                pasted.flags.push("--zstd".into());
                continue;
            }
            _ => {
                pasted.without_flag.push(name);
                continue;
            }
        };
        pasted.flags.push([flag, &quoted(&value)].join(" "));
    }
    pasted
}

/// `value` as a POSIX shell takes it literally.
fn quoted(value: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:/%".contains(&byte);
    if !value.is_empty() && value.bytes().all(is_plain) {
        return value.to_string();
    }
    let inner = value.replace('\'', r"'\''");
    ["'", &inner, "'"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_query_becomes_flags() {
        let pasted = flags_of_query(
            "wantedCollections=app.bsky.feed.post&wantedCollections=app.bsky.graph.*&wantedDids=did%3Aplc%3Aabc\
             &cursor=1725911162329308&compress=true&requireHello=true",
        );
        let flags = [
            "--collection app.bsky.feed.post",
            "--collection 'app.bsky.graph.*'",
            "--did did:plc:abc",
            "--start 1725911162329308",
            "--zstd",
        ];
        assert_eq!(pasted.flags, flags);
        assert_eq!(pasted.without_flag, ["requireHello"]);
    }

    #[test]
    fn what_a_stranger_pasted_cannot_leave_its_quotes() {
        let pasted = flags_of_query("dids=';rm%20-rf%20~;'&kinds=");
        assert_eq!(pasted.flags, [r"--kind ''"], "a bare semicolon spoils its pair");
        let pasted = flags_of_query("dids='%3Brm%20-rf%20~%3B'");
        assert_eq!(pasted.flags, [r"--did ''\'';rm -rf ~;'\'''"]);
    }
}
