//! Somebody else holds the database: memory stays bounded, and everything arrives afterwards.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior};

use crate::Failure;
use crate::feed::{Feed, Wire};
use crate::program::{Program, Running, arguments_to_follow};
use crate::truth::{Causes, Verdict, judge};

/// How long to hold the database while how much wants in.
#[derive(Clone, Debug)]
pub struct Stall {
    /// How long nothing can be written.
    pub hold: Duration,
    /// What the feed speaks.
    pub wire: Wire,
    /// How many events the feed has; it sends them as fast as it can.
    pub events: u64,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Held {
    /// The most memory that was in use, in bytes; none where the system does not say.
    pub resident_bytes_max: Option<u64>,
    /// How many connections there were: one is left when the server's patience is near its end, and the next is not
    /// dialed before the database takes events again.
    pub connections: u64,
    /// What became of what was sent.
    pub verdict: Verdict,
}

/// How often memory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long the program may take to make its database, and then to catch up.
const PATIENCE: Duration = Duration::from_secs(300);

impl Stall {
    /// Stalls the program, lets go, and compares. Files go to `folder`.
    pub fn run(&self, program: &Program, folder: &Path) -> Result<Held, Failure> {
        let truth = folder.join("truth");
        let at_full_speed = "--rate=0".to_owned();
        let events = format!("--events={}", self.events);
        let feed_arguments = [at_full_speed, events, format!("--truth={}", truth.display())];
        let feed = Feed::start(program, self.wire, &feed_arguments)?;
        let database = folder.join("highwater.db");
        let mut run = arguments_to_follow(&feed.url, &database);
        run.extend(["--exit-idle", "3s"].map(str::to_owned));
        let mut running = program.start(&run)?;
        let resident_bytes_max = self.hold(&database, &mut running)?;
        match running.wait(PATIENCE)? {
            0 => {}
            code => return Err(format!("highwater ended with {code}").into()),
        }
        let connections = feed.stop()?.connections;
        let harmless = if self.wire == Wire::V1 { vec!["cutover"] } else { Vec::new() };
        let verdict = judge(program, &truth, &database, &Causes { harmless, ..Causes::default() })?;
        Ok(Held { resident_bytes_max, connections, verdict })
    }

    /// Holds the database against every writer, and gives the most memory that was seen meanwhile.
    fn hold(&self, database: &Path, running: &mut Running) -> Result<Option<u64>, Failure> {
        let mut connection = open_when_made(database)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let end = Instant::now() + self.hold;
        let mut resident_bytes_max = None;
        while Instant::now() < end {
            std::thread::sleep(LOOK_EVERY);
            if !running.is_running()? {
                return Err("highwater ended while the database was held".into());
            }
            resident_bytes_max = resident_bytes_max.max(running.resident_bytes());
        }
        transaction.rollback()?;
        Ok(resident_bytes_max)
    }
}

/// The database, as soon as it has its tables and its first events.
fn open_when_made(database: &Path) -> Result<Connection, Failure> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
        if !database.exists() {
            continue;
        }
        let connection = Connection::open(database)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        let rows =
            connection.query_row("SELECT count(*) FROM (SELECT 1 FROM events LIMIT 1)", [], |row| row.get(0));
        if rows.is_ok_and(|rows: i64| rows > 0) {
            return Ok(connection);
        }
    }
    Err("highwater stored nothing".into())
}
