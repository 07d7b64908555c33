//! Plans as files: JSON Lines, the run first, then its shape, then a fault a line.

use core::fmt;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Plan;
use super::shape_text::ShapeText;
use crate::draw::Chance;
use crate::faults::{Fault, Measure, Range, Record, signed, unsigned};
use crate::likeness::Change;
use crate::mode::Mode;
use crate::score::Score;

/// The version of the format.
const VERSION: u64 = 1;
/// A plan has so many faults at most: more than any run had.
const FAULTS_MAX: usize = 100_000;

/// Why a text is no plan. Whoever wrote the file has to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanError {
    line: usize,
    why: String,
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl std::error::Error for PlanError {}

impl Plan {
    /// Reads a plan. Empty lines are skipped.
    pub fn read(text: &str) -> Result<Self, PlanError> {
        let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
        let mut lines = lines.filter(|(_, line)| !line.is_empty());
        let mut next = |what: &str| {
            lines.next().ok_or_else(|| PlanError {
                line: text.lines().count() + 1,
                why: format!("{what} is missing"),
            })
        };
        let (line, head) = next("the line that begins with {\"plan\":1")?;
        let (seed, mode, chance, other_way) = at(line, head_of(head))?;
        let (line, shape) = next("the line with the shape of the run, as {\"sources\":...}")?;
        let shape: Result<ShapeText, String> = serde_json::from_str(shape).map_err(|error| error.to_string());
        let shape = at(line, shape.and_then(|shape| shape.shape()))?;
        let mut lines = lines.peekable();
        let score = match lines.next_if(|(_, text)| text.starts_with(SCORE)) {
            Some((line, text)) => Some(at(line, score_of(text, mode, shape.sources.len()))?),
            None => None,
        };
        let (mut faults, mut keys) = (Vec::new(), BTreeSet::new());
        for (line, text) in lines {
            let record = at(line, record_of(text))?;
            let is_new = keys.insert(record.key());
            at(line, if is_new { Ok(()) } else { Err("this fault is listed twice".to_owned()) })?;
            at(
                line,
                if faults.len() < FAULTS_MAX {
                    Ok(())
                } else {
                    Err(format!("more than {FAULTS_MAX} faults"))
                },
            )?;
            faults.push(record);
        }
        Ok(Self { seed, mode, chance, shape, faults, score, change: other_way })
    }
}

/// The text that [`Plan::read`] reads.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mode, chance) = (self.mode.name(), self.chance.name());
        let seed = self.seed;
        let way = self.change.map_or_else(String::new, |change| format!(r#","change":"{change}""#));
        writeln!(f, r#"{{"plan":{VERSION},"seed":{seed},"mode":"{mode}","chance":"{chance}"{way}}}"#)?;
        let shape = serde_json::to_string(&ShapeText::of(&self.shape)).map_err(|_| fmt::Error)?;
        writeln!(f, "{shape}")?;
        if let Some(score) = &self.score {
            let score = serde_json::to_string(&ScoreText { score }).map_err(|_| fmt::Error)?;
            writeln!(f, "{score}")?;
        }
        self.faults.iter().try_for_each(|record| writeln!(f, "{}", line_of(record)))
    }
}

/// How a line with a score begins.
const SCORE: &str = "{\"score\":";

#[derive(Serialize)]
struct ScoreText<'a> {
    score: &'a Score,
}

/// The score of a line, if it can be played.
fn score_of(text: &str, mode: Mode, sources: usize) -> Said<Arc<Score>> {
    #[derive(Deserialize)]
    struct Read {
        score: Score,
    }
    let Read { score } = serde_json::from_str(text).map_err(|error| error.to_string())?;
    score.check(sources)?;
    match mode {
        Mode::Machine => Ok(Arc::new(score)),
        Mode::Wire => Err("a score has no bytes: the mode should be machine".to_owned()),
    }
}

