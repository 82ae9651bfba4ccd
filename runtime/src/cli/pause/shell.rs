//! `loom-runtime shell`: a command line in the place of a job that is paused or was kept, as its step saw it.

use std::io::{IsTerminal, Read, Write};
use std::os::unix::process::CommandExt as _;
use std::pin::Pin;
use std::process::Command;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::kept;
use super::waiting::{Waiting, waiting};
use crate::cli::args::{Global, ShellArgs};
use crate::cli::runs::load;
use crate::cli::{Exit, setup, talk};
use crate::engine::{Engine, Entrance};
use crate::executor::Stream;
use crate::executor::docker::{DockerExecutor, DockerOptions, ShellSession, ShellSpec};
use crate::id::JobKey;
use crate::state::Run;

/// Opens the shell; 0 when it ended well, 1 when it did not.
pub(in crate::cli) async fn shell(global: Global, args: ShellArgs) -> Exit {
    open(&global, &args).await.unwrap_or_else(|exit| exit)
}

async fn open(global: &Global, args: &ShellArgs) -> Result<Exit, Exit> {
    let workspace = setup::workspace(global)?;
    let engine = setup::engine(global, &workspace).await?;
    // A run whose process is gone is lost, not paused.
    setup::recover(&engine, Vec::new(), &mut setup::Warned::default()).await;
    let run = load(&engine, &args.run).await?;
    if let Some(place) = kept::meant(&engine, &run, args).await? {
        return kept::enter(&engine, &run, &place, args).await;
    }
    let meant = meant(&run, args)?;
    let entrance = entrance(&run, &meant)?;
    if talk::is_watched() {
        talk::note(&format!("{}; `exit` leaves it as it is", meant.line()));
    }
    // What was said is read before what the shell says.
    talk::finish();
    match entrance.container.clone() {
        None => on_host(&entrance),
        Some(container) => in_container(&docker(&engine), container, entrance).await,
    }
}

/// The paused step that is meant.
fn meant(run: &Run, args: &ShellArgs) -> Result<Waiting, Exit> {
    let mut found: Vec<Waiting> = waiting(run);
    if found.is_empty() {
        talk::error(&format!(
            "nothing of run {} is paused or kept, so there is no place to enter",
            run.id
        ));
        talk::help(
            "`loom-runtime run --pause-on-failure` stops at a step that fails, `--keep failed` keeps the places of jobs that \
             failed",
        );
        return Err(Exit::Usage);
    }
    let all: Vec<String> = found.iter().map(Waiting::line).collect();
    if let Some(job) = &args.job {
        found.retain(|one| one.job.is_of(job));
    }
    if let Some(step) = &args.step {
        found.retain(|one| one.is_step(step));
    }
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => {
            talk::error(&format!("that step is not paused; what is: {}", all.join("; ")));
            Err(Exit::Usage)
        }
        _ => {
            talk::error(&format!("several steps are paused: {}", all.join("; ")));
            talk::help("name one: `loom-runtime shell RUN JOB --step N`");
            Err(Exit::Usage)
        }
    }
}

fn entrance(run: &Run, meant: &Waiting) -> Result<Entrance, Exit> {
    let key = JobKey {
        run: run.id.clone(),
        job: meant.job.clone(),
        attempt: run.jobs.get(&meant.job).map_or(1, |job| job.attempt.max(1)),
    };
    let read = Entrance::read(run.owner.pid, &key);
    let found = read.map(|all| all.into_iter().find(|one| one.step == meant.step));
    match found {
        Ok(Some(entrance)) => Ok(entrance),
        Ok(None) => {
            talk::error("the step is not paused any more");
            Err(Exit::Usage)
        }
        Err(error) => {
            talk::error(&format!(
                "what the step saw cannot be had from the process that owns the run ({}): {error}",
                run.owner.pid
            ));
            talk::help(
                "a shell is for the user that started the run, on the same machine, which has to be Linux",
            );
            Err(Exit::Machine)
        }
    }
}

/// What opens shells in containers.
pub(super) fn docker(engine: &Engine) -> DockerExecutor {
    DockerExecutor::new(DockerOptions::new(
        engine.instance().to_owned(),
        engine.directory().cache(),
    ))
}

/// The `PATH` of a shell on this machine.
pub(super) fn path_of(entrance: &Entrance) -> std::ffi::OsString {
    let mut path = std::ffi::OsString::new();
    for folder in &entrance.path {
        path.push(folder);
        path.push(":");
    }
    let own = entrance.env.get("PATH").map(std::ffi::OsString::from);
    path.push(own.or_else(|| std::env::var_os("PATH")).unwrap_or_default());
    path
}

/// This process becomes the shell.
fn on_host(entrance: &Entrance) -> Result<Exit, Exit> {
    let path = path_of(entrance);
    let mut problem = String::new();
    for program in ["bash", "sh"] {
        let error = Command::new(program)
            .envs(&entrance.env)
            .env("PATH", &path)
            .current_dir(&entrance.directory)
            .exec();
        problem = format!("{program}: {error}");
    }
    talk::error(&format!(
        "no shell can be started in {}: {problem}",
        entrance.directory
    ));
    Err(Exit::Machine)
}

