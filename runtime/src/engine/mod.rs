//! The engine: runs as actors over a pure state.
//!
//! [`Engine`] is the door: it opens a state directory, puts right what dead owners left there, begins runs and cancels
//! them. Inside, an orchestrator actor owns one run actor a run, which owns one job actor a job; what waits (disks,
//! sockets, containers) is done on threads of its own and answers by messages.

mod answers;
mod appending;
mod awake;
mod beginning;
mod directory;
mod executors;
mod histories;
mod io;
mod job;
mod kept;
mod launch;
mod numbers;
mod orchestrator;
mod recovery;
mod rerun;
mod resuming;
mod run;
mod shared;
#[cfg(test)]
mod tests;
mod timers;

use std::path::PathBuf;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix::Addr;
use loom_bridge::ActorSpec;
use thiserror::Error;
use tokio::sync::{Semaphore, broadcast};

pub use directory::StateDirectory;
pub use executors::Executors;
pub(crate) use job::Entrance;
pub(crate) use kept::{KeptError, KeptLock, KeptPlace, all as kept_places};
pub use launch::Launch;
pub use recovery::Recovered;
pub use rerun::RerunOrder;
pub use resuming::ResumeError;
pub use run::{Outcome, RunHandle};
pub use shared::Progress;

use self::answers::AnswerRun;
use self::histories::Histories;
use self::io::{Io, IoThreads};
use self::orchestrator::{Cancel, CancelAll, Orchestrator, StartRun, UntilStarted};
use self::resuming::ResumeRun;
use self::shared::{Orphans, Shared};
use crate::event::{PauseAnswer, Reason};
use crate::executor::Executor;
use crate::id::{JobId, RunId, StepId};
use crate::journal::{Journal, JournalError, SqliteJournal};
use crate::logs::LogStore;
use crate::machine;
use crate::owner::Ownership;
use crate::state::{FoldError, RerunError};
use crate::world::{SystemWorld, World};

/// How a run's remains are bounded in time: containers of a run whose owner was killed end by themselves after this, for nobody
/// goes on with them.
const ORPHAN_GRACE: Duration = Duration::from_secs(10);

/// How long jobs on this machine go on when nobody says otherwise: enough for another process to be started.
const GO_ON: Duration = Duration::from_secs(60);