/// One line of a plan.
fn line_of(record: &Record) -> String {
    let (fault, site, entity) = (record.fault.name(), record.fault.site().name(), record.entity);
    let attempt = (record.attempt > 0).then(|| format!(r#","attempt":{}"#, record.attempt));
    let measure = |(range, number): (Range, u64)| {
        let number = if range.measure.is_signed() { signed(number).to_string() } else { number.to_string() };
        format!(r#","{}":{number}"#, range.measure.name())
    };
    let measures: String = record.measures().map(measure).collect();
    let attempt = attempt.unwrap_or_default();
    format!(r#"{{"fault":"{fault}","site":"{site}","entity":{entity}{attempt}{measures}}}"#)
}

type Said<T> = Result<T, String>;

fn at<T>(line: usize, said: Said<T>) -> Result<T, PlanError> {
    said.map_err(|why| PlanError { line, why })
}

/// The fields of a line, taken one by one: what is left in the end is not known.
struct Fields(Map<String, Value>);

impl Fields {
    fn read(text: &str) -> Said<Self> {
        match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err("a line of a plan is an object, as {\"fault\":\"crash\", ...}".to_owned()),
            Err(error) => Err(format!("this is no JSON: {error}")),
        }
    }

    fn number(&mut self, name: &str) -> Said<Option<u64>> {
        let Some(value) = self.0.remove(name) else { return Ok(None) };
        value.as_u64().map(Some).ok_or_else(|| format!("`{name}` should be a whole number, and is {value}"))
    }

    fn required(&mut self, name: &str) -> Said<u64> {
        self.number(name)?.ok_or_else(|| format!("`{name}` is missing"))
    }

    fn one_of<T: Copy>(&mut self, name: &str, all: &[T], of: impl Fn(T) -> &'static str) -> Said<T> {
        let value = self.0.remove(name).ok_or_else(|| format!("`{name}` is missing"))?;
        let found = all.iter().copied().find(|&one| value == json!(of(one)));
        found.ok_or_else(|| match all {
            [] | [_, _, _, _, ..] => format!("`{name}` is {value}, and no {name} is called that"),
            few => {
                let names: Vec<&str> = few.iter().map(|&one| of(one)).collect();
                format!("`{name}` is {value}, and should be {}", names.join(" or "))
            }
        })
    }

    fn end(self) -> Said<()> {
        match self.0.keys().next() {
            Some(name) => Err(format!("nothing is called `{name}` here")),
            None => Ok(()),
        }
    }
}

fn head_of(text: &str) -> Said<(u64, Mode, Chance, Option<Change>)> {
    let mut fields = Fields::read(text)?;
    match fields.required("plan")? {
        VERSION => {}
        other => {
            return Err(format!("this plan is of version {other}, and this program reads version {VERSION}"));
        }
    }
    let seed = fields.required("seed")?;
    let mode = fields.one_of("mode", &Mode::ALL, Mode::name)?;
    let chance = fields.one_of("chance", &Chance::ALL, Chance::name)?;
    let is_changed = fields.0.contains_key("change");
    let way = is_changed.then(|| fields.one_of("change", &Change::ALL, Change::name)).transpose()?;
    fields.end()?;
    Ok((seed, mode, chance, way))
}

fn record_of(text: &str) -> Said<Record> {
    let mut fields = Fields::read(text)?;
    let fault = fields.one_of("fault", &Fault::ALL, Fault::name)?;
    if fields.0.contains_key("site") {
        fields.one_of("site", &[fault.site().name()], |name| name)?;
    }
    let entity = fields.required("entity")?;
    let attempt = fields.number("attempt")?.unwrap_or(0);
    let attempt = u32::try_from(attempt).map_err(|_| format!("`attempt` is {attempt}: too many"))?;
    let mut record = Record::mildest(fault, entity, attempt);
    for range in fault.ranges() {
        record = record.with(range.measure, measured(&mut fields, range)?);
    }
    fields.end()?;
    Ok(record)
}

/// The number of a measure, within its range; what is not said is as mild as can be.
fn measured(fields: &mut Fields, range: &Range) -> Said<u64> {
    let name = range.measure.name();
    let number = match fields.0.get(name).and_then(Value::as_i64) {
        Some(step) if range.measure.is_signed() => {
            fields.0.remove(name);
            unsigned(step)
        }
        _ => match (fields.number(name)?, range.measure) {
            (Some(number), _) => number,
            (None, Measure::At | Measure::After) => return Err(format!("`{name}` is missing: when?")),
            (None, _) => range.low,
        },
    };
    if (range.low..=range.high).contains(&number) {
        return Ok(number);
    }
    if range.measure.is_signed() {
        let most = signed(range.high).unsigned_abs();
        return Err(format!("`{name}` should be a step of {most} at most, on or back"));
    }
    Err(format!("`{name}` should lie between {} and {}", range.low, range.high))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        let stall = Record::mildest(Fault::Stall, 2, 0).with(Measure::After, 1_500_000);
        let step = Record::mildest(Fault::WallStep, 0, 3).with(Measure::Step, unsigned(-5_000));
        Plan::of_seed(31, Mode::Machine, vec![stall, step])
    }

    #[test]
    fn a_plan_is_read_as_it_was_written() {
        for seed in 0..50 {
            let plan = Plan::of_seed(seed, Mode::Wire, plan().faults);
            let again = Plan::read(&plan.to_string()).unwrap();
            assert_eq!(format!("{plan:?}"), format!("{again:?}"));
        }
        insta::assert_snapshot!(plan(), @r#"
        {"plan":1,"seed":31,"mode":"machine","chance":"keyed-v1"}
        {"sources":[{"wire":"v1","retention_us":3600000000},{"wire":"v2","retention_us":60000000}],"fatal":0,"lost":null,"heals_us":131300000,"catch_up_us":1200000000,"gap_us":50000,"sparse":4,"start":"now","compress":false,"stall_timeout_us":15000000,"quiet_limit_us":null,"backoff_initial_us":1000000,"backoff_max_us":60000000,"rewind_us":60000000,"cursor_window_us":600000000,"batch_events":64,"batch_bytes":8388608,"batch_delay_us":5000,"buffer_events":256,"buffer_bytes":8388608,"exit_idle_us":null,"give_up_after_us":null,"atomic":true,"sink_takes_us":3831,"deadline_first":false,"wall_wrong_by_us":318031}
        {"fault":"stall","site":"mishap","entity":2,"after_us":1500000,"for_us":100000}
        {"fault":"wall-step","site":"clockwork","entity":0,"attempt":3,"at_us":0,"step_us":-5000}
        "#);
    }

    #[test]
    fn what_is_not_said_of_a_fault_is_as_mild_as_can_be() {
        let short = r#"{"fault":"stall","entity":2,"after_us":7}"#;
        assert_eq!(record_of(short), Ok(Record::mildest(Fault::Stall, 2, 0).with(Measure::After, 7)));
    }

    #[test]
    fn whoever_wrote_a_wrong_plan_is_told_what_to_mend() {
        let text = plan().to_string();
        let refused = |text: &str| Plan::read(text).unwrap_err().to_string();
        let changed = |from: &str, to: &str| refused(&text.replacen(from, to, 1));
        let said = [
            refused(""),
            refused("{}"),
            refused("[1]"),
            refused("plan"),
            refused(r#"{"plan":1,"seed":1,"mode":"machine","chance":"keyed-v1"}"#),
            changed(r#""plan":1"#, r#""plan":2"#),
            changed("machine", "engine"),
            changed(r#""seed":31"#, r#""seed":-1"#),
            changed(r#""sparse""#, r#""sparce""#),
            changed(r#""heals_us":"#, r#""heals_us":9"#),
            changed("stall\"", "nap\""),
            changed("mishap", "sink"),
            changed(r#""after_us":1500000"#, r#""for_us":1"#),
            changed(r#""for_us":100000"#, r#""for_us":99"#),
            changed("-5000", "900000000"),
            changed(r#""entity":2"#, r#""entity":2,"speed":9"#),
            refused(&format!("{text}{}\n", line_of(&plan().faults[0]))),
        ];
        insta::assert_snapshot!(said.join("\n"), @r#"
        line 1: the line that begins with {"plan":1 is missing
        line 1: `plan` is missing
        line 1: a line of a plan is an object, as {"fault":"crash", ...}
        line 1: this is no JSON: expected value at line 1 column 1
        line 2: the line with the shape of the run, as {"sources":...} is missing
        line 1: this plan is of version 2, and this program reads version 1
        line 1: `mode` is "engine", and should be machine or wire
        line 1: `seed` should be a whole number, and is -1
        line 2: unknown field `sparce`, expected one of `sources`, `fatal`, `lost`, `heals_us`, `catch_up_us`, `gap_us`, `sparse`, `start`, `compress`, `stall_timeout_us`, `quiet_limit_us`, `backoff_initial_us`, `backoff_max_us`, `rewind_us`, `cursor_window_us`, `connect_timeout_us`, `stop_grace_us`, `batch_events`, `batch_bytes`, `batch_delay_us`, `buffer_events`, `buffer_bytes`, `exit_idle_us`, `give_up_after_us`, `atomic`, `sink_takes_us`, `deadline_first`, `wall_wrong_by_us` at line 1 column 182
        line 2: `heals_us` should lie between 1000000 and 3600000000
        line 3: `fault` is "nap", and no fault is called that
        line 3: `site` is "sink", and should be mishap
        line 3: `after_us` is missing: when?
        line 3: `for_us` should lie between 100000 and 40000000
        line 4: `step_us` should be a step of 300000000 at most, on or back
        line 3: nothing is called `speed` here
        line 5: this fault is listed twice
        "#);
    }
}
