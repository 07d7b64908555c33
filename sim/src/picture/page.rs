//! A picture as one page: lanes, causes, faults and curves, and a scrubber that says where the machine stood.
//!
//! The page is whole: style, script and data are in it, and it asks the network for nothing.

use serde_json::{Value, json};

use super::reader::{cursor, phase};
use super::{Picture, Row, What};

const TEMPLATE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

impl Picture {
    /// The page, under this title.
    pub fn html(&self, title: &str) -> String {
        let data = self.data(title).to_string();
        // A script ends at the first such tag, whatever is around it.
        let data = data.replace("</", "<\\/").replace("<!--", "<\\u0021--");
        let parts = [("{{title}}", escaped(title)), ("{{style}}", STYLE.to_owned())];
        let parts = parts.into_iter().chain([("{{data}}", data), ("{{script}}", SCRIPT.to_owned())]);
        // Each once and in their order, so that nothing of the data is taken for a place.
        let mut page = String::new();
        let mut rest = TEMPLATE;
        for (place, text) in parts {
            let (before, after) = rest.split_once(place).unwrap_or((rest, ""));
            page += before;
            page += &text;
            rest = after;
        }
        page + rest
    }

    /// What the page shows: rows and states as lists, since there are thousands.
    fn data(&self, title: &str) -> Value {
        let lives =
            self.lives.iter().map(|life| json!([life.from.as_micros(), life.to.as_micros(), life.verdict]));
        json!({
            "title": title,
            "actors": self.actors(),
            "lives": lives.collect::<Vec<_>>(),
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(),
            "states": self.states.iter().map(|state| match state {
                None => Value::Null,
                Some(it) => json!([
                    phase(it),
                    it.epoch.map(|epoch| epoch.0),
                    it.source.0,
                    it.durable.map(|(scope, ..)| scope.to_string()),
                    it.durable.map(|(_, place, _)| place.to_string()),
                    it.durable.map(|(.., version)| version.0),
                    cursor(it),
                    it.waiting_events,
                    it.waiting_bytes,
                    it.failures,
                    it.sink_failures,
                ]),
            }).collect::<Vec<_>>(),
        })
    }
}

fn row(row: &Row) -> Value {
    let what = match row.what {
        What::Birth => "birth",
        What::Input(_) => "in",
        What::Effect(_) => "out",
        What::Fault => "fault",
        What::End => "end",
    };
    json!([
        row.life,
        row.n,
        row.at.as_micros(),
        row.own.as_micros(),
        what,
        row.from.lane(),
        row.to.lane(),
        row.text,
        row.asked,
        row.state,
    ])
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
