//! Which events the gaps on record span.
//!
//! A gap is said in positions, and positions mean nothing by themselves: times repeat and go back, numbers are given
//! out twice. What a gap spans is therefore judged in the order in which a server told its events, from where it
//! told the gap's first mark to where it told the last; or in the order of time, which is what an older server
//! replays by.

use std::collections::BTreeMap;

use highwater_core::cursor::Cursor;
use highwater_core::gap::{Gap, GapState, Mark};
use highwater_core::scope::SourceId;
use highwater_core::time::WallTime;

use crate::disk::GapKey;
use crate::server::{Instance, Source};
use crate::truth::EventId;

/// The spans of all gaps on record that are not closed.
#[derive(Clone, Debug)]
pub(super) struct Spans<'a> {
    /// For each source and each of its servers, which event it told where.
    told: Vec<Vec<Told<'a>>>,
    spans: Vec<Span>,
}

#[derive(Clone, Debug)]
struct Told<'a> {
    instance: &'a Instance,
    places: Vec<(EventId, usize)>,
}

/// A gap: its two ends, on each server of the source that they belong to.
#[derive(Clone, Debug)]
struct Span {
    from: (usize, Vec<End>),
    to: Option<(usize, Vec<End>)>,
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
            Span { from: locate(own, gap.from), to: gap.to.map(|to| locate(end, to)) }
        });
        let spans = spans.collect();
        Self { told, spans }
    }

    /// Whether a gap spans the event.
    pub(super) fn hold(&self, id: EventId) -> bool {
        self.spans.iter().any(|span| {
            [Order::Telling, Order::Time].iter().any(|order| {
                let begins = |end: &End, told: &Told<'_>, place| end.is_before(*order, told, place);
                let ends = |end: &End, told: &Told<'_>, place| end.is_behind(*order, told, place);
                self.lies(id, &span.from, begins) && span.to.as_ref().is_none_or(|to| self.lies(id, to, ends))
            })
        })
    }

    /// Whether some server of the source told the event on that side of the mark, or never told it at all.
    fn lies(
        &self,
        id: EventId,
        (source, ends): &(usize, Vec<End>),
        is_on_side: impl Fn(&End, &Told<'_>, usize) -> bool,
    ) -> bool {
        self.told[*source].iter().zip(ends).any(|(told, end)| {
            let mut places = told.places(id).peekable();
            places.peek().is_none() || places.any(|place| is_on_side(end, told, place))
        })
    }

    /// Where an event was told, for whoever has to find out why it is missing.
    pub(super) fn whereabouts(&self, id: EventId) -> String {
        let mut said = Vec::new();
        for (source, servers) in self.told.iter().enumerate() {
            for told in servers {
                let log = told.instance.log().told();
                said.extend(told.places(id).map(|place| {
                    let (at, telling) = (log[place].at, log[place].telling);
                    format!("told by source {source} at {at} as {}/{}", telling.time.as_micros(), telling.seq)
                }));
            }
        }
        said.join(", ")
    }
}

impl<'a> Told<'a> {
    fn new(instance: &'a Instance) -> Self {
        let told = instance.log().told().iter().enumerate();
        let mut places: Vec<_> = told.map(|(place, told)| (told.telling.id, place)).collect();
        places.sort_unstable();
        Self { instance, places }
    }

    fn places(&self, id: EventId) -> impl Iterator<Item = usize> {
        let first = self.places.partition_point(|&(known, _)| known < id);
        self.places[first..].iter().take_while(move |&&(known, _)| known == id).map(|&(_, place)| place)
    }

    fn time(&self, place: usize) -> WallTime {
        self.instance.log().told()[place].telling.time
    }

    fn locate(&self, mark: Mark) -> End {
        let told = self.instance.log().told().iter().enumerate();
        let is_mark = |told: &crate::server::Told| {
            let (time, seq) = (told.telling.time, told.telling.seq);
            time == mark.time && (seq == mark.cursor || Cursor(time.as_micros()) == mark.cursor)
        };
        let mut places = told.filter(|(_, told)| is_mark(told)).map(|(place, _)| place);
        let first = places.next();
        let places = first.map(|first| (first, places.next_back().unwrap_or(first)));
        End { time: mark.time, places }
    }
}
