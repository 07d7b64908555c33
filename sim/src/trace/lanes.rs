//! A trace as lanes: one column an actor, one line a transition, an arrow from who does it to whom it is done.
//!
//! It is good to read in 100 columns: moments of the wall clock are told from the beginning of the world on (`T+1.5`),
//! and what is longer than the line is cut.

use highwater_core::Input;
use highwater_core::effect::Effect;
use highwater_core::event::Payload;

use super::{Kind, Line};
use crate::clock::BEGINNING;
use crate::draw::Site;
use crate::faults::Fault;

/// Who does something, or has it done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    Operator,
    Sink,
    Machine,
    Wire,
    Server,
}

const NAMES: [&str; 5] = ["operator", "sink", "machine", "wire", "server"];
/// The columns of a lane.
const WIDTH: usize = 8;
/// The columns of the moment.
const MOMENT: usize = 13;
/// The columns of a line.
const COLUMNS: usize = 100;

/// The lines as lanes, under the names of the actors.
pub fn lanes<'a>(lines: impl IntoIterator<Item = &'a Line>) -> String {
    let names = NAMES.map(|name| format!("{name:^WIDTH$}")).concat();
    let mut told = vec![format!("{:>MOMENT$} {}", "", names.trim_end())];
    let mut last = None;
    for line in lines {
        let moment = if last == Some(line.at) { String::new() } else { line.at.to_string() };
        last = Some(line.at);
        let room = COLUMNS - MOMENT - 2 - NAMES.len() * WIDTH;
        let said = cut(&since_the_beginning(&line.text), room);
        told.push(format!("{moment:>MOMENT$} {} {said}", arrow(line)));
    }
    told.join("\n")
}

/// The five lanes, and what happens between them.
fn arrow(line: &Line) -> String {
    let mark = match line.kind {
        Kind::Fault => '✗',
        Kind::Note => '◆',
        Kind::Input | Kind::Effect => '●',
    };
    lane_row((NAMES.len(), WIDTH), (line.from as usize, line.to as usize), mark)
}

/// So many lanes of this width, and what one does to another.
pub(crate) fn lane_row((lanes, width): (usize, usize), (from, to): (usize, usize), mark: char) -> String {
    let mut row = vec![' '; lanes * width];
    let place = |lane: usize| lane * width + width / 2 - 1;
    for lane in 0..lanes {
        row[place(lane)] = '│';
    }
    let (from, to) = (place(from), place(to));
    row[from.min(to)..from.max(to)].fill('─');
    row[from] = mark;
    if from != to {
        row[to] = if from < to { '▶' } else { '◀' };
    }
    row.into_iter().collect()
}

/// Who brings the machine this news.
pub(super) const fn of_input<P: Payload>(input: &Input<P>) -> Lane {
    match input {
        Input::Timeout => Lane::Machine,
        Input::Opened { .. } | Input::Received { .. } | Input::Heard { .. } | Input::Closed { .. } => {
            Lane::Server
        }
        Input::Loaded { .. } | Input::Appended { .. } | Input::Flushed { .. } => Lane::Sink,
        Input::StopRequested => Lane::Operator,
    }
}

/// To whom the machine does this.
pub(super) const fn of_effect<P: Payload>(effect: &Effect<P>) -> Lane {
    match effect {
        Effect::Load { .. } | Effect::Append(_) | Effect::Flush { .. } => Lane::Sink,
        Effect::Open { .. } | Effect::Ping { .. } => Lane::Server,
        Effect::Pause { .. } | Effect::Resume { .. } | Effect::Close { .. } => Lane::Wire,
        Effect::Notice(_) | Effect::Stop(_) => Lane::Operator,
        Effect::Ignored(_) => Lane::Machine,
    }
}

/// Whom a fault befalls.
pub(super) fn of_fault(fault: Fault) -> Lane {
    match (fault, fault.site()) {
        (Fault::OperatorStop | Fault::FilterChange, _) => Lane::Operator,
        (Fault::SinkOutage | Fault::Fence, _) | (_, Site::SinkFault) => Lane::Sink,
        (
            Fault::DialRefused
            | Fault::DialUnanswered
            | Fault::Cut
            | Fault::HalfOpen
            | Fault::Stall
            | Fault::Garbled
            | Fault::LateNews,
            _,
        ) => Lane::Wire,
        (_, Site::Mishap | Site::Oddity | Site::Control) => Lane::Server,
        (fault, _) if fault.is_of_source() => Lane::Server,
        _ => Lane::Machine,
    }
}

/// The text with moments of the wall clock told from the beginning of the world on.
fn since_the_beginning(text: &str) -> String {
    let mut told = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let digits = rest[start..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - start);
        told += &rest[..start];
        told += &moment(&rest[start..start + digits]);
        rest = &rest[start + digits..];
    }
    told + rest
}