/// Opens a shell in a container, and ends with it.
pub(super) async fn in_container(
    docker: &DockerExecutor,
    container: String,
    entrance: Entrance,
) -> Result<Exit, Exit> {
    let terminal = Terminal::of_stdin();
    let spec = ShellSpec {
        container,
        in_container: entrance.in_container,
        directory: entrance.directory,
        env: entrance.env,
        path: entrance.path,
        terminal: terminal.as_ref().map(|_| size()),
    };
    let failed = |error: crate::executor::ExecutorError| {
        talk::error(&format!("failed to {}", crate::chain::chain(&error)));
        Exit::Machine
    };
    let mut session = docker.shell(spec).await.map_err(failed)?;
    let raw = terminal.as_ref().map(Terminal::raw);
    let ended = pass_on(&mut session, terminal.is_some()).await;
    drop(raw);
    if let Talked::Signalled = ended.map_err(failed)? {
        return Ok(Exit::Cancelled);
    }
    let code = session.exit_code().await.map_err(failed)?;
    Ok(if code == 0 { Exit::Success } else { Exit::Failure })
}

/// How a conversation with a shell ended.
enum Talked {
    /// The shell has ended, or nobody hears it any more.
    ToItsEnd,
    /// A signal told this process to end.
    Signalled,
}

/// Hands on what is typed and what is said, until the shell ends or this process is told to.
async fn pass_on(
    session: &mut ShellSession,
    on_terminal: bool,
) -> Result<Talked, crate::executor::ExecutorError> {
    // Apart from what is said: a shell that waits until that is read takes nothing meanwhile.
    let feeding = feed(typed(), session.input());
    tokio::pin!(feeding);
    let mut is_fed = false;
    let mut resized = signal(SignalKind::window_change()).ok().filter(|_| on_terminal);
    let mut signals = Signals::listen();
    loop {
        tokio::select! {
            said = session.output() => match said? {
                None => return Ok(Talked::ToItsEnd),
                Some((stream, bytes)) => {
                    // The shell waits for who reads what it says, as any does; nothing else is on this thread.
                    let written = match stream {
                        Stream::Stderr => std::io::stderr().write_all(&bytes),
                        Stream::Stdout => std::io::stdout().write_all(&bytes).and_then(|()| std::io::stdout().flush()),
                    };
                    if written.is_err() {
                        return Ok(Talked::ToItsEnd);
                    }
                }
            },
            () = &mut feeding, if !is_fed => is_fed = true,
            () = signals.next() => return Ok(Talked::Signalled),
            () = async { match &mut resized { Some(resized) => drop(resized.recv().await), None => std::future::pending().await } } => {
                let (rows, columns) = size();
                session.resize(rows, columns).await;
            }
        }
    }
}

/// Hands on what is typed, to its end or the shell's.
async fn feed(mut typed: mpsc::Receiver<Vec<u8>>, input: Option<Pin<Box<dyn AsyncWrite + Send>>>) {
    let Some(mut input) = input else { return };
    while let Some(bytes) = typed.recv().await {
        if input.write_all(&bytes).await.is_err() || input.flush().await.is_err() {
            return;
        }
    }
    // It has ended already, then.
    drop(input.shutdown().await);
}

/// What tells this process to end. A terminal that hands on every key must not stay so.
pub(super) struct Signals(Vec<tokio::signal::unix::Signal>);

impl Signals {
    pub(super) fn listen() -> Self {
        Self::of([
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
            SignalKind::quit(),
        ])
    }

    /// Only these.
    pub(super) fn of(kinds: impl IntoIterator<Item = SignalKind>) -> Self {
        Self(kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect())
    }

    pub(super) async fn next(&mut self) {
        let all = self.0.iter_mut().map(|one| Box::pin(one.recv()));
        let all: Vec<_> = all.collect();
        if all.is_empty() {
            return std::future::pending().await;
        }
        drop(futures_util::future::select_all(all).await);
    }
}

/// What comes on stdin. The thread is left where it waits when the shell has ended.
fn typed() -> mpsc::Receiver<Vec<u8>> {
    let (sender, typed) = mpsc::channel(16);
    let thread = std::thread::Builder::new().name("loom-typed".to_owned());
    let started = thread.spawn(move || {
        let mut piece = [0; 4096];
        loop {
            match std::io::stdin().lock().read(&mut piece) {
                Ok(0) | Err(_) => return,
                Ok(length) => {
                    let bytes = piece.get(..length).unwrap_or_default().to_vec();
                    if sender.blocking_send(bytes).is_err() {
                        return;
                    }
                }
            }
        }
    });
    if let Err(error) = started {
        talk::error(&format!(
            "nothing can be typed: no thread can be started: {error}"
        ));
    }
    typed
}

/// Rows and columns of the terminal.
fn size() -> (u16, u16) {
    let size = tcgetwinsize(std::io::stdin());
    size.map_or((24, 80), |size| (size.ws_row.max(1), size.ws_col.max(1)))
}

/// The terminal as it was.
struct Terminal(Termios);

/// A terminal that hands on every key, until it is dropped.
struct Raw<'a>(&'a Terminal);

impl Terminal {
    fn of_stdin() -> Option<Self> {
        let at_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        at_terminal
            .then(|| tcgetattr(std::io::stdin()).ok().map(Self))
            .flatten()
    }

    fn raw(&self) -> Raw<'_> {
        let mut raw = self.0.clone();
        raw.make_raw();
        // Without it keys come a line at a time.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &raw);
        Raw(self)
    }
}

impl Drop for Raw<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.0.0);
    }
}
