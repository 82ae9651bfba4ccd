//! An executor and a journal that do what a test wants.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio::sync::{Notify, watch};

use crate::actions::ActionOptions;
use crate::context::RunFacts;
use crate::engine::io::{Io, IoThreads};
use crate::engine::{Engine, Executors, Launch, Opened, Recovered, RunHandle, StateDirectory};
use crate::event::{Event, OnCrash, Recorded, RunOptions, RunSource, Seq, SourceFile, WorkflowRef};
use crate::executor::{
    Apart, Closed, Executor, ExecutorError, ExitStatus, Fault, Notes, Owner, Place, PlaceFacts, PlaceSpec,
    Program, Signal, StepEnd, StepOutput, StepSpec, Stream, Swept, Wanted, led,
};
use crate::id::{JobId, JobKey, RunId, StepId};
use crate::journal::{Change, Journal, JournalError, Request, RunQuery, SqliteJournal, Summary};
use crate::owner::Ownership;
use crate::world::{SystemWorld, World};

/// A run of a workflow given as text, of the `.loom.yml` dialect where `runs-on` may be left out.
pub(super) fn launch(workspace: &Path, text: &str) -> Launch {
    Launch {
        workflow: WorkflowRef {
            name: "w".into(),
            file: "w.yml".into(),
        },
        workspace: workspace.to_owned(),
        source: RunSource {
            files: vec![SourceFile {
                name: "w.yml".into(),
                of_loom: true,
                sha256: String::new(),
                text: text.to_owned(),
                commit: None,
            }],
            facts: RunFacts {
                event: "push".into(),
                ..RunFacts::default()
            },
            options: RunOptions {
                parallel: 4,
                ..RunOptions::default()
            },
            ..RunSource::default()
        },
        secrets: indexmap::IndexMap::new(),
        actions: ActionOptions::new(workspace.join("actions")),
        node: Vec::new(),
        rerun: None,
        on_crash: OnCrash::CleanUp,
    }
}

/// An engine on a fresh state directory, with the fakes in it.
pub(super) struct Bench<J = Odd> {
    pub(super) engine: Engine,
    pub(super) journal: Arc<J>,
    pub(super) fake: Fake,
    directory: Arc<tempfile::TempDir>,
}

impl Bench {
    pub(super) fn new() -> Self {
        let world = Arc::new(SystemWorld);
        Self::with(world.clone(), |state| {
            let inner = SqliteJournal::open(&state.journal(), world).unwrap();
            let instance = inner.instance().to_owned();
            (Odd::new(inner), instance)
        })
    }

