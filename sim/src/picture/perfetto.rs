//! A picture as a file for Perfetto, in the Trace Event format: open it at <https://ui.perfetto.dev>.
//!
//! The machine's states, the connections and what the sink is asked for are slices; news and faults are instants;
//! cursor, buffer and failures are counters; arrows go from a question to whom it is put, and back with its answer.

use std::collections::BTreeMap;

use highwater_core::scope::Scope;
use highwater_core::time::{Duration, Instant};
use serde_json::{Value, json};

use super::reader::{cursor, length, phase};
use super::{Actor, Life, Mark, Picture, Row, What};

/// The shortest that a slice can be.
const MOMENT: Duration = Duration::from_micros(1);
/// The one process of the file.
const PID: u32 = 1;
/// The tracks that are no actor's; those of the actors come behind. None has the number of the process, which would
/// make it that one's main thread.
const LIVES: usize = 2;
const FAULTS: usize = 3;
const ACTORS: usize = 4;

impl Picture {
    /// The file.
    pub fn perfetto(&self) -> String {
        let mut events = self.names();
        events.extend(self.lives.iter().enumerate().map(|(index, life)| life_slice(index, life)));
        events.extend(self.phases());
        events.extend(self.jobs_and_connections());
        events.extend(self.instants());
        events.extend(self.counters());
        events.extend(self.flows());
        // One event a line, so that two files can be compared.
        let lines: Vec<String> = events.iter().map(Value::to_string).collect();
        format!("{{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n{}\n]}}\n", lines.join(",\n"))
    }

    fn names(&self) -> Vec<Value> {
        let meta = |name: &str, tid: usize, args: Value| json!({"ph": "M", "name": name, "pid": PID, "tid": tid, "ts": 0, "args": args});
        let tracks = ["processes".to_owned(), "faults".to_owned()].into_iter().chain(self.actors());
        let mut events = vec![meta("process_name", 0, json!({"name": "highwater"}))];
        for (index, name) in tracks.enumerate() {
            events.push(meta("thread_name", LIVES + index, json!({"name": name})));
            events.push(meta("thread_sort_index", LIVES + index, json!({"sort_index": index})));
        }
        events
    }

    /// What the machine was doing, as long as it was doing it.
    fn phases(&self) -> Vec<Value> {
        let mut events = Vec::new();
        let mut open: Option<(usize, Instant, String)> = None;
        let mut close = |open: &mut Option<(usize, Instant, String)>, at: Instant| {
            if let Some((_, from, name)) = open.take().filter(|(_, from, _)| *from < at) {
                events.push(slice(&name, track(Actor::Machine), from, at, &json!({})));
            }
        };
        for row in &self.rows {
            if open.as_ref().is_some_and(|(life, ..)| *life != row.life) {
                let end = open.as_ref().map_or(row.at, |(life, ..)| self.lives[*life].to);
                close(&mut open, end);
            }
            let Some(now) = self.state(row).map(phase) else { continue };
            if open.as_ref().is_none_or(|(_, _, name)| *name != now) {
                close(&mut open, row.at);
                open = Some((row.life, row.at, now));
            }
        }
        if let Some(last) = self.lives.last() {
            close(&mut open, last.to);
        }
        events
    }

    /// What the sink was asked for, until it answered; and the connections, until they were over.
    fn jobs_and_connections(&self) -> Vec<Value> {
        let mut answered: BTreeMap<usize, &Row> = BTreeMap::new();
        let mut closed: BTreeMap<(usize, u64), Instant> = BTreeMap::new();
        for row in &self.rows {
            if let Some(asked) = row.asked {
                answered.insert(asked, row);
            }
            if let What::Input(Mark::Closes(epoch)) | What::Effect(Mark::Closes(epoch)) = row.what {
                closed.entry((row.life, epoch)).or_insert(row.at);
            }
        }
        let mut events = Vec::new();
        for (index, row) in self.rows.iter().enumerate() {
            let end = self.lives[row.life].to;
            match row.what {
                What::Effect(Mark::Asks) => {
                    let answer = answered.get(&index);
                    let (to, said) = answer.map_or((end, "no answer"), |row| (row.at, row.text.as_str()));
                    let args = json!({"asked": row.text, "answered": said});
                    events.push(slice(&head(row), track(row.to), row.at, to, &args));
                }
                What::Effect(Mark::Opens(epoch)) => {
                    let to = closed.get(&(row.life, epoch)).copied().unwrap_or(end);
                    let args = json!({"opened": row.text, "epoch": epoch, "process": row.life + 1});
                    events.push(slice(&format!("connection {epoch}"), track(row.to), row.at, to, &args));
                }
                What::Birth | What::Input(_) | What::Effect(_) | What::Fault | What::End => {}
            }
        }
        events
    }

