//! What a run needs to begin: everything evaluated, nothing left to look up.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use crate::event::{JobOutline, Reason, WorkflowRef};
use crate::executor::{Executor, PullPolicy, StepSpec};
use crate::id::JobId;

/// A run to begin.
#[derive(Clone)]
pub struct Launch {
    /// The workflow.
    pub workflow: WorkflowRef,
    /// The event that triggers it.
    pub event: String,
    /// The word for where its jobs run by default.
    pub executor: String,
    /// The project directory.
    pub workspace: PathBuf,
    /// When to pull images.
    pub pull: PullPolicy,
    /// Jobs at the same time, at most.
    pub parallel: usize,
    /// Places for runs that are under way: the run is queued until it has one, and gives it free at its end. Without, it
    /// begins at once.
    pub places: Option<Arc<Semaphore>>,
    /// Its jobs, in the order of the file.
    pub jobs: Vec<JobLaunch>,
}

/// A job to run.
#[derive(Clone)]
pub struct JobLaunch {
    /// Its key.
    pub id: JobId,
    /// Its display name.
    pub name: String,
    /// The jobs it waits for.
    pub needs: Vec<JobId>,
    /// What runs it.
    pub executor: Arc<dyn Executor>,
    /// The image, for an executor that uses one.
    pub image: Option<String>,
    /// Why it is skipped whatever its needs come to, when nothing can run it.
    pub skip: Option<Reason>,
    /// How long it may take.
    pub timeout: Duration,
    /// Its steps.
    pub steps: Vec<StepLaunch>,
}

/// A step to run.
#[derive(Clone, Debug)]
pub struct StepLaunch {
    /// Its display name.
    pub name: String,
    /// What to run.
    pub spec: StepSpec,
    /// How long it may take, when it has a limit of its own.
    pub timeout: Option<Duration>,
}

/// A run's place among those that are under way.
pub(super) enum Place {
    /// It needs none.
    None,
    /// It waits for one of these.
    Wanted(Arc<Semaphore>),
    /// Given free when this is dropped, with the run's actor.
    Held(#[expect(dead_code, reason = "held, never looked at")] OwnedSemaphorePermit),
}

impl Launch {
    /// Takes a place if there is one.
    pub(super) fn place(&self) -> Place {
        let Some(places) = &self.places else {
            return Place::None;
        };
        match Arc::clone(places).try_acquire_owned() {
            Ok(permit) => Place::Held(permit),
            Err(TryAcquireError::NoPermits) => Place::Wanted(Arc::clone(places)),
            // Nobody closes the places; without them there is nothing to wait for.
            Err(TryAcquireError::Closed) => Place::None,
        }
    }

    pub(super) fn outline(&self) -> Vec<JobOutline> {
        let outline = |job: &JobLaunch| JobOutline {
            id: job.id.clone(),
            name: job.name.clone(),
            needs: job.needs.clone(),
            image: job.image.clone(),
            steps: job.steps.iter().map(|step| step.name.clone()).collect(),
            skip: job.skip.clone(),
        };
        self.jobs.iter().map(outline).collect()
    }
}

/// The environment that every step sees beside its own.
pub(super) fn base_environment(run: &str, job: &str) -> BTreeMap<String, String> {
    [
        ("CI", "true"),
        ("LOOM", "true"),
        ("LOOM_RUN_ID", run),
        ("LOOM_JOB", job),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect()
}