    /// The engine of another process, on the same state directory; its executor is its own.
    pub(super) fn beside(&self) -> Self {
        let world: Arc<dyn World> = Arc::new(SystemWorld);
        let state = StateDirectory::open(self.path().to_owned()).unwrap();
        let journal = Odd::new(SqliteJournal::open(&state.journal(), Arc::clone(&world)).unwrap());
        let owner = Owner {
            instance: self.engine.instance().to_owned(),
            boot: "b".into(),
            pid: 1,
            started: 2,
        };
        let ownership = Ownership::take_as(&state.owners(), owner).unwrap();
        Self::assemble(Arc::clone(&self.directory), state, journal, ownership, world)
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

impl<J: Journal + 'static> Bench<J> {
    pub(super) fn with(world: Arc<dyn World>, journal: impl FnOnce(&StateDirectory) -> (J, String)) -> Self {
        let directory = Arc::new(tempfile::tempdir().unwrap());
        let state = StateDirectory::open(directory.path().to_owned()).unwrap();
        let (journal, instance) = journal(&state);
        let ownership = Ownership::take(&state.owners(), &instance).unwrap();
        Self::assemble(directory, state, journal, ownership, world)
    }

    fn assemble(
        directory: Arc<tempfile::TempDir>,
        state: StateDirectory,
        journal: J,
        ownership: Ownership,
        world: Arc<dyn World>,
    ) -> Self {
        let journal = Arc::new(journal);
        let instance = ownership.owner().instance.clone();
        let threads = IoThreads::start().unwrap();
        let io = threads.handle().unwrap();
        let fake = Fake::default();
        let opened = Opened {
            orphan_grace: std::time::Duration::from_secs(60),
            directory: state,
            journal: journal.clone(),
            instance,
            ownership,
            executors: Executors {
                host: Arc::new(fake.clone()),
                docker: Arc::new(fake.clone()),
            },
        };
        Self {
            engine: Engine::assemble(opened, Io::new(io, Arc::clone(&world)), world, Some(threads)),
            journal,
            fake,
            directory,
        }
    }

    /// Begins a run of one job with one step.
    pub(super) async fn start(&self) -> RunHandle {
        self.run("jobs: {job: {steps: [{name: one, run: x}]}}").await
    }

    /// Begins a run of a workflow.
    pub(super) async fn run(&self, text: &str) -> RunHandle {
        let launch = launch(self.directory.path(), text);
        self.engine.start(launch).await.unwrap()
    }

    /// The state directory, which is the project's too.
    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(super) fn executors(&self) -> Vec<Arc<dyn Executor>> {
        vec![Arc::new(self.fake.clone())]
    }

    /// Nothing in the executor, no job's directory.
    #[track_caller]
    pub(super) fn holds_nothing(&self) {
        assert_eq!(self.held(), [""; 0]);
    }

    /// What is in the executor, and the directories of jobs.
    pub(super) fn held(&self) -> Vec<String> {
        let mut held: Vec<String> = self.fake.held.lock().unwrap().iter().cloned().collect();
        let jobs = std::fs::read_dir(self.directory.path().join("jobs"));
        held.extend(
            jobs.into_iter()
                .flatten()
                .map(|entry| entry.unwrap().path().display().to_string()),
        );
        held
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
}

/// What a step of the fake does. A script's first word says it, where nothing else does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Ends with this code.
    Exit(i32),
    /// Goes on until it is told to end, or this signal or a stronger one comes.
    Wait(Signal),
    /// Goes on whatever comes, until the place is closed.
    Freeze,
    /// The place is lost under it.
    Lose,
    /// The same, when it is told to end.
    Vanish,
    Panic,
}

impl Act {
    pub(super) fn of(text: &str) -> Self {
        match text.split_whitespace().next() {
            Some("fail") => Self::Exit(1),
            Some("wait") => Self::Wait(Signal::Interrupt),
            Some("deaf") => Self::Wait(Signal::Kill),
            Some("freeze") => Self::Freeze,
            Some("lose") => Self::Lose,
            Some("vanish") => Self::Vanish,
            Some("panic") => Self::Panic,
            _ => Self::Exit(0),
        }
    }
}

fn strength(signal: Signal) -> u8 {
    match signal {
        Signal::Interrupt => 1,
        Signal::Terminate => 2,
        Signal::Kill => 3,
    }
}

/// What becomes of an open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    Good,
    /// The image is not there: the workflow's fault.
    NoImage,
    /// The machine's fault.
    NoRoom,
    Panic,
}

impl Opening {
    /// What the id of a job asks for.
    fn of(job: &JobId) -> Self {
        match job.top().trim_end_matches(|c: char| c.is_ascii_digit()) {
            "no-image-" => Self::NoImage,
            "no-room-" => Self::NoRoom,
            "panic-" => Self::Panic,
            _ => Self::Good,
        }
    }
}

