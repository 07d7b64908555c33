//! The file: blocks of a script, a line `----` and the behaviour; everything else is kept as it stands.

use super::words::Parsed;

const RULE: &str = "----";

/// A scenario as it was written.
pub(super) struct Scenario {
    blocks: Vec<Block>,
}

/// What is done, and what comes of it.
pub(super) struct Block {
    /// Lines as written, with their number in the file: comments too.
    script: Vec<(usize, String)>,
    /// Effects, then when the machine wants to be woken.
    pub(super) behaviour: Vec<String>,
}

/// One thing to do.
pub(super) struct Command {
    /// The line in the file on which it begins.
    pub(super) line: usize,
    /// Its words; lines that begin with a space belong to the line before.
    pub(super) words: String,
}

impl Scenario {
    /// # Errors
    /// A second rule in one block, or a line that continues nothing.
    pub(super) fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut blocks = Vec::new();
        let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line)).peekable();
        while lines.peek().is_some() {
            let paragraph: Vec<_> = lines.by_ref().take_while(|(_, line)| !line.trim().is_empty()).collect();
            if !paragraph.is_empty() {
                blocks.push(Block::parse(&paragraph)?);
            }
        }
        Ok(Self { blocks })
    }

    /// The blocks, in order; those that are only comments have nothing to do.
    pub(super) fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.blocks.iter().filter(|block| block.has_commands())
    }

    /// The file as it should be, if `behaviours` is what comes of its blocks; no further than they go.
    pub(super) fn with(&self, behaviours: &[Vec<String>]) -> String {
        let mut behaviours = behaviours.iter();
        let mut paragraphs = Vec::new();
        for block in &self.blocks {
            let mut lines: Vec<&str> = block.script.iter().map(|(_, line)| line.as_str()).collect();
            if block.has_commands() {
                let Some(behaviour) = behaviours.next() else { break };
                lines.push(RULE);
                lines.extend(behaviour.iter().map(String::as_str));
            }
            paragraphs.push(lines.join("\n"));
        }
        paragraphs.join("\n\n") + "\n"
    }
}

impl Block {
    fn parse(paragraph: &[(usize, &str)]) -> Result<Self, (usize, String)> {
        let mut parts = paragraph.split(|(_, line)| line.trim_end() == RULE);
        let script = parts.next().unwrap_or_default();
        let behaviour = parts.next().unwrap_or_default();
        if let Some((line, _)) = parts.next().and_then(|part| part.first()) {
            return Err((*line, format!("a second `{RULE}` in one block: a blank line is missing")));
        }
        let owned = |(line, text): &(usize, &str)| (*line, text.trim_end().to_owned());
        Ok(Self {
            script: script.iter().map(owned).collect(),
            behaviour: behaviour.iter().map(|line| owned(line).1).collect(),
        })
    }

    fn has_commands(&self) -> bool {
        self.script.iter().any(|(_, line)| !is_comment(line))
    }

    /// # Errors
    /// A block that begins with the continuation of a line.
    pub(super) fn commands(&self) -> Parsed<Vec<Command>> {
        let mut commands = Vec::<Command>::new();
        for (line, text) in self.script.iter().filter(|(_, text)| !is_comment(text)) {
            if text.starts_with(char::is_whitespace) {
                let last = commands.last_mut().ok_or("this line continues nothing")?;
                last.words += text;
            } else {
                commands.push(Command { line: *line, words: text.clone() });
            }
        }
        Ok(commands)
    }

    /// The line in the file on which the block begins.
    pub(super) fn line(&self) -> usize {
        self.script.first().map_or(0, |(line, _)| *line)
    }
}

/// `# words`, where `#1` is the number of a connection.
fn is_comment(line: &str) -> bool {
    line == "#" || line.starts_with("# ")
}

#[test]
fn what_is_not_behaviour_is_kept_as_it_stands() {
    let text = "# A story.\n\nsource seq\n----\nload #1\nsleep\n\n# Then.\nopened #1\n  twice\n----\nsleep\n";
    let scenario = Scenario::parse(text).unwrap();
    let behaviours: Vec<_> = scenario.blocks().map(|block| block.behaviour.clone()).collect();
    assert_eq!(behaviours, [vec!["load #1", "sleep"], vec!["sleep"]]);
    assert_eq!(scenario.with(&behaviours), text);
    let commands = scenario.blocks().last().unwrap().commands().unwrap();
    assert_eq!((commands.len(), commands[0].line, &*commands[0].words), (1, 9, "opened #1  twice"));
    assert_eq!(Scenario::parse("a\n----\nb\n----\nc").err().map(|(line, _)| line), Some(5));
}
