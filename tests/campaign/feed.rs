//! A feed of our own on loopback, in a process of its own: where it listens, and what it says that it did.

use std::io::{BufRead as _, BufReader, Read};
use std::process::Stdio;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::Failure;
use crate::program::{Program, Running};

/// How long a feed may take to say where it listens.
const PATIENCE: Duration = Duration::from_secs(120);

/// A wire that the feed speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// `/subscribe`.
    V1,
    /// `/xrpc/network.bsky.jetstream.subscribeEvents`.
    V2,
}

impl std::str::FromStr for Wire {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|wire| wire.name() == name).ok_or_else(|| "give v1 or v2".to_owned())
    }
}

impl Wire {
    /// Both.
    pub const ALL: [Self; 2] = [Self::V1, Self::V2];

    /// As `highwater feed --wire` has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::V1 => "/subscribe",
            Self::V2 => "/xrpc/network.bsky.jetstream.subscribeEvents",
        }
    }
}

/// A feed of our own on loopback.
#[derive(Debug)]
pub struct Feed {
    process: Running,
    /// Where to follow it.
    pub url: String,
    /// Takes what the feed still says, so that it never waits for a reader.
    _drain: JoinHandle<()>,
    summary: JoinHandle<String>,
}

/// What a feed says that it did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many connections it let in.
    pub connections: u64,
    /// How often each fault that was asked for happened.
    pub faults: Vec<(String, u64)>,
}

impl Feed {
    /// Starts `highwater feed` with these arguments, and waits until it says where it listens.
    pub fn start(program: &Program, wire: Wire, arguments: &[String]) -> Result<Self, Failure> {
        let mut all = ["feed", "--listen", "127.0.0.1:0", "--wire", wire.name()].map(str::to_owned).to_vec();
        all.extend_from_slice(arguments);
        let mut process = Running::of(program.command(&all).stdout(Stdio::piped()).stderr(Stdio::piped()))?;
        let stdout = process.child.stdout.take().ok_or("the feed has no standard output")?;
        let stderr = process.child.stderr.take().ok_or("the feed has no standard error")?;
        let summary = std::thread::spawn(move || all_of(stderr));
        let (lines, drain) = first_line(stdout);
        let line = lines.recv_timeout(PATIENCE).map_err(|_| "the feed does not say where it listens")?;
        let base = line.strip_prefix("listening ").ok_or_else(|| format!("the feed said `{line}` first"))?;
        let base = base.split_whitespace().next().unwrap_or(base).trim_end_matches('/');
        Ok(Self { process, url: format!("{base}{}", wire.path()), _drain: drain, summary })
    }

    /// Ends it well, so that all it knows is written down.
    #[cfg(unix)]
    pub fn stop(mut self) -> Result<Summary, Failure> {
        let code = self.process.stop()?;
        let said = self.summary.join().map_err(|_| "nobody listened to the feed")?;
        match code {
            0 => Summary::parse(&said).ok_or_else(|| format!("the feed said at its end:\n{said}").into()),
            code => Err(format!("the feed ended with {code}:\n{said}").into()),
        }
    }
}

impl Summary {
    /// Reads `.. to 3 connections, ..`, and a line for each fault with its count before it.
    fn parse(said: &str) -> Option<Self> {
        let (first, others) = said.split_once('\n')?;
        let (before, _) = first.split_once(" connections")?;
        let faults = others.lines().map(|line| {
            let (count, kind) = line.trim().split_once(' ')?;
            Some((kind.to_owned(), count.parse().ok()?))
        });
        let connections = before.rsplit(' ').next()?.parse().ok()?;
        Some(Self { connections, faults: faults.collect::<Option<_>>()? })
    }
}

/// Reads all of `stdout` on a thread of its own, and hands over its first line.
fn first_line(stdout: impl Read + Send + 'static) -> (mpsc::Receiver<String>, JoinHandle<()>) {
    let (sender, receiver) = mpsc::channel();
    let drain = std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            // Nobody waits for the second line.
            let _ = sender.send(line);
        }
    });
    (receiver, drain)
}

/// What can be read until the other side ends.
fn all_of(mut stderr: impl Read) -> String {
    let mut said = Vec::new();
    // What came before an error is still worth telling.
    let _ = stderr.read_to_end(&mut said);
    String::from_utf8_lossy(&said).into_owned()
}

#[cfg(test)]
mod tests {
    use super::Summary;

    #[test]
    fn a_summary_tells_connections_and_faults() {
        let said = "10 events, 40 frames to 3 connections, 1 requests refused\n       5 drop\n       0 503\n";
        let faults = vec![("drop".to_owned(), 5), ("503".to_owned(), 0)];
        assert_eq!(Summary::parse(said), Some(Summary { connections: 3, faults }));
        assert_eq!(Summary::parse("error: no port\n"), None);
    }
}