type Script<T, Q> = Mutex<Option<Box<dyn Fn(&Q) -> T + Send + Sync>>>;

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
    /// Whether no place can be kept.
    pub(super) cannot_keep: AtomicBool,
    /// Nothing can be removed.
    pub(super) unreachable: AtomicBool,
    pub(super) sweeps: AtomicU32,
    /// What a sweep cannot remove.
    pub(super) stuck: Mutex<Option<String>>,
    /// Where its engine is.
    pub(super) address: Mutex<Option<String>>,
    /// Kept places that were put to rest.
    pub(super) rested: Mutex<Vec<String>>,
    /// Places that were opened, and closed or reclaimed while they were held.
    pub(super) opened: AtomicU32,
    /// Images that were built.
    pub(super) built: AtomicU32,
    pub(super) acts: Script<Act, String>,
    pub(super) openings: Script<Opening, JobKey>,
    /// The place's files are not this machine's.
    pub(super) apart: AtomicBool,
    /// The folder that has what a room that is apart has; without one there is nothing in it.
    pub(super) room: Mutex<Option<PathBuf>>,
    /// Why such files do not come or go; the scripts `cut` and `full` set it.
    pub(super) files_fail: Mutex<Option<Fault>>,
    in_step: watch::Sender<u32>,
    end_step: watch::Sender<bool>,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            held: Mutex::default(),
            endless: AtomicBool::default(),
            deaf: AtomicBool::default(),
            panic_in_open: AtomicBool::default(),
            panic_in_close: AtomicBool::default(),
            cannot_keep: AtomicBool::default(),
            unreachable: AtomicBool::default(),
            sweeps: AtomicU32::default(),
            stuck: Mutex::default(),
            address: Mutex::default(),
            rested: Mutex::default(),
            opened: AtomicU32::default(),
            built: AtomicU32::default(),
            acts: Mutex::default(),
            openings: Mutex::default(),
            apart: AtomicBool::default(),
            room: Mutex::default(),
            files_fail: Mutex::default(),
            in_step: watch::channel(0).0,
            end_step: watch::channel(false).0,
        }
    }
}

impl Switches {
    pub(super) fn hold(&self, name: &str) {
        self.held.lock().unwrap().insert(name.to_owned());
    }

    pub(super) async fn until_step(&self) {
        self.until_steps(1).await;
    }

    /// Waits until so many steps have begun.
    pub(super) async fn until_steps(&self, count: u32) {
        self.in_step
            .subscribe()
            .wait_for(|started| *started >= count)
            .await
            .unwrap();
    }

    pub(super) fn finish_step(&self) {
        self.end_step.send_replace(true);
    }

    fn act(&self, text: &str) -> Act {
        if let Some(script) = &*self.acts.lock().unwrap() {
            return script(&text.to_owned());
        }
        match (
            self.endless.load(Ordering::Relaxed),
            self.deaf.load(Ordering::Relaxed),
        ) {
            (true, true) => Act::Wait(Signal::Kill),
            (true, false) => Act::Wait(Signal::Interrupt),
            (false, _) => Act::of(text),
        }
    }

