//! What every command needs before it begins: logging, the actor system, the state directory.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::args::{ExecutorChoice, Global, LogFormat, LogLevel, Pull};
use super::{Exit, talk};
use crate::config::{FileConfig, LONGEST_GRACE, default_state_directory, user_config_file};
use crate::engine::{Engine, EngineOptions};
use crate::executor::{Executor, PullPolicy};
use crate::id::RunId;
use crate::machine::{self, Choice};

/// Sends what the inner workings say to stderr.
pub(super) fn logging(level: LogLevel, format: LogFormat) {
    let level = match level {
        LogLevel::Off => "off",
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    };
    let log = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(crate::serve::log_filter(level)))
        .with_writer(talk::Log);
    // What runs and jobs log is in the journals of their actors, too.
    let journals = loom_bridge::JournalLayer::new();
    // Twice in one process happens only in tests; the first one stands.
    drop(match format {
        LogFormat::Text => {
            let log = log.with_ansi(talk::in_colour()).with_target(false).finish();
            log.with(journals).try_init()
        }
        LogFormat::Json => {
            let log = log.with_ansi(false).json().flatten_event(true).finish();
            log.with(journals).try_init()
        }
    });
}

/// Runs a command inside an actor system, whose actors share this thread.
pub(super) fn system<F: Future<Output = Exit>>(command: impl FnOnce() -> F) -> Exit {
    actix_rt::System::new().block_on(async { command().await })
}

/// Runs what may wait for a disk on a thread that nobody waits for when it is given up: a thread of the system's own
/// would be waited for at the end.
pub(super) async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Exit> + Send + 'static,
) -> Result<T, Exit> {
    let (done, answer) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new().name("loom-setup".to_owned());
    // Nobody may be waiting any more.
    let started = thread.spawn(move || drop(done.send(work())));
    if let Err(error) = started {
        talk::error(&format!("no thread can be started: {error}"));
        return Err(Exit::Machine);
    }
    // A panic has told of itself.
    answer.await.unwrap_or(Err(Exit::Machine))
}

/// The project directory.
pub(super) fn workspace(global: &Global) -> Result<PathBuf, Exit> {
    let path = match &global.workspace {
        Some(path) => path.clone(),
        None => PathBuf::from("."),
    };
    match path.canonicalize() {
        Ok(path) if path.is_dir() => Ok(path),
        Ok(path) => Err(usage(&format!(
            "the workspace {} is no directory",
            path.display()
        ))),
        Err(error) => Err(usage(&format!(
            "the workspace {} cannot be used: {error}",
            path.display()
        ))),
    }
}

/// The configuration files' word.
pub(super) fn configuration(workspace: &std::path::Path) -> Result<FileConfig, Exit> {
    FileConfig::load(workspace, user_config_file(variable).as_deref()).map_err(|error| {
        talk::error(&format!("failed to {}", crate::chain::chain(&error)));
        Exit::Usage
    })
}

/// Variables that are meant for several machines, which Loom does not serve yet, and what stands in for them.
const NOT_YET: [(&str, &str); 2] = [
    (
        "LOOM_DATABASE_URL",
        "runs are kept in the state directory of this machine",
    ),
    (
        "LOOM_REDIS_URL",
        "runs are queued and shown by this process alone",
    ),
];

/// Seconds for which jobs on this machine go on when their process has died.
const ORPHAN_GRACE: &str = "LOOM_ORPHAN_GRACE";

/// How long jobs on this machine go on when this process has died, where somebody says it.
fn orphan_grace(workspace: &std::path::Path) -> Result<Option<Duration>, Exit> {
    let seconds = match variable(ORPHAN_GRACE).filter(|text| !text.is_empty()) {
        None => configuration(workspace)?.run.orphan_grace,
        Some(text) => {
            let seconds = text.to_str().and_then(|text| text.trim().parse().ok());
            let taken = seconds.filter(|seconds| *seconds <= LONGEST_GRACE);
            let wrong = || {
                usage(&format!(
                    "{ORPHAN_GRACE} is `{}`, and has to be a whole number of seconds, at most {LONGEST_GRACE}",
                    text.display()
                ))
            };
            Some(taken.ok_or_else(wrong)?)
        }
    };
    Ok(seconds.map(|seconds| Duration::from_secs(seconds.into())))
}

/// The engine on the project's state directory, of a command that has jobs run.
pub(super) async fn engine_for_jobs(global: &Global, workspace: &std::path::Path) -> Result<Engine, Exit> {
    let project = workspace.to_owned();
    let grace = on_a_thread(move || orphan_grace(&project)).await?;
    open(global, workspace, grace).await
}

