//! What the process has cost so far: processor time, which a busy neighbour on the same machine does not spend.

use std::time::Duration;

/// Processor time that all threads of this process have spent.
#[cfg(unix)]
pub(crate) fn spent() -> Duration {
    spent_by(nix::sys::resource::UsageWho::RUSAGE_SELF)
}

/// Processor time that this thread has spent; where nobody counts that, all of them.
#[cfg(target_os = "linux")]
pub(crate) fn spent_by_thread() -> Duration {
    spent_by(nix::sys::resource::UsageWho::RUSAGE_THREAD)
}

/// Processor time that this thread has spent; where nobody counts that, all of them.
#[cfg(not(target_os = "linux"))]
pub(crate) fn spent_by_thread() -> Duration {
    spent()
}

#[cfg(unix)]
fn spent_by(who: nix::sys::resource::UsageWho) -> Duration {
    use nix::sys::resource::getrusage;
    use nix::sys::time::TimeValLike as _;

    let usage = getrusage(who).expect("the system says what its own process has cost");
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(micros.unsigned_abs())
}

/// Time that has passed since this was first asked: elsewhere the standard library knows no better.
#[cfg(not(unix))]
pub(crate) fn spent() -> Duration {
    use std::sync::OnceLock;
    use std::time::Instant;

    static BEGAN: OnceLock<Instant> = OnceLock::new();
    BEGAN.get_or_init(Instant::now).elapsed()
}

/// How many in a second of processor time.
pub(crate) fn rate(count: u64, cost: Duration) -> u64 {
    u64::try_from(u128::from(count) * 1_000_000_000 / cost.as_nanos().max(1)).unwrap_or(u64::MAX)
}
