//! The SQLite sink in the world of the simulator: a real database, killed, fenced off and not heard of.

use std::ops::ControlFlow;
use std::path::PathBuf;

use highwater::sink::sqlite::{Reader, RowId, Sqlite};
use highwater::sink::stored::StoredScope;
use highwater_core::dialect::jetstream::{Jetstream, Key};
use highwater_core::gap::Gap;
use highwater_core::scope::Scope;
use highwater_core::sink::{Append, Appended, Loaded, Sink, Unavailable};
use highwater_sim::{Aside, Budget, Rule, Shown, Storage, Trial};
use tempfile::TempDir;

use super::made;

/// A seed takes a tenth of a second: what a file system costs, even in memory.
const SEEDS: u64 = 24;

/// The folder that outlives the processes.
struct Home(TempDir);

impl Default for Home {
    fn default() -> Self {
        Self(made::folder())
    }
}

impl Home {
    fn database(&self) -> PathBuf {
        self.0.path().join("world.db")
    }

    fn show(&self) -> Shown {
        let mut shown = Shown::default();
        let path = self.database();
        if !path.exists() {
            return shown;
        }
        let reader = Reader::open(&path).unwrap();
        for stored in reader.checkpoints().unwrap() {
            shown.checkpoints.push((scope(&stored.scope), stored.checkpoint));
        }
        for stored in reader.gaps().unwrap() {
            let (scope, cause, state) = (scope(&stored.scope), stored.cause, stored.state);
            shown.gaps.push(Gap { scope, cause, state, from: stored.from, to: stored.to });
        }
        let keys = reader.keys(RowId::default(), |_, key, _| {
            shown.events.push(key.clone());
            ControlFlow::Continue(())
        });
        keys.unwrap();
        let letters = reader.dead_letters(RowId::default(), |_, letter| {
            let scope = scope(&letter.scope);
            shown.dead_letters.push(Aside { scope, after: letter.after, key: letter.key });
            ControlFlow::Continue(())
        });
        letters.unwrap();
        shown
    }
}

/// The scope that is stored under its source's name.
fn scope(stored: &StoredScope) -> Scope {
    let origins = made::origins();
    let named = origins.iter().find(|(_, origin)| origin.host == stored.host);
    let (source, _) = named.unwrap();
    Scope { source, kind: stored.kind, incarnation: stored.incarnation }
}

/// The sink of one process. Each thing it does is one transaction of SQLite's.
struct Process {
    home: Storage<Home>,
    sqlite: Option<Sqlite>,
}

impl Sink<Jetstream> for Process {
    fn open(&mut self) -> Result<Loaded<Key>, Unavailable> {
        let sqlite = &mut self.sqlite;
        self.home.write(|home| {
            if sqlite.is_none() {
                *sqlite = Sqlite::at(&home.database(), made::origins()).ok();
            }
            sqlite.as_mut().map_or(Err(Unavailable), Sqlite::open)
        })?
    }

    fn append(&mut self, append: &Append<Jetstream>) -> Appended {
        let Some(sqlite) = &mut self.sqlite else { return Appended::Unavailable };
        self.home.write(|_| sqlite.append(append)).unwrap_or_else(Appended::from)
    }

    fn flush(&mut self) -> Result<(), Unavailable> {
        self.sqlite.as_mut().map_or(Err(Unavailable), Sqlite::flush)
    }
}

#[test]
fn sqlite_keeps_its_promises_in_the_world() {
    let trial = Trial::of(|home| Process { home, sqlite: None }, Home::show);
    let held = trial.seeds(0..SEEDS).run().unwrap();
    assert_eq!(held.runs, SEEDS);
}

#[test]
fn an_event_that_is_not_there_is_missed() {
    let show = |home: &Home| {
        let mut shown = home.show();
        shown.events.pop();
        shown
    };
    let trial = Trial::of(|home| Process { home, sqlite: None }, show);
    let budget = Budget { runs: 1, ..Budget::default() };
    let failed = trial.seeds(0..SEEDS).budget(budget).run().unwrap_err();
    assert!(matches!(failed.violation().rule, Rule::O1NoLoss | Rule::O2Checkpoint), "{failed}");
}
