//! `loom-runtime run`: runs a workflow, or those of a folder that the event starts, and says how it went.

mod listing;
mod selection;

use std::path::{Path, PathBuf};

use self::selection::{Candidate, Candidates};
use super::args::{Format, Global, RunArgs, refused};
use super::gather::gather;
use super::output::{self, follow, printer};
use super::signals::{Stop, Stops};
use super::{Exit, data, setup, talk, uplink};
use crate::actions::{ActionOptions, LOCK_FILE, node_candidates};
use crate::config::FileConfig;
use crate::engine::{Engine, Launch, RunHandle};
use crate::event::{RunOptions, RunState, WorkflowRef};
use crate::executor::ExecutorError;
use crate::machine::{self, Choice, Chosen};
use crate::prepare::{
    LaunchError, RunInputs, UnmappedLabel, action_cache, launch, needs_engine, unmapped, workflow_ref,
};
use crate::project;
use crate::state::Run;

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
    if args.list || args.dry_run {
        let launches = compose_all(&chosen, &workspace, &inputs)?;
        let listed = listing::list(&launches, args.format == Some(Format::Json), args.dry_run)?;
        if args.dry_run {
            talk::note("nothing was started");
        }
        return Ok(data::finish(listed));
    }
    let (engine, is_new) = match &session.engine {
        Some(engine) => (engine.clone(), false),
        None => (
            unless_stopped(stops, setup::engine(global, &workspace)).await?,
            true,
        ),
    };
    session.engine = Some(engine.clone());
    let mut workflows = chosen.iter().filter_map(|one| one.prepared.workflow.as_ref());
    let needs = workflows.any(|workflow| needs_engine(workflow, &inputs.options));
    let preparing = async {
        if !is_new {
            return choose(&engine, needs, choice).await;
        }
        // The history is looked at while the engine is asked who it is.
        let (chosen, unswept) = tokio::join!(
            choose(&engine, needs, choice),
            setup::recover(&engine, Vec::new())
        );
        let chosen = chosen?;
        if unswept {
            setup::recover(&engine, machine::for_recovery(&engine, needs).await).await;
        }
        uplink::connect(&engine, args.studio.as_deref()).await?;
        Ok(chosen)
    };
    let place = unless_stopped(stops, preparing).await?;
    inputs.options.on_host = place.on_host;
    // All of them before the first begins: a mistake starts nothing.
    let launches = compose_all(&chosen, &workspace, &inputs)?;
    one_by_one(session, &engine, launches, args.format).await
}

