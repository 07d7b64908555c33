//! The limits and grammar that servers hold filters to, in a request and in a message alike.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::dialect::filter::Filter;
use crate::dialect::name::{is_did, is_nsid, is_nsid_prefix};
use crate::dialect::{COLLECTIONS_MAX, DIDS_MAX};

/// The filter of v1; the error is the server's text. Limits are counted after repetition is gone. \[S\]
pub(crate) fn v1_filter(collections: &[String], dids: &[String]) -> Result<Filter, String> {
    const BAD: &str = "invalid subscriber options";
    // Whatever ends so is a prefix, whatever stands before. [S]
    if let Some(bad) = collections.iter().find(|c| !c.ends_with(".*") && !is_nsid(c)) {
        return Err(format!("{BAD}: invalid collection: {bad}"));
    }
    if distinct(collections) > COLLECTIONS_MAX {
        return Err(format!("{BAD}: too many wanted collections"));
    }
    if !dids.iter().all(|did| is_did(did)) {
        return Err(BAD.into());
    }
    if distinct(dids) > DIDS_MAX {
        return Err(format!("{BAD}: too many wanted DIDs"));
    }
    Ok(Filter::new(collections, dids, &[]))
}

/// The lists of v2; the error is the server's text. Limits are counted raw. \[S\]
pub(crate) fn v2_lists(collections: &[String], dids: &[String]) -> Result<(), String> {
    if collections.len() > COLLECTIONS_MAX {
        return Err(format!("at most {COLLECTIONS_MAX} collections"));
    }
    if dids.len() > DIDS_MAX {
        return Err(format!("at most {DIDS_MAX} dids"));
    }
    if let Some(bad) = collections.iter().find(|c| !is_nsid(c) && !is_nsid_prefix(c)) {
        return Err(format!("invalid collection: {bad}"));
    }
    match dids.iter().find(|did| !is_did(did)) {
        Some(bad) => Err(format!("invalid did: {bad}")),
        None => Ok(()),
    }
}

fn distinct(list: &[String]) -> usize {
    list.iter().collect::<BTreeSet<_>>().len()
}

/// The values of `name` in a query.
pub(crate) fn values(pairs: &[(String, String)], name: &str) -> Vec<String> {
    pairs.iter().filter(|(n, _)| n == name).map(|(_, value)| value.clone()).collect()
}

/// The first value of `name` in a query; an empty one is none, as in Go's `Get`. \[S\]
pub(crate) fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let first = pairs.iter().find(|(n, _)| n == name);
    first.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}
