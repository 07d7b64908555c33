//! The shape of one run: which sources, which limits, how long; all that a seed decides before anything happens.

use highwater_core::Config;
use highwater_core::checkpoint::FilterHash;
use highwater_core::cursor::Place;
use highwater_core::dialect::Dialect;
use highwater_core::serve::Wire;
use highwater_core::time::{Duration, Instant};

use crate::clock::Clock;
use crate::draw::{Draws, Site, Stream};
use crate::truth::{Filter, Weather};

/// What a run is made of.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    /// How each source speaks, and for how long it keeps events.
    pub(crate) sources: Vec<(Wire, Duration)>,
    /// One that refuses for good; never all of them.
    pub(crate) fatal: Option<usize>,
    /// One that is not healed; never all of them.
    pub(crate) lost: Option<usize>,
    /// What the machine is told, but for its own chance.
    pub(crate) config: Config,
    /// The shape of what happens in the network.
    pub(crate) weather: Weather,
    /// The sink does everything at once, and compares keys.
    pub(crate) is_atomic: bool,
    /// How long the sink takes.
    pub(crate) sink_takes: Duration,
    /// Of a deadline and news at the very same moment, the deadline comes first.
    pub(crate) is_deadline_first: bool,
    /// How wrong the process's wall clock is at first.
    pub(crate) clock: Clock,
}

/// The safety phase is so long at most.
const SAFETY_MAX: Duration = Duration::from_secs(3_600);
/// So long do events go on to happen after healing: some must come after the last fault.
const HEALED_EVENTS: Duration = Duration::from_secs(30);
/// So long may it take to catch up. A half-open connection is noticed (25 s), dials back off (60 s) up to a
/// `Retry-After` (60 s), a witness is waited for (10 s) on each of up to 5 attempts at too old a place, and each of
/// three sources may have to be given up first.
const CATCH_UP_MAX: Duration = Duration::from_secs(1_200);

impl Shape {
    /// All of it happens so many microseconds later, by all clocks.
    pub(crate) fn begin_later(&mut self, later: u64) {
        if let Place::Time(time) = &mut self.config.start {
            *time = *time + Duration::from_micros(later);
        }
    }

    /// What `draws` stand for.
    pub(crate) fn drawn(draws: Draws) -> Self {
        let mut stream = draws.stream(Site::Shape, 0);
        let sources = sources(&mut stream);
        let count = sources.len() as u64;
        let is_several = count > 1;
        let one =
            |stream: &mut Stream, n| (is_several && stream.one_in(n)).then(|| stream.below(count) as usize);
        let (fatal, lost) = (one(&mut stream, 10), one(&mut stream, 4));
        let weather = weather(&mut stream);
        let clock = Clock::wrong_by(stream.between(0, 2_000_000).cast_signed() - 1_000_000);
        let mut config = config(&mut stream, &sources, clock);
        // From a stream of its own: it came later, and disturbs no seed.
        let window = draws.stream(Site::Shape, 1).pick(&[12 * 3_600, 12 * 3_600, 600, 60]);
        config.cursor_window = Duration::from_secs(window);
        Self {
            config,
            fatal,
            lost: lost.filter(|_| fatal.is_none()),
            weather,
            is_atomic: !stream.one_in(4),
            sink_takes: stream.span(Duration::from_micros(100), Duration::from_millis(20)),
            is_deadline_first: stream.one_in(2),
            sources,
            clock,
        }
    }
}

fn sources(stream: &mut Stream) -> Vec<(Wire, Duration)> {
    let count = stream.pick(&[1, 1, 1, 1, 2, 2, 3]);
    let source = |_| {
        let wire = stream.pick(&[Wire::V1, Wire::V1, Wire::V2, Wire::V2, Wire::V1OnV2Host]);
        let retention = stream.pick(&[36 * 3_600, 3_600, 300, 60]);
        (wire, Duration::from_secs(retention))
    };
    (0..count).map(source).collect()
}

fn weather(stream: &mut Stream) -> Weather {
    let gap = stream.pick(&[20, 50, 100, 300, 1_000, 4_000]);
    let gap = Duration::from_millis(gap);
    let safety = gap * stream.between(200, 3_000);
    let heals_at = Instant::ZERO + safety.max(Duration::from_secs(60)).min(SAFETY_MAX);
    healing(gap, stream.pick(&[1, 1, 2, 4, 20]), heals_at, CATCH_UP_MAX)
}

/// Events `gap` apart, one in `sparse` for both subscriptions, in a world that is healed then; so long may it
/// take to catch up.
pub(crate) fn healing(gap: Duration, sparse: u64, heals_at: Instant, catch_up: Duration) -> Weather {
    let calms_at = heals_at + HEALED_EVENTS;
    Weather { gap, sparse, heals_at, calms_at, ends_at: calms_at + catch_up }
}

/// The decided limits for these sources, and the filter that is in force at first.
pub(crate) fn limits(sources: &[(Wire, Duration)]) -> Config {
    let told = sources.iter().map(|&(wire, _)| {
        let dialect = match wire {
            Wire::V1 | Wire::V1OnV2Host => Dialect::JetstreamV1,
            Wire::V2 => Dialect::JetstreamV2,
        };
        dialect.source()
    });
    let mut config = Config::new(told.collect());
    config.filter = hash(Filter::First);
    config
}

fn config(stream: &mut Stream, sources: &[(Wire, Duration)], clock: Clock) -> Config {
    let mut config = limits(sources);
    config.start = start(stream, clock);
    config.compress = stream.one_in(2);
    config.stall_timeout = Duration::from_secs(stream.pick(&[5, 15, 25, 25]));
    config.quiet_limit =
        stream.one_in(6).then(|| stream.span(Duration::from_secs(20), Duration::from_secs(120)));
    config.backoff_initial = Duration::from_millis(stream.pick(&[100, 1_000, 1_000]));
    config.backoff_max = Duration::from_secs(stream.pick(&[5, 60, 60]));
    config.rewind = Duration::from_secs(stream.pick(&[0, 60, 300]));
    config.batch_events = stream.pick(&[1, 4, 16, 64, 1_000]);
    config.batch_bytes = stream.pick(&[2_000, 64_000, 8 << 20]);
    config.batch_delay = Duration::from_millis(stream.pick(&[0, 5, 50, 50]));
    config.buffer_events = stream.pick(&[32, 256, 8_000]).max(config.batch_events);
    config.buffer_bytes = stream.pick(&[16_000, 256_000, 16 << 20]).max(config.batch_bytes);
    config.exit_idle =
        stream.one_in(16).then(|| stream.span(Duration::from_secs(5), Duration::from_secs(60)));
    config.give_up_after =
        stream.one_in(16).then(|| stream.span(Duration::from_secs(300), Duration::from_secs(900)));
    config
}

fn start(stream: &mut Stream, clock: Clock) -> Place {
    let ago = stream.span(Duration::ZERO, Duration::from_secs(60));
    match stream.below(4) {
        0 => Place::Oldest,
        1 => Place::Time(clock.at(Instant::ZERO) - ago),
        _ => Place::Tip,
    }
}

/// What the machine knows a subscription by.
pub(crate) fn hash(filter: Filter) -> FilterHash {
    match filter {
        Filter::First => FilterHash(1),
        Filter::Second => FilterHash(2),
    }
}
