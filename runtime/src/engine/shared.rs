//! What all actors of an engine share.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::broadcast;

use super::directory::StateDirectory;
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