    fn carry(&self) -> Result<(), ExecutorError> {
        match *self.files_fail.lock().unwrap() {
            None => Ok(()),
            Some(Fault::Machine) => Err(ExecutorError::Unreachable {
                endpoint: "unix:///fake".into(),
                cause: "the connection broke".into(),
                help: "mend it".into(),
            }),
            Some(Fault::Workflow) => Err(ExecutorError::Workflow {
                what: "read it".into(),
                cause: "it holds too much".into(),
            }),
        }
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

struct FakePlace {
    fake: Fake,
    name: String,
    directory: PathBuf,
    facts: PlaceFacts,
    /// The strongest signal that each step got.
    signals: Mutex<HashMap<StepId, watch::Sender<u8>>>,
    closed: watch::Sender<bool>,
}

impl FakePlace {
    fn signals_of(&self, step: &StepId) -> watch::Sender<u8> {
        let mut signals = self.signals.lock().unwrap();
        signals
            .entry(step.clone())
            .or_insert_with(|| watch::channel(0).0)
            .clone()
    }
}

#[async_trait]
impl Executor for Fake {
    fn name(&self) -> &'static str {
        "docker"
    }

    async fn address(&self) -> Result<Option<String>, ExecutorError> {
        Ok(self.address.lock().unwrap().clone())
    }

    async fn probe(&self) -> Result<(), ExecutorError> {
        Ok(())
    }

    async fn open(&self, place: PlaceSpec, _: Arc<dyn Notes>) -> Result<Arc<dyn Place>, ExecutorError> {
        let opening = match &*self.openings.lock().unwrap() {
            Some(script) => script(&place.key),
            None if self.panic_in_open.load(Ordering::Relaxed) => Opening::Panic,
            None => Opening::of(&place.key.job),
        };
        match opening {
            Opening::NoImage => {
                return Err(ExecutorError::Image {
                    image: "debian".into(),
                    cause: "it is not there".into(),
                });
            }
            Opening::NoRoom => {
                return Err(ExecutorError::Setup {
                    what: "start the container".into(),
                    cause: "the disk is full".into(),
                });
            }
            Opening::Good | Opening::Panic => {}
        }
        let name = place.key.resource_name();
        self.hold(&name);
        self.opened.fetch_add(1, Ordering::Relaxed);
        assert_ne!(opening, Opening::Panic, "as the test wants it");
        for name in ["actions", "temp"] {
            std::fs::create_dir_all(place.directory.join(name)).unwrap();
        }
        Ok(Arc::new(FakePlace {
            fake: self.clone(),
            name,
            facts: PlaceFacts {
                workspace: "/workspace".into(),
                temp: place.directory.join("temp").display().to_string(),
                os: "Linux".into(),
                arch: "X64".into(),
                ..PlaceFacts::default()
            },
            directory: place.directory,
            signals: Mutex::default(),
            closed: watch::channel(false).0,
        }))
    }

    async fn reclaim(&self, job: &JobKey) -> Result<(), ExecutorError> {
        let name = job.resource_name();
        self.remove(|held| held == name).map(drop)
    }

    async fn sweep(&self, runs: &[RunId], kept: &BTreeSet<String>) -> Result<Swept, ExecutorError> {
        self.sweeps.fetch_add(1, Ordering::Relaxed);
        if let Some(what) = self.stuck.lock().unwrap().clone() {
            let cause = "it is busy".to_owned();
            return Err(ExecutorError::Cleanup { what, cause });
        }
        let of_runs = |held: &str| runs.iter().any(|run| held.starts_with(&JobKey::prefix(run)));
        let removed = self.remove(|held| of_runs(held) && !kept.contains(held))?;
        Ok(Swept { removed })
    }

    async fn rest(&self, name: &str) -> Result<(), ExecutorError> {
        self.remove(|_| false)?;
        self.rested.lock().unwrap().push(name.to_owned());
        Ok(())
    }
}

fn lost() -> ExecutorError {
    ExecutorError::Lost {
        cause: "it is gone".into(),
    }
}

#[async_trait]
impl Place for FakePlace {
    fn facts(&self) -> &PlaceFacts {
        &self.facts
    }

    async fn run(&self, step: StepSpec, mut output: Box<dyn StepOutput>) -> Result<StepEnd, ExecutorError> {
        output.chunk(Stream::Stdout, jiff::Timestamp::UNIX_EPOCH, b"said\n");
        let text = match &step.program {
            Program::Script { text, .. } => text.clone(),
            _ => String::new(),
        };
        let fault = match text.split_whitespace().next() {
            Some("cut") => Some(Fault::Machine),
            Some("full") => Some(Fault::Workflow),
            _ => None,
        };
        if fault.is_some() {
            *self.fake.files_fail.lock().unwrap() = fault;
        }
        if let Some(said) = text.strip_prefix("say ") {
            output.chunk(Stream::Stdout, jiff::Timestamp::UNIX_EPOCH, said.as_bytes());
        }
        let act = self.fake.act(&text);
        self.fake.in_step.send_modify(|started| *started += 1);
        let mut release = self.fake.end_step.subscribe();
        let mut closed = self.closed.subscribe();
        let mut signals = self.signals_of(&step.id).subscribe();
        let heeds = match act {
            Act::Exit(code) => {
                return Ok(StepEnd {
                    status: ExitStatus::Code(code),
                    ..StepEnd::default()
                });
            }
            Act::Lose => return Err(lost()),
            Act::Panic => panic!("as the test wants it"),
            Act::Wait(heeds) => strength(heeds),
            Act::Vanish => strength(Signal::Interrupt),
            Act::Freeze => u8::MAX,
        };
        let status = tokio::select! {
            ended = release.wait_for(|end| *end && act != Act::Freeze) => { drop(ended); ExitStatus::Code(0) }
            got = signals.wait_for(|got| *got >= heeds) => {
                drop(got);
                if act == Act::Vanish {
                    return Err(lost());
                }
                ExitStatus::Signal(9)
            }
            gone = closed.wait_for(|closed| *closed) => { drop(gone); return Err(lost()) }
        };
        Ok(StepEnd {
            signalled: matches!(status, ExitStatus::Signal(_)),
            status,
            ..StepEnd::default()
        })
    }

