//! `loom-studio`: a studio server on its own, for actors that report from elsewhere; and its tokens.

mod token_command;

use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use loom_studio::{DEFAULT_PORT, DirectoryOptions, StartError, Studio, StudioOptions, Token};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use self::token_command::TokenCommand;

/// Shows every actor of a running system, live.
///
/// Exit codes: 0 stopped, 2 wrong usage, 3 this machine can't (port taken, address not there).
#[derive(Parser)]
#[command(name = "loom-studio", version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Port to listen on
    #[arg(long, env = "LOOM_PORT", default_value_t = DEFAULT_PORT)]
    port: u16,
    /// Address to listen on; anything but loopback needs a token
    #[arg(long, env = "LOOM_BIND", default_value = "127.0.0.1", value_parser = address)]
    bind: IpAddr,
    /// What callers must show as `Authorization: Bearer`; only from the environment, for flags show in process lists
    #[arg(skip)]
    token: Option<Token>,
    /// File of named tokens with roles, which `loom-studio token` makes; callers must show one of them, or STUDIO_TOKEN
    #[arg(long, env = "STUDIO_TOKENS", value_name = "FILE")]
    tokens: Option<PathBuf>,
    /// Origins that may talk to the studio beside its own, with commas between
    #[arg(long, env = "LOOM_CORS_ORIGINS", value_delimiter = ',')]
    origins: Vec<String>,
    /// Seconds without a word after which an actor, or a whole process, is forgotten; shown as stale from 10 s on
    #[arg(long, env = "LOOM_FORGET_AFTER", default_value_t = 3600, value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(10..))]
    forget_after: u64,
    /// Directory to keep the history of metrics in, so that it outlives a restart; without one it is in memory
    #[arg(long, env = "LOOM_STATE_DIR", value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// What to log: error, warn, info, debug, trace, or a filter such as `loom_studio=debug`
    #[arg(long, env = "LOOM_LOG_LEVEL", default_value = "info,actix_server=warn", value_parser = filter)]
    log_level: EnvFilterText,
}

#[derive(Subcommand)]
enum Command {
    /// Makes, lists and revokes named tokens
    Token(TokenCommand),
}

/// A log filter that can be read.
#[derive(Clone)]
struct EnvFilterText(String);

#[actix_web::main]
async fn main() -> ExitCode {
    // Reports wrong usage itself, with exit code 2.
    let mut matches = command(|name| std::env::var_os(name)).get_matches();
    let mut arguments = match Arguments::from_arg_matches_mut(&mut matches) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    if let Some(Command::Token(command)) = arguments.command {
        return command.run();
    }
    arguments.token = std::env::var("STUDIO_TOKEN")
        .ok()
        .and_then(|text| Token::new(&text));
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(loom_studio::log_filter(&arguments.log_level.0)))
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .init();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let code = match error.downcast_ref::<StartError>() {
                Some(StartError::TokenRequired { .. } | StartError::Origin(_) | StartError::Tokens(_)) => 2,
                _ => 3,
            };
            say(&chain(error.as_ref()));
            ExitCode::from(code)
        }
    }
}

/// What may be typed. A variable that is set to nothing counts as not set.
fn command(variable: impl Fn(&OsStr) -> Option<OsString>) -> clap::Command {
    Arguments::command().mut_args(|arg| {
        let is_empty = |name| variable(name).is_some_and(|value| value.is_empty());
        if arg.get_env().is_some_and(is_empty) {
            arg.env(None::<&str>)
        } else {
            arg
        }
    })
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    // Asked for before anything starts: a signal during the start must not be lost.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let options = StudioOptions {
        bind: arguments.bind,
        port: arguments.port,
        token: arguments.token,
        tokens: arguments.tokens.filter(|path| !path.as_os_str().is_empty()),
        origins: arguments
            .origins
            .into_iter()
            .filter(|text| !text.trim().is_empty())
            .collect(),
        state: arguments.state_dir.filter(|path| !path.as_os_str().is_empty()),
        directory: DirectoryOptions {
            forget_after: Duration::from_secs(arguments.forget_after),
            ..DirectoryOptions::default()
        },
        ..StudioOptions::default()
    };
    let studio = Studio::builder(options).start().await?;
    say(&format!("Loom Studio is at {}", studio.url()));
    if !loom_studio::ui::is_real() {
        say("The page was not built into this server: run `make ui`, then build again.");
    }
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    studio.stop().await;
    Ok(())
}

fn address(text: &str) -> Result<IpAddr, String> {
    if text == "localhost" {
        return Ok(IpAddr::from([127, 0, 0, 1]));
    }
    text.parse()
        .map_err(|_| "give an address such as 127.0.0.1, ::1 or 0.0.0.0, or `localhost`".to_owned())
}

fn filter(text: &str) -> Result<EnvFilterText, String> {
    EnvFilter::try_new(text)
        .map(|_| EnvFilterText(text.to_owned()))
        .map_err(|error| error.to_string())
}

/// The error, then its causes, then what to do about it.
fn chain(error: &dyn Error) -> String {
    let text = error.to_string();
    let (what, help) = text.split_once('\n').unwrap_or((&text, ""));
    let mut line = format!("error: {what}");
    let mut cause = error.source();
    while let Some(source) = cause {
        line.push_str(&format!(": {source}"));
        cause = source.source();
    }
    if !help.is_empty() {
        line.push('\n');
        line.push_str(help);
    }
    line
}

/// Talk goes to stderr; that nobody listens there is no reason to stop.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_are_set_to_nothing_are_not_set() {
        let empty = command(|_| Some(OsString::new()));
        assert!(empty.get_arguments().all(|arg| arg.get_env().is_none()));
        let set = command(|name| (name == "LOOM_PORT").then(|| OsString::from("1")));
        assert!(set.get_arguments().filter(|arg| arg.get_env().is_some()).count() > 3);
    }
}
