//! `trace`: a trace as a picture, for the terminal, for Perfetto, or as a page.

use std::path::{Path, PathBuf};

use highwater_sim::Picture;

use super::{complain, read_text, say};

/// Draw a trace: who did what, what came of what, and where the machine stood
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The trace, as `run --save-trace` or `highwater run --record` wrote it
    file: PathBuf,
    /// How to draw it
    #[arg(long, default_value = "text")]
    format: Format,
    /// Where to; standard output unless told
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// How a trace is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Lanes in the terminal, one an actor
    Text,
    /// A file to open at <https://ui.perfetto.dev>
    Perfetto,
    /// One page that needs nothing else: lanes, causes, curves, and where the machine stood at each step
    Html,
}

/// Draws the trace. True if it could be.
pub(crate) fn run(args: &Args) -> bool {
    let Some(text) = read_text(&args.file) else { return false };
    let picture = match Picture::read(&text) {
        Ok(picture) => picture,
        Err(error) => {
            complain(&format!("{} cannot be drawn: {error}", args.file.display()));
            return false;
        }
    };
    let title = args.file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let drawn = match args.format {
        Format::Text => picture.text(),
        Format::Perfetto => picture.perfetto(),
        Format::Html => picture.html(&title),
    };
    let Some(path) = &args.out else {
        say(drawn.trim_end());
        return true;
    };
    write(path, &drawn)
}

fn write(path: &Path, drawn: &str) -> bool {
    match std::fs::write(path, drawn) {
        Ok(()) => {
            say(&format!("{}: {} KiB", path.display(), drawn.len().div_ceil(1024)));
            true
        }
        Err(error) => {
            complain(&format!("{}: the picture cannot be written: {error}", path.display()));
            false
        }
    }
}
