//! O7: how much the machine does in a second, beside what happens to it.
//!
//! A machine that wakes itself a microsecond later, and again, is never late and never done. So it is counted what
//! happens to it from outside in each second, how often it wakes itself, and what it asks for.

use highwater_core::time::{Duration, Instant};

use super::rule::{Rule, Violation, must};

/// One second and the one before.
#[derive(Clone, Debug, Default)]
pub(super) struct Bustle {
    began: Instant,
    now: Second,
    before: Second,
}

/// What there was in a second.
#[derive(Clone, Copy, Debug, Default)]
struct Second {
    /// News, and each item of it.
    news: u32,
    /// The machine had itself woken.
    wakes: u32,
    effects: u32,
}

const SECOND: Duration = Duration::from_secs(1);
/// So often may it wake itself in a second in which nothing happens: deadlines of a connection, a sink, a batch.
const WAKES: u32 = 4;
/// So many effects may there be without any news: one event may end all of the 64 gaps that wait for one.
const EFFECTS: u32 = 80;
/// Each piece of news, and each time it wakes, has so few effects.
const EFFECTS_EACH: u32 = 2;

impl Bustle {
    /// News, with so many items.
    #[inline]
    pub(super) fn news(&mut self, at: Instant, items: usize) {
        self.turn(at);
        self.now.news += 1 + items as u32;
    }

    /// The machine is woken as it wanted.
    pub(super) fn woken(&mut self, at: Instant) -> Result<(), Violation> {
        self.turn(at);
        self.now.wakes += 1;
        let (wakes, news) = (self.now.wakes, self.news_of_late());
        must(wakes <= WAKES + news, Rule::O7Pace, || {
            format!("woken {wakes} times in a second with {news} pieces of news")
        })
    }

    /// An effect.
    #[inline]
    pub(super) fn effect(&mut self) -> Result<(), Violation> {
        self.now.effects += 1;
        let (effects, causes) = (self.now.effects, self.news_of_late() + self.now.wakes);
        must(effects <= EFFECTS + EFFECTS_EACH * causes, Rule::O7Pace, || {
            format!("{effects} effects in a second in which {causes} things happened")
        })
    }

    /// What came in this second may be done in the next.
    fn news_of_late(&self) -> u32 {
        self.now.news + self.before.news
    }

    #[inline]
    fn turn(&mut self, at: Instant) {
        if at < self.began + SECOND {
            return;
        }
        let is_next = at < self.began + SECOND + SECOND;
        self.before = if is_next { self.now } else { Second::default() };
        (self.began, self.now) = (at, Second::default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_only_wakes_itself_is_found_and_one_that_has_news_is_not() {
        let woken = |with_news: bool| {
            let mut bustle = Bustle::default();
            (0..200).try_for_each(|micros| {
                let at = Instant::from_micros(micros);
                if with_news {
                    bustle.news(at, 1);
                }
                bustle.woken(at).and_then(|()| bustle.effect())
            })
        };
        assert!(woken(false).is_err());
        assert!(woken(true).is_ok());
    }
}
