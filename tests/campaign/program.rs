//! The program under test: built by cargo, started, read from, killed, and never left running.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::Failure;

/// How long a feed may take to say where it listens, and a campaign to catch up in the end.
const PATIENCE: Duration = Duration::from_secs(120);

/// The built program.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
}

impl Program {
    /// Builds `highwater` in the profile of this program; a package's tests cannot ask cargo for another's binary.
    ///
    /// Beside tests it is built together with them: the same choice of features, and so hardly anything to compile.
    pub fn build() -> Result<Self, Failure> {
        let (folder, what) = if cfg!(debug_assertions) {
            ("debug", "--package highwater --package highwater-tests --bins --tests")
        } else {
            ("release", "--package highwater --release")
        };
        let mut build = cargo_build();
        let status = build.args(what.split(' ')).current_dir(env!("CARGO_MANIFEST_DIR")).status()?;
        if !status.success() {
            return Err(format!("cargo could not build highwater: {status}").into());
        }
        let here = std::env::current_exe()?;
        let folder = here.ancestors().find(|path| path.ends_with(folder));
        let path = folder.ok_or("this program was not started from cargo's target folder")?.join("highwater");
        Ok(Self { path: path.with_extension(std::env::consts::EXE_EXTENSION) })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Starts `highwater` with these arguments, its standard output in a pipe.
    pub fn start(&self, arguments: &[String]) -> Result<Running, Failure> {
        let mut command = Command::new(&self.path);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        Running::of(&mut command)
    }

    /// Runs `highwater` with these arguments to its end.
    pub fn output(&self, arguments: &[String]) -> Result<Output, Failure> {
        Ok(Command::new(&self.path).args(arguments).stdin(Stdio::null()).output()?)
    }

    /// Runs `highwater` with these arguments to its end, which must be a good one.
    pub fn succeed(&self, arguments: &[String]) -> Result<Vec<u8>, Failure> {
        let output = self.output(arguments)?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        Err(format!("highwater {}: {}\n{stderr}", arguments.join(" "), output.status).into())
    }

    /// What `highwater export` prints of `database`, if `what` is one of its flags, or none.
    pub fn export(&self, database: &Path, what: Option<&str>) -> Result<Vec<u8>, Failure> {
        let mut arguments = vec!["export".to_owned(), database.display().to_string()];
        arguments.extend(what.map(str::to_owned));
        self.succeed(&arguments)
    }
}

/// `cargo build`, as if a shell had started it.
pub(crate) fn cargo_build() -> Command {
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet"]);
    // What cargo tells a test about its package makes dependencies that look there build anew, each time.
    let told = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars().filter(|(name, _)| told(name)) {
        build.env_remove(name);
    }
    build
}

/// The arguments to follow `url` into `database` from the oldest event on.
pub fn arguments_to_follow(url: &str, database: &Path) -> Vec<String> {
    let sink = format!("sqlite:{}", database.display());
    ["run", url, "--start", "oldest", "--to", &sink].map(str::to_owned).to_vec()
}

/// A process of ours; it ends with this value.
#[derive(Debug)]
pub struct Running {
    child: Child,
}

impl Running {
    /// Starts it.
    pub fn of(command: &mut Command) -> Result<Self, Failure> {
        Ok(Self { child: command.spawn()? })
    }

    /// Ends it as the kernel does when memory is short: without a word.
    pub fn kill(&mut self) -> Result<(), Failure> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end, and waits until it did.
    #[cfg(unix)]
    pub fn stop(&mut self) -> Result<i32, Failure> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        self.wait(PATIENCE)
    }

    /// Waits until it ends by itself, and gives its exit code.
    pub fn wait(&mut self, limit: Duration) -> Result<i32, Failure> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return status.code().ok_or_else(|| format!("ended by a signal: {status}").into());
            }
            if Instant::now() >= deadline {
                return Err(format!("still running after {limit:?}").into());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// True until it ended.
    pub fn is_running(&mut self) -> Result<bool, Failure> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// The memory it has in use, in bytes, where the system says so without further ado.
    pub fn resident_bytes(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended before; there is nobody left to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

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
    _drain: std::thread::JoinHandle<()>,
}

impl Feed {
    /// Starts `highwater feed` with these arguments, and waits until it says where it listens.
    pub fn start(program: &Program, wire: Wire, arguments: &[String]) -> Result<Self, Failure> {
        let mut all = ["feed", "--listen", "127.0.0.1:0", "--wire", wire.name()].map(str::to_owned).to_vec();
        all.extend_from_slice(arguments);
        let mut process = program.start(&all)?;
        let stdout = process.child.stdout.take().ok_or("the feed has no standard output")?;
        let (lines, drain) = first_line(stdout);
        let line = lines.recv_timeout(PATIENCE).map_err(|_| "the feed does not say where it listens")?;
        let base = line.strip_prefix("listening ").ok_or_else(|| format!("the feed said `{line}` first"))?;
        let base = base.split_whitespace().next().unwrap_or(base).trim_end_matches('/');
        Ok(Self { process, url: format!("{base}{}", wire.path()), _drain: drain })
    }

    /// Ends it well, so that all it knows is written down.
    #[cfg(unix)]
    pub fn stop(mut self) -> Result<(), Failure> {
        match self.process.stop()? {
            0 => Ok(()),
            code => Err(format!("the feed ended with {code}").into()),
        }
    }
}

/// Reads all of `stdout` on a thread of its own, and hands over its first line.
fn first_line(stdout: ChildStdout) -> (mpsc::Receiver<String>, std::thread::JoinHandle<()>) {
    let (sender, receiver) = mpsc::channel();
    let drain = std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            // Nobody waits for the second line.
            let _ = sender.send(line);
        }
    });
    (receiver, drain)
}
