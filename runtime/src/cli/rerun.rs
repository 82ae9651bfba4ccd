//! `loom-runtime runs rerun`: another attempt at a run that has ended.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use super::args::{Global, RerunArgs};
use super::gather::Terminal;
use super::run::{Session, action_sources, choose, failed, one_by_one, unless_stopped, warn_of_unmapped};
use super::runs::load;
use super::{Exit, diagnostics, setup, talk, uplink};
use crate::actions::node_candidates;
use crate::context::values::{self, Found, ValueSources};
use crate::engine::{Engine, EngineError, Launch, RerunOrder};
use crate::event::RunOptions;
use crate::id::JobId;
use crate::journal::JournalError;
use crate::machine::{self, Choice};
use crate::plan;
use crate::prepare::needs_engine;
use crate::rerun::{ChosenAnew, read_again, relaunch, secrets_again};
use crate::secret::Secret;
use crate::state::{Again, RerunError, Run};

pub(super) async fn rerun(global: Global, args: RerunArgs) -> Exit {
    let mut session = match Session::begin() {
        Ok(session) => session,
        Err(exit) => return exit,
    };
    let ended = again(&mut session, &global, &args).await;
    uplink::close().await;
    ended.unwrap_or_else(|exit| exit)
}

async fn again(session: &mut Session, global: &Global, args: &RerunArgs) -> Result<Exit, Exit> {
    let stops = &mut session.stops;
    let workspace = setup::workspace(global)?;
    let engine = unless_stopped(stops, setup::engine_for_jobs(global, &workspace)).await?;
    // A run whose process is gone has ended, as lost.
    let mut warned = setup::Warned::default();
    let left = setup::recover(&engine, Vec::new(), &mut warned).await;
    let order = RerunOrder {
        of: load(&engine, &args.run).await?.id,
        again: wanted(args),
        current_files: args.current_files,
    };
    let (run, attempt) = match engine.run_again(&order).await {
        Ok(found) => found,
        Err(error) => return refused(&error),
    };
    // Another project may use the state directory: the run's own counts, unless one is named.
    let workspace = match &global.workspace {
        Some(_) => workspace,
        None => PathBuf::from(&run.workspace),
    };
    if !workspace.is_dir() {
        talk::error(&format!(
            "the project of run {}, {}, is not there any more; nothing was started",
            run.id,
            workspace.display()
        ));
        talk::help("name the directory that is to stand for it: `--workspace DIR`");
        return Err(Exit::Usage);
    }
    let (asked, before, wanted) = (args.clone(), run.clone(), order.clone());
    // As for `run`: what may wait for ever is left behind when somebody stops it.
    let reading = setup::on_a_thread(move || read(&before, &asked, workspace, &wanted));
    let (mut launch, choice) = unless_stopped(stops, reading).await?;
    let workflow = launch.source.files.first().map(plan::read_workflow);
    let workflow = match workflow {
        Some(Ok(workflow)) => workflow,
        Some(Err(reason)) => return Err(usage(&reason.message)),
        None => return Err(usage("the run does not say what it was made from")),
    };
    let needs = needs_engine(&workflow, &launch.source.options);
    let preparing = async {
        let place = choose(&engine, needs, choice).await?;
        let late = left.unswept && {
            let executors = machine::for_recovery(&engine, needs).await;
            setup::recover(&engine, executors, &mut warned).await.late
        };
        uplink::connect(&engine, args.studio.as_deref()).await?;
        Ok((place, late))
    };
    let (place, late) = unless_stopped(stops, preparing).await?;
    launch.source.options.on_host = place.on_host;
    warn_of_unmapped(&workflow, &launch.source.options);
    talk::note(&announcement(&run, attempt, &order));
    let exit = one_by_one(session, &engine, vec![launch], args.shown()).await?;
    if late {
        setup::recover_late(&engine, needs, exit, &mut warned).await;
    }
    Ok(exit)
}

fn wanted(args: &RerunArgs) -> Again {
    match (args.failed, args.jobs.as_slice()) {
        (true, _) => Again::Failed,
        (false, []) => Again::All,
        (false, jobs) => Again::Jobs(jobs.iter().map(|job| JobId(job.clone())).collect()),
    }
}

