//! Tokio's clock and the calendar's, as the machine wants them handed in.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::SystemTime;

use highwater_core::time::{Duration, Instant, Now, WallTime};
use tokio::time::Sleep;

/// Where `now` comes from: monotonic time since the clock was made, and wall time beside it.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: tokio::time::Instant,
    wall: Wall,
}

#[derive(Clone, Copy, Debug)]
enum Wall {
    Calendar,
    Since(WallTime),
}

impl Clock {
    /// The machine's own two clocks.
    pub fn system() -> Self {
        Self { start: tokio::time::Instant::now(), wall: Wall::Calendar }
    }

    /// A clock whose wall time runs beside the monotonic one, from `wall` on: what paused time needs.
    pub fn starting_at(wall: WallTime) -> Self {
        Self { start: tokio::time::Instant::now(), wall: Wall::Since(wall) }
    }

    /// What both clocks say.
    pub fn now(&self) -> Now {
        let elapsed = Duration::from(self.start.elapsed());
        let wall = match self.wall {
            Wall::Calendar => calendar(),
            Wall::Since(start) => start + elapsed,
        };
        Now { monotonic: Instant::ZERO + elapsed, wall }
    }

    fn at(&self, instant: Instant) -> tokio::time::Instant {
        self.start + std::time::Duration::from(instant.since(Instant::ZERO)).min(FAR)
    }
}

/// Beyond what tokio's timers can name, and beyond what anybody waits for.
const FAR: std::time::Duration = std::time::Duration::from_secs(365 * 24 * 3600);

/// The calendar's time; the start of 1970 if it says an earlier one.
pub fn calendar() -> WallTime {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    WallTime::from_micros(Duration::from(since).as_micros())
}

/// Rings when the machine's next timeout has come. There is one, and it is set anew before each wait.
#[derive(Debug)]
pub struct Alarm {
    clock: Clock,
    due: Option<Instant>,
    sleep: Pin<Box<Sleep>>,
}

impl Alarm {
    /// An alarm that is not set.
    pub fn new(clock: Clock) -> Self {
        Self { clock, due: None, sleep: Box::pin(tokio::time::sleep_until(clock.start)) }
    }

    /// Sets the moment to ring at; never, if there is none.
    pub fn set(&mut self, due: Option<Instant>) {
        if let Some(instant) = due.filter(|_| due != self.due) {
            self.sleep.as_mut().reset(self.clock.at(instant));
        }
        self.due = due;
    }

    /// Ready once the moment has come, by the clock and not by the timer alone.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(due) = self.due else { return Poll::Pending };
        while self.clock.now().monotonic < due {
            std::task::ready!(self.sleep.as_mut().poll(cx));
            // The timer rang, but too early for the clock, which counts finer: once more round.
            self.sleep.as_mut().reset(self.clock.at(due));
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn rings_at_the_moment_and_not_before() {
        let clock = Clock::starting_at(WallTime::from_micros(5));
        let mut alarm = Alarm::new(clock);
        for micros in [1, 1_500, 1_501, 60_000_000, 60_000_000] {
            let due = Instant::from_micros(micros);
            alarm.set(Some(due));
            poll_fn(|cx| alarm.poll(cx)).await;
            let now = clock.now();
            assert!(now.monotonic >= due && now.monotonic.since(due) <= Duration::from_millis(2), "{now:?}");
            assert_eq!(now.wall.as_micros(), now.monotonic.as_micros() + 5);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_not_set_never_rings() {
        let mut alarm = Alarm::new(Clock::system());
        alarm.set(Some(Instant::from_micros(1)));
        alarm.set(None);
        let hour = std::time::Duration::from_secs(3600);
        assert!(tokio::time::timeout(hour, poll_fn(|cx| alarm.poll(cx))).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_moment_beyond_all_time_can_be_waited_for() {
        let mut alarm = Alarm::new(Clock::system());
        alarm.set(Some(Instant::from_micros(u64::MAX)));
        let day = std::time::Duration::from_secs(86_400);
        assert!(tokio::time::timeout(day, poll_fn(|cx| alarm.poll(cx))).await.is_err());
    }
}
