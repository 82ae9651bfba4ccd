//! An executor and a journal that do what a test wants.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Notify, watch};

use crate::engine::io::IoThreads;
use crate::engine::{Engine, JobLaunch, Launch, Opened, Recovered, RunHandle, StateDirectory, StepLaunch};
use crate::event::{Event, Recorded, Seq, WorkflowRef};
use crate::executor::{
    Closed, Executor, ExecutorError, ExitStatus, JobSpec, Notes, Owner, Program, PullPolicy, Session, Signal,
    StepEnd, StepOutput, StepSpec, Swept,
};
use crate::id::{JobId, JobKey, RunId};
use crate::journal::{Change, Journal, JournalError, Request, RunQuery, SqliteJournal, Summary};
use crate::owner::Ownership;
use crate::world::SystemWorld;

/// An engine on a fresh state directory, with the fakes in it.
pub(super) struct Bench {
    pub(super) engine: Engine,
    pub(super) journal: Arc<Odd>,
    pub(super) fake: Fake,
    directory: tempfile::TempDir,
}

impl Bench {
    pub(super) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let state = StateDirectory::open(directory.path().to_owned()).unwrap();
        let world = Arc::new(SystemWorld);
        let inner = SqliteJournal::open(&state.journal(), world.clone()).unwrap();
        let instance = inner.instance().to_owned();
        let journal = Arc::new(Odd::new(inner));
        let ownership = Ownership::take(&state.owners(), &instance).unwrap();
        let threads = IoThreads::start().unwrap();
        let io = threads.handle().unwrap();
        let opened = Opened {
            directory: state,
            journal: journal.clone(),
            instance,
            ownership,
        };
        Self {
            engine: Engine::assemble(opened, world, threads, io),
            journal,
            fake: Fake::default(),
            directory,
        }
    }

    /// Begins a run of one job with one step.
    pub(super) async fn start(&self) -> RunHandle {
        let step = StepLaunch {
            name: "one".into(),
            spec: StepSpec {
                index: 0,
                program: Program::Script {
                    text: String::new(),
                    shells: vec![],
                },
                env: Default::default(),
                working_directory: None,
            },
            timeout: None,
        };
        let launch = Launch {
            workflow: WorkflowRef {
                name: "w".into(),
                file: "w.yml".into(),
            },
            event: "push".into(),
            executor: "docker".into(),
            workspace: PathBuf::from("/"),
            pull: PullPolicy::Never,
            parallel: 1,
            places: None,
            jobs: vec![JobLaunch {
                id: JobId("job".into()),
                name: "job".into(),
                needs: vec![],
                executor: Arc::new(self.fake.clone()),
                image: None,
                skip: None,
                timeout: Duration::from_secs(3600),
                steps: vec![step],
            }],
        };
        self.engine.start(launch).await.unwrap()
    }

    pub(super) fn executors(&self) -> Vec<Arc<dyn Executor>> {
        vec![Arc::new(self.fake.clone())]
    }

    /// Nothing in the executor, no job's directory.
    #[track_caller]
    pub(super) fn holds_nothing(&self) {
        assert_eq!(*self.fake.held.lock().unwrap(), BTreeSet::new());
        let jobs = self.directory.path().join("jobs");
        let left = std::fs::read_dir(jobs).map_or(0, Iterator::count);
        assert_eq!(left, 0, "directories of jobs");
    }

    /// Looks for runs that nobody runs until there is one to tell of, ended or not: its actor's end takes a moment.
    pub(super) async fn until_recovered(&self, ended: bool) -> Recovered {
        loop {
            let recovered = self.engine.recover(Vec::new()).await.unwrap();
            let found = if ended {
                recovered.runs.is_empty()
            } else {
                recovered.problems.is_empty()
            };
            if !found {
                return recovered;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Makes the last event of a run unreadable.
    pub(super) fn damage(&self, run: &RunId) {
        let raw = rusqlite::Connection::open(self.directory.path().join("journal.db")).unwrap();
        let changed = raw.execute(
            r#"UPDATE event SET body = '{"type":"jobStarting"}' WHERE run = ?1 AND seq = 3"#,
            [&run.0],
        );
        assert_eq!(changed.unwrap(), 1);
    }
}

/// An executor whose places are names in a list. All clones are the same.
#[derive(Clone, Default)]
pub(super) struct Fake {
    switches: Arc<Switches>,
}

impl std::ops::Deref for Fake {
    type Target = Switches;

    fn deref(&self) -> &Switches {
        &self.switches
    }
}

pub(super) struct Switches {
    held: Mutex<BTreeSet<String>>,
    /// Steps end when they are told to, not by themselves.
    pub(super) endless: AtomicBool,
    /// Steps heed SIGKILL alone.
    pub(super) deaf: AtomicBool,
    pub(super) panic_in_open: AtomicBool,
    pub(super) panic_in_close: AtomicBool,
    /// Nothing can be removed.
    pub(super) unreachable: AtomicBool,
    pub(super) sweeps: AtomicU32,
    in_step: watch::Sender<bool>,
    end_step: watch::Sender<bool>,
    killed: Notify,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            held: Mutex::default(),
            endless: AtomicBool::default(),
            deaf: AtomicBool::default(),
            panic_in_open: AtomicBool::default(),
            panic_in_close: AtomicBool::default(),
            unreachable: AtomicBool::default(),
            sweeps: AtomicU32::default(),
            in_step: watch::channel(false).0,
            end_step: watch::channel(false).0,
            killed: Notify::new(),
        }
    }
}

