//! What a run needs to begin.

use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use super::rerun::RerunOrder;
use crate::actions::ActionOptions;
use crate::event::{OnCrash, RunSource, WorkflowRef};
use crate::secret::Secret;

/// A run to begin: plain values. What is not a secret is kept in its history.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The workflow.
    pub workflow: WorkflowRef,
    /// The project directory.
    pub workspace: PathBuf,
    /// What it is made from.
    pub source: RunSource,
    /// The `secrets` context.
    pub secrets: IndexMap<String, Secret>,
    /// Where actions and called workflows of other repositories come from.
    pub actions: ActionOptions,
    /// Programs that are Node.js for JavaScript actions, by preference.
    pub node: Vec<String>,
    /// The run that it is another attempt at.
    pub rerun: Option<RerunOrder>,
    /// What the death of this process means for it.
    pub on_crash: OnCrash,
}

/// A run's slot among those that are under way.
pub(super) enum Slot {
    /// It needs none.
    None,
    /// It waits for one of these.
    Wanted(Arc<Semaphore>),
    /// Given free when this is dropped, with the run's actor.
    Held(#[expect(dead_code, reason = "held, never looked at")] OwnedSemaphorePermit),
}

impl Slot {
    /// Takes one if there is one; none is needed where nothing limits how many runs are under way.
    pub(super) fn take(slots: Option<&Arc<Semaphore>>) -> Self {
        let Some(slots) = slots else {
            return Self::None;
        };
        match Arc::clone(slots).try_acquire_owned() {
            Ok(permit) => Self::Held(permit),
            Err(TryAcquireError::NoPermits) => Self::Wanted(Arc::clone(slots)),
            // Nobody closes them; without them there is nothing to wait for.
            Err(TryAcquireError::Closed) => Self::None,
        }
    }
}
