//! What all actors of an engine share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::broadcast;

use super::directory::StateDirectory;
use crate::event::Reason;
use crate::executor::Owner;
use crate::id::{JobId, RunId};
use crate::journal::Journal;
use crate::logs::LogStore;
use crate::world::World;

/// The parts of an engine that its actors use.
pub(crate) struct Shared {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) logs: LogStore,
    pub(crate) directory: StateDirectory,
    pub(crate) owner: Owner,
    pub(crate) world: Arc<dyn World>,
    pub(crate) io: Handle,
    pub(crate) progress: broadcast::Sender<Progress>,
    /// How long a job's processes may go on when this process has vanished.
    pub(crate) orphan_grace: Duration,
    pub(crate) orphans: Orphans,
}

/// Runs of this process that have no actor any more and whose end is not in the history: its owner lives, so nobody else
/// ends them.
#[derive(Default)]
pub(crate) struct Orphans(Mutex<HashMap<RunId, Reason>>);

impl Orphans {
    pub(super) fn add(&self, run: RunId, reason: Reason) {
        self.lock().insert(run, reason);
    }

    pub(super) fn remove(&self, run: &RunId) {
        self.lock().remove(run);
    }

    pub(super) fn all(&self) -> Vec<(RunId, Reason)> {
        self.lock()
            .iter()
            .map(|(run, why)| (run.clone(), why.clone()))
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RunId, Reason>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far something long has got while a job gets its place, e.g. the pull of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The run.
    pub run: RunId,
    /// The job.
    pub job: JobId,
    /// What it is.
    pub what: String,
    /// How much is done, in bytes or pieces.
    pub done: u64,
    /// How much there is, where known.
    pub total: Option<u64>,
}