/// A failure of the engine. Messages fit after "failed to …".
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The state directory cannot be used.
    #[error("use the state directory {}: {cause}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The history cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The history makes no sense.
    #[error(transparent)]
    History(#[from] FoldError),
    /// No run has this id.
    #[error("find a run with the id `{0}`")]
    UnknownRun(RunId),
    /// The history of a run grows and grows while it is to be ended.
    #[error("end run {0}: somebody goes on writing to it")]
    Busy(RunId),
    /// What a run is to be made from cannot be used.
    #[error("begin the run: {0}")]
    Source(String),
    /// A run cannot be run again as it was asked for.
    #[error(transparent)]
    Rerun(#[from] RerunError),
    /// A run is not gone on with.
    #[error(transparent)]
    Resume(#[from] ResumeError),
    /// The engine has stopped.
    #[error("reach the engine: it has stopped")]
    Stopped,
}

/// How an engine is opened.
#[derive(Clone)]
pub struct EngineOptions {
    /// The state directory; made when it is not there.
    pub state_directory: PathBuf,
    /// Time and chance.
    pub world: Arc<dyn World>,
    /// How long a job on this machine goes on when this process has died, before its agent ends it: until then another process
    /// may go on with it. Zero: not at all.
    pub orphan_grace: Duration,
}

impl EngineOptions {
    /// The machine's own clock, and this state directory.
    pub fn new(state_directory: PathBuf) -> Self {
        Self {
            state_directory,
            world: Arc::new(SystemWorld),
            orphan_grace: GO_ON,
        }
    }
}

/// Runs workflows of one state directory. Must be opened where an actix system runs; cheap to clone.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
    orchestrator: Addr<Orchestrator>,
    instance: String,
    histories: Arc<Histories>,
    _threads: Option<Arc<IoThreads>>,
    _ownership: Arc<Ownership>,
}

/// A state directory that is ready for use.
struct Opened {
    directory: StateDirectory,
    journal: Arc<dyn Journal>,
    instance: String,
    ownership: Ownership,
    executors: Executors,
    orphan_grace: Duration,
}

impl Engine {
    /// Opens a state directory.
    ///
    /// # Errors
    /// When it cannot be made, locked or read.
    pub async fn open(options: EngineOptions) -> Result<Self, EngineError> {
        let (path, orphan_grace) = (options.state_directory, options.orphan_grace);
        let directory_error = |path: PathBuf| move |cause| EngineError::Directory { path, cause };
        let threads = IoThreads::start().map_err(directory_error(path.clone()))?;
        let io = threads.handle().ok_or(EngineError::Stopped)?;
        let world = Arc::clone(&options.world);
        let prepare = move || {
            let directory = StateDirectory::open(path.clone()).map_err(directory_error(path.clone()))?;
            let journal = SqliteJournal::open(&directory.journal(), world)?;
            let instance = journal.instance().to_owned();
            let ownership = Ownership::take(&directory.owners(), &instance).map_err(directory_error(path))?;
            Ok::<_, EngineError>(Opened {
                executors: machine::executors(&directory, &instance),
                orphan_grace,
                directory,
                journal: Arc::new(journal),
                instance,
                ownership,
            })
        };
        let opened = io
            .spawn_blocking(prepare)
            .await
            .map_err(|_| EngineError::Stopped)??;
        let engine = Self::assemble(
            opened,
            Io::new(io, Arc::clone(&options.world)),
            options.world,
            Some(threads),
        );
        engine
            .orchestrator
            .send(UntilStarted)
            .await
            .map_err(|_| EngineError::Stopped)?;
        Ok(engine)
    }

    fn assemble(opened: Opened, io: Io, world: Arc<dyn World>, threads: Option<IoThreads>) -> Self {
        let Opened {
            orphan_grace,
            directory,
            journal,
            instance,
            ownership,
            executors,
        } = opened;
        tracing::debug!(directory = %directory.root().display(), instance, "state directory opened");
        let shared = Arc::new(Shared {
            journal,
            logs: LogStore::new(directory.logs()),
            directory,
            owner: ownership.owner().clone(),
            world,
            io,
            progress: broadcast::channel(256).0,
            orphan_grace,
            orphans: Orphans::default(),
            pauses: AtomicUsize::new(0),
            numbers: numbers::Numbers::default(),
            executors,
            orchestrator: OnceLock::new(),
        });
        let spec = ActorSpec::of::<Orchestrator>().id(format!("orchestrator-{}", shared.owner.pid));
        let inside = Arc::clone(&shared);
        let orchestrator = loom_bridge::spawn(spec, |_| Orchestrator::new(inside));
        Self {
            shared,
            orchestrator,
            instance,
            histories: Arc::default(),
            _threads: threads.map(Arc::new),
            _ownership: Arc::new(ownership),
        }
    }

    /// The history.
    pub fn journal(&self) -> &Arc<dyn Journal> {
        &self.shared.journal
    }

    /// A run as its history tells it, whoever runs it; `None` when there is none. To ask for the same run again costs what
    /// happened since.
    ///
    /// # Errors
    /// When the history cannot be read.
    pub async fn run(&self, id: &RunId) -> Result<Option<Arc<crate::state::Run>>, EngineError> {
        self.histories.run(&*self.shared.journal, id).await
    }

    /// The logs.
    pub fn logs(&self) -> &LogStore {
        &self.shared.logs
    }

    /// The state directory.
    pub fn directory(&self) -> &StateDirectory {
        &self.shared.directory
    }

    /// The state directory's own id, which marks what its runs hold in an engine.
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// This process, as the owner of its runs.
    pub fn owner(&self) -> &crate::executor::Owner {
        &self.shared.owner
    }

    /// The threads for what waits. Executors are made and used there.
    pub fn io(&self) -> &tokio::runtime::Handle {
        self.shared.io.handle()
    }

    /// How far long things have got, as it happens. Slow readers miss some.
    pub fn progress(&self) -> broadcast::Receiver<Progress> {
        self.shared.progress.subscribe()
    }

    /// Ends the runs of dead owners of this state directory, and those of this process whose actor is gone; runs that are
    /// to be gone on with are named in the answer, and stay. Then removes
    /// what such runs left, now or earlier, in these executors; without any, that is left for the next time.
    ///
    /// # Errors
    /// When the history cannot be read or written; what an executor could not remove is in the answer.
    pub async fn recover(&self, executors: Vec<Arc<dyn Executor>>) -> Result<Recovered, EngineError> {
        let shared = Arc::clone(&self.shared);
        let task = self
            .shared
            .io
            .spawn(async move { recovery::recover(&shared, &executors).await });
        task.await.map_err(|_| EngineError::Stopped)?
    }

    /// Begins a run. Its first event is in the history when this returns.
    ///
    /// # Errors
    /// When the history cannot be written.
    pub async fn start(&self, launch: Launch) -> Result<RunHandle, EngineError> {
        self.start_with(launch, None).await
    }

    /// Begins a run that takes one of these slots, or is queued until there is one.
    ///
    /// # Errors
    /// As for [`Engine::start`].
    pub async fn start_when_free(
        &self,
        launch: Launch,
        slots: &Arc<Semaphore>,
    ) -> Result<RunHandle, EngineError> {
        self.start_with(launch, Some(Arc::clone(slots))).await
    }

    async fn start_with(
        &self,
        launch: Launch,
        slots: Option<Arc<Semaphore>>,
    ) -> Result<RunHandle, EngineError> {
        let start = StartRun {
            launch: Box::new(launch),
            slots,
        };
        self.orchestrator
            .send(start)
            .await
            .map_err(|_| EngineError::Stopped)?
    }

    /// Goes on with a run whose process has died, with what [`crate::rerun::resumption`] made of it: this process is its
    /// owner when this returns. It takes one of these slots, or waits until there is one.
    ///
    /// # Errors
    /// [`EngineError::Resume`] when it is left as it is: it has ended, a process runs it, or what it is made of has
    /// changed. Else when the history cannot be read or written.
    pub async fn resume(
        &self,
        run: &RunId,
        launch: Launch,
        slots: Option<&Arc<Semaphore>>,
    ) -> Result<RunHandle, EngineError> {
        let resume = ResumeRun {
            run: run.clone(),
            launch: Box::new(launch),
            slots: slots.cloned(),
        };
        self.orchestrator
            .send(resume)
            .await
            .map_err(|_| EngineError::Stopped)?
    }

    /// Ends a run whose process has died and that cannot be gone on with, as lost for this reason. Whether it did: a run that
    /// a process has, or that has ended, stays as it is.
    ///
    /// # Errors
    /// When the history cannot be read or written.
    pub async fn end_dead(&self, run: &RunId, reason: Reason) -> Result<bool, EngineError> {
        let (shared, run) = (Arc::clone(&self.shared), run.clone());
        let ended = self
            .shared
            .io
            .spawn(async move { recovery::end_dead(&shared, &run, &reason).await });
        ended.await.map_err(|_| EngineError::Stopped)?
    }

    /// What runs its jobs.
    pub fn executors(&self) -> &Executors {
        &self.shared.executors
    }

    /// Cancels a run, of this process or of another one on the state directory; a second time skips the grace. A run
    /// that has ended stays as it is.
    ///
    /// # Errors
    /// When there is no such run, or the request cannot be left.
    pub async fn cancel(&self, run: &RunId, by: &str) -> Result<(), EngineError> {
        let cancel = Cancel {
            run: run.clone(),
            by: by.to_owned(),
        };
        self.orchestrator
            .send(cancel)
            .await
            .map_err(|_| EngineError::Stopped)?
    }

    /// Says how the paused steps of a job go on, or those of all jobs of a run, whichever process runs it. Where nothing is
    /// paused nothing happens: look first.
    ///
    /// # Errors
    /// When the order cannot be left for the run's owner.
    pub async fn answer(
        &self,
        run: &RunId,
        job: Option<&JobId>,
        answer: PauseAnswer,
    ) -> Result<(), EngineError> {
        self.order(AnswerRun {
            run: run.clone(),
            job: job.cloned(),
            step: None,
            pause: None,
            answer,
        })
        .await
    }

    /// Says how one paused step goes on, and no other of its job, as [`Engine::answer`] does. `pause` is the number of the
    /// pause that is meant: a step that is in another one by now stays as it is.
    ///
    /// # Errors
    /// When the order cannot be left for the run's owner.
    pub async fn answer_step(
        &self,
        run: &RunId,
        job: &JobId,
        step: &StepId,
        pause: Option<u32>,
        answer: PauseAnswer,
    ) -> Result<(), EngineError> {
        self.order(AnswerRun {
            run: run.clone(),
            job: Some(job.clone()),
            step: Some(step.clone()),
            pause,
            answer,
        })
        .await
    }

    async fn order(&self, answer: AnswerRun) -> Result<(), EngineError> {
        self.orchestrator
            .send(answer)
            .await
            .map_err(|_| EngineError::Stopped)?
    }

    /// Cancels every run of this process and waits for their ends.
    pub async fn shut_down(&self, by: &str) {
        let Ok(runs) = self.orchestrator.send(CancelAll { by: by.to_owned() }).await else {
            return;
        };
        for run in runs {
            run.finished().await;
        }
    }
}
