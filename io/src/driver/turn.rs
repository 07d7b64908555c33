//! Who is listened to first when several have something to say.
//!
//! The order must not matter to what is stored, and tests try thousands of orders to see that it does not. Whatever
//! the order, nobody waits for ever.

/// Who may have something to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// The sink has answered.
    Sink,
    /// The operator wants an end.
    Stop,
    /// The machine's timeout has come.
    Timer,
    /// A connection has news.
    Socket,
}

/// In which order callers are listened to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The busy socket last: what ends, or frees, comes before what brings more.
    #[default]
    Fixed,
    /// Another order each time, drawn from this seed: for tests.
    Seeded(u64),
}

/// Nobody who has something to say waits for more inputs than this.
const WAIT_MAX: u8 = 64;

/// Who was passed over so often comes first; the other three may come due at the same moment and be before it.
const DUE: u8 = WAIT_MAX - 3;

const FIXED: [Caller; 4] = [Caller::Sink, Caller::Stop, Caller::Timer, Caller::Socket];

/// Whose turn it is.
#[derive(Debug)]
pub(super) struct Turn {
    order: Order,
    passed_over: [u8; 4],
}

impl Turn {
    pub(super) fn new(order: Order) -> Self {
        Self { order, passed_over: [0; 4] }
    }

    /// The order to listen in, once.
    pub(super) fn next(&mut self) -> [Caller; 4] {
        let mut callers = FIXED;
        if let Order::Seeded(seed) = &mut self.order {
            for last in (1..callers.len()).rev() {
                callers.swap(last, (split_mix(seed) % (last as u64 + 1)) as usize);
            }
        }
        // Stable: only who has waited for too long comes forward.
        callers.sort_by_key(|caller| self.passed_over[*caller as usize] < DUE);
        callers
    }

    /// `taken` was listened to; who stood behind it in `order` was passed over.
    pub(super) fn took(&mut self, order: [Caller; 4], taken: Caller) {
        let mut is_behind = false;
        for caller in order {
            let waits = &mut self.passed_over[caller as usize];
            *waits = if is_behind { waits.saturating_add(1) } else { 0 };
            is_behind |= caller == taken;
        }
    }
}

/// Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_passed_over_for_ever() {
        for order in (0..200).map(Order::Seeded).chain([Order::Fixed]) {
            let mut turn = Turn::new(order);
            let mut since = [0_u32; 4];
            for _ in 0..2_000 {
                let callers = turn.next();
                // All four always have something to say: the first is taken.
                turn.took(callers, callers[0]);
                since = since.map(|inputs| inputs + 1);
                since[callers[0] as usize] = 0;
                assert!(since.iter().all(|inputs| *inputs <= u32::from(WAIT_MAX)), "{order:?} {since:?}");
            }
        }
    }

    #[test]
    fn a_seed_draws_every_order_and_the_same_again() {
        let draw = |seed| {
            let mut turn = Turn::new(Order::Seeded(seed));
            (0..500).map(|_| turn.next()).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        let mut distinct = draw(7).iter().map(|order| format!("{order:?}")).collect::<Vec<_>>();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), 24);
    }
}
