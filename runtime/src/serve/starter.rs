//! Begins runs of the project's workflows.

use std::collections::BTreeMap;
use std::path::PathBuf;

use thiserror::Error;

use super::catalog::Entry;
use crate::engine::{Engine, EngineError};
use crate::event::WorkflowRef;
use crate::executor::{ExecutorError, PullPolicy};
use crate::id::RunId;
use crate::machine::{Choice, Executors};
use crate::prepare::{LaunchError, LaunchOptions, launch};

/// How runs are begun when the request does not say it.
#[derive(Clone, Debug)]
pub struct StartDefaults {
    /// Where jobs run.
    pub executor: Choice,
    /// When to pull images.
    pub pull: PullPolicy,
    /// Jobs at the same time, at most.
    pub parallel: usize,
    /// Images by label, before the built-in table; later entries win.
    pub images: Vec<(String, String)>,
    /// Variables for every step.
    pub env: BTreeMap<String, String>,
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
}

impl Starter {
    pub(super) fn new(engine: Engine, workspace: PathBuf, defaults: StartDefaults) -> Self {
        Self {
            engine,
            workspace,
            defaults,
        }
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
        let handle = self.engine.start(launch(plan, workflow, &options)?).await?;
        Ok(handle.id().clone())
    }
}
