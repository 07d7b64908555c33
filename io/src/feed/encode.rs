//! The bytes of an event on each wire.

use std::fmt::Write as _;

use crate::feed::fact::{Change, Content, Fact};

/// The event as the older wire carries it; `cursor` is what a newer host adds.
pub(crate) fn v1(fact: &Fact, time_us: u64, cursor: Option<u64>) -> Option<String> {
    let did = &fact.did;
    let mut frame = String::with_capacity(640);
    let _ = write!(frame, r#"{{"did":"{did}","time_us":{time_us},"#);
    if let Some(cursor) = cursor {
        let _ = write!(frame, r#""cursor":{cursor},"#);
    }
    let _ = match &fact.content {
        Content::Commit { rev, change, collection, rkey } => {
            let (operation, record) = match change {
                Change::Create(record) => ("create", Some(record)),
                Change::Update(record) => ("update", Some(record)),
                Change::Delete => ("delete", None),
            };
            let _ = write!(
                frame,
                r#""kind":"commit","commit":{{"rev":"{rev}","operation":"{operation}","collection":"{collection}","rkey":"{rkey}""#
            );
            match record {
                Some(record) => write!(frame, r#","record":{},"cid":"{}"}}}}"#, record.json, record.cid),
                None => write!(frame, "}}}}"),
            }
        }
        Content::Identity { handle, seq, time } => {
            let _ = write!(frame, r#""kind":"identity","identity":{{"did":"{did}","#);
            if let Some(handle) = handle {
                let _ = write!(frame, r#""handle":"{handle}","#);
            }
            write!(frame, r#""seq":{seq},"time":"{time}"}}}}"#)
        }
        Content::Account { active, status, seq, time } => {
            let _ =
                write!(frame, r#""kind":"account","account":{{"active":{active},"did":"{did}","seq":{seq},"#);
            if let Some(status) = status {
                let _ = write!(frame, r#""status":"{status}","#);
            }
            write!(frame, r#""time":"{time}"}}}}"#)
        }
        Content::Sync { .. } => return None,
    };
    Some(frame)
}
