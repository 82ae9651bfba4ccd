//! What all actors of an engine share.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use actix::{Message, WeakRecipient};
use tokio::sync::broadcast;

use super::directory::StateDirectory;
use super::executors::Executors;
use super::io::Io;
use super::numbers::Numbers;
use crate::event::Reason;
use crate::executor::Owner;
use crate::id::{JobId, RunId};
use crate::journal::{Claimant, Journal, Request};
use crate::logs::LogStore;
use crate::state::BY_CONCURRENCY;
use crate::world::World;

/// The parts of an engine that its actors use.
pub(crate) struct Shared {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) logs: LogStore,
    pub(crate) directory: StateDirectory,
    pub(crate) owner: Owner,
    pub(crate) world: Arc<dyn World>,
    pub(crate) io: Io,
    pub(crate) progress: broadcast::Sender<Progress>,
    /// How long a job's processes on this machine may go on when this process has vanished.
    pub(crate) orphan_grace: Duration,
    pub(crate) orphans: Orphans,
    /// Jobs of this process that are paused.
    pub(crate) pauses: AtomicUsize,
    pub(super) numbers: Numbers,
    pub(crate) executors: Executors,
    /// Who owns the runs of this process.
    /// Weak: what owns an address keeps its actor alive.
    pub(crate) orchestrator: OnceLock<WeakRecipient<GiveWay>>,
}

/// A run, or a job of it, is to make room for a newer one of its concurrency group. Whether it is one of this process.
#[derive(Message)]
#[rtype(result = "bool")]
pub(crate) struct GiveWay {
    pub(crate) run: RunId,
    pub(crate) job: Option<JobId>,
}

impl Shared {
    /// Tells who has a concurrency group that a newer one wants its turn, in whatever process it runs.
    pub(crate) async fn give_way(&self, claimant: &Claimant) {
        let ours = match self.orchestrator.get().and_then(WeakRecipient::upgrade) {
            Some(orchestrator) => {
                let message = GiveWay {
                    run: claimant.run.clone(),
                    job: claimant.job.clone(),
                };
                orchestrator.send(message).await.unwrap_or(false)
            }
            None => false,
        };
        if ours {
            return;
        }
        let by = BY_CONCURRENCY.to_owned();
        let request = match &claimant.job {
            Some(job) => Request::CancelJob { job: job.clone(), by },
            None => Request::Cancel { by },
        };
        if let Err(error) = self.journal.request(&claimant.run, request).await {
            tracing::warn!(run = %claimant.run, %error, "a run cannot be asked to give way");
        }
    }
}

/// Runs of this process that have no actor any more and whose end is not in the history: its owner lives, so nobody else
/// ends them.
#[derive(Default)]
pub(crate) struct Orphans(Mutex<BTreeMap<RunId, Reason>>);

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

    fn lock(&self) -> MutexGuard<'_, BTreeMap<RunId, Reason>> {
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
