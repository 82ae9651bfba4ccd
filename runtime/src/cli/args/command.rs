//! The command line as one tree, and how it is read.

use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command, CommandFactory, FromArgMatches};

use super::Cli;

/// Options of every command that do nothing for some, and those. They are taken there and not shown.
const IDLE: &[(&str, &[&str])] = &[
    (
        "state_dir",
        &[
            "validate",
            "graph",
            "explain",
            "schema",
            "eval",
            "actors",
            "completions",
            "man",
            "lsp",
        ],
    ),
    (
        "workspace",
        &[
            "validate",
            "graph",
            "explain",
            "schema",
            "actors",
            "completions",
            "man",
            "lsp",
        ],
    ),
];

/// All that may be typed.
pub(in crate::cli) fn command() -> Command {
    let mut root = Cli::command();
    for (option, commands) in IDLE {
        let Some(arg) = root.get_arguments().find(|arg| arg.get_id() == *option).cloned() else {
            continue;
        };
        root = root.mut_subcommands(|command| {
            if commands.contains(&command.get_name()) {
                command.arg(arg.clone().hide(true))
            } else {
                command
            }
        });
    }
    root
}

/// Reads what was typed, the program's name first.
///
/// # Errors
/// What clap says of a mistake, a question for help or for the version. Variables of the environment are left out of its
/// usage, for nobody typed them.
pub(in crate::cli) fn parse(words: Vec<OsString>) -> Result<Cli, clap::Error> {
    let read = without_empty(command(), &|name| std::env::var_os(name))
        .try_get_matches_from(&words)
        .and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches))
        .map(Cli::spread);
    // clap takes a value of the environment for one that was typed and shows it in the usage of a mistake.
    read.map_err(|error| match deaf(command()).try_get_matches_from(&words) {
        Err(same) if same.kind() == error.kind() => same,
        _ => of_the_environment(error, command()),
    })
}

/// A mistake in a variable of the environment, with its name: who reads of a flag looks for it in what was typed.
fn of_the_environment(mut error: clap::Error, mut command: Command) -> clap::Error {
    // Only then do arguments know how they are shown.
    command.build();
    let variable = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(flag)) => variable_of(&command, flag),
        _ => None,
    };
    if let Some(variable) = variable {
        let tip = format!("the value is that of the environment variable {variable}");
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}

/// The variable that stands for a flag, as clap shows the flag.
fn variable_of(command: &Command, flag: &str) -> Option<String> {
    let own = command
        .get_arguments()
        .filter(|arg| arg.to_string() == flag)
        .find_map(|arg| Some(arg.get_env()?.to_string_lossy().into_owned()));
    own.or_else(|| {
        command
            .get_subcommands()
            .find_map(|below| variable_of(below, flag))
    })
}

/// The same without variables that are set to nothing, which is how a shell or a unit file takes one back.
fn without_empty(command: Command, variable: &dyn Fn(&OsStr) -> Option<OsString>) -> Command {
    command
        .mut_args(|arg: Arg| {
            let is_empty = |name| variable(name).is_some_and(|value| value.is_empty());
            if arg.get_env().is_some_and(is_empty) {
                arg.env(None::<&str>)
            } else {
                arg
            }
        })
        .mut_subcommands(|below| without_empty(below, variable))
}

