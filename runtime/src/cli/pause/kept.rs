//! A shell in a place that was kept.

use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use super::shell::{docker, in_container, path_of};
use super::waiting::{is_step, waiting};
use crate::cli::args::ShellArgs;
use crate::cli::output::place as place_of;
use crate::cli::runs::is_meant;
use crate::cli::{Exit, kept, talk};
use crate::engine::{Engine, Entrance, KeptLock, KeptPlace};
use crate::event::StepState;
use crate::executor::ExecutorError;
use crate::executor::docker::DockerExecutor;
use crate::executor::host::MARK;
use crate::id::JobId;
use crate::state::Run;

/// The kept place that is meant; none when a paused job is.
pub(super) async fn meant(engine: &Engine, run: &Run, args: &ShellArgs) -> Result<Option<KeptPlace>, Exit> {
    let mut places = kept::of(engine, &run.id).await?;
    let is_named = |job: &JobId| args.job.as_ref().is_none_or(|named| is_meant(job, named));
    if places.is_empty() || waiting(run).iter().any(|paused| is_named(&paused.job)) {
        return Ok(None);
    }
    let jobs: Vec<&str> = places.iter().map(|place| place.job.0.as_str()).collect();
    let jobs = jobs.join(", ");
    places.retain(|place| is_named(&place.job));
    match (places.pop(), places.is_empty()) {
        (Some(place), true) => Ok(Some(place)),
        (None, _) => {
            talk::error(&format!("that job is not kept; those that are: {jobs}"));
            Err(Exit::Usage)
        }
        (Some(_), false) => {
            talk::error(&format!("several jobs are kept: {jobs}"));
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
    if sleeps {
        wake(&docker, place).await?;
    }
    talk::finish();
    let ended = match entrance.container.clone() {
        None => on_host(&entrance, &place.name()).await,
        Some(container) => in_container(&docker, container, entrance).await,
    };
    if sleeps {
        rest(&docker, place, lock).await;
    }
    ended
}

async fn wake(docker: &DockerExecutor, place: &KeptPlace) -> Result<(), Exit> {
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
async fn rest(docker: &DockerExecutor, place: &KeptPlace, lock: KeptLock) {
    if lock.is_last()
        && let Err(error) = docker.rest(&place.name()).await
    {
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

/// A shell on this machine, beside this process.
async fn on_host(entrance: &Entrance, name: &str) -> Result<Exit, Exit> {
    // What is typed at the terminal is for the shell.
    let _typed = [SignalKind::interrupt(), SignalKind::quit()].map(|kind| signal(kind).ok());
    let mut problem = String::new();
    for program in ["bash", "sh"] {
        let mut shell = Command::new(program);
        shell
            .envs(&entrance.env)
            .env("PATH", path_of(entrance))
            // By it all that is left running is found, and ended when the place is removed.
            .env(MARK, name)
            .current_dir(&entrance.directory);
        match shell.status().await {
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
