//! `loom-runtime runs resume`: goes on with a run whose process has died.

use std::path::PathBuf;

use super::args::{Global, ResumeArgs};
use super::rerun::secrets;
use super::run::{Session, action_sources, attend, failed, unless_stopped};
use super::runs::load;
use super::{Exit, setup, talk, uplink};
use crate::actions::node_candidates;
use crate::context::values::ValueSources;
use crate::engine::{EngineError, Launch, ResumeError};
use crate::event::JobState;
use crate::executor::ExecutorError;
use crate::machine::{self, Choice};
use crate::plan;
use crate::prepare::needs_engine;
use crate::rerun::resumption;
use crate::state::Run;

pub(super) async fn resume(global: Global, args: ResumeArgs) -> Exit {
    let mut session = match Session::begin() {
        Ok(session) => session,
        Err(exit) => return exit,
    };
    let ended = go_on(&mut session, &global, &args).await;
    uplink::close().await;
    ended.unwrap_or_else(|exit| exit)
}

async fn go_on(session: &mut Session, global: &Global, args: &ResumeArgs) -> Result<Exit, Exit> {
    let stops = &mut session.stops;
    let workspace = setup::workspace(global)?;
    let engine = unless_stopped(stops, setup::engine_for_jobs(global, &workspace)).await?;
    // Nothing is put right before: a run that was begun by `run` would be ended by that.
    let run = load(&engine, &args.run).await?;
    let workspace = match &global.workspace {
        Some(_) => workspace,
        None => PathBuf::from(&run.workspace),
    };
    if !workspace.is_dir() {
        talk::error(&format!(
            "the project of run {}, {}, is not there any more; the run stays as it is",
            run.id,
            workspace.display()
        ));
        talk::help("name the directory that is to stand for it: `--workspace DIR`");
        return Err(Exit::Usage);
    }
    if run.state.is_final() {
        return Err(refused(&ResumeError::Ended {
            run: run.id.clone(),
            state: run.state,
        }));
    }
    let (asked, before) = (args.clone(), run.clone());
    let reading = setup::on_a_thread(move || read(&before, &asked, workspace));
    let launch = unless_stopped(stops, reading).await?;
    let usage = |text: &str| {
        talk::error(text);
        Exit::Usage
    };
    let workflow = match launch.source.files.first().map(plan::read_workflow) {
        Some(Ok(workflow)) => workflow,
        Some(Err(reason)) => return Err(usage(&reason.message)),
        None => return Err(usage("the run does not say what it was made from")),
    };
    let needs = needs_engine(&workflow, &launch.source.options);
    let choice = if launch.source.options.on_host {
        Choice::Host
    } else {
        Choice::Docker
    };
    let preparing = async {
        machine::choose(&engine, choice, needs)
            .await
            .map_err(|error| no_engine(&run, &error))?;
        uplink::connect(&engine, args.studio.as_deref()).await
    };
    unless_stopped(stops, preparing).await?;
    let handle = match engine.resume(&run.id, launch, None).await {
        Ok(handle) => handle,
        Err(EngineError::Resume(reason)) => return Err(refused(&reason)),
        Err(error) => return Err(failed(&error)),
    };
    talk::note(&announcement(&run));
    Ok(attend(&engine, handle, stops, args.shown()).await.exit)
}

/// Where the jobs run was decided when the run began: nothing but that engine will do.
fn no_engine(run: &Run, error: &ExecutorError) -> Exit {
    talk::error(&format!("failed to {error}"));
    talk::help(&format!(
        "the jobs of the run are in containers, as when it began: start the engine (`loom-runtime doctor` looks at it), then \
         `loom-runtime runs resume {}` tries again",
        run.id
    ));
    Exit::Machine
}

/// What goes on, and what stays.
fn announcement(run: &Run) -> String {
    let jobs = run.jobs.values().filter(|job| job.group.is_none());
    let count = |wanted: fn(&crate::state::Job) -> bool| jobs.clone().filter(|job| wanted(job)).count();
    format!(
        "run {} goes on: {} of its jobs have ended and stay as they are, {} were under way",
        run.id,
        count(|job| job.state.is_final()),
        count(|job| job.state == JobState::Running),
    )
}

/// What goes on with the run. Waits for files, and perhaps for a person.
fn read(run: &Run, args: &ResumeArgs, workspace: PathBuf) -> Result<Launch, Exit> {
    let config = setup::configuration(&workspace)?;
    let configured = config.run.secret_file.as_ref().map(|path| workspace.join(path));
    let sources = ValueSources {
        project: workspace.clone(),
        secrets: args.secrets.clone(),
        secret_file: args.secret_file.clone().or(configured),
        ..ValueSources::default()
    };
    let secrets = secrets(run, &sources, "the run stays as it is")?;
    let mut launch = resumption(run, secrets, action_sources(&config));
    launch.workspace = workspace;
    launch.node = node_candidates(config.run.node.as_deref());
    Ok(launch)
}

fn refused(reason: &ResumeError) -> Exit {
    match reason {
        ResumeError::Ended { run, state } => {
            talk::error(&format!(
                "run {run} has ended, as {state}: there is nothing to go on with"
            ));
            talk::help(&format!("`loom-runtime runs rerun {run}` runs it again"));
        }
        ResumeError::Alive { run, pid } => {
            talk::error(&format!("run {run} goes on already: process {pid} runs it"));
            talk::help(&format!("`loom-runtime runs show {run}` tells how it stands"));
        }
        ResumeError::Source { run, cause } => {
            talk::error(&format!("run {run} cannot go on: {cause}"));
            talk::help(&format!("`loom-runtime runs cancel {run}` ends it"));
        }
        ResumeError::NotFetched { run, cause } => {
            talk::error(&format!("run {run} cannot go on yet: {cause}"));
            talk::help(&format!(
                "nothing has changed: `loom-runtime runs resume {run}` tries again"
            ));
            return Exit::Machine;
        }
    }
    Exit::Usage
}
