//! O15: how wide the record of an older server's switch from replay to live may be.
//!
//! Stated is: from 4 s before the connection opened (3 s that the clocks may differ by, and the second that is lost)
//! until 5 s behind the first of the events that come close to now without a break; until the furthest event, if the
//! connection ends before. A record that a new one meets goes on in it.

use highwater_core::gap::{Gap, Mark};
use highwater_core::time::{Duration, WallTime};

use super::rule::{Rule, Violation, must};

/// An event no older than this is live.
const LIVE_LAG: Duration = Duration::from_secs(2);
/// What may be dropped begins so long before the opening.
const BEFORE: Duration = Duration::from_secs(4);
/// It ends so long behind the first live event.
const BEHIND: Duration = Duration::from_secs(5);

/// How far a connection is in going live.
#[derive(Clone, Copy, Debug)]
pub(super) struct Switch {
    possible: WallTime,
    live_since: Option<WallTime>,
    /// The switch is behind; it may have been no later than this.
    over: Option<WallTime>,
    furthest: WallTime,
    has_gone_back: bool,
}

impl Switch {
    /// A connection opens that was dialed for a place at about this time, if it was for any.
    pub(super) fn new(opened: WallTime, asked: WallTime) -> Self {
        Self {
            possible: opened - BEFORE,
            live_since: None,
            over: None,
            furthest: asked,
            has_gone_back: false,
        }
    }

    /// An event of `time` comes at `wall`. The witness proves what it proves, and says nothing of the switch.
    pub(super) fn pass(&mut self, time: WallTime, wall: WallTime, is_witness: bool) {
        // An event far below another history's ends the switch of that one where it stands.
        self.has_gone_back |= time + BEHIND < self.furthest;
        self.furthest = self.furthest.max(time);
        if is_witness || self.over.is_some() {
            return;
        }
        let is_live = wall <= time + LIVE_LAG;
        match self.live_since.filter(|_| is_live) {
            Some(since) if since + BEHIND <= time => self.over = Some(since + BEHIND),
            Some(_) => {}
            None => self.live_since = is_live.then_some(time),
        }
    }

    /// A record of this switch is written; `before` is the last one that was.
    pub(super) fn check(&self, gap: &Gap, before: Option<Gap>) -> Result<(), Violation> {
        let goes_on = before
            .is_some_and(|before| before.is_same(gap) && before.to.is_none_or(|to| self.possible <= to.time));
        must(goes_on || self.possible <= gap.from.time, Rule::O15Gaps, || {
            format!("{gap} begins before the switch was possible, at {}", self.possible.as_micros())
        })?;
        let latest = self.over.filter(|_| !self.has_gone_back).unwrap_or(self.furthest);
        let is_tight = |to: Mark| to.time <= latest;
        must(gap.to.is_none_or(is_tight), Rule::O15Gaps, || {
            format!("{gap} ends after the switch was over, at {}", latest.as_micros())
        })
    }
}
