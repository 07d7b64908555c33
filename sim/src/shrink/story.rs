//! A failure in one screen: which faults, what the machine did, which rule, and why it is one.

use super::Shrunk;
use crate::plan::Plan;
use crate::trace::{Line, lanes};

/// So many faults are told; a case with more is not small.
const FAULTS_MAX: usize = 4;
/// So many lines of the run are told, and so many of them are the last ones in any case.
const LINES: usize = 7;
const LAST: usize = 3;
/// A line is so long at most.
const COLUMNS: usize = 100;

impl Shrunk {
    /// The story, in at most twenty lines; `repeat` is the command that runs the plan.
    pub fn story(&self, repeat: &str) -> String {
        let (faults, steps) = (self.plan.faults.len(), self.step);
        let mut lines = vec![
            cut(&self.violation.to_string()),
            cut(&format!("The rule: {}.", self.violation.rule.says())),
            format!(
                "Seed {}, {}: {faults} of {} faults and {steps} of {} steps are left after {} runs in {:.1} s.",
                self.plan.seed,
                self.plan.mode.name(),
                self.before.0,
                self.before.1,
                self.runs,
                self.took.as_secs_f64(),
            ),
            shape(&self.plan, self.is_theirs),
            if faults == 0 { "Nothing has to go wrong.".to_owned() } else { "What goes wrong:".to_owned() },
        ];
        let told = self.fired.iter().take(FAULTS_MAX).map(|firing| cut(&format!("  {firing}")));
        lines.extend(told);
        if self.fired.len() > FAULTS_MAX {
            lines.push(format!("  and {} more", self.fired.len() - FAULTS_MAX));
        }
        lines.push("What the machine did then:".to_owned());
        lines.push(lanes(&self.lines));
        lines.push(format!("repeat: {repeat}"));
        lines.join("\n")
    }

    /// How many faults are left.
    pub fn faults(&self) -> usize {
        self.plan.faults()
    }
}

/// What of a run tells most: what came of the last fault, and how it ended.
pub(super) fn telling(lines: &[&Line]) -> Vec<Line> {
    let last = lines.len().saturating_sub(LINES);
    let fault = lines.iter().rposition(|line| line.is_fault()).unwrap_or(last).min(last);
    let after = &lines[fault..][..(LINES - LAST).min(lines.len() - fault)];
    let rest = &lines[(fault + after.len()).max(lines.len().saturating_sub(LAST))..];
    after.iter().chain(rest).map(|&line| line.clone()).collect()
}

/// The world in a line.
fn shape(plan: &Plan, is_theirs: bool) -> String {
    let shape = &plan.shape;
    let wires: Vec<String> =
        shape.sources.iter().map(|(wire, _)| format!("{wire:?}").to_lowercase()).collect();
    let sink = match (is_theirs, shape.is_atomic) {
        (true, _) => "your sink",
        (false, true) => "a sink that compares",
        (false, false) => "a queue and a file",
    };
    let (gap, healed) = (shape.weather.gap, shape.weather.heals_at);
    let events = match &plan.score {
        Some(score) => format!("{} recorded events", score.events.len()),
        None => format!("an event each {gap} or so"),
    };
    cut(&format!("The world: {}; {sink}; {events}; healed at {healed}.", wires.join(" and ")))
}

fn cut(line: &str) -> String {
    if line.chars().count() <= COLUMNS {
        return line.to_owned();
    }
    line.chars().take(COLUMNS - 1).chain(['…']).collect()
}
