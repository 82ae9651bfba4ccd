//! `loom-studio`: a studio server on its own, for actors that report from elsewhere; and its tokens.

mod token_command;

use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use loom_studio::{
    CollectorHeaders, CollectorOptions, CollectorUrl, DEFAULT_PORT, DirectoryOptions, RecorderOptions,
    RecordingError, StartError, Studio, StudioBuilder, StudioOptions, TlsFiles, Token,
};
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
    #[arg(long, env = "LOOM_PORT", default_value_t = DEFAULT_PORT, value_parser = port)]
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
    /// The Redis by which several servers are one studio, redis://user:password@host:6379/0 or rediss:// for TLS; only from the
    /// environment (LOOM_REDIS_URL), for flags show in process lists
    #[cfg(feature = "redis")]
    #[arg(skip)]
    redis: Option<loom_studio::replication::RedisUrl>,
    /// What the keys in that Redis begin with: servers with the same one are one studio
    #[cfg(feature = "redis")]
    #[arg(long, env = "LOOM_REDIS_PREFIX", value_name = "TEXT", default_value = "loom:")]
    redis_prefix: String,
    /// PEM file of the certificate to show over TLS, with those that signed it behind; plain HTTP without one
    #[arg(long, env = "LOOM_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// PEM file of the certificate's private key
    #[arg(long, env = "LOOM_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Origins that may talk to the studio beside its own, with commas between
    #[arg(long, env = "LOOM_CORS_ORIGINS", value_delimiter = ',')]
    origins: Vec<String>,
    /// Seconds without a word after which an actor, or a whole process, is forgotten; shown as stale from 10 s on
    #[arg(long, env = "LOOM_FORGET_AFTER", default_value_t = 3600, value_name = "SECONDS",
        value_parser = seconds)]
    forget_after: u64,
    /// Directory to keep the history of metrics in, so that it outlives a restart; without one it is in memory
    #[arg(long, env = "LOOM_STATE_DIR", value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Mebibytes of memory for the recording of the last ten minutes; 0 records nothing
    #[arg(long, env = "LOOM_RECORDER_MB", default_value_t = 64, value_name = "MB",
        value_parser = mebibytes)]
    recorder_mb: u16,
    /// Directory to save recordings in, the newest 20 of them; `recordings` in the state directory when absent
    #[arg(long, env = "LOOM_RECORDINGS", value_name = "DIR")]
    recordings: Option<PathBuf>,
    /// Whether a recording is saved there by itself when an actor panics or something is found to be broken
    #[arg(long, env = "LOOM_RECORDINGS_AUTO", default_value_t = true, value_name = "BOOL", action = clap::ArgAction::Set)]
    recordings_auto: bool,
    /// A collector of OpenTelemetry that metrics are sent to, such as http://localhost:4318; what it wants to see with each request
    /// (LOOM_OTLP_HEADERS, `name=value,…`) only from the environment, for flags show in process lists
    #[arg(long, env = "LOOM_OTLP_ENDPOINT", value_name = "URL")]
    otlp_endpoint: Option<CollectorUrl>,
    /// Seconds between two tellings
    #[arg(long, env = "LOOM_OTLP_EVERY", default_value_t = 60, value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(1..=3600))]
    otlp_every: u64,
    /// What that collector wants to see
    #[arg(skip)]
    otlp_headers: CollectorHeaders,
    /// What to log: error, warn, info, debug, trace, or a filter such as `loom_studio=debug`
    #[arg(long, env = "LOOM_LOG_LEVEL", default_value = "info,actix_server=warn", value_parser = filter)]
    log_level: EnvFilterText,
    /// How those lines are written: for people, or each as a JSON object
    #[arg(long, env = "LOOM_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text, value_name = "FORMAT")]
    log_format: LogFormat,
}

/// How lines of the log are written.
#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// Each a JSON object, for programs that gather logs.
    Json,
}

#[derive(Subcommand)]
enum Command {
    /// Makes, lists and revokes named tokens
    Token(TokenCommand),
    /// Shows a recording in the page, as of its end; takes no reports
    Open(OpenCommand),
}

