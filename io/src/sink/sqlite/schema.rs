//! The tables, as they are described to whoever opens the file: SQLite keeps the comments of a `CREATE TABLE`.

/// Marks the file as ours, in its header: `HWMk`.
pub(super) const APPLICATION_ID: i64 = 0x4857_4d6b;

/// Each step takes a database from the version that is its index to the next. A step is never changed, only followed.
pub(super) const STEPS: &[&str] = &[VERSION_1];

/// Numbers are 64 bits: of a cursor beyond 2^63 the same bits are kept, as a negative number.
///
/// The parts of a key are never null, and a key has an index of its own, whole: a hash could collide without a word.
/// `rev` and `seq` come first in it, since both grow with time; in random order an insert costs five times as much.
/// No foreign key of `events` is checked, for that would cost each row a look-up in `scopes`.
const VERSION_1: &str = "
CREATE TABLE meta ( -- schema_version; fence: raised by each writer, checked by each of its transactions
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE scopes ( -- where a cursor has a meaning
  id          INTEGER PRIMARY KEY,
  host        TEXT NOT NULL,    -- host:port
  dialect     TEXT NOT NULL,    -- jetstream_v1, jetstream_v2
  kind        TEXT NOT NULL,    -- what cursors count: time (microseconds) or seq
  incarnation INTEGER NOT NULL, -- how often the source proved to be another history
  UNIQUE (host, dialect, kind, incarnation)
) STRICT;

CREATE TABLE events (
  id            INTEGER PRIMARY KEY, -- in the order of first receipt
  scope         INTEGER NOT NULL,    -- scopes.id: where it was first received
  cursor        INTEGER NOT NULL,    -- its position there
  time_us       INTEGER NOT NULL,    -- the server's time, microseconds since 1970
  kind          TEXT NOT NULL,       -- commit, identity, account, sync, other
  did           TEXT NOT NULL,
  operation     TEXT NOT NULL,       -- create, update, delete; '' unless a commit
  collection    TEXT NOT NULL,       -- '' unless a commit
  rkey          TEXT NOT NULL,       -- '' unless a commit
  rev           TEXT NOT NULL,       -- '' unless a commit or a sync
  cid           TEXT,                -- of a created or updated record
  seq           INTEGER NOT NULL,    -- the relay's number; 0 unless an identity, account or sync
  upstream_time TEXT NOT NULL,       -- the relay's time as it wrote it; '' unless an identity or account
  payload       TEXT NOT NULL        -- the event's own bytes
) STRICT;

CREATE UNIQUE INDEX commit_key ON events (rev, did, collection, rkey, operation) WHERE kind = 'commit';
CREATE UNIQUE INDEX account_key ON events (seq, did, kind, upstream_time) WHERE kind IN ('identity', 'account');
CREATE UNIQUE INDEX sync_key ON events (rev, did, seq) WHERE kind = 'sync';
CREATE UNIQUE INDEX other_key ON events (time_us, payload) WHERE kind = 'other';

CREATE TABLE checkpoint ( -- how far each scope was followed
  scope            INTEGER PRIMARY KEY REFERENCES scopes,
  version          INTEGER NOT NULL, -- how often this row was written
  place            TEXT NOT NULL,    -- where to go on: tip, oldest, time, cursor
  position         INTEGER,          -- of place, if it is a time or a cursor
  witness_cursor   INTEGER,          -- the event that must come again
  witness_time_us  INTEGER,
  witness_key      TEXT,             -- JSON
  covered_until_us INTEGER NOT NULL, -- local time up to which silence is accounted for
  filter           INTEGER NOT NULL, -- names what was asked for
  margin_us        INTEGER NOT NULL, -- how far before the cursor a resume by time begins
  stored           INTEGER NOT NULL  -- events that were first received in this scope
) STRICT;

CREATE TABLE gaps ( -- spans that were lost, or cannot be proved
  id           INTEGER PRIMARY KEY,
  scope        INTEGER NOT NULL REFERENCES scopes, -- of its start
  cause        TEXT NOT NULL,
  state        TEXT NOT NULL,    -- lost, unproven, closed
  from_cursor  INTEGER NOT NULL, -- the last position known to be safe
  from_time_us INTEGER NOT NULL,
  to_cursor    INTEGER,          -- the first known to be safe again; null while nothing came after
  to_time_us   INTEGER,
  UNIQUE (scope, cause, from_cursor)
) STRICT;

CREATE TABLE dead_letters ( -- what was set aside, and why
  id      INTEGER PRIMARY KEY,
  scope   INTEGER NOT NULL REFERENCES scopes,
  after   INTEGER,          -- the position before it; of a conflict its own; null if it was the first
  reason  TEXT NOT NULL,    -- malformed, oversize, undecodable, refused, conflict
  detail  TEXT NOT NULL,
  time_us INTEGER,          -- of an event, null for a frame that gave none
  key     TEXT,             -- of an event, JSON
  cid     TEXT,             -- of a commit
  length  INTEGER NOT NULL, -- bytes that it had
  sha256  BLOB NOT NULL,    -- of all of them
  bytes   BLOB NOT NULL     -- an event whole, of a frame the first 64 KiB
) STRICT;

CREATE UNIQUE INDEX dead_letter_once ON dead_letters (scope, coalesce(after, ''), sha256) WHERE reason <> 'conflict';
CREATE UNIQUE INDEX conflict_once ON dead_letters (key, coalesce(cid, '')) WHERE reason = 'conflict';

INSERT INTO meta VALUES ('fence', 0);
";
