//! The shape of a run in a plan: one object, times in microseconds, what is not there written as null.

use highwater_core::Config;
use highwater_core::cursor::{Cursor, Place};
use highwater_core::serve::Wire;
use highwater_core::time::{Duration, Instant, WallTime};
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::shape::{self, Shape};

/// What is written of a shape.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShapeText {
    sources: Vec<SourceText>,
    fatal: Option<usize>,
    lost: Option<usize>,
    heals_us: u64,
    catch_up_us: u64,
    gap_us: u64,
    sparse: u64,
    start: StartText,
    compress: bool,
    stall_timeout_us: u64,
    quiet_limit_us: Option<u64>,
    backoff_initial_us: u64,
    backoff_max_us: u64,
    rewind_us: u64,
    #[serde(default = "cursor_window")]
    cursor_window_us: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    connect_timeout_us: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stop_grace_us: Option<u64>,
    batch_events: u32,
    batch_bytes: u64,
    batch_delay_us: u64,
    buffer_events: u32,
    buffer_bytes: u64,
    exit_idle_us: Option<u64>,
    give_up_after_us: Option<u64>,
    atomic: bool,
    sink_takes_us: u64,
    deadline_first: bool,
    wall_wrong_by_us: i64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceText {
    wire: WireText,
    retention_us: u64,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WireText {
    V1,
    V1OnV2Host,
    V2,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum StartText {
    Now,
    Oldest,
    TimeUs(u64),
    Cursor(u64),
}

const SECOND: u64 = 1_000_000;
const HOUR: u64 = 3_600 * SECOND;
/// A run has so many sources at most: more than any seed has.
const SOURCES_MAX: usize = 8;
/// A run has so many events at most, on average: what one seed may take.
const EVENTS_MAX: u64 = 1_000_000;

/// What it is in plans that do not say.
const fn cursor_window() -> u64 {
    12 * HOUR
}

impl ShapeText {
    /// What is written of `shape`.
    pub(super) fn of(shape: &Shape) -> Self {
        let config = &shape.config;
        let micros = |duration: Option<Duration>| duration.map(Duration::as_micros);
        let source = |&(wire, retention): &(Wire, Duration)| SourceText {
            wire: match wire {
                Wire::V1 => WireText::V1,
                Wire::V1OnV2Host => WireText::V1OnV2Host,
                Wire::V2 => WireText::V2,
            },
            retention_us: retention.as_micros(),
        };
        // Said only where they are not as usual: no seed has them otherwise.
        let usual = shape::limits(&shape.sources);
        let unusual = |it: Duration, usual: Duration| (it != usual).then(|| it.as_micros());
        Self {
            sources: shape.sources.iter().map(source).collect(),
            fatal: shape.fatal,
            lost: shape.lost,
            heals_us: shape.weather.heals_at.as_micros(),
            catch_up_us: shape.weather.ends_at.since(shape.weather.calms_at).as_micros(),
            gap_us: shape.weather.gap.as_micros(),
            sparse: shape.weather.sparse,
            start: match config.start {
                Place::Tip => StartText::Now,
                Place::Oldest => StartText::Oldest,
                Place::Time(time) => StartText::TimeUs(time.as_micros()),
                Place::Cursor(cursor) => StartText::Cursor(cursor.0),
            },
            compress: config.compress,
            stall_timeout_us: config.stall_timeout.as_micros(),
            quiet_limit_us: micros(config.quiet_limit),
            backoff_initial_us: config.backoff_initial.as_micros(),
            backoff_max_us: config.backoff_max.as_micros(),
            rewind_us: config.rewind.as_micros(),
            cursor_window_us: config.cursor_window.as_micros(),
            connect_timeout_us: unusual(config.connect_timeout, usual.connect_timeout),
            stop_grace_us: unusual(config.stop_grace, usual.stop_grace),
            batch_events: config.batch_events,
            batch_bytes: config.batch_bytes,
            batch_delay_us: config.batch_delay.as_micros(),
            buffer_events: config.buffer_events,
            buffer_bytes: config.buffer_bytes,
            exit_idle_us: micros(config.exit_idle),
            give_up_after_us: micros(config.give_up_after),
            atomic: shape.is_atomic,
            sink_takes_us: shape.sink_takes.as_micros(),
            deadline_first: shape.is_deadline_first,
            wall_wrong_by_us: shape.clock.wrong_by_micros(),
        }
    }

    /// The shape that is written here, or what is wrong with it.
    pub(super) fn shape(&self) -> Result<Shape, String> {
        self.check()?;
        let source = |source: &SourceText| {
            let wire = match source.wire {
                WireText::V1 => Wire::V1,
                WireText::V1OnV2Host => Wire::V1OnV2Host,
                WireText::V2 => Wire::V2,
            };
            (wire, Duration::from_micros(source.retention_us))
        };
        let sources: Vec<(Wire, Duration)> = self.sources.iter().map(source).collect();
        let clock = Clock::wrong_by(self.wall_wrong_by_us);
        let gap = Duration::from_micros(self.gap_us);
        let heals_at = Instant::from_micros(self.heals_us);
        Ok(Shape {
            config: self.config(&sources),
            sources,
            fatal: self.fatal,
            lost: self.lost,
            weather: shape::healing(gap, self.sparse, heals_at, Duration::from_micros(self.catch_up_us)),
            is_atomic: self.atomic,
            sink_takes: Duration::from_micros(self.sink_takes_us),
            is_deadline_first: self.deadline_first,
            clock,
        })
    }

    fn config(&self, sources: &[(Wire, Duration)]) -> Config {
        let mut config = shape::limits(sources);
        config.start = match self.start {
            StartText::Now => Place::Tip,
            StartText::Oldest => Place::Oldest,
            StartText::TimeUs(time) => Place::Time(WallTime::from_micros(time)),
            StartText::Cursor(cursor) => Place::Cursor(Cursor(cursor)),
        };
        config.compress = self.compress;
        config.stall_timeout = Duration::from_micros(self.stall_timeout_us);
        config.quiet_limit = self.quiet_limit_us.map(Duration::from_micros);
        config.backoff_initial = Duration::from_micros(self.backoff_initial_us);
        config.backoff_max = Duration::from_micros(self.backoff_max_us);
        config.rewind = Duration::from_micros(self.rewind_us);
        config.cursor_window = Duration::from_micros(self.cursor_window_us);
        let or = |said: Option<u64>, usual| said.map_or(usual, Duration::from_micros);
        config.connect_timeout = or(self.connect_timeout_us, config.connect_timeout);
        config.stop_grace = or(self.stop_grace_us, config.stop_grace);
        config.batch_events = self.batch_events;
        config.batch_bytes = self.batch_bytes;
        config.batch_delay = Duration::from_micros(self.batch_delay_us);
        config.buffer_events = self.buffer_events;
        config.buffer_bytes = self.buffer_bytes;
        config.exit_idle = self.exit_idle_us.map(Duration::from_micros);
        config.give_up_after = self.give_up_after_us.map(Duration::from_micros);
        config
    }

    fn check(&self) -> Result<(), String> {
        let count = self.sources.len();
        let events = self.heals_us / self.gap_us.max(1);
        let is_one = |index: Option<usize>| index.is_none_or(|index| index < count);
        let times = [
            ("heals_us", Some(self.heals_us), SECOND, HOUR),
            ("catch_up_us", Some(self.catch_up_us), SECOND, HOUR),
            ("gap_us", Some(self.gap_us), 1_000, HOUR),
            ("stall_timeout_us", Some(self.stall_timeout_us), SECOND, HOUR),
            ("quiet_limit_us", self.quiet_limit_us, SECOND, HOUR),
            ("backoff_initial_us", Some(self.backoff_initial_us), 10_000, HOUR),
            ("backoff_max_us", Some(self.backoff_max_us), self.backoff_initial_us, HOUR),
            ("rewind_us", Some(self.rewind_us), 0, 24 * HOUR),
            ("cursor_window_us", Some(self.cursor_window_us), SECOND, 24 * HOUR),
            ("connect_timeout_us", self.connect_timeout_us, 100_000, HOUR),
            ("stop_grace_us", self.stop_grace_us, 0, HOUR),
            ("batch_delay_us", Some(self.batch_delay_us), 0, HOUR),
            ("exit_idle_us", self.exit_idle_us, SECOND, HOUR),
            ("give_up_after_us", self.give_up_after_us, SECOND, HOUR),
            ("sink_takes_us", Some(self.sink_takes_us), 1, SECOND),
            ("wall_wrong_by_us", Some(self.wall_wrong_by_us.unsigned_abs()), 0, HOUR),
            ("sparse", Some(self.sparse), 1, 1_000_000),
            ("batch_events", Some(u64::from(self.batch_events)), 1, 1_000_000),
            ("batch_bytes", Some(self.batch_bytes), 1, 1 << 40),
            ("buffer_events", Some(u64::from(self.buffer_events)), u64::from(self.batch_events), 1_000_000),
            ("buffer_bytes", Some(self.buffer_bytes), self.batch_bytes, 1 << 40),
        ];
        for (name, number, low, high) in times {
            if number.is_some_and(|number| number < low || high < number) {
                return Err(format!("`{name}` should lie between {low} and {high}"));
            }
        }
        match () {
            () if count == 0 || SOURCES_MAX < count => {
                Err(format!("there should be 1 to {SOURCES_MAX} sources"))
            }
            () if !is_one(self.fatal) || !is_one(self.lost) => {
                Err("`fatal` and `lost` name a source by its index".to_owned())
            }
            () if count == 1 && self.fatal.or(self.lost).is_some() => Err(
                "the only source can be neither `fatal` nor `lost`: nothing could be asked of the machine"
                    .to_owned(),
            ),
            () if self.fatal.is_some() && self.lost.is_some() => {
                Err("`fatal` and `lost` cannot both be: one source has to be left, and be tried".to_owned())
            }
            () if EVENTS_MAX < events => {
                Err(format!("`heals_us` and `gap_us` make {events} events: too many"))
            }
            () => Ok(()),
        }
    }
}