    async fn signal(&self, step: &StepId, signal: Signal) -> Result<(), ExecutorError> {
        self.signals_of(step)
            .send_modify(|strongest| *strongest = (*strongest).max(strength(signal)));
        Ok(())
    }

    fn apart(&self) -> Apart {
        let apart = self.fake.apart.load(Ordering::Relaxed);
        Apart {
            workspace: apart,
            directory: apart,
        }
    }

    async fn bring(&self, seen: &str, to: &Path, wanted: Wanted) -> Result<bool, ExecutorError> {
        self.fake.carry()?;
        let room = self.fake.room.lock().unwrap().clone();
        Ok(room.is_some_and(|room| bring(&room, Path::new(seen), to, wanted)))
    }

    async fn send(&self, _: &Path, _: &str) -> Result<(), ExecutorError> {
        self.fake.carry()
    }

    async fn clear(&self, _: &str) -> Result<(), ExecutorError> {
        self.fake.carry()
    }

    async fn build(&self, _: PathBuf, _: PathBuf, _: Arc<dyn Notes>) -> Result<String, ExecutorError> {
        self.fake.built.fetch_add(1, Ordering::Relaxed);
        Ok("built".into())
    }

    async fn close(&self) -> Result<Closed, ExecutorError> {
        self.closed.send_replace(true);
        assert!(
            !self.fake.panic_in_close.load(Ordering::Relaxed),
            "as the test wants it"
        );
        self.fake.remove(|held| held == self.name)?;
        std::fs::remove_dir_all(&self.directory).unwrap();
        Ok(Closed::default())
    }

    async fn keep(&self, _: &[String]) -> Result<Closed, ExecutorError> {
        self.closed.send_replace(true);
        if self.fake.cannot_keep.load(Ordering::Relaxed) {
            return Err(lost());
        }
        Ok(Closed::default())
    }
}

type AtCreation = Box<dyn Fn(RunId) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// A journal that fails when it is told to; else the real one.
pub(super) struct Odd {
    inner: SqliteJournal,
    /// So many appends are written and answered as if they had not been.
    pub(super) lose_answers: AtomicU32,
    /// The same of the first write of a run.
    pub(super) lose_creations: AtomicU32,
    pub(super) refuses_all: AtomicBool,
    /// How often it was asked whether another process wrote.
    pub(super) looks: AtomicU32,
    /// Whether the next asker for a number hears one that is not free any more.
    pub(super) stale_number: AtomicBool,
    /// A request to cancel the run is written right behind its creation, and read before the creation is answered.
    pub(super) cancel_at_creation: AtomicBool,
    /// Claims are written and not answered until this is over.
    pub(super) holds_claims: watch::Sender<bool>,
    at_creation: Mutex<Option<AtCreation>>,
    read_request: Notify,
    /// Events that were read.
    pub(super) events_read: AtomicU32,
}

impl Odd {
    pub(super) fn new(inner: SqliteJournal) -> Self {
        Self {
            inner,
            lose_answers: AtomicU32::default(),
            lose_creations: AtomicU32::default(),
            refuses_all: AtomicBool::default(),
            stale_number: AtomicBool::default(),
            looks: AtomicU32::default(),
            cancel_at_creation: AtomicBool::default(),
            holds_claims: watch::channel(false).0,
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
        let lose = if after == Seq(0) {
            &self.lose_creations
        } else {
            &self.lose_answers
        };
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
        }
        if lose.load(Ordering::Relaxed) > 0 {
            lose.fetch_sub(1, Ordering::Relaxed);
            return Err(JournalError::Write("the answer was lost".into()));
        }
        Ok(written)
    }