/// Attempt 2 of run …: what runs again, and from which texts.
fn announcement(run: &Run, attempt: u32, order: &RerunOrder) -> String {
    let what = match &order.again {
        Again::All => "all of it".to_owned(),
        Again::Failed => "what failed, and what needs it".to_owned(),
        Again::Jobs(jobs) => {
            let jobs: Vec<String> = jobs.iter().map(|job| format!("`{job}`")).collect();
            format!("{}, and what needs it", jobs.join(", "))
        }
    };
    let from = if order.current_files {
        "the workflow's files as they are now"
    } else {
        "the texts that the run was made from"
    };
    format!(
        "attempt {attempt} of {}, run {}: {what}; from {from}",
        run.workflow.name,
        run.first_attempt()
    )
}

/// Why a run is not run again.
pub(super) fn refused(error: &EngineError) -> Result<Exit, Exit> {
    if let EngineError::Journal(JournalError::Refused { .. }) = error {
        talk::error("another attempt at the run was begun meanwhile; nothing was started");
        talk::help("`loom-runtime runs list` shows it");
        return Err(Exit::Usage);
    }
    let EngineError::Rerun(reason) = error else {
        return Err(failed(error));
    };
    match reason {
        RerunError::NothingFailed(run) => {
            talk::note(&format!(
                "nothing of run {run} failed: there is nothing to run again; nothing was started"
            ));
            talk::help("without `--failed` all of it runs again, with `--job JOB` one job and what needs it");
            return Ok(Exit::Success);
        }
        RerunError::Open(run) => {
            talk::error(&format!(
                "run {run} has not ended yet: it cannot run again; nothing was started"
            ));
            talk::help(&format!("`loom-runtime runs cancel {run}` ends it"));
        }
        RerunError::OtherOpen { run, attempt, other } => {
            talk::error(&format!(
                "attempt {attempt} of run {run} has not ended yet, as run {other}; nothing was started"
            ));
            talk::help(&format!("`loom-runtime runs cancel {other}` ends it"));
        }
        RerunError::UnknownJob { run, job, known } => {
            talk::error(&format!(
                "run {run} has no job `{job}`; its jobs: {}; nothing was started",
                known.join(", ")
            ));
        }
        RerunError::NoSource(run) => {
            talk::error(&format!(
                "run {run} cannot run again: an older Loom wrote it, which did not keep what it was made from"
            ));
            talk::help("start its workflow: `loom-runtime run`");
        }
    }
    Err(Exit::Usage)
}

/// What the attempt is made of, all but where its jobs run. Waits for files, and perhaps for a person.
fn read(
    run: &Run,
    args: &RerunArgs,
    workspace: PathBuf,
    order: &RerunOrder,
) -> Result<(Launch, Choice), Exit> {
    let config = setup::configuration(&workspace)?;
    let before = run
        .source
        .as_ref()
        .map(|source| source.options.clone())
        .unwrap_or_default();
    let choice = match args.executor {
        Some(executor) => executor.into(),
        None if before.on_host => Choice::Host,
        None => Choice::Docker,
    };
    let anew = ChosenAnew {
        images: args.platforms.clone(),
        pull: args.pull.map(Into::into),
        parallel: args
            .parallel
            .map(|jobs| usize::try_from(jobs).unwrap_or(usize::MAX)),
        workspace_mode: args.workspace_mode.map(Into::into),
        keep: args.keep.map(Into::into),
        pause_on_failure: args.pause_on_failure,
        offline: args.offline,
        frozen: args.frozen,
        action_overrides: args.action_overrides.clone(),
    };
    let options = RunOptions {
        on_host: choice == Choice::Host,
        ..anew.over(&before)
    };
    let configured = config.run.secret_file.as_ref().map(|path| workspace.join(path));
    let sources = ValueSources {
        project: workspace.clone(),
        secrets: args.secrets.clone(),
        secret_file: args.secret_file.clone().or(configured),
        ..ValueSources::default()
    };
    let secrets = secrets(run, &sources, "nothing was started")?;
    let mut launch = relaunch(run, order.clone(), workspace.clone(), options)
        .with_secrets(secrets)
        .with_actions(action_sources(&config));
    launch.node = node_candidates(config.run.node.as_deref());
    if order.current_files {
        launch = from_current(run, launch, &workspace)?;
    }
    Ok((launch, choice))
}

