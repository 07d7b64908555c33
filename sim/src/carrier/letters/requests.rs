//! What is asked for is what a server understands, with any filter, place and option.

use highwater_core::cursor::{Cursor, Place};
use highwater_core::dialect::Subscription;
use highwater_core::dialect::filter::Filter;
use highwater_core::dialect::jetstream::Kind;
use highwater_core::effect::OpenOptions;
use highwater_core::serve::request::{Accepted, Answer, Handshake, answer};
use highwater_core::serve::{Host, V1_DICTIONARY, Wire};
use highwater_core::time::WallTime;

use super::made::subscription;
use super::{dialect, wire};
use crate::draw::Stream;

/// The first number that is a moment.
const MOMENT_MIN: u64 = 1_000_000_000_000_000;

/// A request, there and back.
pub(super) fn check(stream: &mut Stream) {
    let (wire, (wanted, kinds)) = (wire(stream), subscription(stream));
    let number = stream.pick(&[1, 77, MOMENT_MIN - 1, MOMENT_MIN, MOMENT_MIN + 1, 1_760_000_000_000_000]);
    let place = match stream.below(4) {
        0 => Place::Tip,
        1 => Place::Oldest,
        2 => Place::Time(WallTime::from_micros(number)),
        _ => Place::Cursor(Cursor(number)),
    };
    let options = OpenOptions {
        compress: stream.one_in(2),
        message_bytes_max: stream.one_in(2).then(|| 1 + stream.below(1 << 25) as u32),
    };
    compare(wire, (&wanted, &kinds), place, options, &asked(wire, &wanted, place, options));
}

/// What a server understands.
pub(in crate::carrier) fn asked(
    wire: Wire,
    wanted: &Subscription,
    place: Place,
    options: OpenOptions,
) -> Accepted {
    let (host, dictionary) = match wire {
        Wire::V1 => (Host::Legacy, None),
        Wire::V1OnV2Host | Wire::V2 => (Host::V2, Some(V1_DICTIONARY)),
    };
    let request = dialect(wire).request(wanted, place, options, Some(V1_DICTIONARY));
    let target = request.path_and_query();
    let subprotocols = request.subprotocol.unwrap_or_default();
    let handshake = Handshake { target: &target, subprotocols, ..Handshake::default() };
    match answer(host, dictionary, handshake) {
        Answer::Subscribe(accepted) => accepted,
        refusal => unreachable!("a server refuses what its dialect asks: {target}: {refusal:?}"),
    }
}

/// Whether it is what was asked for, of these kinds.
pub(in crate::carrier) fn compare(
    wire: Wire,
    (wanted, kinds): (&Subscription, &[Kind]),
    place: Place,
    options: OpenOptions,
    accepted: &Accepted,
) {
    // Kinds cannot be asked for on v1.
    let kinds = if wire == Wire::V2 { kinds } else { &[] };
    let filter = Filter::new(wanted.collections(), wanted.dids(), kinds);
    let understood = |number: u64| match wire {
        Wire::V1OnV2Host | Wire::V2 if number < MOMENT_MIN => Place::Cursor(Cursor(number)),
        Wire::V1 | Wire::V1OnV2Host | Wire::V2 => Place::Time(WallTime::from_micros(number)),
    };
    let place = match place {
        Place::Tip => Place::Tip,
        Place::Oldest if wire == Wire::V2 => understood(MOMENT_MIN),
        Place::Oldest => Place::Oldest,
        Place::Time(time) if wire == Wire::V2 => understood(time.as_micros().max(MOMENT_MIN)),
        Place::Time(time) => understood(time.as_micros()),
        Place::Cursor(cursor) => understood(cursor.0),
    };
    let dictionary = options.compress.then_some(V1_DICTIONARY);
    let is_same = accepted.wire == wire
        && accepted.filter == filter
        && accepted.place == place
        && accepted.dictionary == dictionary
        && accepted.message_bytes_max == options.message_bytes_max
        && accepted.subprotocol.is_some() == (wire == Wire::V2);
    assert!(is_same, "{wanted:?} from {place} with {options:?} is understood as {accepted:?}");
}