impl Switches {
    pub(super) fn hold(&self, name: &str) {
        self.held.lock().unwrap().insert(name.to_owned());
    }

    pub(super) async fn until_step(&self) {
        self.in_step
            .subscribe()
            .wait_for(|in_step| *in_step)
            .await
            .unwrap();
    }

    pub(super) fn finish_step(&self) {
        self.end_step.send_replace(true);
    }

    fn remove(&self, wanted: impl Fn(&str) -> bool) -> Result<Vec<String>, ExecutorError> {
        if self.unreachable.load(Ordering::Relaxed) {
            return Err(ExecutorError::Unreachable {
                endpoint: "unix:///fake".into(),
                cause: "it does not answer".into(),
                help: "start it".into(),
            });
        }
        let mut held = self.held.lock().unwrap();
        let removed: Vec<String> = held.iter().filter(|name| wanted(name)).cloned().collect();
        held.retain(|name| !removed.contains(name));
        Ok(removed)
    }
}

struct FakeSession {
    fake: Fake,
    name: String,
    directory: PathBuf,
}

#[async_trait]
impl Executor for Fake {
    fn name(&self) -> &'static str {
        "docker"
    }

    async fn probe(&self) -> Result<(), ExecutorError> {
        Ok(())
    }

    async fn open(&self, job: JobSpec, _: Arc<dyn Notes>) -> Result<Arc<dyn Session>, ExecutorError> {
        let name = job.key.resource_name();
        self.hold(&name);
        assert!(
            !self.panic_in_open.load(Ordering::Relaxed),
            "as the test wants it"
        );
        Ok(Arc::new(FakeSession {
            fake: self.clone(),
            name,
            directory: job.directory,
        }))
    }

    async fn reclaim(&self, job: &JobKey) -> Result<(), ExecutorError> {
        let name = job.resource_name();
        self.remove(|held| held == name).map(drop)
    }

    async fn sweep(&self, runs: &[RunId]) -> Result<Swept, ExecutorError> {
        self.sweeps.fetch_add(1, Ordering::Relaxed);
        let removed = self.remove(|held| runs.iter().any(|run| held.starts_with(&JobKey::prefix(run))))?;
        Ok(Swept { removed })
    }
}

#[async_trait]
impl Session for FakeSession {
    async fn run_step(&self, _: StepSpec, _: &mut dyn StepOutput) -> Result<StepEnd, ExecutorError> {
        self.fake.in_step.send_replace(true);
        let mut status = ExitStatus::Code(0);
        if self.fake.endless.load(Ordering::Relaxed) {
            let mut told = self.fake.end_step.subscribe();
            tokio::select! {
                ended = told.wait_for(|end| *end) => drop(ended),
                () = self.fake.killed.notified() => status = ExitStatus::Signal(9),
            }
        }
        Ok(StepEnd {
            status,
            took: Duration::from_millis(1),
            usage: None,
        })
    }

    async fn signal(&self, signal: Signal) -> Result<(), ExecutorError> {
        if signal == Signal::Kill || !self.fake.deaf.load(Ordering::Relaxed) {
            self.fake.killed.notify_one();
        }
        Ok(())
    }

