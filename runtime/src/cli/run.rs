//! `loom-runtime run`: runs a workflow and says how it went.

use std::path::{Path, PathBuf};

use loom_workflow::Plan;

use super::args::{Format, Global, RunArgs};
use super::output::{follow, printer};
use super::signals::Stops;
use super::{Exit, diagnostics, setup, talk, uplink};
use crate::config::FileConfig;
use crate::engine::{Engine, Launch, RunHandle};
use crate::event::RunState;
use crate::executor::ExecutorError;
use crate::machine::{Choice, Executors};
use crate::prepare::{LaunchOptions, Preparation, UnmappedLabel, launch, prepare, unmapped, workflow_ref};
use crate::project::{self, WorkflowFile};
use crate::state::Run;

pub(super) async fn run(global: Global, args: RunArgs) -> Exit {
    match try_run(&global, &args).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn try_run(global: &Global, args: &RunArgs) -> Result<Exit, Exit> {
    // First of all: from here on a signal is an answer, and must not just kill this process once there is something to
    // remove.
    let mut stops = Stops::listen().map_err(|error| {
        talk::error(&format!("signals cannot be listened for: {error}"));
        Exit::Machine
    })?;
    let (asked, by) = (args.clone(), global.clone());
    // On a thread of its own, which is left behind when it waits for ever (a pipe, a file system that hangs).
    let Set {
        workspace,
        config,
        file,
        choice,
        plan,
    } = unless_stopped(&mut stops, setup::on_a_thread(move || read(&by, &asked))).await?;
    let engine = unless_stopped(&mut stops, setup::engine(global, &workspace)).await?;
    let preparing = async {
        // The history is looked at while the engine is asked who it is.
        let (executors, unswept) = tokio::join!(
            choose(&engine, &plan, choice),
            setup::recover(&engine, Vec::new())
        );
        let executors = executors?;
        if unswept {
            setup::recover(&engine, executors.all()).await;
        }
        uplink::connect(&engine, args.studio.as_deref()).await?;
        Ok(executors)
    };
    let executors = unless_stopped(&mut stops, preparing).await?;
    let launch = compose(&plan, &file, &workspace, args, &config, executors)?;
    let handle = engine.start(launch).await.map_err(|error| machine(&error))?;
    watch(engine, handle, stops, args.format).await
}

/// Does what comes before the run, unless somebody asks to stop first.
async fn unless_stopped<T>(
    stops: &mut Stops,
    work: impl Future<Output = Result<T, Exit>>,
) -> Result<T, Exit> {
    tokio::select! {
        biased;
        _ = stops.next() => {
            talk::note("stopped before anything was started");
            Err(Exit::Cancelled)
        }
        done = work => done,
    }
}

/// What is read before anything is made.
struct Set {
    workspace: PathBuf,
    config: FileConfig,
    file: WorkflowFile,
    choice: Choice,
    plan: Plan,
}

fn read(global: &Global, args: &RunArgs) -> Result<Set, Exit> {
    let workspace = setup::workspace(global)?;
    let config = setup::configuration(&workspace)?;
    let file = project::find(args.file.as_deref()).map_err(|error| {
        talk::error(&error.to_string());
        talk::help(error.help());
        Exit::Usage
    })?;
    let choice = setup::choice(args.executor, &config)?;
    let plan = plan(&file, args, &config, choice)?;
    Ok(Set {
        workspace,
        config,
        file,
        choice,
        plan,
    })
}

fn plan(file: &WorkflowFile, args: &RunArgs, config: &FileConfig, choice: Choice) -> Result<Plan, Exit> {
    let images = config
        .images
        .clone()
        .into_iter()
        .chain(args.platforms.iter().cloned())
        .collect();
    let prepared = prepare(
        file,
        &Preparation {
            images,
            jobs: args.jobs.clone(),
            unmapped: choice.unmapped_jobs(),
        },
    );
    diagnostics::report(&file.source, &prepared.diagnostics);
    prepared.plan.ok_or_else(|| {
        talk::error(&format!(
            "{} cannot be run; nothing was started",
            file.source.name()
        ));
        Exit::Usage
    })
}

async fn choose(engine: &Engine, plan: &Plan, choice: Choice) -> Result<Executors, Exit> {
    let executors = Executors::choose(engine, plan, choice).await.map_err(|error| {
        talk::error(&format!("failed to {error}"));
        if let ExecutorError::Unreachable { help, .. } = &error {
            talk::help(help);
        } else {
            talk::help("to run the jobs on this machine instead: `--executor host`");
        }
        Exit::Machine
    })?;
    if let Some(why) = &executors.fell_back {
        talk::note(&format!("jobs run on this machine: failed to {why}"));
    }
    Ok(executors)
}

fn compose(
    plan: &Plan,
    file: &WorkflowFile,
    workspace: &Path,
    args: &RunArgs,
    config: &FileConfig,
    executors: Executors,
) -> Result<Launch, Exit> {
    let pull = setup::pull(args.pull, config)?;
    let parallel = args
        .parallel
        .map(|jobs| usize::try_from(jobs).unwrap_or(usize::MAX))
        .or(config.run.parallel);
    let mut options = LaunchOptions::new(workspace.to_owned(), executors);
    options.pull = pull;
    options.unmapped = args.unmapped_label.into();
    options.parallel = parallel.unwrap_or(options.parallel);
    options.env = args.env.iter().cloned().collect();
    let labels = unmapped(plan, &options);
    if !labels.is_empty() && options.unmapped == UnmappedLabel::Skip {
        talk::warning(&format!(
            "no image is known for {}; what needs them is skipped",
            labels.join(", ")
        ));
        talk::help("name one: `-P LABEL=IMAGE`, or `-P LABEL=host` to run such jobs on this machine");
    }
    launch(plan, workflow_ref(plan, file, workspace), &options).map_err(|error| {
        talk::error(&error.to_string());
        talk::help("name an image: `-P LABEL=IMAGE`, or `-P LABEL=host` for this machine");
        Exit::Machine
    })
}

async fn watch(
    engine: Engine,
    handle: RunHandle,
    mut stops: Stops,
    format: Option<Format>,
) -> Result<Exit, Exit> {
    let format = format.unwrap_or(if talk::on_terminal() {
        Format::Pretty
    } else {
        Format::Plain
    });
    let id = handle.id().clone();
    let mut ending = std::pin::pin!(handle.clone().finished());
    let mut following = engine.io().spawn(follow(engine.clone(), handle, printer(format)));
    let mut followed = None;
    let mut asked = 0;
    let outcome = loop {
        tokio::select! {
            told = &mut following, if followed.is_none() => {
                if let Ok(Err(error)) = &told {
                    talk::warning(&format!("the run cannot be followed any more: failed to {error}; it goes on"));
                }
                followed = Some(told);
            }
            // All is told first; one that cannot be followed is waited for all the same.
            outcome = &mut ending, if followed.is_some() => break outcome,
            by = stops.next() => {
                asked += 1;
                if asked > 2 {
                    talk::warning("left without waiting; what still runs is removed at the next start");
                    return Ok(Exit::Cancelled);
                }
                if asked == 1 {
                    talk::note("cancelling; once more ends the steps at once, a third time does not wait for that");
                }
                if let Err(error) = engine.cancel(&id, by).await {
                    talk::error(&format!("failed to cancel the run: {error}"));
                }
            }
        }
    };
    let run = followed.and_then(Result::ok).and_then(Result::ok).flatten();
    if let Some(problem) = &outcome.problem {
        talk::error(&format!("the run's history is incomplete: {problem}"));
    }
    uplink::close().await;
    if outcome.state == RunState::Skipped && run.is_some_and(|run| nothing_could_run(&run)) {
        talk::error("nothing could run: no image is known for any job's label");
        return Ok(Exit::Machine);
    }
    Ok(outcome.state.into())
}

fn nothing_could_run(run: &Run) -> bool {
    run.jobs.values().any(|job| {
        job.reason
            .as_ref()
            .is_some_and(|reason| reason.code == "unmapped-label")
    })
}

fn machine(error: &dyn std::error::Error) -> Exit {
    talk::error(&format!("failed to {}", crate::engine::chain(error)));
    Exit::Machine
}
