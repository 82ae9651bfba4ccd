//! A shell in a place that was kept.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

use super::shell::{Signals, docker, in_container, path_of};
use super::waiting::{is_step, waiting};
use crate::cli::args::ShellArgs;
use crate::cli::output::place as place_of;
use crate::cli::{Exit, kept, talk};
use crate::engine::{Engine, Entrance, KeptLock, KeptPlace};
use crate::event::StepState;
use crate::executor::ExecutorError;
use crate::executor::docker::DockerExecutor;
use crate::executor::host::MARK;
use crate::id::JobId;
use crate::state::Run;

/// How long a shell on this machine has to end by itself when this process is told to end.
const GRACE: Duration = Duration::from_secs(5);

/// The kept place that is meant; none when a paused job is.
pub(super) async fn meant(engine: &Engine, run: &Run, args: &ShellArgs) -> Result<Option<KeptPlace>, Exit> {
    let mut places = kept::of(engine, &run.id).await?;
    let is_named = |job: &JobId| args.job.as_ref().is_none_or(|named| job.is_of(named));
    if places.is_empty() || waiting(run).iter().any(|paused| is_named(&paused.job)) {
        return Ok(None);
    }
    let jobs: Vec<&str> = places.iter().map(|place| place.job.0.as_str()).collect();
    let jobs = jobs.join(", ");
    places.retain(|place| is_named(&place.job));
    match (places.pop(), places.is_empty()) {
        (Some(place), true) => Ok(Some(place)),
        (None, _) => {
            talk::error(&format!(
                "the place of that job is not kept; kept are those of: {jobs}"
            ));
            Err(Exit::Usage)
        }
        (Some(_), false) => {
            talk::error(&format!("the places of several jobs are kept: {jobs}"));
            talk::help("name one: `loom-runtime shell RUN JOB`");
            Err(Exit::Usage)
        }
    }
}

/// Opens a shell there, and has the place as it was when the last one has ended.
pub(super) async fn enter(
    engine: &Engine,
    run: &Run,
    place: &KeptPlace,
    args: &ShellArgs,
) -> Result<Exit, Exit> {
    let entrance = entrance(run, place, args)?;
    let Some(lock) = engine.enter_kept(place).await else {
        talk::error(&format!("the place of job {} is not there any more", place.job));
        return Err(Exit::Usage);
    };
    if talk::is_watched() {
        let job = run.jobs.get(&place.job);
        let step = job.map_or_else(String::new, |job| place_of(job, &entrance.step));
        talk::note(&format!(
            "job {} as it was at its end, with the variables of step {step}; `exit` leaves it",
            place.job
        ));
    }
    if !entrance.hidden.is_empty() {
        talk::note(&format!(
            "left out here, as they hold secrets, which are not kept: {}; `export` them where they are needed",
            entrance.hidden.join(", ")
        ));
    }
    let docker = docker(engine);
    let sleeps = !place.is_on_host() || place.services;
    // From here on nothing ends this process before the place is at rest again.
    let mut signals = Signals::listen();
    let woken = if sleeps {
        tokio::select! {
            woken = wake(engine, &docker, place) => woken,
            () = signals.next() => Err(Exit::Cancelled),
        }
    } else {
        Ok(())
    };
    let ended = match (woken, entrance.container.clone()) {
        (Err(exit), _) => Err(exit),
        (Ok(()), None) => {
            talk::finish();
            on_host(&entrance, &place.name()).await
        }
        (Ok(()), Some(container)) => {
            talk::finish();
            tokio::select! {
                ended = in_container(&docker, container, entrance) => ended,
                () = signals.next() => Ok(Exit::Cancelled),
            }
        }
    };
    if sleeps {
        rest(engine, place, lock).await;
    }
    ended
}

