//! The command line: the only place that knows clap, colours, exit codes and the terminal.
//!
//! stdout is data (logs, results, lists), stderr is talk (progress, hints, warnings, errors).

mod about;
mod absent;
mod actors;
mod args;
mod broken;
mod colour;
mod data;
mod diagnostics;
mod doctor;
mod eval;
mod exit;
mod explain;
mod gather;
mod graph;
mod kept;
mod logs;
mod lsp;
mod output;
mod pause;
mod places;
mod prompt;
mod prune;
mod rerun;
mod resume;
mod run;
mod runs;
mod sarif;
mod schema;
mod search;
mod serve;
mod setup;
mod signals;
mod talk;
mod together;
mod uplink;
mod validate;
mod watch;

use std::process::ExitCode;

use clap::error::ErrorKind;

pub use exit::Exit;

use self::args::{Command, RunsCommand};
use crate::event::PauseAnswer;

/// Runs the command that the process's arguments name.
pub fn main() -> ExitCode {
    if let Some(code) = crate::agent::run_if_asked() {
        return code;
    }
    let words: Vec<_> = std::env::args_os().collect();
    // Help and mistakes are coloured, too.
    colour::choose_early(&words);
    let cli = match args::parse(words) {
        Ok(cli) => cli,
        Err(error) if absent::explain(&error) => return Exit::Usage.into(),
        Err(error) => {
            // Help and version are answers, not mistakes; they alone go to stdout.
            let printed = error.print();
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                    data::note(printed);
                    data::finish(Exit::Success)
                }
                _ => Exit::Usage,
            }
            .into();
        }
    };
    colour::choose(cli.global.color);
    setup::logging(cli.global.log_level, cli.global.log_format);
    let relayed = match &cli.command {
        Command::Run(args) => pause::relay(args),
        Command::Runs(RunsCommand::Rerun(args)) => pause::relay_when(args.pause_on_failure, args.format),
        _ => None,
    };
    if let Some(relayed) = relayed {
        let exit = setup::system(|| relayed);
        return exit.into();
    }
    if let Some(directory) = &cli.global.directory
        && let Err(error) = std::env::set_current_dir(directory)
    {
        talk::error(&format!("cannot work in {}: {error}", directory.display()));
        return Exit::Usage.into();
    }
    // What a run came to is in its journal, so it stays what it is when its log cannot be written here.
    let answers = !matches!(
        cli.command,
        Command::Run(_)
            | Command::Watch(_)
            | Command::Runs(RunsCommand::Rerun(_) | RunsCommand::Resume(_))
            | Command::Serve(_)
            | Command::Retry(_)
            | Command::Skip(_)
            | Command::Shell(_)
            | Command::End(_)
    );
    if !answers {
        talk::aside();
    }
    let exit = broken::guard(move || match cli.command {
        Command::Run(args) => setup::system(|| run::run(cli.global, *args)),
        Command::Watch(args) => setup::system(|| watch::watch(cli.global, *args)),
        Command::Retry(args) => setup::system(|| pause::retry(cli.global, args)),
        Command::Skip(args) => setup::system(|| pause::say(cli.global, args, PauseAnswer::Skip)),
        Command::End(args) => setup::system(|| pause::say(cli.global, args, PauseAnswer::End)),
        Command::Shell(args) => setup::system(|| pause::shell(cli.global, args)),
        Command::Serve(args) => setup::system(|| serve::run(cli.global, args)),
        Command::Runs(RunsCommand::Rerun(args)) => setup::system(|| rerun::rerun(cli.global, *args)),
        Command::Runs(RunsCommand::Resume(args)) => setup::system(|| resume::resume(cli.global, *args)),
        Command::Actors(args) => setup::system(|| actors::actors(args)),
        Command::Runs(args) => setup::system(|| runs::runs(cli.global, args)),
        Command::Validate(args) => validate::validate(&args),
        Command::Graph(args) => graph::graph(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Schema => schema::schema(),
        Command::Lsp => lsp::lsp(),
        Command::Eval(args) => eval::eval(&cli.global, &args),
        Command::Doctor(args) => doctor::doctor(cli.global, &args),
        Command::Completions(args) => about::completions(&args),
        Command::Man(args) => about::man(&args),
    });
    let exit = if answers { data::finish(exit) } else { exit };
    prompt::restore();
    talk::finish();
    exit.into()
}
