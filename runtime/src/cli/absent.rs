//! What Loom is meant to take and does not take yet, named for what it is: somebody who types a flag of the
//! documentation, or one that `act` knows, learns that it is not a typing mistake, and what helps today.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::talk;

/// Flags of `run`: as typed, and what helps today.
const FLAGS: &[(&[&str], &str)] = &[
    (
        &["-n", "--dry-run", "--dryrun"],
        "`loom-runtime graph` shows the jobs and their order, `loom-runtime validate` checks the file",
    ),
    (
        &["-l", "--list"],
        "`loom-runtime graph` lists the jobs and their order",
    ),
    (
        &["-e", "--event-path", "--eventpath", "--event"],
        "a run has no event yet: every job of the file runs",
    ),
    (
        &["-s", "--secret", "--secret-file"],
        "`--env NAME=VALUE` gives a variable to every step; it is not masked in the log",
    ),
    (
        &["--var", "--var-file", "--env-file", "--input", "--input-file"],
        "`--env NAME=VALUE` gives a variable to every step",
    ),
    (
        &["--matrix"],
        "a job with a matrix is refused before anything starts",
    ),
    (
        &["--workspace-mode"],
        "jobs in containers see the project itself at /workspace",
    ),
    (
        &["-W", "--workflows"],
        "name the file behind the command: `loom-runtime run FILE`",
    ),
    (
        &["--actor", "--repository", "--ref", "--sha", "--default-branch"],
        "steps get no `github` context yet",
    ),
    (
        &["--action-override"],
        "a step with `uses` is refused before anything starts",
    ),
    (
        &["--keep"],
        "containers are always removed when their job is done",
    ),
];

/// Commands, and what helps today.
const COMMANDS: &[(&str, &str)] = &[
    (
        "watch",
        "`loom-runtime serve --watch` starts a workflow when its file changes",
    ),
    ("worker", "jobs run in the process that was asked to run them"),
    (
        "doctor",
        "`loom-runtime run` says what the machine lacks before anything starts",
    ),
    (
        "shell",
        "containers are removed when their job is done; `loom-runtime runs logs` shows what it printed",
    ),
    ("completions", "`loom-runtime --help` lists the commands"),
    (
        "cancel",
        "Ctrl-C ends a `run`; the page of `serve` and POST /api/runs/ID/cancel end any",
    ),
    ("rerun", "start the workflow again"),
    ("resume", "start the workflow again"),
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
    let kind = match error.kind() {
        ErrorKind::UnknownArgument => ContextKind::InvalidArg,
        ErrorKind::InvalidSubcommand => ContextKind::InvalidSubcommand,
        _ => return None,
    };
    let ContextValue::String(word) = error.get(kind)? else {
        return None;
    };
    let today = if kind == ContextKind::InvalidArg {
        let (_, today) = FLAGS.iter().find(|(names, _)| names.contains(&word.as_str()))?;
        today
    } else {
        let (_, today) = COMMANDS.iter().find(|(name, _)| name == word)?;
        today
    };
    Some((word, today))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::args::Cli;
    use super::*;

    /// The day a flag or command arrives, its row here has to go.
    #[test]
    fn nothing_that_is_there_is_called_absent() {
        for flag in FLAGS.iter().flat_map(|(names, _)| *names) {
            let error = Cli::try_parse_from(["loom-runtime", "run", flag]).expect_err(flag);
            assert_eq!(meant(&error).map(|(word, _)| word), Some(*flag));
        }
        for (command, _) in COMMANDS {
            let words: &[&str] = match *command {
                "cancel" | "rerun" | "resume" | "export" => &["loom-runtime", "runs", command],
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