/// The same without the environment.
fn deaf(command: Command) -> Command {
    command
        .mut_args(|arg: Arg| arg.env(None::<&str>))
        .mut_subcommands(deaf)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long the first line of an option may be, in characters.
    const SHORT: usize = 70;

    fn walk(command: &Command, path: &str, look: &mut impl FnMut(&str, &Command)) {
        let path = format!("{path} {}", command.get_name());
        look(&path, command);
        for below in command.get_subcommands() {
            walk(below, &path, look);
        }
    }

    fn built() -> Command {
        let mut command = command();
        command.build();
        command
    }

    #[test]
    fn the_tree_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn every_option_has_a_short_line_and_where_there_are_many_a_heading() {
        let mut wrong = Vec::new();
        walk(&built(), "", &mut |path, command| {
            let visible: Vec<&Arg> = command.get_arguments().filter(|arg| !arg.is_hide_set()).collect();
            for arg in &visible {
                let name = format!("{path}: {}", arg.get_id());
                let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
                if help.chars().count() > SHORT || help.contains('\n') {
                    wrong.push(format!("{name}: its first paragraph is long: {help}"));
                }
                if !help.starts_with(char::is_uppercase) {
                    wrong.push(format!("{name}: does not begin with a capital: {help}"));
                }
                // Help and version are clap's own, and stand first.
                let is_claps = matches!(arg.get_id().as_str(), "help" | "version");
                // Those of every command have a heading of their own.
                let is_own = |arg: &&&Arg| !arg.is_positional() && !arg.is_global_set();
                let has_many = visible.iter().filter(is_own).count() > 4;
                if has_many && !arg.is_positional() && !is_claps && arg.get_help_heading().is_none() {
                    wrong.push(format!("{name}: has no heading"));
                }
            }
        });
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn what_is_no_number_is_refused_in_words_that_are_not_a_programs() {
        let mut numbers = 0;
        walk(&built(), "", &mut |path, below| {
            let names: Vec<&str> = path.split_whitespace().skip(1).collect();
            for arg in below
                .get_arguments()
                .filter(|arg| arg.get_action().takes_values())
            {
                let Some(long) = arg.get_long() else { continue };
                let typed = words(&[&names[..], &[&format!("--{long}"), "1x"]].concat());
                let said = command()
                    .try_get_matches_from(typed)
                    .err()
                    .map(|error| error.to_string());
                let said = said.unwrap_or_default();
                numbers += u32::from(said.contains("whole number"));
                for word in ["invalid digit", "is not in", "u16", "u32", "u64", "usize"] {
                    assert!(!said.contains(word), "{path} --{long}: {said}");
                }
            }
        });
        assert!(numbers >= 8, "{numbers}");
    }

    #[test]
    fn a_mistake_in_the_environment_is_told_with_the_variable() {
        let typed = words(&["serve", "--port=abc"]);
        let error = command().try_get_matches_from(typed).expect_err("no port");
        let said = of_the_environment(error, command()).to_string();
        assert!(said.contains("'abc'") && said.contains("LOOM_PORT"), "{said}");
        assert!(said.contains("a whole number from 0 to 65535"), "{said}");
    }

    #[test]
    fn an_option_is_not_shown_where_it_does_nothing_and_taken_all_the_same() {
        for (command, shown) in [
            ("explain", false),
            ("schema", false),
            ("man", false),
            ("run", true),
        ] {
            let error = parse(words(&[command, "--help"])).expect_err("help");
            assert_eq!(error.to_string().contains("--state-dir"), shown, "{command}");
        }
        let cli = parse(words(&["schema", "--state-dir", "x"])).expect("taken");
        assert_eq!(cli.global.state_dir.as_deref(), Some(std::path::Path::new("x")));
        let cli = parse(words(&["--state-dir", "y", "explain"])).expect("taken");
        assert_eq!(cli.global.state_dir.as_deref(), Some(std::path::Path::new("y")));
    }

    #[test]
    fn quiet_stands_before_the_command_as_behind_it() {
        let mut with = 0;
        walk(&built(), "", &mut |path, command| {
            let has = command.get_arguments().any(|arg| arg.get_id() == "quiet");
            let names: Vec<&str> = path.split_whitespace().skip(1).collect();
            if !has || names.is_empty() {
                return;
            }
            with += 1;
            // Runs that exist already are named.
            let named = if names.contains(&"rerun") || names.contains(&"resume") {
                &["latest"][..]
            } else {
                &[]
            };
            for flag in ["-q", "--quiet"] {
                let before = parse(words(&[&[flag], &names[..], named].concat())).expect("before");
                let behind = parse(words(&[&names[..], &[flag], named].concat())).expect("behind");
                let shown = |cli: &Cli| format!("{:?}", cli.command);
                assert_eq!(shown(&before), shown(&behind), "{path}");
                assert!(shown(&before).contains("quiet: true"), "{path}");
            }
        });
        assert!(with >= 4, "{with} commands can be quiet");
        parse(words(&["-q", "runs", "list"])).expect("taken where it changes nothing");
    }

    #[test]
    fn help_tells_of_every_command() {
        walk(&command(), "", &mut |path, _| {
            let path: Vec<&str> = path.split_whitespace().skip(1).collect();
            let error = parse(words(&[&["help"], &path[..]].concat())).expect_err("help");
            assert_eq!(error.kind(), clap::error::ErrorKind::DisplayHelp, "{path:?}");
        });
    }

    /// What the environment set is as if typed for clap: here one that stands for it.
    #[test]
    fn a_deaf_command_hears_no_environment() {
        walk(&deaf(command()), "", &mut |path, command| {
            assert!(
                command.get_arguments().all(|arg| arg.get_env().is_none()),
                "{path}"
            );
        });
    }

    fn words(words: &[&str]) -> Vec<OsString> {
        ["loom-runtime"].iter().chain(words).map(OsString::from).collect()
    }
}
