//! What Loom is meant to take and does not take yet, named for what it is: somebody who types a command of the
//! documentation learns that it is not a typing mistake, and what helps today.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::talk;

/// Commands, and what helps today.
const COMMANDS: &[(&str, &str)] = &[
    ("worker", "jobs run in the process that was asked to run them"),
    (
        "export",
        "`loom-runtime runs show --format json` and `runs logs --format json` give all there is",
    ),
];

/// Says so when the mistake is to ask for what is not there yet. False means that it is an ordinary mistake.
pub(super) fn explain(error: &clap::Error) -> bool {
    let Some((word, today)) = meant(error) else {
        return false;
    };
    talk::error(&format!(
        "`{word}` is planned and not there yet; nothing was started"
    ));
    talk::help(today);
    true
}

fn meant(error: &clap::Error) -> Option<(&str, &'static str)> {
    if error.kind() != ErrorKind::InvalidSubcommand {
        return None;
    }
    let ContextValue::String(word) = error.get(ContextKind::InvalidSubcommand)? else {
        return None;
    };
    let (_, today) = COMMANDS.iter().find(|(name, _)| name == word)?;
    Some((word, today))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::args::Cli;
    use super::*;

    /// The day a command arrives, its row here has to go.
    #[test]
    fn nothing_that_is_there_is_called_absent() {
        for (command, _) in COMMANDS {
            let words: &[&str] = match *command {
                "export" => &["loom-runtime", "runs", command],
                _ => &["loom-runtime", command],
            };
            let error = Cli::try_parse_from(words).expect_err(command);
            assert_eq!(meant(&error).map(|(word, _)| word), Some(*command));
        }
    }

    #[test]
    fn a_typing_mistake_stays_one() {
        let error = Cli::try_parse_from(["loom-runtime", "run", "--no-such-flag"]).expect_err("unknown");
        assert_eq!(meant(&error), None);
    }
}
