//! What a campaign says of itself.

use core::fmt;

use crate::campaign::Summary;
use crate::faults::Fault;
use crate::grouped::grouped;

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "seeds      {} held, {} failed, {} run twice, {} in other ways",
            self.passed, self.failed, self.twice, self.changed
        )?;
        writeln!(f, "steps      {}, {} a second and core", grouped(self.steps), grouped(self.rate()))?;
        writeln!(f, "time       {} virtual hours", grouped(self.seconds / 3_600))?;
        let outcomes: Vec<String> =
            self.outcomes.iter().map(|(outcome, count)| format!("{outcome:?} {}", grouped(*count))).collect();
        writeln!(f, "outcomes   {}", outcomes.join(", "))?;
        let (whole, partial) = self.healing.figures();
        writeln!(f, "caught up  {whole}")?;
        writeln!(f, "           with a source lost for good: {partial}")?;
        let late = self.healing.late();
        let runs: u64 = late.iter().map(|(_, runs)| runs).sum();
        let reasons: Vec<String> =
            late.iter().map(|(wait, runs)| format!("{} {}", grouped(*runs), wait.says())).collect();
        writeln!(
            f,
            "late       {} took over a minute, most of it while: {}",
            grouped(runs),
            reasons.join(", ")
        )?;
        writeln!(f, "stuck      none: there is no reason for which a run that held may be")?;
        let ((seen, all), transitions) = (self.coverage.phases(), self.coverage.transitions().count());
        writeln!(f, "machines   {seen} of {all} phases, {transitions} transitions between them")?;
        writeln!(f, "{}", self.coverage)?;
        for (name, runs, owed) in self.coverage.missed() {
            writeln!(f, "TOO RARE   {name}: in {runs} runs, and owed in {owed}")?;
        }
        writeln!(f, "faults")?;
        for row in Fault::ALL.chunks(3) {
            let cells: Vec<String> = row
                .iter()
                .map(|&fault| format!("{:<20}{:>12}", fault.name(), grouped(self.fired.count(fault))))
                .collect();
            writeln!(f, "  {}", cells.join("   "))?;
        }
        let unseen: Vec<&str> = Fault::ALL
            .iter()
            .filter(|&&fault| self.fired.count(fault) == 0)
            .map(|fault| fault.name())
            .collect();
        match unseen.as_slice() {
            [] => write!(f, "every kind of fault fired"),
            unseen => write!(f, "never fired: {}", unseen.join(", ")),
        }
    }
}
