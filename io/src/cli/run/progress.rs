//! The line at the foot of a terminal while there is something to catch up with.

use std::time::{Duration, Instant};

use highwater::clock::calendar;
use highwater::driver::Tally;
use highwater_core::time::WallTime;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::watch;

/// How often the line is drawn.
const EVERY: Duration = Duration::from_millis(500);

/// Nearer to now than this is live, and needs no line.
const LIVE: Duration = Duration::from_secs(10);

/// How much of the latest look goes into what is shown: a rate that jumps cannot be read.
const WEIGHT: f64 = 0.2;

/// A line on standard error; it is not drawn where that is no terminal.
pub(super) fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {msg}").expect("the template is well-formed");
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style);
    // One that is finished draws nothing until it is reset.
    bar.finish_and_clear();
    bar
}

/// Draws how fast the past is caught up with, for as long as it is polled.
pub(super) async fn draw(bar: ProgressBar, tally: watch::Receiver<Tally>) {
    let mut pace = Pace::default();
    let mut before = (Instant::now(), *tally.borrow());
    loop {
        tokio::time::sleep(EVERY).await;
        let now = (Instant::now(), *tally.borrow());
        pace.look(&before.1, &now.1, now.0 - before.0);
        match pace.line(now.1.newest, calendar()) {
            Some(line) => {
                if bar.is_finished() {
                    bar.reset();
                }
                bar.set_message(line);
                bar.tick();
            }
            None => bar.finish_and_clear(),
        }
        before = now;
    }
}

/// How fast events come, and how fast the server's time passes by in them.
#[derive(Debug, Default)]
struct Pace {
    events_a_second: Option<f64>,
    speed: f64,
}

impl Pace {
    fn look(&mut self, before: &Tally, after: &Tally, elapsed: Duration) {
        let seconds = elapsed.as_secs_f64().max(0.001);
        let events = (after.received + after.filtered - before.received - before.filtered) as f64 / seconds;
        let passed = match (before.newest, after.newest) {
            (Some(before), Some(after)) => Duration::from(after.since(before)).as_secs_f64(),
            _ => 0.0,
        };
        let speed = passed / seconds;
        match &mut self.events_a_second {
            None => (self.events_a_second, self.speed) = (Some(events), speed),
            Some(shown) => {
                *shown += WEIGHT * (events - *shown);
                self.speed += WEIGHT * (speed - self.speed);
            }
        }
    }

    /// What there is to say; nothing if all is live.
    fn line(&self, newest: Option<WallTime>, now: WallTime) -> Option<String> {
        let behind = Duration::from(now.since(newest?));
        if behind < LIVE {
            return None;
        }
        let events = self.events_a_second.unwrap_or_default();
        let left = if self.speed > 1.0 {
            let left = Duration::from_secs_f64((behind.as_secs_f64() / (self.speed - 1.0)).min(1e9));
            format!(", live in about {}", people(left.max(Duration::from_secs(1))))
        } else {
            String::new()
        };
        Some(format!("catching up: {events:.0} events/s, {} behind{left}", people(behind)))
    }
}

fn people(duration: Duration) -> String {
    humantime::format_duration(Duration::from_secs(duration.as_secs())).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(received: u64, newest_secs: u64) -> Tally {
        let newest = Some(WallTime::from_micros(newest_secs * 1_000_000));
        Tally { received, newest, ..Tally::default() }
    }

    #[test]
    fn a_replay_at_eleven_times_the_speed_of_life_is_done_in_a_tenth_of_its_length() {
        let mut pace = Pace::default();
        let after = tally(3_000, 1_022);
        pace.look(&tally(1_000, 1_000), &after, Duration::from_secs(2));
        let line = pace.line(after.newest, WallTime::from_micros(1_622 * 1_000_000));
        assert_eq!(line.unwrap(), "catching up: 1000 events/s, 10m behind, live in about 1m");
    }

    #[test]
    fn what_is_live_or_has_not_begun_needs_no_line() {
        let pace = Pace::default();
        let now = WallTime::from_micros(1_000_000_000);
        assert_eq!(pace.line(None, now), None);
        assert_eq!(pace.line(tally(1, 995).newest, now), None);
        assert_eq!(pace.line(tally(1, 900).newest, now).unwrap(), "catching up: 0 events/s, 1m 40s behind");
    }
}
