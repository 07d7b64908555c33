//! What is said while running: on standard error, as text on a terminal and as JSON where a machine reads it.

use std::io::{self, IsTerminal as _, Write};

use indicatif::ProgressBar;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::exit::{Exit, Failure};

/// Says which messages are written, as `highwater=debug`.
const VARIABLE: &str = "RUST_LOG";

/// Begins to write messages; the line that `bar` draws stays below them.
pub(crate) fn start(bar: &ProgressBar) -> Result<(), Failure> {
    let filter = match std::env::var(VARIABLE) {
        Ok(text) => EnvFilter::try_new(&text).map_err(|error| {
            Failure::new(Exit::Configuration, format_args!("{VARIABLE}={text} is no log filter: {error}"))
                .hint(format_args!("write a level, or levels by module: {VARIABLE}=info,highwater=debug"))
        })?,
        Err(_) => EnvFilter::new("info"),
    };
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(Above(bar.clone()));
    if io::stderr().is_terminal() {
        logs.with_target(false).with_ansi(is_colour_wanted()).init();
    } else {
        logs.json().flatten_event(true).init();
    }
    Ok(())
}

/// Whether nobody said that they want no colour: <https://no-color.org>.
fn is_colour_wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Writes to standard error, above the line that is drawn there.
struct Above(ProgressBar);

impl<'a> MakeWriter<'a> for Above {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> &'a Self {
        self
    }
}

impl Write for &Above {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // If standard error is gone, there is nobody to be told, and no reason to end.
        self.0.suspend(|| drop(io::stderr().lock().write_all(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
