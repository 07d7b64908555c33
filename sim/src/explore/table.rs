//! What a campaign came to, for people: a line for each way, and where the machines have been.

use core::fmt;

use super::Explored;
use crate::grouped::grouped;

impl fmt::Display for Explored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["runs", "steps", "failed", "transitions", "pairs", "deeds", "together", "last share"];
        write_row(f, "new by way", &head.map(str::to_owned))?;
        for (way, tally, percent) in &self.ways {
            let numbers = [
                tally.runs,
                tally.steps,
                tally.failed,
                tally.transitions,
                tally.pairs,
                tally.deeds,
                tally.together,
            ];
            let mut cells = numbers.map(grouped).to_vec();
            cells.push(format!("{percent} %"));
            write_row(f, &format!("  {}", way.name()), &cells)?;
        }
        writeln!(f, "{}", self.coverage)?;
        write!(f, "{:.1} s of processor time", self.cost.as_secs_f64())
    }
}

fn write_row(f: &mut fmt::Formatter<'_>, name: &str, cells: &[String]) -> fmt::Result {
    write!(f, "{name:<12}")?;
    cells.iter().try_for_each(|cell| write!(f, "{cell:>13}"))?;
    writeln!(f)
}