/// The secrets that the run had: none of them is kept, so they are given again; else `nothing` is done.
pub(super) fn secrets(
    run: &Run,
    sources: &ValueSources,
    nothing: &str,
) -> Result<IndexMap<String, Secret>, Exit> {
    let mut terminal = Terminal;
    let refused = |error: &values::ValuesError| {
        talk::error(&format!("failed to {}", crate::chain::chain(error)));
        talk::help(error.help());
        Exit::Usage
    };
    let Found { secrets, absent } =
        secrets_again(run, sources, &mut terminal).map_err(|error| refused(&error))?;
    if absent.is_empty() {
        return Ok(secrets);
    }
    let names: Vec<String> = absent.iter().map(|name| format!("`{name}`")).collect();
    talk::error(&format!(
        "run {} had the secret{} {}, of which nothing is kept, and which {} not given now; {nothing}",
        run.id,
        if names.len() == 1 { "" } else { "s" },
        names.join(", "),
        if names.len() == 1 { "is" } else { "are" },
    ));
    talk::help(
        "give it as then: `--secret NAME=VALUE`, a `--secret-file`, or a variable of that name in the environment; \
         `--secret NAME=` gives an empty one",
    );
    Err(Exit::Usage)
}

/// The same from the workflow's files as they are now.
fn from_current(run: &Run, launch: Launch, workspace: &Path) -> Result<Launch, Exit> {
    let (file, prepared) = read_again(run, workspace).map_err(|error| {
        talk::error(&error.to_string());
        talk::help("without `--current-files` the run is made from the texts that it has");
        Exit::Usage
    })?;
    diagnostics::report(&file.source, &prepared.diagnostics);
    if prepared.workflow.is_none() {
        return Err(usage(&format!(
            "{} cannot be run; nothing was started",
            run.workflow.file
        )));
    }
    Ok(launch.with_file(&file, &prepared))
}

fn usage(text: &str) -> Exit {
    talk::error(text);
    Exit::Usage
}

/// `loom-runtime runs cancel`: ends a run, whichever process has it.
pub(super) async fn cancel(engine: &Engine, named: &str) -> Result<(), Exit> {
    let run = load(engine, named).await?;
    if run.state.is_final() {
        talk::error(&format!(
            "run {} has ended already, as {}; there is nothing to cancel",
            run.id, run.state
        ));
        return Err(Exit::Usage);
    }
    engine
        .cancel(&run.id, "cli")
        .await
        .map_err(|error| failed(&error))?;
    let now = load(engine, &run.id.0).await?;
    talk::note(&came_of_cancel(&run, &now));
    Ok(())
}

/// What came of the cancel of a run that was open before.
fn came_of_cancel(before: &Run, now: &Run) -> String {
    let id = &now.id;
    if now.state.is_final() {
        let why = now.reason.as_ref().map(|reason| format!(": {}", reason.message));
        return format!("run {id} has ended as {}{}", now.state, why.unwrap_or_default());
    }
    if before.somebody_cancelled() {
        return format!("run {id} ends at once");
    }
    format!("run {id} is being cancelled; once more ends its steps at once")
}

#[cfg(test)]
mod tests {
    use loom_protocol::Timestamp;

    use super::*;
    use crate::event::{Event, OnCrash, Reason, Recorded, RunState, Seq, WorkflowRef};
    use crate::executor::Owner;
    use crate::id::RunId;

    fn run_of(end: Option<(RunState, Option<Reason>)>) -> Run {
        let created = Event::RunCreated {
            workflow: WorkflowRef {
                name: "w".into(),
                file: "w.yml".into(),
            },
            event: "push".into(),
            executor: "host".into(),
            on_crash: OnCrash::Resume,
            owner: Owner {
                instance: "i".into(),
                boot: "b".into(),
                pid: 1,
                started: 1,
            },
            workspace: "/w".into(),
            jobs: Vec::new(),
            concurrency: None,
            source: None,
            number: None,
            rerun: None,
        };
        let end = end.map(|(state, reason)| Event::RunFinished { state, reason });
        let events = (1..).zip([created].into_iter().chain(end));
        let recorded = |(seq, event)| Recorded {
            run: RunId("r".into()),
            seq: Seq(seq),
            time: Timestamp::from_millis(0),
            event,
        };
        let events: Vec<Recorded> = events.map(recorded).collect();
        Run::replay(&events).unwrap().unwrap()
    }

    #[test]
    fn a_cancel_says_how_the_run_has_ended() {
        let open = run_of(None);
        let said = |end| came_of_cancel(&open, &run_of(end));
        assert!(said(None).contains("is being cancelled"));
        assert_eq!(
            said(Some((RunState::Success, None))),
            "run r has ended as success"
        );
        let reason = Reason::new("cancelled", "the run was cancelled while no process ran it");
        assert_eq!(
            said(Some((RunState::Cancelled, Some(reason)))),
            "run r has ended as cancelled: the run was cancelled while no process ran it"
        );
    }
}