    /// News, notices and faults.
    fn instants(&self) -> Vec<Value> {
        let instant = |row: &Row| {
            let tid = match row.what {
                What::Fault => FAULTS,
                What::Input(_) => track(row.from),
                What::Effect(Mark::Plain) => track(row.to),
                What::Effect(_) | What::Birth | What::End => return None,
            };
            let args = json!({"text": row.text, "step": row.n, "process": row.life + 1});
            let (ts, name) = (row.at.as_micros(), head(row));
            Some(json!({"ph": "i", "name": name, "pid": PID, "tid": tid, "ts": ts, "s": "t", "args": args}))
        };
        self.rows.iter().filter_map(instant).collect()
    }

    /// Cursor, counted from its least value, buffer and failures, where they change.
    fn counters(&self) -> Vec<Value> {
        let mut events = Vec::new();
        let mut last: BTreeMap<(&str, String), u64> = BTreeMap::new();
        // A cursor that counts in time is a number of sixteen digits, whose curve would be flat.
        let mut floors: BTreeMap<Scope, u64> = BTreeMap::new();
        for state in self.rows.iter().filter_map(|row| self.state(row)) {
            if let (Some(cursor), Some((scope, ..))) = (cursor(state), state.durable) {
                floors.entry(scope).and_modify(|floor| *floor = cursor.min(*floor)).or_insert(cursor);
            }
        }
        for row in &self.rows {
            let Some(state) = self.state(row) else { continue };
            // A track is named by both words.
            let mut count = |name, of: &str, number: u64| {
                if last.insert((name, of.to_owned()), number) != Some(number) {
                    let (ts, args) = (row.at.as_micros(), json!({of: number}));
                    events.push(json!({"ph": "C", "name": name, "pid": PID, "ts": ts, "args": args}));
                }
            };
            if let (Some(cursor), Some((scope, ..))) = (cursor(state), state.durable) {
                let floor = floors.get(&scope).copied().unwrap_or_default();
                count("cursor", &format!("of {scope}"), cursor - floor);
            }
            count("buffer", "events", u64::from(state.waiting_events));
            count("buffer", "bytes", state.waiting_bytes);
            count("failures", "in a row", u64::from(state.failures));
        }
        events
    }

    /// From each question that was answered to whom it was put, and to its answer.
    fn flows(&self) -> Vec<Value> {
        let mut events = Vec::new();
        for (id, answer) in self.rows.iter().enumerate() {
            let Some(asked) = answer.asked.and_then(|asked| self.rows.get(asked)) else { continue };
            let name = head(asked);
            // An arrow ends at the beginning of a slice: without one of its own, at whatever was going on by then.
            let end = answer.at + MOMENT;
            if end <= self.lives[answer.life].to {
                let args = json!({"text": answer.text, "step": answer.n});
                events.push(slice(&head(answer), track(Actor::Machine), answer.at, end, &args));
            }
            let mut flow = |ph: &str, tid: usize, at: Instant| {
                let ts = at.as_micros();
                let mut event = json!({"ph": ph, "cat": "causes", "name": name, "id": id, "pid": PID});
                event["tid"] = json!(tid);
                event["ts"] = json!(ts);
                if ph != "s" {
                    event["bp"] = json!("e");
                }
                events.push(event);
            };
            flow("s", track(Actor::Machine), asked.at);
            flow("t", track(asked.to), asked.at);
            flow("f", track(Actor::Machine), answer.at);
        }
        events
    }
}

fn life_slice(index: usize, life: &Life) -> Value {
    let verdict = life.verdict.as_deref().unwrap_or("it is not known how it ended");
    let to = life.from + length(life);
    slice(&format!("process {}: {verdict}", index + 1), LIVES, life.from, to, &json!({"end": verdict}))
}

fn slice(name: &str, tid: usize, from: Instant, to: Instant, args: &Value) -> Value {
    let (ts, dur) = (from.as_micros(), to.as_micros().saturating_sub(from.as_micros()));
    json!({"ph": "X", "name": name, "pid": PID, "tid": tid, "ts": ts, "dur": dur, "args": args})
}

fn track(actor: Actor) -> usize {
    ACTORS + actor.lane()
}

/// The first two words of a row: `append #4`.
fn head(row: &Row) -> String {
    row.text.split(' ').take(if row.what == What::Fault { 1 } else { 2 }).collect::<Vec<_>>().join(" ")
}
