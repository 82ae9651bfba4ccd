//! `loom-runtime run`: runs a workflow, or those of a folder that the event starts, and says how it went.

mod attend;
mod listing;
mod selection;
mod warnings;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use self::attend::Ended;
pub(super) use self::attend::attend;
pub(super) use self::attend::attend_other;
use self::selection::{Candidate, Candidates};
use self::warnings::warn_of_services;
pub(super) use self::warnings::warn_of_unmapped;
use super::args::{Format, Global, RunArgs};
use super::gather::gather;
use super::signals::Stops;
use super::{Exit, data, kept, rerun, setup, talk, uplink};
use crate::actions::{ActionOptions, LOCK_FILE, node_candidates};
use crate::config::FileConfig;
use crate::engine::{Engine, Launch};
use crate::event::{RunOptions, WorkflowRef};
use crate::executor::ExecutorError;
use crate::id::RunId;
use crate::machine::{self, Choice, Chosen};
use crate::prepare::{
    LaunchError, RunInputs, UnmappedLabel, action_cache, launch, needs_engine, workflow_ref,
};
use crate::project;

pub(super) async fn run(global: Global, args: RunArgs) -> Exit {
    let mut session = match Session::begin() {
        Ok(session) => session,
        Err(exit) => return exit,
    };
    let ended = session.round(&global, &args).await;
    uplink::close().await;
    ended.unwrap_or_else(|exit| exit)
}

/// What stays over several runs of a command: who may stop it, and the engine once it is open.
pub(super) struct Session {
    pub(super) stops: Stops,
    engine: Option<Engine>,
    /// Whether the last round ended because files have changed.
    pub(super) is_stale: bool,
    /// Whether somebody asked to stop.
    pub(super) was_stopped: bool,
    /// The runs of the last round, where places may have been kept.
    kept: Vec<RunId>,
}

impl Session {
    /// First of all: from here on a signal is an answer, and must not just kill this process once there is something to
    /// remove.
    pub(super) fn begin() -> Result<Self, Exit> {
        let stops = Stops::listen().map_err(|error| {
            talk::error(&format!("signals cannot be listened for: {error}"));
            Exit::Machine
        })?;
        Ok(Self {
            stops,
            engine: None,
            is_stale: false,
            was_stopped: false,
            kept: Vec::new(),
        })
    }

    /// Runs what is meant once.
    pub(super) async fn round(&mut self, global: &Global, args: &RunArgs) -> Result<Exit, Exit> {
        self.is_stale = false;
        let ended = try_run(self, global, args).await;
        self.was_stopped |= matches!(ended, Err(Exit::Cancelled));
        ended
    }
}

async fn try_run(session: &mut Session, global: &Global, args: &RunArgs) -> Result<Exit, Exit> {
    let stops = &mut session.stops;
    let (asked, by) = (args.clone(), global.clone());
    // On a thread of its own, which is left behind when it waits for ever (a pipe, a file system that hangs).
    let Set {
        workspace,
        choice,
        chosen,
        mut inputs,
    } = unless_stopped(stops, setup::on_a_thread(move || read(&by, &asked))).await?;
    inputs.options.on_host = choice == Choice::Host;
    // All of them before the first begins, and before the engine is asked for, where that does not decide where jobs run: a
    // mistake starts nothing, and what a run cannot have is said also where nothing can begin.
    let early = args.list || args.dry_run || choice != Choice::Auto;
    let launches = if early {
        Some(compose_all(&chosen, &workspace, &inputs)?)
    } else {
        None
    };
    if let Some(launches) = launches.as_ref().filter(|_| args.list || args.dry_run) {
        let listed = listing::list(launches, args.format == Some(Format::Json), args.dry_run)?;
        if args.dry_run {
            talk::note("nothing was started");
        }
        return Ok(data::finish(listed));
    }
    let (engine, is_new) = match &session.engine {
        Some(engine) => (engine.clone(), false),
        None => (
            unless_stopped(stops, setup::engine_for_jobs(global, &workspace)).await?,
            true,
        ),
    };
    session.engine = Some(engine.clone());
    let mut workflows = chosen.iter().filter_map(|one| one.prepared.workflow.as_ref());
    let needs = workflows.any(|workflow| needs_engine(workflow, &inputs.options));
    let mut warned = setup::Warned::default();
    let preparing = async {
        if !is_new {
            return Ok((choose(&engine, needs, choice).await?, false));
        }
        // The history is looked at while the engine is asked who it is.
        let (chosen, left) = tokio::join!(
            choose(&engine, needs, choice),
            setup::recover(&engine, Vec::new(), &mut warned)
        );
        let chosen = chosen?;
        let late = left.unswept && {
            let executors = machine::for_recovery(&engine, needs).await;
            setup::recover(&engine, executors, &mut warned).await.late
        };
        uplink::connect(&engine, args.studio.as_deref()).await?;
        Ok((chosen, late))
    };
    let (place, late) = unless_stopped(stops, preparing).await?;
    // A round takes the place of the one before.
    for run in std::mem::take(&mut session.kept) {
        kept::remove(&engine, &kept::of(&engine, &run).await?, false).await;
    }
    inputs.options.on_host = place.on_host;
    let launches = match launches {
        Some(launches) => launches,
        None => compose_all(&chosen, &workspace, &inputs)?,
    };
    let exit = one_by_one(session, &engine, launches, args.shown()).await?;
    if late {
        setup::recover_late(&engine, needs, exit, &mut warned).await;
    }
    Ok(exit)
}