/// `T+1.5` for a moment within a day of the beginning; any other number as it is.
fn moment(digits: &str) -> String {
    let Some(since) = digits.parse().ok().map(|micros: u64| micros.cast_signed() - BEGINNING.cast_signed())
    else {
        return digits.to_owned();
    };
    if since.unsigned_abs() > 86_400_000_000 {
        return digits.to_owned();
    }
    let (sign, micros) = (if since < 0 { '-' } else { '+' }, since.unsigned_abs());
    let (seconds, rest) = (micros / 1_000_000, format!("{:06}", micros % 1_000_000));
    match rest.trim_end_matches('0') {
        "" => format!("T{sign}{seconds}"),
        rest => format!("T{sign}{seconds}.{rest}"),
    }
}

fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    text.chars().take(room - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use highwater_core::cursor::Place;
    use highwater_core::effect::{Ignored, Notice, OpenOptions};
    use highwater_core::number::{Epoch, Op};
    use highwater_core::scope::SourceId;
    use highwater_core::sink::Unavailable;
    use highwater_core::time::{Duration, Instant, Now, WallTime};

    use super::*;
    use crate::carrier::Small;
    use crate::faults::{Firing, Record};
    use crate::generator::Case;
    use crate::mode::Mode;
    use crate::run::{generated, plan_of_seed, planned};
    use crate::trace::Trace;

    /// A trace by hand: what the machine does may change, how it is shown should not.
    fn told() -> Trace {
        let mut trace = Trace::all();
        let at = |millis: u64, trace: &mut Trace, fired: &[Firing]| {
            let now = Instant::ZERO + Duration::from_millis(millis);
            trace.turn(now, fired);
            Now { monotonic: now, wall: WallTime::from_micros(BEGINNING) }
        };
        let (epoch, op) = (Epoch(1), Op(3));
        trace.note(Instant::ZERO, "a process starts");
        trace.effect::<Small>(&Effect::Load { op });
        let now = at(20, &mut trace, &[]);
        trace.input::<Small>(now, &Input::Loaded { op, loaded: Err(Unavailable) });
        trace.effect::<Small>(&Effect::Notice(Notice::SinkUnavailable {
            delay: Duration::from_millis(1_204),
        }));
        let firing = |fault, at: Instant| Firing { at, record: Record::mildest(fault, 1, 0) };
        let now = at(1_224, &mut trace, &[firing(Fault::Stall, Instant::from_micros(1_000_000))]);
        trace.input::<Small>(now, &Input::Timeout);
        let options = OpenOptions { compress: true, message_bytes_max: None };
        let place = Place::Time(WallTime::from_micros(BEGINNING - 2_500_000));
        trace.effect::<Small>(&Effect::Open { epoch, source: SourceId(0), place, options });
        let now = at(1_400, &mut trace, &[]);
        trace.input::<Small>(now, &Input::Heard { epoch, pong: true });
        trace.effect::<Small>(&Effect::Pause { epoch });
        let now = at(2_000, &mut trace, &[]);
        trace.input::<Small>(now, &Input::StopRequested);
        trace.effect::<Small>(&Effect::Ignored(Ignored::OutOfTurn));
        trace
    }

    #[test]
    fn a_run_is_told_in_lanes() {
        insta::assert_snapshot!(lanes(told().lines()), @r"
               operator  sink  machine   wire   server
            0s    ◆       │       │       │       │     a process starts
                  │       ◀───────●       │       │     load #3
          20ms    │       ●───────▶       │       │     loaded #3 unavailable
                  ◀───────────────●       │       │     notice sink unavailable for 1.204s
            1s    │       │       │       ✗       │     stall of connection 1 after 0s for 100ms
        1.224s    │       │       ●       │       │     timeout
                  │       │       ●───────────────▶     open #1 source 0 at time T-2.5 compressed
        1.400s    │       │       ◀───────────────●     heard #1 pong
                  │       │       ●───────▶       │     pause #1
            2s    ●───────────────▶       │       │     stop requested
                  │       │       ●       │       │     ignored OutOfTurn
        ");
    }

    #[test]
    fn no_line_is_longer_than_a_hundred_columns() {
        let trace = generated(&Case::of_seed(3, Mode::Machine), Trace::all()).trace;
        let all = lanes(trace.lines());
        assert!(all.lines().all(|line| line.chars().count() <= COLUMNS));
        assert_eq!(all.lines().count(), trace.lines().count() + 1);
    }

    #[test]
    fn every_fault_that_fires_is_marked() {
        let plan = plan_of_seed(3, Mode::Machine);
        let ended = planned(&plan, Trace::all());
        let marked = ended.trace.lines().filter(|line| line.kind == Kind::Fault).count();
        let all = ended.fired.iter().filter(|firing| firing.record.fault().site() != Site::Oddity).count();
        // Those between the last step and the end are not told any more.
        assert!(marked > 0 && marked <= all && all - marked < 5, "{marked} of {all}");
    }

    #[test]
    fn moments_are_told_from_the_beginning_on() {
        let told =
            since_the_beginning("gap 0/time/0 1759999997745031..1760000001500000 e17 #3 1760000000000000");
        assert_eq!(told, "gap 0/time/0 T-2.254969..T+1.5 e17 #3 T+0");
        assert_eq!(since_the_beginning("no number"), "no number");
        assert_eq!(since_the_beginning("99999999999999999999999"), "99999999999999999999999");
    }
}