    async fn close(&self) -> Result<Closed, ExecutorError> {
        assert!(
            !self.fake.panic_in_close.load(Ordering::Relaxed),
            "as the test wants it"
        );
        self.fake.remove(|held| held == self.name)?;
        std::fs::remove_dir_all(&self.directory).unwrap();
        Ok(Closed::default())
    }
}

type AtCreation = Box<dyn Fn(RunId) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// A journal that fails when it is told to; else the real one.
pub(super) struct Odd {
    inner: SqliteJournal,
    /// So many appends are written and answered as if they had not been.
    pub(super) lose_answers: AtomicU32,
    pub(super) refuses_all: AtomicBool,
    /// A request to cancel the run is written right behind its creation, and read before the creation is answered.
    pub(super) cancel_at_creation: AtomicBool,
    at_creation: Mutex<Option<AtCreation>>,
    read_request: Notify,
    /// Events that were read.
    pub(super) events_read: AtomicU32,
}

impl Odd {
    fn new(inner: SqliteJournal) -> Self {
        Self {
            inner,
            lose_answers: AtomicU32::default(),
            refuses_all: AtomicBool::default(),
            cancel_at_creation: AtomicBool::default(),
            at_creation: Mutex::default(),
            read_request: Notify::new(),
            events_read: AtomicU32::default(),
        }
    }

    /// What happens when a run's creation is written and not answered yet.
    pub(super) fn at_creation(
        &self,
        what: impl Fn(RunId) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync + 'static,
    ) {
        *self.at_creation.lock().unwrap() = Some(Box::new(what));
    }

    fn full(&self) -> Result<(), JournalError> {
        if self.refuses_all.load(Ordering::Relaxed) {
            return Err(JournalError::Write("the disk is full".into()));
        }
        Ok(())
    }
}

#[async_trait]
impl Journal for Odd {
    async fn append(
        &self,
        run: &RunId,
        owner: &Owner,
        after: Seq,
        events: Vec<Event>,
    ) -> Result<Vec<Recorded>, JournalError> {
        self.full()?;
        let written = self.inner.append(run, owner, after, events).await?;
        if after == Seq(0) {
            let then = self
                .at_creation
                .lock()
                .unwrap()
                .as_ref()
                .map(|what| what(run.clone()));
            if let Some(then) = then {
                then.await;
            }
            if self.cancel_at_creation.load(Ordering::Relaxed) {
                let cancel = Request::Cancel { by: "api".into() };
                self.inner.request(run, cancel).await?;
                self.read_request.notified().await;
            }
        } else if self.lose_answers.load(Ordering::Relaxed) > 0 {
            self.lose_answers.fetch_sub(1, Ordering::Relaxed);
            return Err(JournalError::Write("the answer was lost".into()));
        }
        Ok(written)
    }

    async fn read(&self, run: &RunId, after: Seq, limit: usize) -> Result<Vec<Recorded>, JournalError> {
        let events = self.inner.read(run, after, limit).await?;
        let count = u32::try_from(events.len()).unwrap();
        self.events_read.fetch_add(count, Ordering::Relaxed);
        Ok(events)
    }

    async fn runs(&self, query: RunQuery) -> Result<Vec<Summary>, JournalError> {
        self.inner.runs(query).await
    }

    async fn changes(&self, after: u64) -> Result<Vec<Change>, JournalError> {
        self.inner.changes(after).await
    }

    async fn last_change(&self) -> Result<u64, JournalError> {
        self.inner.last_change().await
    }

    async fn request(&self, run: &RunId, request: Request) -> Result<(), JournalError> {
        self.inner.request(run, request).await
    }

    async fn requests(&self, after: u64) -> Result<Vec<(u64, RunId, Request)>, JournalError> {
        let requests = self.inner.requests(after).await?;
        if !requests.is_empty() {
            self.read_request.notify_one();
        }
        Ok(requests)
    }

    async fn take_over(
        &self,
        run: &RunId,
        from: &Owner,
        to: &Owner,
        after: Seq,
        events: Vec<Event>,
    ) -> Result<bool, JournalError> {
        self.full()?;
        self.inner.take_over(run, from, to, after, events).await
    }

    async fn mark_swept(&self, runs: Vec<RunId>) -> Result<(), JournalError> {
        self.inner.mark_swept(runs).await
    }

    fn written(&self) -> watch::Receiver<u64> {
        self.inner.written()
    }

    async fn foreign_version(&self) -> Result<i64, JournalError> {
        self.inner.foreign_version().await
    }
}
