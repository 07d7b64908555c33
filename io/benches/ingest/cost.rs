//! What something cost this process: time, CPU, memory.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

use crate::Result;

/// What something cost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    pub(crate) elapsed: Duration,
    /// User and system, of all threads.
    pub(crate) cpu: Duration,
    /// The most that the process ever had in memory; 0 where that cannot be known.
    pub(crate) peak_kib: u64,
}

/// Running.
#[derive(Debug)]
pub(crate) struct Meter {
    begun: Instant,
    cpu: Duration,
}

impl Meter {
    pub(crate) fn start() -> Result<Self> {
        Ok(Self { begun: Instant::now(), cpu: cpu()? })
    }

    pub(crate) fn stop(self) -> Result<Cost> {
        let (elapsed, cpu) = (self.begun.elapsed(), cpu()?.saturating_sub(self.cpu));
        Ok(Cost { elapsed, cpu, peak_kib: peak_kib("self") })
    }
}

#[cfg(unix)]
fn cpu() -> Result<Duration> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike as _;
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(micros.cast_unsigned()))
}

#[cfg(not(unix))]
fn cpu() -> Result<Duration> {
    Err("what a process cost is known on Unix only".into())
}

/// What getrusage says of this includes the process that started this one.
pub(crate) fn peak_kib(process: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// One line, from a contestant's process to ours.
impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.elapsed.as_micros(), self.cpu.as_micros(), self.peak_kib)
    }
}

impl FromStr for Cost {
    type Err = Box<dyn std::error::Error>;

    fn from_str(line: &str) -> Result<Self> {
        let numbers = line.split(' ').map(str::parse).collect::<std::result::Result<Vec<u64>, _>>()?;
        let [elapsed, cpu, peak_kib] = numbers[..] else { return Err(format!("not a cost: {line}").into()) };
        Ok(Self { elapsed: Duration::from_micros(elapsed), cpu: Duration::from_micros(cpu), peak_kib })
    }
}
