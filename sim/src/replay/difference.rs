//! The first difference between two steps, named to the field.

use core::fmt;

use highwater_core::trace::Deed;
use serde_json::Value;

use super::At;

/// Where a replay is not the run that was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub(super) at: At,
    pub(super) field: String,
    pub(super) recorded: String,
    pub(super) now: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, field, recorded, now } = self;
        write!(f, "{at}: `{field}` is {recorded} in the trace, and is {now} now")
    }
}

/// What is not there.
const NOTHING: &str = "nothing";

/// The first field in which the effects differ: its path, what was recorded, what is now.
pub(super) fn of_effects(recorded: &[Deed], now: &[Deed]) -> Option<(String, String, String)> {
    if recorded == now {
        return None;
    }
    let value = |deeds| serde_json::to_value(deeds).unwrap_or_default();
    first("out", &value(recorded), &value(now))
}

fn first(path: &str, recorded: &Value, now: &Value) -> Option<(String, String, String)> {
    match (recorded, now) {
        (Value::Object(one), Value::Object(other)) => {
            let names = one.keys().chain(other.keys().filter(|name| !one.contains_key(*name)));
            let mut fields = names.map(|name| (format!("{path}.{name}"), one.get(name), other.get(name)));
            fields.find_map(|(path, one, other)| either(&path, one, other))
        }
        (Value::Array(one), Value::Array(other)) => {
            let places = 0..one.len().max(other.len());
            places
                .into_iter()
                .find_map(|place| either(&format!("{path}[{place}]"), one.get(place), other.get(place)))
        }
        (one, other) => (one != other).then(|| (path.to_owned(), one.to_string(), other.to_string())),
    }
}

fn either(path: &str, one: Option<&Value>, other: Option<&Value>) -> Option<(String, String, String)> {
    match (one, other) {
        (Some(one), Some(other)) => first(path, one, other),
        (None, None) => None,
        (one, other) => {
            let said = |value: Option<&Value>| value.map_or(NOTHING.to_owned(), Value::to_string);
            Some((path.to_owned(), said(one), said(other)))
        }
    }
}
