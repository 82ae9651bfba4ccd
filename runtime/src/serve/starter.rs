//! Begins runs of the project's workflows.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;
use tokio::sync::Semaphore;

use super::catalog::Entry;
use crate::actions::LOCK_FILE;
use crate::chain::chain;
use crate::context::values::{self, Asked, ValueSources};
use crate::context::{self, Given};
use crate::engine::{Engine, EngineError};
use crate::event::{RunState, WorkflowRef};
use crate::executor::{ExecutorError, PullPolicy};
use crate::id::RunId;
use crate::machine::{self, Choice};
use crate::prepare::{LaunchError, RunInputs, launch, needs_engine};
use crate::state::{Claim, Run};

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

/// What somebody wants of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct RunWishes {
    /// The event; `push` when nothing is said.
    pub(super) event: Option<String>,
    /// Inputs, by name.
    pub(super) inputs: BTreeMap<String, String>,
}

/// Why a workflow was not started.
#[derive(Debug, Error)]
pub(super) enum StartProblem {
    /// Its file has mistakes.
    #[error("`{0}` has mistakes; nothing was started")]
    Invalid(String),
    /// It cannot be run so.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// What the project gives its runs cannot be read.
    #[error("failed to {0}")]
    Values(String),
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
    /// Slots for runs that are under way.
    slots: Arc<Semaphore>,
}

impl Starter {
    pub(super) fn new(engine: Engine, workspace: PathBuf, defaults: StartDefaults) -> Self {
        Self {
            engine,
            workspace,
            slots: Arc::new(Semaphore::new(defaults.runs.clamp(1, Semaphore::MAX_PERMITS))),
            defaults,
        }
    }

    /// Why a run has not begun, when it is one of ours that waits for a slot.
    pub(super) fn why_queued(&self, run: &Run) -> Option<String> {
        if run.state == RunState::Queued
            && run.claim == Claim::Waiting
            && let Some(concurrency) = &run.concurrency
        {
            return Some(format!(
                "another run has the concurrency group `{}`",
                concurrency.group
            ));
        }
        let waits = run.state == RunState::Queued
            && run.owner == *self.engine.owner()
            && self.slots.available_permits() == 0;
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
    pub(super) async fn start(&self, entry: &Entry, wishes: RunWishes) -> Result<RunId, StartProblem> {
        let invalid = || StartProblem::Invalid(entry.file.clone());
        let prepared = entry.prepared.clone().ok_or_else(invalid)?;
        let workflow = prepared.workflow.clone().ok_or_else(invalid)?;
        let mut inputs = self.inputs(wishes).await?;
        inputs.options.on_host = self.defaults.executor == Choice::Host;
        let needs = needs_engine(&workflow, &inputs.options);
        let chosen = machine::choose(&self.engine, self.defaults.executor, needs).await?;
        if let Some(why) = &chosen.fell_back {
            tracing::warn!(workflow = %entry.name, %why, "jobs run on this machine");
        }
        inputs.options.on_host = chosen.on_host;
        let reference = WorkflowRef {
            name: entry.name.clone(),
            file: entry.file.clone(),
        };
        let launch = launch(&prepared, reference, inputs)?;
        let handle = self.engine.start_when_free(launch, &self.slots).await?;
        Ok(handle.id().clone())
    }

    /// What the project gives its runs: its repository, its files of values. Reads them anew.
    async fn inputs(&self, wishes: RunWishes) -> Result<RunInputs, StartProblem> {
        let (workspace, defaults) = (self.workspace.clone(), self.defaults.clone());
        let read = self.engine.io().spawn_blocking(move || {
            let given = Given {
                event: wishes.event,
                inputs: wishes.inputs,
                ..Given::default()
            };
            let sources = ValueSources {
                project: workspace.clone(),
                ..ValueSources::default()
            };
            let values = values::read(&sources, &mut Nobody).map_err(|error| chain(&error))?;
            let mut inputs = RunInputs::new(workspace.clone());
            inputs.facts = context::facts_of(&workspace, given);
            inputs.secrets = values.secrets;
            inputs.vars = values.vars;
            inputs.env = values.env;
            inputs.env.extend(defaults.env);
            inputs.options.images = defaults.images;
            inputs.options.pull = defaults.pull;
            inputs.options.parallel = defaults.parallel;
            inputs.actions.lock = Some(workspace.join(LOCK_FILE));
            Ok::<_, String>(inputs)
        });
        read.await
            .map_err(|_| EngineError::Stopped)?
            .map_err(StartProblem::Values)
    }
}

/// A server asks nobody.
struct Nobody;

impl Asked for Nobody {
    fn variable(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }

    fn typed(&mut self, _: &str) -> io::Result<Option<String>> {
        Ok(None)
    }
}
