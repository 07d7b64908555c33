//! Runs as files: what a machine was told and what it said, so that the same run can be had again.
//!
//! JSON Lines. A machine decides by its configuration and its inputs alone, so these are a run; effects and hashes
//! stand beside them so that a replay can say where it differs.
//!
//! ```text
//! {"trace":1,"kind":"prod","core":"0.1.0","schema":1,"config":{...},"now":{"monotonic":0,"wall":1760000000000000}}
//! {"n":0,"t":0,"out":[{"Load":{"op":1}}]}
//! {"n":1,"t":1200,"in":{"Opened":{"epoch":1}},"out":[]}
//! {"n":2,"t":9200,"in":{"Received":{"epoch":1,"items":[[1760000000001000,7,["00000000000000a1",312]]]}},"out":[]}
//! {"n":2,"t":9300,"fault":{"name":"stall","text":"stall of connection 1 after 1s for 10s"}}
//! {"n":3,"t":9300,"in":"Timeout","out":[{"Ping":{"epoch":1}}],"h":"9f3ac2d1a40c77e5"}
//! {"n":3,"t":9300,"end":{"verdict":"Stopped"}}
//! ```
//!
//! * A [`Head`] begins the life of a process; a file may hold several. A last line that is torn is what a kill leaves.
//! * Line `n` is the life's nth input; 0 is its birth. `t` is the process's own clock in microseconds; `wall` stands
//!   where wall time went another way than `t` since the line before, and is the wall time there.
//! * All numbers of time are microseconds. An event is `[time, seq, [key, size]]`.
//! * Payloads are [`Shadow`]s, keys digests: no text of an event, a frame or an error is in a trace.
//! * `h` is the digest of the machine's fingerprints at all lines that have an `h`, this one included.
//! * Fields that are not known are ignored; inputs and effects that are not known are errors.

mod deed;
mod pen;
mod track;

use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::config::Config;
use crate::digest::Digest;
use crate::input::Input;
use crate::payload::Shadow;
use crate::time::{Instant, Now, WallTime};
pub use deed::{Appending, Deed, Run};
pub use pen::Pen;
pub use track::Track;

/// The version of the format.
pub const VERSION: u32 = 1;

/// The version of the words that inputs and effects are told in.
pub const SCHEMA: u32 = 1;

/// One line of a trace.
#[derive(Clone, Debug)]
pub enum Line {
    /// A life begins.
    Head(Box<Head>),
    /// The machine was told something.
    Step(Step),
    /// Something went wrong in the world.
    Fault(Struck),
    /// The life ended, and it is known how.
    End(Ended),
}

/// How a life begins.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Head {
    /// The version of the format.
    pub trace: u32,
    /// Where the run was.
    pub kind: Kind,
    /// The version of the machine.
    pub core: String,
    /// The version of the words that inputs and effects are told in.
    pub schema: u32,
    /// What the machine was told at its birth.
    pub config: Config,
    /// What the clocks said at the first line.
    pub now: Now,
    /// When that was by the world's clock, where there is a world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub world: Option<Instant>,
    /// The plan that the run can be had from again, where there is one, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// The machine as it stands, if the trace does not begin at its birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Box<RawValue>>,
}

/// Where a run was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A real feed, a real sink.
    Prod,
    /// The simulator.
    Sim,
    /// A scenario that somebody wrote.
    Scenario,
}

/// Something that the machine was told, and what it said.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Step {
    /// Which of its inputs it was; 0 is the birth.
    pub n: u64,
    /// When, by the process's own clock.
    pub t: Instant,
    /// What wall time was then, if it is not as long after that of the line before as `t` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall: Option<WallTime>,
    /// What it was told; none at its birth.
    #[serde(rename = "in", default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Input<Shadow>>,
    /// What it said; none if that was not written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out: Option<Vec<Deed>>,
    /// The digest of the machine's fingerprints so far, where it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub h: Option<Digest>,
}

/// Something went wrong in the world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Struck {
    /// The last input before it.
    pub n: u64,
    /// When, by the process's own clock.
    pub t: Instant,
    /// What it was.
    pub fault: Fault,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Its name in plans.
    pub name: String,
    /// All of it, for people.
    pub text: String,
}

/// The life ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The last input before it.
    pub n: u64,
    /// When, by the process's own clock.
    pub t: Instant,
    /// How.
    pub end: End,
}

/// How a life ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// The machine's outcome, what must not be and was, or what befell the process.
    pub verdict: String,
}

/// Why a line is none of a trace that this version can read.
#[derive(Debug)]
pub enum LineError {
    /// It is not JSON, or not of a trace; a newer version may have written it.
    Text(serde_json::Error),
    /// The trace is of another version.
    Version(u32),
}

impl Line {
    /// Reads a line.
    pub fn read(text: &str) -> Result<Self, LineError> {
        #[derive(Deserialize)]
        struct Tags {
            trace: Option<IgnoredAny>,
            fault: Option<IgnoredAny>,
            end: Option<IgnoredAny>,
        }
        let tags: Tags = serde_json::from_str(text).map_err(LineError::Text)?;
        match tags {
            Tags { trace: Some(_), .. } => {
                let head: Head = head(text)?;
                Ok(Self::Head(Box::new(head)))
            }
            Tags { fault: Some(_), .. } => serde_json::from_str(text).map(Self::Fault),
            Tags { end: Some(_), .. } => serde_json::from_str(text).map(Self::End),
            Tags { trace: None, fault: None, end: None } => serde_json::from_str(text).map(Self::Step),
        }
        .map_err(LineError::Text)
    }
}

fn head(text: &str) -> Result<Head, LineError> {
    #[derive(Deserialize)]
    struct Version {
        trace: u32,
    }
    let version: Version = serde_json::from_str(text).map_err(LineError::Text)?;
    match version.trace {
        VERSION => serde_json::from_str(text).map_err(LineError::Text),
        other => Err(LineError::Version(other)),
    }
}

impl Head {
    /// The life of a machine that was told this, then.
    pub fn new(kind: Kind, config: Config, now: Now) -> Self {
        let core = env!("CARGO_PKG_VERSION").to_string();
        Self {
            trace: VERSION,
            kind,
            core,
            schema: SCHEMA,
            config,
            now,
            world: None,
            plan: None,
            machine: None,
        }
    }
}

/// The text that [`Line::read`] reads, without a line break.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().map_err(|_| fmt::Error)?)
    }
}

impl Line {
    fn text(&self) -> serde_json::Result<String> {
        match self {
            Self::Head(head) => serde_json::to_string(head),
            Self::Step(step) => serde_json::to_string(step),
            Self::Fault(struck) => serde_json::to_string(struck),
            Self::End(ended) => serde_json::to_string(ended),
        }
    }
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(error) => write!(f, "no line of a trace: {error}"),
            Self::Version(version) => {
                write!(f, "the trace is of version {version}, and this program reads version {VERSION}")
            }
        }
    }
}

impl core::error::Error for LineError {}