/// Runs them one after the other.
async fn one_by_one(
    session: &mut Session,
    engine: &Engine,
    launches: Vec<Launch>,
    format: Option<Format>,
) -> Result<Exit, Exit> {
    let count = launches.len();
    let mut ended: Vec<(String, Ended)> = Vec::new();
    for (place, launch) in launches.into_iter().enumerate() {
        let WorkflowRef { name, file } = launch.workflow.clone();
        if count > 1 {
            talk::note(&format!("workflow {} of {count}: {name} ({file})", place + 1));
        }
        let handle = engine.start(launch).await.map_err(|error| failed(&error))?;
        let one = attend(engine, handle, &mut session.stops, format).await;
        session.is_stale = one.is_stale;
        let stopped = one.was_stopped || one.is_stale;
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

/// How a run ended for the one who watched it.
struct Ended {
    exit: Exit,
    state: Option<RunState>,
    /// Whether nothing here runs any of its jobs.
    nothing_could_run: bool,
    /// Whether somebody asked to stop.
    was_stopped: bool,
    /// Whether files changed meanwhile.
    is_stale: bool,
}

impl Ended {
    fn word(&self) -> String {
        self.state
            .map_or_else(|| "left".to_owned(), |state| state.to_string())
    }
}

/// Does what comes before the run, unless somebody asks to stop first.
async fn unless_stopped<T>(
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
    refuse_what_has_no_effect(args, &config)?;
    let found = project::choose(args.file()).map_err(|error| {
        talk::error(&error.to_string());
        talk::help(error.help());
        Exit::Usage
    })?;
    let choice = setup::choice(args.executor, &config)?;
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

/// Names each flag that would have no effect.
fn refuse_what_has_no_effect(args: &RunArgs, config: &FileConfig) -> Result<(), Exit> {
    let refused = refused(args, config);
    for (name, today) in &refused {
        talk::error(&format!(
            "`{name}` is planned and not there yet; nothing was started"
        ));
        talk::help(today);
    }
    if refused.is_empty() {
        Ok(())
    } else {
        Err(Exit::Usage)
    }
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
    let parallel = args
        .parallel
        .map(|jobs| usize::try_from(jobs).unwrap_or(usize::MAX))
        .or(config.run.parallel);
    inputs.options = RunOptions {
        images: config
            .images
            .clone()
            .into_iter()
            .chain(args.platforms.iter().cloned())
            .collect(),
        pull: setup::pull(args.pull, config)?,
        parallel: parallel.unwrap_or(inputs.options.parallel),
        jobs: args.jobs.clone(),
        matrix: args.matrix.clone(),
        workspace_mode: args
            .workspace_mode
            .map(Into::into)
            .or(config.run.workspace_mode)
            .unwrap_or_default(),
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

/// Where actions and called workflows of other repositories come from: flags before the configuration.
fn action_options(workspace: &Path, args: &RunArgs, config: &FileConfig) -> ActionOptions {
    let mut actions = ActionOptions::new(action_cache());
    if let Some(host) = &config.actions.host {
        actions.host.clone_from(host);
    }
    actions.mirrors = config.actions.mirrors.clone().into_iter().collect();
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

async fn choose(engine: &Engine, needs_engine: bool, choice: Choice) -> Result<Chosen, Exit> {
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
    let labels = unmapped(workflow, &inputs.options);
    if !labels.is_empty() && inputs.unmapped == UnmappedLabel::Skip {
        talk::warning(&format!(
            "no image is known for {}; what needs them is skipped",
            labels.join(", ")
        ));
        talk::help("name one: `-P LABEL=IMAGE`, or `-P LABEL=host` to run such jobs on this machine");
    }
    launch(prepared, workflow_ref(workflow, file, workspace), inputs).map_err(|error| {
        talk::error(&error.to_string());
        match error {
            LaunchError::Unmapped { .. } => {
                talk::help("name an image: `-P LABEL=IMAGE`, or `-P LABEL=host` for this machine");
                Exit::Machine
            }
            _ => Exit::Usage,
        }
    })
}

async fn attend(engine: &Engine, handle: RunHandle, stops: &mut Stops, format: Option<Format>) -> Ended {
    let format = format.unwrap_or(if talk::on_terminal() {
        Format::Pretty
    } else {
        Format::Plain
    });
    let id = handle.id().clone();
    let mut ending = std::pin::pin!(handle.clone().finished());
    let mut following = engine.io().spawn(follow(engine.clone(), handle, printer(format)));
    let mut stalled = std::pin::pin!(output::stalled());
    let (mut followed, mut ended) = (None, None);
    let mut asked = 0;
    let mut is_stale = false;
    let outcome = loop {
        tokio::select! {
            told = &mut following, if followed.is_none() => {
                if let Ok(Err(error)) = &told {
                    talk::warning(&format!("the run cannot be followed any more: failed to {error}; it goes on"));
                }
                followed = Some(told);
            }
            outcome = &mut ending, if ended.is_none() => {
                stalled.set(output::stalled());
                ended = Some(outcome);
            }
            // All is told first, however long its reader takes; unless somebody wants it to end.
            () = &mut stalled, if ended.is_some() && followed.is_none() && asked > 0 => {
                talk::warning("nobody reads the output: its rest is not printed; `loom-runtime runs logs` has it");
                if let Some(outcome) = ended.take() { break outcome; }
            }
            stop = stops.next() => {
                let by = match stop {
                    Stop::Asked(by) => by,
                    Stop::Stale => {
                        // Once is enough: a second would not wait for the steps to end.
                        if !std::mem::replace(&mut is_stale, true) && ended.is_none() {
                            talk::note("files have changed: what runs is cancelled");
                            if let Err(error) = engine.cancel(&id, "watch").await {
                                talk::error(&format!("failed to cancel the run: {error}"));
                            }
                        }
                        continue;
                    }
                };
                asked += 1;
                if asked > 2 {
                    talk::warning("left without waiting; what still runs is removed at the next start");
                    return Ended {
                        exit: Exit::Cancelled,
                        state: None,
                        nothing_could_run: false,
                        was_stopped: true,
                        is_stale,
                    };
                }
                if asked == 1 {
                    talk::note("cancelling; once more ends the steps at once, a third time does not wait for that");
                }
                stalled.set(output::stalled());
                if ended.is_none() && let Err(error) = engine.cancel(&id, by).await {
                    talk::error(&format!("failed to cancel the run: {error}"));
                }
            }
        }
        if followed.is_some()
            && let Some(outcome) = ended.take()
        {
            break outcome;
        }
    };
    // Left behind where it waits for a reader.
    following.abort();
    let run = followed.and_then(Result::ok).and_then(Result::ok).flatten();
    if let Some(problem) = &outcome.problem {
        talk::error(&format!("the run's history is incomplete: {problem}"));
    }
    Ended {
        exit: Exit::of(outcome.state, run.as_ref().is_none_or(|run| run.cancel.is_some())),
        state: Some(outcome.state),
        nothing_could_run: outcome.state == RunState::Skipped
            && run.is_some_and(|run| nothing_could_run(&run)),
        was_stopped: asked > 0,
        is_stale,
    }
}

fn nothing_could_run(run: &Run) -> bool {
    run.jobs.values().any(|job| {
        job.reason
            .as_ref()
            .is_some_and(|reason| reason.code == "unmapped-label")
    })
}

fn failed(error: &dyn std::error::Error) -> Exit {
    talk::error(&format!("failed to {}", crate::chain::chain(error)));
    Exit::Machine
}
