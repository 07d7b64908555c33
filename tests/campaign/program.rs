//! The program under test: built by cargo, started, killed, and never left running.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use crate::Failure;

/// How long a program may take to end once it was asked to.
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

    /// Starts `highwater` with these arguments; nobody listens to what it says.
    pub fn start(&self, arguments: &[String]) -> Result<Running, Failure> {
        Running::of(self.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()))
    }

    /// `highwater` with these arguments, to be started.
    pub(crate) fn command(&self, arguments: &[String]) -> Command {
        let mut command = Command::new(&self.path);
        command.args(arguments).stdin(Stdio::null());
        command
    }

    /// Runs `highwater` with these arguments to its end.
    pub fn output(&self, arguments: &[String]) -> Result<Output, Failure> {
        Ok(self.command(arguments).output()?)
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
    pub(crate) child: Child,
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
        let status = self.ended(limit)?.ok_or_else(|| format!("still running after {limit:?}"))?;
        status.code().ok_or_else(|| format!("ended by a signal: {status}").into())
    }

    /// Waits until it ends by itself, and tells how; none if it has not within `limit`.
    pub(crate) fn ended(&mut self, limit: Duration) -> Result<Option<ExitStatus>, Failure> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            if Instant::now() >= deadline {
                return Ok(None);
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
