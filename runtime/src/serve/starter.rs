//! Begins runs of the project's workflows.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;
use tokio::sync::Semaphore;

use super::catalog::Entry;
use crate::engine::{Engine, EngineError};
use crate::event::{RunState, WorkflowRef};
use crate::executor::{ExecutorError, PullPolicy};
use crate::id::RunId;
use crate::machine::{Choice, Executors};
use crate::prepare::{LaunchError, LaunchOptions, launch};
use crate::state::Run;

/// How runs are begun when the request does not say it.
#[derive(Clone, Debug)]
pub struct StartDefaults {
    /// Where jobs run.
    pub executor: Choice,
    /// When to pull images.
    pub pull: PullPolicy,
    /// Jobs of a run at the same time, at most.
    pub parallel: usize,
    /// Runs at the same time, at most; the others are queued.
    pub runs: usize,
    /// Images by label, before the built-in table; later entries win.
    pub images: Vec<(String, String)>,
    /// Variables for every step.
    pub env: BTreeMap<String, String>,
}

/// Runs at the same time when nobody says otherwise: enough that few ever wait, and not so many that a flood of starts takes
/// the machine down.
pub fn default_runs() -> usize {
    std::thread::available_parallelism().map_or(4, |cores| (cores.get() * 2).max(4))
}

/// Why a workflow was not started.
#[derive(Debug, Error)]
pub(super) enum StartProblem {
    /// Its file has mistakes.
    #[error("`{0}` has mistakes; nothing was started")]
    Invalid(String),
    /// Nothing runs it.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// No engine answers.
    #[error("failed to {0}")]
    Executor(#[from] ExecutorError),
    /// The history cannot be written.
    #[error("failed to {0}")]
    Engine(#[from] EngineError),
}

/// Begins runs.
pub(super) struct Starter {
    engine: Engine,
    workspace: PathBuf,
    defaults: StartDefaults,
    /// Places for runs that are under way.
    places: Arc<Semaphore>,
}

impl Starter {
    pub(super) fn new(engine: Engine, workspace: PathBuf, defaults: StartDefaults) -> Self {
        Self {
            engine,
            workspace,
            places: Arc::new(Semaphore::new(defaults.runs.clamp(1, Semaphore::MAX_PERMITS))),
            defaults,
        }
    }

    /// Why a run has not begun, when it is one of ours that waits for a place.
    pub(super) fn why_queued(&self, run: &Run) -> Option<String> {
        let waits = run.state == RunState::Queued
            && run.owner == *self.engine.owner()
            && self.places.available_permits() == 0;
        waits.then(|| {
            format!(
                "{} runs are under way, as many as this studio runs at a time (`runs` of `[server]`); it begins when one of \
                 them ends",
                self.defaults.runs
            )
        })
    }

    /// Where jobs run.
    pub(super) fn choice(&self) -> Choice {
        self.defaults.executor
    }

    /// Begins a run of a workflow; its id is in the history when this returns.
    pub(super) async fn start(&self, entry: &Entry, event: String) -> Result<RunId, StartProblem> {
        let plan = entry
            .plan
            .as_ref()
            .ok_or_else(|| StartProblem::Invalid(entry.file.clone()))?;
        let executors = Executors::choose(&self.engine, plan, self.defaults.executor).await?;
        if let Some(why) = &executors.fell_back {
            tracing::warn!(workflow = %entry.name, %why, "jobs run on this machine");
        }
        let mut options = LaunchOptions::new(self.workspace.clone(), executors);
        options.event = event;
        options.pull = self.defaults.pull;
        options.parallel = self.defaults.parallel;
        options.env = self.defaults.env.clone();
        let workflow = WorkflowRef {
            name: entry.name.clone(),
            file: entry.file.clone(),
        };
        let mut launch = launch(plan, workflow, &options)?;
        launch.places = Some(Arc::clone(&self.places));
        let handle = self.engine.start(launch).await?;
        Ok(handle.id().clone())
    }
}
