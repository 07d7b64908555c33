//! What a feed says is stored byte for byte, whatever it says in between.

use std::path::Path;

use crate::Failure;
use crate::program::{Feed, Program, Wire, arguments_to_follow};

/// What came of a file.
#[derive(Clone, Debug)]
pub struct Followed {
    /// What is exported, an event a line.
    pub payloads: Vec<u8>,
    /// How many frames were set aside: the garbage.
    pub set_aside: usize,
}

/// Serves the lines of `source` with garbage between them, and follows them. Files go to `folder`.
pub fn follow(program: &Program, wire: Wire, source: &Path, folder: &Path) -> Result<Followed, Failure> {
    let serve = [format!("--serve={}", source.display()), "--fault=malformed=3".to_owned()];
    let feed = Feed::start(program, wire, &serve)?;
    let database = folder.join("highwater.db");
    let mut run = arguments_to_follow(&feed.url, &database);
    run.extend(["--exit-idle", "2s"].map(str::to_owned));
    program.succeed(&run)?;
    feed.stop()?;
    let letters = program.export(&database, Some("--dead-letters"))?;
    let set_aside = String::from_utf8(letters)?.lines().count();
    Ok(Followed { payloads: program.export(&database, None)?, set_aside })
}
