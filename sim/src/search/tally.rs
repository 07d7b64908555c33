//! What a search says of itself.

use core::fmt;
use std::time::Duration;

use super::bounds::Mishap;
use super::explore::Findings;
use crate::cpu;
use crate::grouped::grouped;

impl Findings {
    /// Transitions a second of one core.
    pub fn rate(&self) -> u64 {
        cpu::rate(self.transitions, self.cost)
    }

    /// How much was done, in a line.
    pub fn sum(&self) -> String {
        let [states, transitions] = [self.states, self.transitions].map(grouped);
        format!("{states} states, {transitions} transitions, {} a second and core", self.pace())
    }

    /// The rate, where there was time enough to tell.
    fn pace(&self) -> String {
        const LEAST: Duration = Duration::from_millis(20);
        if self.cost < LEAST { "too few to tell how many".to_owned() } else { grouped(self.rate()) }
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.took.as_secs_f64();
        writeln!(f, "states       {}, in {seconds:.2} s", grouped(self.states))?;
        writeln!(f, "transitions  {}, {} a second and core", grouped(self.transitions), self.pace())?;
        writeln!(f, "longest path {} steps", self.depth)?;
        if self.broken.is_none() {
            let (states, longest) = (grouped(self.states), self.healing);
            writeln!(f, "healing      from all {states} states to the end, in {longest} fair steps at most")?;
            let steps = grouped(self.fair_steps);
            writeln!(f, "             {steps} fair steps in all, each one of the transitions above")?;
        }
        writeln!(f, "ends         {} states at the end of the feed, with closed books", grouped(self.goals))?;
        writeln!(f, "machines     {}, and late news changes none of them", grouped(self.machines))?;
        writeln!(f, "twins        {} pairs that look the same do the same", grouped(self.twins))?;
        writeln!(f, "queue        {} states at most", grouped(self.queued as u64))?;
        writeln!(f, "cut off by the bounds")?;
        for row in Mishap::ALL.chunks(3) {
            let cell = |mishap: &Mishap| {
                format!("{:<12}{:>12}", mishap.name(), grouped(self.cut_off[*mishap as usize]))
            };
            writeln!(f, "  {}", row.iter().map(cell).collect::<Vec<_>>().join("   "))?;
        }
        write!(f, "  {} states too deep, {} too many", grouped(self.too_deep), grouped(self.too_many))
    }
}