    async fn append_stamped(
        &self,
        run: &RunId,
        owner: &Owner,
        after: Seq,
        events: Vec<crate::journal::Stamped>,
    ) -> Result<Vec<Recorded>, JournalError> {
        self.full()?;
        self.inner.append_stamped(run, owner, after, events).await
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

    async fn count(&self, query: RunQuery) -> Result<u64, JournalError> {
        self.inner.count(query).await
    }

    async fn summary(&self, run: &RunId) -> Result<Option<Summary>, JournalError> {
        self.inner.summary(run).await
    }

    async fn last_number(&self, file: &str) -> Result<u64, JournalError> {
        let number = self.inner.last_number(file).await?;
        // Another process begins a run between this answer and the beginning.
        let stale = self.stale_number.swap(false, Ordering::Relaxed);
        Ok(if stale { number.saturating_sub(1) } else { number })
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

    async fn forget(&self, runs: Vec<RunId>) -> Result<Vec<RunId>, JournalError> {
        self.inner.forget(runs).await
    }

    async fn claim(
        &self,
        claim: crate::journal::ClaimRequest,
    ) -> Result<crate::journal::Claimed, JournalError> {
        let claimed = self.inner.claim(claim).await;
        let mut held = self.holds_claims.subscribe();
        held.wait_for(|held| !held).await.unwrap();
        claimed
    }

    async fn claim_state(
        &self,
        run: &RunId,
        job: Option<&JobId>,
    ) -> Result<Option<crate::journal::ClaimState>, JournalError> {
        self.inner.claim_state(run, job).await
    }

    async fn release(&self, run: &RunId, job: Option<&JobId>) -> Result<(), JournalError> {
        self.inner.release(run, job).await
    }

    async fn release_claims_of(&self, runs: &[RunId]) -> Result<(), JournalError> {
        self.inner.release_claims_of(runs).await
    }

    fn written(&self) -> watch::Receiver<u64> {
        self.inner.written()
    }

    async fn foreign_version(&self) -> Result<i64, JournalError> {
        self.inner.foreign_version().await
    }

    async fn foreign_change(
        &self,
        known: Option<i64>,
        within: std::time::Duration,
    ) -> Result<i64, JournalError> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        self.inner.foreign_change(known, within).await
    }
}

/// Copies what is in a room out of it: links in it as they are, one in its place as what it leads to.
fn bring(room: &Path, seen: &Path, to: &Path, wanted: Wanted) -> bool {
    let place = |seen: &Path| room.join(seen.strip_prefix("/").unwrap());
    let mut seen = seen.to_owned();
    let mut is_link = false;
    while let Ok(target) = std::fs::read_link(place(&seen)) {
        seen = led(&seen, &target);
        is_link = true;
    }
    let here = place(&seen);
    if here.is_file() {
        return std::fs::copy(here, to).is_ok();
    }
    if !here.is_dir() || (is_link && wanted == Wanted::Itself) {
        return false;
    }
    copy_folder(&here, to);
    true
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if let Ok(target) = std::fs::read_link(&from) {
            std::os::unix::fs::symlink(target, to).unwrap();
        } else if from.is_dir() {
            copy_folder(&from, &to);
        } else {
            std::fs::copy(from, to).unwrap();
        }
    }
}
