//! Two kinds of faults often, so that the one strikes while the other is not over.

use crate::draw::{Draws, Stream};
use crate::faults::{Fault, Mix, Rate};

/// Two kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The one.
    pub first: Fault,
    /// The other, which is to strike soon after it.
    pub second: Fault,
}

/// Each of the two happens at least as often as usual, and up to eight times.
const OFTEN: [u64; 4] = [3, 4, 5, 6];

impl Pair {
    /// Both often, and of the others one in three as usual.
    pub(super) fn mix(self, draws: Draws, mut chance: Stream) -> Mix {
        let rates = Fault::ALL.map(|fault| {
            let often = Rate::Wild(chance.pick(&OFTEN));
            match chance.one_in(3) {
                _ if fault == self.first || fault == self.second => often,
                true => Rate::Usual,
                false => Rate::Never,
            }
        });
        Mix::of(draws, |fault| rates[fault as usize])
    }
}
