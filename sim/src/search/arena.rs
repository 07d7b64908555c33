//! Every state reached, as where it was reached from and by what, so that a path costs no more than its states.

use super::act::Act;
use super::table::Table;

/// The number of a state, in the order of reaching.
pub(super) type Index = u32;

/// How a state was reached.
#[derive(Clone, Copy, Debug)]
struct Node {
    from: Index,
    by: Act,
}

/// Where a fair world goes from a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heir {
    /// Not known yet.
    Unknown,
    /// It is there: the end of the feed.
    Goal,
    /// To another state, after so many steps.
    State(Index, u32),
}

/// All states reached. Their numbers tell which came first; their keys are looked up, and never gone through.
#[derive(Debug, Default)]
pub(super) struct Arena {
    nodes: Vec<Node>,
    heirs: Vec<Heir>,
    seen: Table,
}

impl Arena {
    /// Puts down a state; none if it was reached before, and then as what.
    pub(super) fn reach(&mut self, key: u64, from: Index, by: Act) -> Result<Index, Index> {
        let index = self.nodes.len() as Index;
        let known = self.seen.enter(key, index);
        if known != index {
            return Err(known);
        }
        self.nodes.push(Node { from, by });
        self.heirs.push(Heir::Unknown);
        Ok(index)
    }

    pub(super) fn find(&self, key: u64) -> Option<Index> {
        self.seen.find(key)
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn inherit(&mut self, index: Index, heir: Heir) {
        self.heirs[index as usize] = heir;
    }

    pub(super) fn heirs(&self) -> &[Heir] {
        &self.heirs
    }

    /// How a state was reached, from the first on.
    pub(super) fn path(&self, mut index: Index) -> Vec<Act> {
        let mut path = Vec::new();
        while index > 0 {
            let node = self.nodes[index as usize];
            path.push(node.by);
            index = node.from;
        }
        path.reverse();
        path
    }
}
