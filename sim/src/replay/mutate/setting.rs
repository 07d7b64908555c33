//! The shape of the world that a recorded run can have been in.

use highwater_core::Config;
use highwater_core::Input;
use highwater_core::cursor::CursorKind;
use highwater_core::event::Item;
use highwater_core::payload::Shadow;
use highwater_core::serve::Wire;
use highwater_core::time::{Duration, Instant};

use super::shift::Shift;
use crate::clock::Clock;
use crate::replay::lives::Life;
use crate::shape::{self, Shape};
use crate::truth::Filter;

/// Longer than any trace: what a real server forgot it had told long before.
const RETENTION: Duration = Duration::from_secs(36 * 3_600);
/// After the recorded run events are so far apart.
const GAP: Duration = Duration::from_secs(1);
/// So long may it take to catch up.
const CATCH_UP: Duration = Duration::from_secs(1_200);
/// So long does trouble go on behind the end of the recorded run.
const REST: Duration = Duration::from_secs(20);

/// The world of these lives, which end then, and where the sink takes that long.
pub(super) fn shape(lives: &[&Life], shift: Shift, end: Instant, takes: Duration, is_atomic: bool) -> Shape {
    let config = lives.first().map(|life| &life.head.config);
    let sources: Vec<(Wire, Duration)> = config.map_or_else(Vec::new, |config| {
        let kinds = config.sources.iter().enumerate();
        kinds.map(|(index, source)| (wire(lives, index, source.kind), RETENTION)).collect()
    });
    let usual = shape::limits(&sources);
    let config = config.map_or_else(|| usual.clone(), |config| configured(config, &usual, shift));
    Shape {
        config,
        sources,
        fatal: None,
        lost: None,
        weather: shape::healing(GAP, 1, end + REST, CATCH_UP),
        is_atomic,
        sink_takes: takes.max(Duration::from_micros(1)).min(Duration::from_secs(1)),
        is_deadline_first: false,
        clock: Clock::default(),
    }
}

fn configured(config: &Config, usual: &Config, shift: Shift) -> Config {
    let kind = config.sources.first().map_or(CursorKind::Time, |source| source.kind);
    Config {
        sources: usual.sources.clone(),
        start: shift.place(kind, config.start),
        filter: shape::hash(Filter::First),
        seed: 0,
        ..config.clone()
    }
}

/// How a source spoke. A newer host that speaks the older wire numbers its events all the same.
fn wire(lives: &[&Life], source: usize, kind: CursorKind) -> Wire {
    let mut events = lives.iter().flat_map(|life| &life.steps).filter_map(|step| first(step.input.as_ref()?));
    match kind {
        CursorKind::Seq => Wire::V2,
        CursorKind::Time if source == 0 && events.next().is_some_and(|is_numbered| is_numbered) => {
            Wire::V1OnV2Host
        }
        CursorKind::Time => Wire::V1,
    }
}

/// Whether the first event of an input is numbered.
fn first(input: &Input<Shadow>) -> Option<bool> {
    let Input::Received { items, .. } = input else { return None };
    items.iter().find_map(|item| match item {
        Item::Event(event) | Item::Filtered(event) | Item::Oversize(event, _) => Some(event.seq.is_some()),
        Item::Outdated | Item::Info | Item::Malformed(..) => None,
    })
}
