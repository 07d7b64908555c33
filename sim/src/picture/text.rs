//! A picture as text: a lane for each actor, one line for each thing that happened.

use super::{Picture, What};
use crate::trace::lane_row;

/// The columns of a moment.
const MOMENT: usize = 13;
/// The columns of a lane.
const WIDTH: usize = 9;
/// The columns of a line.
const COLUMNS: usize = 110;

impl Picture {
    /// The lanes, under the names of the actors.
    pub fn text(&self) -> String {
        let actors = self.actors();
        let names: Vec<String> = actors.iter().map(|name| format!("{name:^WIDTH$}")).collect();
        let mut told = vec![format!("{:>MOMENT$} {}", "", names.concat().trim_end())];
        let mut last = None;
        for row in &self.rows {
            let moment = if last == Some(row.at) { String::new() } else { row.at.to_string() };
            last = Some(row.at);
            let mark = match row.what {
                What::Fault => '✗',
                What::Birth | What::End => '◆',
                What::Input(_) | What::Effect(_) => '●',
            };
            let lanes = lane_row((actors.len(), WIDTH), (row.from.lane(), row.to.lane()), mark);
            let line = format!("{moment:>MOMENT$} {lanes} {}", row.text);
            told.push(line.chars().take(COLUMNS).collect());
        }
        told.join("\n")
    }
}
