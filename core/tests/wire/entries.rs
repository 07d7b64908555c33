//! Entries of a server's log, made up: ordinary ones, and such as only JSON's grammar allows.

use highwater_core::serve::entry::{Body, Change, Content, Entry, Json};
use highwater_core::time::WallTime;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// The last microsecond that RFC 3339 can name, and so v2.
const TIME_MAX: u64 = 253_402_300_799_999_999;
/// No seq is greater.
const SEQ_MAX: u64 = 999_999_999_999_999;

/// Any entry whatever.
pub(crate) fn entry() -> impl Strategy<Value = Entry> {
    (0..=SEQ_MAX, 0..=TIME_MAX, text(), body()).prop_map(|(seq, micros, did, body)| Entry {
        seq,
        time: WallTime::from_micros(micros),
        did,
        body,
    })
}

fn body() -> impl Strategy<Value = Body> {
    let number = 0..=i64::MAX as u64;
    prop_oneof![
        6 => (text(), text(), text(), change())
            .prop_map(|(rev, collection, rkey, change)| Body::Commit { rev, collection, rkey, change }),
        2 => (option::of(text()), number.clone(), text())
            .prop_map(|(handle, seq, time)| Body::Identity { handle, seq, time }),
        2 => (any::<bool>(), option::of(text()), number.clone(), text())
            .prop_map(|(active, status, seq, time)| Body::Account { active, status, seq, time }),
        1 => (text(), number, text()).prop_map(|(rev, seq, time)| Body::Sync { rev, seq, time }),
        1 => "x[a-z]{0,9}".prop_map(|kind| Body::Other { kind }),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let content = || (json(), text()).prop_map(|(record, cid)| Content { record, cid });
    prop_oneof![content().prop_map(Change::Create), content().prop_map(Change::Update), Just(Change::Delete)]
}

/// Mostly what stands there really; else whatever fits in a string.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z0-9:.]{1,32}",
        2 => "[\u{0}-\u{1f}\"\\\\/ é🌧\u{2028}]{0,8}",
        1 => any::<String>(),
    ]
}

/// Any JSON object, with white space where it may stand.
fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just("null".to_string()),
        any::<bool>().prop_map(|value| value.to_string()),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,3})?",
        text().prop_map(|text| serde_json::to_string(&text).expect("a string")),
        Just(r#""\ud83c\udf27 \u0000 \/""#.to_string()),
    ];
    let value = leaf.prop_recursive(4, 24, 4, |inner| {
        let array = vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(" ,\n")));
        prop_oneof![array, object(inner)]
    });
    object(value).prop_map(|text| Json::new(text).expect("an object by construction"))
}

fn object(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let key = text().prop_map(|text| serde_json::to_string(&text).expect("a string"));
    vec((key, value), 0..4).prop_map(|members| {
        let members: Vec<_> = members.iter().map(|(key, value)| format!("{key}\t:{value}")).collect();
        format!("{{{}}}", members.join(","))
    })
}
