//! Variables that look like ours: there are none, so whoever sets one means a flag, and must not go unheard.

use clap::Command;

use crate::exit::{Exit, Failure};

/// What the name of a variable of ours would begin with.
const PREFIX: &str = "HIGHWATER_";

/// Refuses variables that somebody believes `command` to read.
pub(crate) fn refuse(command: &Command) -> Result<(), Failure> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    match names.into_iter().find(|name| name.starts_with(PREFIX)) {
        Some(name) => Err(refusal(&name, command)),
        None => Ok(()),
    }
}

fn refusal(name: &str, command: &Command) -> Failure {
    let flag = name.trim_start_matches(PREFIX).to_ascii_lowercase().replace('_', "-");
    let is_flag = command.get_arguments().any(|argument| argument.get_long() == Some(&flag));
    let failure = Failure::new(Exit::Usage, format_args!("{name} is set, and no variable is read"));
    if is_flag {
        failure.hint(format_args!("write --{flag} instead, and unset it"))
    } else {
        failure.hint("unset it: all is said by flags, see `highwater run --help`")
    }
}

#[cfg(test)]
mod tests {
    use clap::{Arg, Command};

    use super::*;

    #[test]
    fn a_variable_that_means_a_flag_is_answered_with_the_flag() {
        let command = Command::new("run").arg(Arg::new("idle").long("exit-idle"));
        let said = |name| refusal(name, &command).to_string();
        assert!(said("HIGHWATER_EXIT_IDLE").contains("write --exit-idle instead"));
        assert!(said("HIGHWATER_COLOUR").contains("highwater run --help"));
    }
}