/// Runs them one after the other.
pub(super) async fn one_by_one(
    session: &mut Session,
    engine: &Engine,
    launches: Vec<Launch>,
    format: Option<Format>,
) -> Result<Exit, Exit> {
    let count = launches.len();
    let mut ended: Vec<(String, Ended)> = Vec::new();
    for (place, launch) in launches.into_iter().enumerate() {
        let WorkflowRef { name, file } = launch.workflow.clone();
        // The end page has the name.
        if count > 1 && format != Some(Format::Quiet) {
            talk::note(&format!("workflow {} of {count}: {name} ({file})", place + 1));
        }
        let keeps = !launch.source.options.keep.is_never();
        let is_again = launch.rerun.is_some();
        let handle = match engine.start(launch).await {
            Ok(handle) => handle,
            Err(error) if is_again => return rerun::refused(&error),
            Err(error) => return Err(failed(&error)),
        };
        session.kept.extend(keeps.then(|| handle.id().clone()));
        let one = attend(engine, handle, &mut session.stops, format).await;
        session.is_stale = one.is_stale;
        let stopped = one.was_stopped || one.is_stale || one.was_left;
        session.was_stopped |= one.was_stopped;
        ended.push((name, one));
        if stopped {
            break;
        }
    }
    if count > 1 {
        let words: Vec<String> = ended
            .iter()
            .map(|(name, one)| format!("{name} {}", one.word()))
            .collect();
        let left = match count - ended.len() {
            0 => String::new(),
            left => format!("; {left} not started"),
        };
        talk::note(&format!("{count} workflows: {}{left}", words.join(", ")));
    }
    // A workflow of a folder for other machines is left out, as a job for one is.
    if ended.iter().all(|(_, one)| one.nothing_could_run) {
        talk::error("nothing could run: no image is known for any job's label");
        return Ok(Exit::Machine);
    }
    Ok(selection::worst(ended.iter().map(|(_, one)| one.exit)))
}

/// Does what comes before the run, unless somebody asks to stop first.
pub(super) async fn unless_stopped<T>(
    stops: &mut Stops,
    work: impl Future<Output = Result<T, Exit>>,
) -> Result<T, Exit> {
    tokio::select! {
        biased;
        _ = stops.signal() => {
            talk::note("stopped before anything was started");
            Err(Exit::Cancelled)
        }
        done = work => done,
    }
}

/// What is read before anything is made.
struct Set {
    workspace: PathBuf,
    choice: Choice,
    chosen: Vec<Candidate>,
    inputs: RunInputs,
}

fn read(global: &Global, args: &RunArgs) -> Result<Set, Exit> {
    let workspace = setup::workspace(global)?;
    let config = setup::configuration(&workspace)?;
    let found = project::choose(args.file()).map_err(|error| {
        talk::error(&error.to_string());
        talk::help(error.help());
        Exit::Usage
    })?;
    let choice = setup::choice(args.executor, &config);
    let candidates = Candidates::read(found, &args.jobs)?;
    let inputs = inputs_of(&workspace, args, &config)?;
    let event_was_named = args.event.is_some() || config.run.event.is_some();
    let chosen = candidates.choose(&inputs.facts, event_was_named)?;
    Ok(Set {
        workspace,
        choice,
        chosen,
        inputs,
    })
}

