//! Flags of `run` that are understood and have no effect yet. A flag that does nothing would be a lie: whoever gives one
//! hears so before anything starts. The day a flag has its effect, its row here goes.

use super::RunArgs;
use super::run::Kept;
use crate::config::{FileConfig, Keep};

/// A flag, or the key of a configuration file that stands for it.
struct NotYet {
    /// As it is typed, or written in a file.
    name: &'static str,
    /// Whether somebody asks for it.
    asked: fn(&RunArgs, &FileConfig) -> bool,
    /// What helps today.
    today: &'static str,
}

const NOT_YET: &[NotYet] = &[NotYet {
    name: "--keep",
    asked: |args, config| {
        !matches!(args.keep, None | Some(Kept::Never)) || !matches!(config.run.keep, None | Some(Keep::Never))
    },
    today: "containers are always removed when their job is done",
}];

/// What is asked for and has no effect yet, each with what helps today.
pub(in crate::cli) fn refused(args: &RunArgs, config: &FileConfig) -> Vec<(&'static str, &'static str)> {
    let asked = NOT_YET.iter().filter(|flag| (flag.asked)(args, config));
    asked.map(|flag| (flag.name, flag.today)).collect()
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::super::{Cli, Command};
    use super::*;

    fn asked(words: &[&str]) -> Vec<&'static str> {
        let words = ["loom-runtime", "run"].iter().chain(words);
        let Command::Run(args) = Cli::try_parse_from(words).unwrap().command else {
            panic!("not a run");
        };
        let refused = refused(&args, &FileConfig::default());
        refused.into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn a_plain_run_asks_for_nothing_that_is_missing() {
        assert_eq!(
            asked(&[
                "-W",
                "x.yml",
                "--env",
                "A=b",
                "--env-file",
                "x",
                "--unmapped-label",
                "fail",
                "--keep",
                "never"
            ]),
            [""; 0]
        );
    }

    /// Each flag of the list is one that clap knows, and is recognised when it is given.
    #[test]
    fn every_flag_of_the_list_is_recognised() {
        let command = Cli::command();
        let run = command.find_subcommand("run").unwrap();
        for row in NOT_YET.iter().filter(|row| row.name.starts_with("--")) {
            let name = row.name.trim_start_matches("--");
            let found = run
                .get_arguments()
                .find(|argument| argument.get_long() == Some(name));
            let argument = found.unwrap_or_else(|| panic!("{}", row.name));
            let value = match name {
                "matrix" => "a:b",
                "workspace-mode" => "copy",
                "keep" => "failed",
                "action-override" => "o/r=d",
                _ => "x",
            };
            let words = match argument.get_action().takes_values() {
                true => vec![row.name, value],
                false => vec![row.name],
            };
            assert_eq!(asked(&words), [row.name]);
        }
    }
}
