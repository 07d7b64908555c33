//! An atlas for people: a line for each class, and if more is asked, what must happen sometimes and what befell whom.

use core::fmt::{self, Write as _};

use super::atlas::{Atlas, cell};
use super::kind::stand_name;
use super::{PHASES, STANDS, Sometimes};
use crate::faults::Fault;
use crate::grouped::grouped;

/// A line for each class of things: how many were seen, and how many were not.
impl fmt::Display for Atlas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seen             all     once   new in a million runs   at least unseen")?;
        for (name, seen) in self.seen() {
            let numbers = [seen.all, seen.once, seen.new_in_a_million(), seen.unseen()].map(grouped);
            let [all, once, new, unseen] = numbers;
            write!(f, "\n  {name:<15}{all:>7}{once:>9}{new:>24}{unseen:>18}")?;
        }
        Ok(())
    }
}

impl Atlas {
    /// All of it that a screen or two can hold: how often each thing happened that must, and each fault in each phase.
    pub fn tables(&self) -> String {
        let mut text = String::new();
        // A string takes whatever is written to it.
        let _ = self.write_sometimes(&mut text).and_then(|()| self.write_matrix(&mut text));
        text
    }

    fn write_sometimes(&self, text: &mut String) -> fmt::Result {
        writeln!(text, "sometimes                            of ten thousand runs, and at least")?;
        let of_ten_thousand = |runs: u32| u64::from(runs) * 10_000 / self.runs.max(1);
        for (mark, &(runs, _)) in Sometimes::ALL.iter().zip(&self.sometimes) {
            let (rate, least) = (grouped(of_ten_thousand(runs)), grouped(mark.least()));
            writeln!(text, "  {:<36}{rate:>18}{least:>14}", mark.name())?;
        }
        Ok(())
    }

    fn write_matrix(&self, text: &mut String) -> fmt::Result {
        write!(text, "faults              ")?;
        for stand in PHASES.into_iter().map(Some).chain([None]) {
            write!(text, "{:>11}", stand_name(stand))?;
        }
        writeln!(text)?;
        for (row, counts) in self.befell.chunks(STANDS).enumerate() {
            let (fault, _) = cell(row * STANDS);
            write!(text, "  {:<18}", fault.name())?;
            for &count in counts {
                let count = if count == 0 { "·".to_owned() } else { grouped(count) };
                write!(text, "{count:>11}")?;
            }
            writeln!(text)?;
        }
        let filled = self.befell.iter().filter(|count| **count > 0).count();
        write!(text, "  {filled} of {} ever came to pass", Fault::COUNT * STANDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_hold_a_line_for_everything() {
        let text = Atlas::default().tables();
        assert_eq!(text.lines().count(), 1 + Sometimes::COUNT + 1 + Fault::COUNT + 1);
        assert_eq!(Atlas::default().to_string().lines().count(), 6);
    }
}