/// All that the run is given.
fn inputs_of(workspace: &Path, args: &RunArgs, config: &FileConfig) -> Result<RunInputs, Exit> {
    let gathered = gather(args, config, workspace)?;
    let mut inputs = RunInputs::new(workspace.to_owned());
    inputs.facts = gathered.facts;
    inputs.secrets = gathered.values.secrets;
    inputs.vars = gathered.values.vars;
    inputs.env = gathered.values.env;
    inputs.unmapped = args
        .unmapped_label
        .map(Into::into)
        .or(config.run.unmapped_label)
        .unwrap_or_default();
    inputs.node = node_candidates(config.run.node.as_deref());
    inputs.actions = action_options(workspace, args, config);
    overrides_are_there(&inputs.actions)?;
    let parallel = args
        .parallel
        .map(|jobs| usize::try_from(jobs).unwrap_or(usize::MAX))
        .or(config.run.parallel.map(NonZeroUsize::get));
    inputs.options = RunOptions {
        images: config
            .images
            .clone()
            .into_iter()
            .chain(args.platforms.iter().cloned())
            .collect(),
        pull: setup::pull(args.pull, config),
        parallel: parallel.unwrap_or(inputs.options.parallel),
        jobs: args.jobs.clone(),
        matrix: args.matrix.clone(),
        workspace_mode: args
            .workspace_mode
            .map(Into::into)
            .or(config.run.workspace_mode)
            .unwrap_or_default(),
        pause_on_failure: args.pause_on_failure,
        keep: args.keep.map(Into::into).or(config.run.keep).unwrap_or_default(),
        offline: inputs.actions.offline,
        frozen: inputs.actions.frozen,
        action_overrides: inputs
            .actions
            .overrides
            .iter()
            .map(|(name, directory)| (name.clone(), directory.display().to_string()))
            .collect(),
        ..RunOptions::default()
    };
    Ok(inputs)
}

/// Where actions and called workflows are fetched from.
pub(super) fn action_sources(config: &FileConfig) -> ActionOptions {
    let mut actions = ActionOptions::new(action_cache());
    if let Some(host) = &config.actions.host {
        actions.host.clone_from(host);
    }
    actions.mirrors = config.actions.mirrors.clone().into_iter().collect();
    actions
}

/// Where actions and called workflows of other repositories come from: flags before the configuration.
fn action_options(workspace: &Path, args: &RunArgs, config: &FileConfig) -> ActionOptions {
    let mut actions = action_sources(config);
    let configured = config.actions.overrides.iter();
    actions.overrides = args
        .action_overrides
        .iter()
        .cloned()
        .chain(configured.map(|(name, directory)| (name.clone(), workspace.join(directory))))
        .collect();
    actions.offline = args.offline || config.actions.offline.unwrap_or_default();
    actions.frozen = args.frozen || config.actions.frozen.unwrap_or_default();
    actions.lock = Some(workspace.join(LOCK_FILE));
    actions
}

/// Whether what stands in for actions is there: a slip in a path would else show only where its action is used.
fn overrides_are_there(actions: &ActionOptions) -> Result<(), Exit> {
    let mut wrong = actions.overrides.iter().filter(|(_, path)| !path.exists());
    let Some((name, path)) = wrong.next() else {
        return Ok(());
    };
    talk::error(&format!(
        "nothing can stand in for the action `{name}`: there is no {}",
        path.display()
    ));
    talk::help(
        "name a directory that has its action.yml: `--action-override OWNER/NAME@REF=DIR` counts from the current directory, \
         `overrides` of `[actions]` in loom.toml from the project's folder",
    );
    Err(Exit::Usage)
}

pub(super) async fn choose(engine: &Engine, needs_engine: bool, choice: Choice) -> Result<Chosen, Exit> {
    let chosen = machine::choose(engine, choice, needs_engine)
        .await
        .map_err(|error| {
            talk::error(&format!("failed to {error}"));
            if let ExecutorError::Unreachable { help, .. } = &error {
                talk::help(help);
            } else {
                talk::help("to run the jobs on this machine instead: `--executor host`");
            }
            Exit::Machine
        })?;
    if let Some(why) = &chosen.fell_back {
        talk::note(&format!("jobs run on this machine: failed to {why}"));
    }
    Ok(chosen)
}

fn compose_all(chosen: &[Candidate], workspace: &Path, inputs: &RunInputs) -> Result<Vec<Launch>, Exit> {
    chosen
        .iter()
        .map(|one| compose(one, workspace, inputs.clone()))
        .collect()
}

fn compose(chosen: &Candidate, workspace: &Path, mut inputs: RunInputs) -> Result<Launch, Exit> {
    let Candidate { file, prepared, jobs } = chosen;
    let Some(workflow) = &prepared.workflow else {
        return Err(Exit::Usage);
    };
    inputs.options.jobs.clone_from(jobs);
    warn_of_services(prepared, jobs, &inputs.actions);
    if inputs.unmapped == UnmappedLabel::Skip {
        warn_of_unmapped(workflow, &inputs.options);
    }
    launch(prepared, workflow_ref(workflow, file, workspace), inputs).map_err(|error| {
        talk::error(&error.to_string());
        match error {
            LaunchError::Unmapped { .. } => {
                talk::help("name an image: `-P LABEL=IMAGE`, or `-P LABEL=host` for this machine");
                Exit::Machine
            }
            LaunchError::Input(_) => {
                talk::help("give an input with `--input NAME=VALUE`, or in the `inputs` of the event's file");
                Exit::Usage
            }
            _ => Exit::Usage,
        }
    })
}

pub(super) fn failed(error: &dyn std::error::Error) -> Exit {
    talk::error(&format!("failed to {}", crate::chain::chain(error)));
    Exit::Machine
}
