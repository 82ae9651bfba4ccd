//! What the runtime's routes and actors share.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use loom_studio::WorkReports;
use tokio::sync::Semaphore;

use super::catalog::{Catalog, Found};
use super::losses::Lost;
use super::outcomes::outcome;
use super::phoenix::Phoenix;
use super::schedules::Board;
use super::starter::Starter;
use crate::engine::Engine;
use crate::event::WorkflowRef;
use crate::id::RunId;
use crate::prepare::stem;
use crate::state::Run;
use crate::view::RunDetail;

/// Texts that are checked at once; more wait.
const CHECKS: usize = 2;
/// Searches in logs that read at once; more take turns.
const SEARCHES: usize = 2;

/// What the runtime's routes and actors share. Cheap to clone.
#[derive(Clone)]
pub(super) struct Runtime {
    pub(super) engine: Engine,
    pub(super) catalog: Arc<Catalog>,
    pub(super) starter: Arc<Starter>,
    /// The schedules of the workflows.
    pub(super) schedules: Board,
    open: Arc<Mutex<OpenRuns>>,
    phoenix: Arc<Phoenix>,
    /// Where the studio hears how runs ended.
    work: Arc<OnceLock<WorkReports>>,
    /// Turns of those who have texts checked.
    pub(super) checks: Arc<Semaphore>,
    /// Turns of those who search in logs.
    pub(super) searches: Arc<Semaphore>,
    /// The serving actors that stay dead.
    pub(super) lost: Lost,
    started: Instant,
}

/// The runs that have not ended, of every process on the state directory, as the feed last saw them.
#[derive(Default)]
pub(super) struct OpenRuns {
    pub(super) runs: BTreeMap<RunId, Run>,
    /// Why the history cannot be read at the moment.
    pub(super) trouble: Option<String>,
}

impl Runtime {
    pub(super) fn new(engine: Engine, catalog: Arc<Catalog>, starter: Arc<Starter>) -> Self {
        Self {
            engine,
            catalog,
            starter,
            schedules: Board::default(),
            open: Arc::default(),
            phoenix: Arc::default(),
            work: Arc::default(),
            checks: Arc::new(Semaphore::new(CHECKS)),
            searches: Arc::new(Semaphore::new(SEARCHES)),
            lost: Lost::default(),
            started: Instant::now(),
        }
    }

    pub(super) fn open(&self) -> MutexGuard<'_, OpenRuns> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Milliseconds since this process began to serve.
    pub(super) fn uptime(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Whether a workflow of the project, or one that runs, is called so.
    pub(super) fn knows_workflow(&self, name: &str) -> bool {
        let of_run = |run: &Run| {
            let WorkflowRef { name: own, file } = &run.workflow;
            own == name || file == name || stem(Path::new(file)) == name
        };
        !matches!(self.catalog.find(name), Found::None) || self.open().runs.values().any(of_run)
    }

    /// A run as it is shown, with what only this process knows of it.
    pub(super) fn detail(&self, run: &Run) -> RunDetail {
        RunDetail::from(run).waiting_for(self.starter.why_queued(run))
    }

    /// The studio takes how runs ended from now on.
    pub(super) fn report_to(&self, work: WorkReports) {
        // A runtime is in one studio.
        let _once = self.work.set(work);
    }

    /// Reports how a run ended.
    pub(super) fn report(&self, run: &Run) {
        if let (Some(work), Some(outcome)) = (self.work.get(), outcome(run)) {
            work.ended(outcome);
        }
    }

    pub(super) fn phoenix(&self) -> Arc<Phoenix> {
        Arc::clone(&self.phoenix)
    }
}