#[derive(clap::Args)]
struct OpenCommand {
    /// The recording, a `.loomrec` file
    file: PathBuf,
    /// Port to listen on; 0 takes a free one
    #[arg(long, env = "LOOM_PORT", default_value_t = DEFAULT_PORT)]
    port: u16,
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
    let open = match arguments.command.take() {
        Some(Command::Token(command)) => return command.run(),
        Some(Command::Open(command)) => Some(command),
        None => None,
    };
    arguments.token = std::env::var("STUDIO_TOKEN")
        .ok()
        .and_then(|text| Token::new(&text));
    match std::env::var("LOOM_OTLP_HEADERS").unwrap_or_default().parse() {
        Ok(headers) => arguments.otlp_headers = headers,
        Err(error) => {
            say(&format!("error: LOOM_OTLP_HEADERS: {error}"));
            return ExitCode::from(2);
        }
    }
    #[cfg(feature = "redis")]
    match redis_url() {
        Ok(url) => arguments.redis = url,
        Err(error) => {
            say(&format!("error: LOOM_REDIS_URL: {error}"));
            return ExitCode::from(2);
        }
    }
    let log = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(loom_studio::log_filter(&arguments.log_level.0)))
        .with_writer(io::stderr);
    match arguments.log_format {
        LogFormat::Text => {
            let in_colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            log.with_ansi(in_colour).init();
        }
        LogFormat::Json => log.with_ansi(false).json().flatten_event(true).init(),
    }
    let ended = match open {
        Some(command) => open_recording(command).await,
        None => run(arguments).await,
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let code = match error.downcast_ref::<StartError>() {
                Some(
                    StartError::TokenRequired { .. }
                    | StartError::Origin(_)
                    | StartError::Tokens(_)
                    | StartError::Certificate(_),
                ) => 2,
                _ => match error.downcast_ref::<Unopened>() {
                    // Another file than a recording, or one of another version.
                    Some(unopened) if !matches!(unopened.error, RecordingError::Io(_)) => 2,
                    _ => 3,
                },
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
    let state = arguments.state_dir.filter(|path| !path.as_os_str().is_empty());
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
        tls: arguments
            .tls_cert
            .zip(arguments.tls_key)
            .map(|(certificate, key)| TlsFiles { certificate, key }),
        state: state.clone(),
        directory: DirectoryOptions {
            forget_after: Duration::from_secs(arguments.forget_after),
            ..DirectoryOptions::default()
        },
        recorder: RecorderOptions {
            bytes: usize::from(arguments.recorder_mb) * 1024 * 1024,
            save_in: arguments
                .recordings
                .filter(|path| !path.as_os_str().is_empty())
                .or_else(|| Some(state?.join("recordings"))),
            saves_by_itself: arguments.recordings_auto,
            ..RecorderOptions::default()
        },
        collector: arguments.otlp_endpoint.map(|url| CollectorOptions {
            headers: arguments.otlp_headers,
            every: Duration::from_secs(arguments.otlp_every),
            ..CollectorOptions::new(url)
        }),
        ..StudioOptions::default()
    };
    #[cfg_attr(
        not(feature = "redis"),
        expect(unused_mut, reason = "nothing else is plugged in")
    )]
    let mut studio = Studio::builder(options);
    #[cfg(feature = "redis")]
    if let Some(url) = arguments.redis {
        let log = loom_studio::replication::RedisLog::new(url, Some(&arguments.redis_prefix));
        studio = studio.log(std::sync::Arc::new(log));
    }
    serve(studio, "Loom Studio").await
}

/// Shows a recording, on loopback.
async fn open_recording(command: OpenCommand) -> Result<(), Box<dyn Error>> {
    let options = StudioOptions {
        port: command.port,
        ..StudioOptions::default()
    };
    let what = format!("The recording {}", command.file.display());
    let studio = Studio::open(&command.file, options).map_err(|error| Unopened {
        file: command.file,
        error,
    })?;
    serve(studio, &what).await
}

/// A recording can't be shown.
#[derive(Debug, thiserror::Error)]
#[error("can't open {}", file.display())]
struct Unopened {
    file: PathBuf,
    #[source]
    error: RecordingError,
}

async fn serve(studio: StudioBuilder, what: &str) -> Result<(), Box<dyn Error>> {
    // Asked for before anything starts: a signal during the start must not be lost.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let studio = studio.start().await?;
    say(&format!("{what} is at {}", studio.url()));
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

fn port(text: &str) -> Result<u16, String> {
    let wanted = "it has to be a whole number from 0 to 65535, as the flag or as LOOM_PORT";
    text.parse().map_err(|_| wanted.to_owned())
}

fn mebibytes(text: &str) -> Result<u16, String> {
    let mebibytes = text.parse().ok().filter(|mebibytes| *mebibytes <= 16_384);
    mebibytes.ok_or_else(|| {
        "it has to be a whole number of MiB from 0 to 16384, as the flag or as LOOM_RECORDER_MB".to_owned()
    })
}

fn seconds(text: &str) -> Result<u64, String> {
    let seconds = text.parse().ok().filter(|seconds| *seconds >= 10);
    seconds.ok_or_else(|| {
        "it has to be a whole number of seconds, at least 10, as the flag or as LOOM_FORGET_AFTER".to_owned()
    })
}

/// Where the shared Redis is. Set to nothing is not set.
#[cfg(feature = "redis")]
fn redis_url() -> Result<Option<loom_studio::replication::RedisUrl>, loom_studio::replication::InvalidRedisUrl>
{
    let text = std::env::var("LOOM_REDIS_URL").unwrap_or_default();
    let text = text.trim();
    if text.is_empty() {
        Ok(None)
    } else {
        text.parse().map(Some)
    }
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