async fn wake(engine: &Engine, docker: &DockerExecutor, place: &KeptPlace) -> Result<(), Exit> {
    if let Err(why) = engine.finds_kept(place).await {
        talk::error(&format!("the place of job {} is out of reach: {why}", place.job));
        return Err(Exit::Machine);
    }
    let _turn = engine.wake_kept(&place.name()).await.map_err(|error| {
        talk::error(&format!(
            "failed to write down that the place of job {} is in use: {error}",
            place.job
        ));
        Exit::Machine
    })?;
    match docker.wake(&place.name(), !place.is_on_host()).await {
        Ok(woken) => {
            for port in woken.ports {
                talk::note(&format!("its service {port}"));
            }
            Ok(())
        }
        Err(error) => {
            talk::error(&format!("failed to {}", crate::chain::chain(&error)));
            match &error {
                ExecutorError::Unreachable { help, .. } => talk::help(help),
                _ => talk::help(&format!(
                    "`loom-runtime runs clean {} {}` removes what is left of it",
                    place.run, place.job
                )),
            }
            Err(Exit::Machine)
        }
    }
}

/// Stops what runs in the place, unless another shell is open there.
async fn rest(engine: &Engine, place: &KeptPlace, lock: KeptLock) {
    if let Err(error) = engine.rest_kept(&place.name(), lock).await {
        talk::warning(&format!("failed to {}", crate::chain::chain(&error)));
    }
}

/// The way in: with the variables of the step that is named, else of the one that failed, else of the last one.
fn entrance(run: &Run, place: &KeptPlace, args: &ShellArgs) -> Result<Entrance, Exit> {
    let job = run.jobs.get(&place.job);
    let found = match &args.step {
        Some(named) => {
            let is_named = |entrance: &&Entrance| {
                job.is_some_and(|job| {
                    let name = job
                        .steps
                        .get(&entrance.step)
                        .map_or("", |step| step.name.as_str());
                    is_step(named, (&entrance.step, &place_of(job, &entrance.step), name))
                })
            };
            place.entrances.iter().find(is_named)
        }
        None => {
            let failed = |entrance: &&Entrance| {
                let step = job.and_then(|job| job.steps.get(&entrance.step));
                step.is_some_and(|step| step.state == StepState::Failure)
            };
            place.entrances.iter().find(failed).or(place.entrances.last())
        }
    };
    found.cloned().ok_or_else(|| {
        let ran = place.entrances.iter().filter_map(|entrance| {
            let job = job?;
            let name = &job.steps.get(&entrance.step)?.name;
            Some(format!("{} ({name})", place_of(job, &entrance.step)))
        });
        let ran: Vec<String> = ran.collect();
        talk::error(&format!(
            "no such step of job {} ran; those that did: {}",
            place.job,
            ran.join(", ")
        ));
        Exit::Usage
    })
}

/// A shell on this machine, beside this process; it is told to end when this process is.
async fn on_host(entrance: &Entrance, name: &str) -> Result<Exit, Exit> {
    // What is typed at the terminal is for the shell.
    let _typed = [SignalKind::interrupt(), SignalKind::quit()].map(|kind| signal(kind).ok());
    let mut signals = Signals::of([SignalKind::terminate(), SignalKind::hangup()]);
    let mut problem = String::new();
    for program in ["bash", "sh"] {
        let mut shell = Command::new(program);
        shell
            .envs(&entrance.env)
            .env("PATH", path_of(entrance))
            // By it all that is left running is found, and ended when the place is removed.
            .env(MARK, name)
            .current_dir(&entrance.directory);
        let mut shell = match shell.spawn() {
            Ok(shell) => shell,
            Err(error) => {
                problem = format!("{program}: {error}");
                continue;
            }
        };
        let ended = tokio::select! {
            ended = shell.wait() => ended,
            () = signals.next() => {
                end(shell).await;
                return Ok(Exit::Cancelled);
            }
        };
        match ended {
            Ok(status) if status.success() => return Ok(Exit::Success),
            Ok(_) => return Ok(Exit::Failure),
            Err(error) => problem = format!("{program}: {error}"),
        }
    }
    talk::error(&format!(
        "no shell can be started in {}: {problem}",
        entrance.directory
    ));
    Err(Exit::Machine)
}

/// Ends a shell as a terminal that goes away does, which one that asks for commands heeds; else without asking.
async fn end(mut shell: Child) {
    if let Some(process) = shell.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)) {
        // It was not waited for: its number is not another's.
        let _ = kill_process(process, Signal::HUP);
    }
    if tokio::time::timeout(GRACE, shell.wait()).await.is_err() {
        drop(shell.kill().await);
    }
}
