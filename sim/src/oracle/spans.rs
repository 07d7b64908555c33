//! Which events the gaps on record span.
//!
//! A gap is said in positions, and positions mean nothing by themselves: times repeat and go back, numbers are given
//! out twice. What a gap spans is therefore judged in the order in which a server told its events, from where it
//! told the gap's first mark to where it told the last; or in the order of time, which is what an older server
//! replays by.

use std::collections::BTreeMap;

use highwater_core::cursor::Cursor;
use highwater_core::gap::{Cause, Gap, GapState, Mark};
use highwater_core::scope::SourceId;
use highwater_core::time::WallTime;

use crate::disk::GapKey;
use crate::server::{self, Instance, Source};
use crate::truth::EventId;

/// The spans of all gaps on record that are not closed.
#[derive(Clone, Debug)]
pub(super) struct Spans<'a> {
    /// For each source and each of its servers, which event it told where.
    told: Vec<Vec<Told<'a>>>,
    spans: Vec<Span>,
}

/// What a server told, to be found by the event and by its time.
#[derive(Clone, Debug)]
struct Told<'a> {
    log: &'a [server::Told],
    by_event: Vec<(EventId, usize)>,
    by_time: Vec<(WallTime, usize)>,
}

/// Where each server of each source told one event.
type Places<'a> = Vec<Vec<&'a [(EventId, usize)]>>;

/// A gap: its two ends, on each server of the source that they belong to.
#[derive(Clone, Debug)]
struct Span {
    from: (usize, Vec<End>),
    to: Option<(usize, Vec<End>)>,
    /// The clock went back meanwhile: it spans all from the one moment on, as well as all up to the other.
    is_backward: bool,
}

/// Where a mark lies on a server.
#[derive(Clone, Copy, Debug)]
struct End {
    time: WallTime,
    /// From the first to the last place where it was told; if it never was, it is a moment.
    places: Option<(usize, usize)>,
}

/// What is meant by between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Telling,
    Time,
}

impl End {
    fn is_before(&self, order: Order, told: &Told<'_>, place: usize) -> bool {
        match (order, self.places) {
            (Order::Telling, Some((first, _))) => first <= place,
            (Order::Telling, None) | (Order::Time, _) => self.time <= told.time(place),
        }
    }

    fn is_behind(&self, order: Order, told: &Told<'_>, place: usize) -> bool {
        match (order, self.places) {
            (Order::Telling, Some((_, last))) => place <= last,
            (Order::Telling, None) | (Order::Time, _) => told.time(place) <= self.time,
        }
    }
}

impl<'a> Spans<'a> {
    /// The spans of these gaps; `ends` says to which source a gap's end belongs, if not to its own.
    pub(super) fn new<'g>(
        gaps: impl Iterator<Item = &'g Gap>,
        ends: &BTreeMap<GapKey, SourceId>,
        sources: &'a [Source],
    ) -> Self {
        let told: Vec<Vec<Told<'_>>> =
            sources.iter().map(|source| source.instances().iter().map(Told::new).collect()).collect();
        let locate = |source: SourceId, mark: Mark| {
            let source = usize::from(source.0);
            let ends = told[source].iter().map(|told| told.locate(mark)).collect();
            (source, ends)
        };
        let open = gaps.filter(|gap| gap.state != GapState::Closed);
        let spans = open.map(|gap| {
            let own = gap.scope.source;
            let end = ends.get(&(gap.scope, gap.cause, gap.from.cursor)).copied().unwrap_or(own);
            let is_backward = gap.cause == Cause::Clock && gap.to.is_some_and(|to| to.time < gap.from.time);
            Span { from: locate(own, gap.from), to: gap.to.map(|to| locate(end, to)), is_backward }
        });
        let spans = spans.collect();
        Self { told, spans }
    }

    /// Whether a gap spans the event.
    pub(super) fn hold(&self, id: EventId) -> bool {
        let places = self.places(id);
        self.spans.iter().any(|span| {
            [Order::Telling, Order::Time].iter().any(|order| {
                let begins = |end: &End, told: &Told<'_>, place| end.is_before(*order, told, place);
                let ends = |end: &End, told: &Told<'_>, place| end.is_behind(*order, told, place);
                let has_begun = self.lies(&places, &span.from, begins);
                let has_not_ended = || span.to.as_ref().is_none_or(|to| self.lies(&places, to, ends));
                match (order, span.is_backward) {
                    (Order::Time, true) => has_begun || has_not_ended(),
                    (Order::Telling | Order::Time, _) => has_begun && has_not_ended(),
                }
            })
        })
    }

    /// Whether some server of the source told the event on that side of the mark, or never told it at all.
    fn lies(
        &self,
        places: &Places<'_>,
        (source, ends): &(usize, Vec<End>),
        is_on_side: impl Fn(&End, &Told<'_>, usize) -> bool,
    ) -> bool {
        let mut servers = self.told[*source].iter().zip(&places[*source]).zip(ends);
        servers.any(|((told, places), end)| {
            places.is_empty() || places.iter().any(|&(_, place)| is_on_side(end, told, place))
        })
    }

    fn places(&self, id: EventId) -> Places<'_> {
        self.told.iter().map(|servers| servers.iter().map(|told| told.places(id)).collect()).collect()
    }

    /// Where an event was told, for whoever has to find out why it is missing.
    pub(super) fn whereabouts(&self, id: EventId) -> String {
        let mut said = Vec::new();
        for (source, servers) in self.told.iter().enumerate() {
            for told in servers {
                said.extend(told.places(id).iter().map(|&(_, place)| {
                    let (at, telling) = (told.log[place].at, told.log[place].telling);
                    format!("told by source {source} at {at} as {}/{}", telling.time.as_micros(), telling.seq)
                }));
            }
        }
        said.join(", ")
    }
}

impl<'a> Told<'a> {
    fn new(instance: &'a Instance) -> Self {
        let log = instance.log().told();
        let told = || log.iter().map(|told| told.telling).enumerate();
        let mut by_event: Vec<_> = told().map(|(place, telling)| (telling.id, place)).collect();
        let mut by_time: Vec<_> = told().map(|(place, telling)| (telling.time, place)).collect();
        // Both are all but sorted, which the stable sort makes use of.
        by_event.sort();
        by_time.sort();
        Self { log, by_event, by_time }
    }

    fn places(&self, id: EventId) -> &[(EventId, usize)] {
        let first = self.by_event.partition_point(|&(known, _)| known < id);
        let rest = &self.by_event[first..];
        &rest[..rest.iter().take_while(|&&(known, _)| known == id).count()]
    }

    fn time(&self, place: usize) -> WallTime {
        self.log[place].telling.time
    }

    fn locate(&self, mark: Mark) -> End {
        let first = self.by_time.partition_point(|&(time, _)| time < mark.time);
        let at_time = self.by_time[first..].iter().take_while(|&&(time, _)| time == mark.time);
        let is_counted_in_time = Cursor(mark.time.as_micros()) == mark.cursor;
        let mut places = at_time
            .map(|&(_, place)| place)
            .filter(|&place| is_counted_in_time || self.log[place].telling.seq == mark.cursor);
        let first = places.next();
        let places = first.map(|first| (first, places.last().unwrap_or(first)));
        End { time: mark.time, places }
    }
}