/// The engine on the project's state directory.
pub(super) async fn engine(global: &Global, workspace: &std::path::Path) -> Result<Engine, Exit> {
    open(global, workspace, None).await
}

async fn open(
    global: &Global,
    workspace: &std::path::Path,
    orphan_grace: Option<Duration>,
) -> Result<Engine, Exit> {
    for (variable, instead) in NOT_YET {
        if std::env::var_os(variable).is_some_and(|value| !value.is_empty()) {
            talk::warning(&format!("{variable} has no effect yet: {instead}"));
        }
    }
    let directory = global
        .state_dir
        .clone()
        .or_else(|| default_state_directory(workspace, variable));
    let Some(directory) = directory else {
        talk::error("there is no place for journal and logs: neither HOME nor XDG_STATE_HOME is set");
        talk::help("set LOOM_STATE_DIR to a directory");
        return Err(Exit::Machine);
    };
    let mut options = EngineOptions::new(directory);
    options.orphan_grace = orphan_grace.unwrap_or(options.orphan_grace);
    Engine::open(options).await.map_err(|error| {
        talk::error(&format!("failed to {}", crate::chain::chain(&error)));
        Exit::Machine
    })
}

/// What was said at this start of what earlier runs left.
#[derive(Debug, Default)]
pub(super) struct Warned(BTreeSet<String>);

impl Warned {
    /// Warns, unless it was said already.
    fn once(&mut self, text: String) {
        if !self.0.contains(&text) {
            talk::warning(&text);
            self.0.insert(text);
        }
    }
}

/// What of dead Looms may be there yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Left {
    /// There are executors to be looked into: it is recovered again, with what was told.
    pub(super) unswept: bool,
    /// An engine may be making something of it yet.
    pub(super) late: bool,
}

/// Puts right what dead Looms left on the state directory, and says what was found.
pub(super) async fn recover(engine: &Engine, executors: Vec<Arc<dyn Executor>>, warned: &mut Warned) -> Left {
    put_right(engine, executors, warned, |run| {
        format!(
            "run {run} stands still: its process has died; the next `loom-runtime serve` goes on with it, or \
             `loom-runtime runs resume {run}`"
        )
    })
    .await
}

/// The same for who goes on with runs by itself.
pub(super) async fn recover_and_go_on(
    engine: &Engine,
    executors: Vec<Arc<dyn Executor>>,
    warned: &mut Warned,
) -> Left {
    put_right(engine, executors, warned, |run| {
        format!("the process of run {run} has died; this one goes on with it")
    })
    .await
}

async fn put_right(
    engine: &Engine,
    executors: Vec<Arc<dyn Executor>>,
    warned: &mut Warned,
    standing: fn(&RunId) -> String,
) -> Left {
    match engine.recover(executors).await {
        Ok(recovered) => {
            for run in &recovered.runs {
                talk::note(&format!(
                    "run {run} was broken off when its process ended; it is marked as lost"
                ));
            }
            for run in &recovered.resumable {
                warned.once(standing(run));
            }
            for problem in &recovered.problems {
                warned.once(format!("{problem}; it is tried again at the next start"));
            }
            Left {
                unswept: !recovered.unswept.is_empty() || !recovered.awake.is_empty(),
                late: !recovered.late.is_empty(),
            }
        }
        Err(error) => {
            warned.once(format!(
                "what earlier runs left cannot be looked for: failed to {error}"
            ));
            Left::default()
        }
    }
}

/// Looks once more, after a run, for what an engine was making yet when it was swept. Whoever broke the run off does not wait
/// for that; the next start looks again.
pub(super) async fn recover_late(engine: &Engine, needs: bool, exit: Exit, warned: &mut Warned) {
    if matches!(exit, Exit::Success | Exit::Failure) {
        recover(engine, machine::for_recovery(engine, needs).await, warned).await;
    }
}

/// Where jobs run: the flag's word, else the configuration's.
pub(super) fn choice(flag: Option<ExecutorChoice>, config: &FileConfig) -> Choice {
    flag.map(Into::into).or(config.run.executor).unwrap_or_default()
}

/// When images are pulled: the flag's word, else the configuration's.
pub(super) fn pull(flag: Option<Pull>, config: &FileConfig) -> PullPolicy {
    flag.map(Into::into).or(config.run.pull).unwrap_or_default()
}

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

fn usage(text: &str) -> Exit {
    talk::error(text);
    Exit::Usage
}
