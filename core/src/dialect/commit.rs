//! What a commit did to a record, as both wires say it.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::dialect::envelope::{DEPTH_MAX, Str};
use crate::dialect::scan::Scan;

/// Of the levels that a frame may have, its envelope takes two, on both wires.
const RECORD_DEPTH_MAX: usize = DEPTH_MAX - 2;

/// A commit's own members: on v1 an object in the event, on v2 among the event's.
#[derive(Deserialize)]
#[allow(dead_code, reason = "the record is not read, but named so that a second one is an error")]
pub(crate) struct Commit<'a> {
    #[serde(borrow)]
    pub(crate) rev: Str<'a>,
    #[serde(borrow)]
    pub(crate) operation: Str<'a>,
    #[serde(borrow)]
    pub(crate) collection: Str<'a>,
    #[serde(borrow)]
    pub(crate) rkey: Str<'a>,
    #[serde(borrow)]
    pub(crate) cid: Option<Str<'a>>,
    record: Option<IgnoredAny>,
}

impl<'a> Commit<'a> {
    /// The members from `"rev":` on, in the order that servers write them in. The record and its hash stand in either
    /// order, and a deletion has neither.
    pub(crate) fn scan(scan: &mut Scan<'a>) -> Option<Self> {
        let rev = scan.after(r#""rev":"#)?;
        let operation = scan.after(r#","operation":"#)?;
        let collection = scan.after(r#","collection":"#)?;
        let rkey = scan.after(r#","rkey":"#)?;
        let (mut cid, mut has_record) = (None, false);
        loop {
            if !has_record && scan.passes(r#","record":"#) {
                scan.value(RECORD_DEPTH_MAX)?;
                has_record = true;
            } else if cid.is_none() && scan.passes(r#","cid":"#) {
                cid = Some(scan.string()?);
            } else {
                return Some(Self { rev, operation, collection, rkey, cid, record: None });
            }
        }
    }
}
