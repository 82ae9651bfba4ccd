//! An executor on trial, and the ways to have it do something.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use indexmap::IndexMap;
use loom_runtime::executor::{
    Executor, ExecutorError, FileContent, Notes, Owner, Place, PlaceSpec, Program, PullPolicy, RoomSpec,
    Shell, StepEnd, StepOutput, StepSpec, Stream,
};
use loom_runtime::id::{JobId, JobKey, RunId, StepId};
use tokio::sync::watch;

/// Bounds every wait: a test that hangs fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

type Answer<'a> = Pin<Box<dyn Future<Output = Vec<String>> + Send + 'a>>;

type Frozen<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// An executor on trial. Made with a short drain, so that no test waits for seconds.
pub(crate) struct Bench {
    pub(crate) executor: Arc<dyn Executor>,
    /// Where jobs run: if in an image, one with `sh` and the usual small tools.
    pub(crate) room: RoomSpec,
    /// What a job still holds in the engine or among the processes.
    pub(crate) holds: Box<dyn for<'a> Fn(&'a JobKey) -> Answer<'a> + Send + Sync>,
    /// Stops a job's agent as SIGSTOP does, from outside.
    pub(crate) freeze: Box<dyn for<'a> Fn(&'a PlaceSpec) -> Frozen<'a> + Send + Sync>,
    pub(crate) temporary: tempfile::TempDir,
    pub(crate) run: RunId,
    pub(crate) counter: AtomicU32,
}

impl Bench {
    /// A job with a fresh project directory.
    pub(crate) fn job(&self) -> PlaceSpec {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let workspace = self.temporary.path().join(format!("project-{number}"));
        std::fs::create_dir(&workspace).unwrap();
        let key = JobKey {
            run: self.run.clone(),
            job: JobId(format!("job-{number}")),
            attempt: 1,
        };
        PlaceSpec {
            directory: self.temporary.path().join(key.resource_name()),
            key,
            room: self.room.clone(),
            services: IndexMap::new(),
            pull: PullPolicy::Never,
            workspace,
            layered: false,
            orphan_grace: Duration::from_secs(600),
            owner: Owner {
                instance: "conformance".into(),
                boot: "boot".into(),
                pid: 1,
                started: 2,
            },
        }
    }

    pub(crate) async fn open(&self, job: &PlaceSpec) -> Arc<dyn Place> {
        self.executor
            .open(job.clone(), Arc::new(Heard::default()))
            .await
            .unwrap()
    }

    pub(crate) async fn nothing_is_left(&self, job: &PlaceSpec) {
        assert_eq!((self.holds)(&job.key).await, Vec::<String>::new());
        assert!(!job.directory.exists(), "the job's directory is still there");
    }
}

/// Everything that was said, for the asking.
#[derive(Default)]
pub(crate) struct Heard {
    lines: Mutex<Vec<String>>,
}

impl Heard {
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

impl Notes for Heard {
    fn line(&self, text: &str) {
        self.lines.lock().unwrap().push(text.to_owned());
    }
    fn progress(&self, _: &str, _: u64, _: Option<u64>) {}
}

/// What a step has said so far, and a way to wait for its first bytes.
#[derive(Default)]
pub(crate) struct Output {
    pub(crate) out: Vec<u8>,
    pub(crate) err: Vec<u8>,
}

impl Output {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.out).unwrap()
    }
}

/// Where a step's output goes; all clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Recorder {
    output: Arc<Mutex<Output>>,
    spoke: Arc<watch::Sender<bool>>,
}

impl Recorder {
    pub(crate) fn take(&self) -> Output {
        std::mem::take(&mut self.output.lock().unwrap())
    }

    async fn until_it_speaks(&self) {
        let mut spoke = self.spoke.subscribe();
        tokio::time::timeout(PATIENCE, spoke.wait_for(|spoke| *spoke))
            .await
            .expect("in time")
            .unwrap();
    }
}

impl StepOutput for Recorder {
    fn chunk(&mut self, stream: Stream, at: jiff::Timestamp, bytes: &[u8]) {
        let age = jiff::Timestamp::now().duration_since(at).as_secs();
        assert!((-5..600).contains(&age), "a chunk is {age} s old");
        let mut output = self.output.lock().unwrap();
        match stream {
            Stream::Stdout => output.out.extend_from_slice(bytes),
            Stream::Stderr => output.err.extend_from_slice(bytes),
        }
        self.spoke.send_replace(true);
    }
}

pub(crate) fn shell(program: &str) -> Shell {
    Shell {
        program: program.into(),
        arguments: vec!["-e".into(), "{0}".into()],
        extension: ".sh".into(),
    }
}

pub(crate) fn script(text: &str) -> StepSpec {
    StepSpec {
        id: StepId(uuid::Uuid::new_v4().to_string()),
        program: Program::Script {
            text: text.into(),
            shells: vec![shell("bash"), shell("sh")],
        },
        env: BTreeMap::new(),
        path: Vec::new(),
        working_directory: None,
    }
}

pub(crate) async fn run(place: &Arc<dyn Place>, step: StepSpec) -> (StepEnd, Output) {
    let recorder = Recorder::default();
    let end = tokio::time::timeout(PATIENCE, place.run(step, Box::new(recorder.clone())))
        .await
        .expect("in time")
        .unwrap();
    (end, recorder.take())
}

/// A step that runs in a task of its own.
pub(crate) struct Running {
    pub(crate) id: StepId,
    pub(crate) task: tokio::task::JoinHandle<Result<StepEnd, ExecutorError>>,
    recorder: Recorder,
}

/// Starts a step.
pub(crate) fn begin(place: &Arc<dyn Place>, step: StepSpec) -> Running {
    let recorder = Recorder::default();
    let (place, id) = (place.clone(), step.id.clone());
    let output = Box::new(recorder.clone());
    Running {
        id,
        task: tokio::spawn(async move { place.run(step, output).await }),
        recorder,
    }
}

/// Starts a step and waits until it has written something.
pub(crate) async fn start(place: &Arc<dyn Place>, step: StepSpec) -> Running {
    let running = begin(place, step);
    running.recorder.until_it_speaks().await;
    running
}

pub(crate) async fn finish(running: Running) -> (Result<StepEnd, ExecutorError>, Output) {
    let end = tokio::time::timeout(PATIENCE, running.task)
        .await
        .expect("in time")
        .unwrap();
    (end, running.recorder.take())
}

/// Stops a process of this machine.
pub(crate) fn stop_process(pid: u32) {
    let status = std::process::Command::new("kill")
        .args(["-STOP", &pid.to_string()])
        .status();
    assert!(status.unwrap().success());
}

pub(super) fn bytes(text: &str) -> FileContent {
    FileContent::Bytes(text.as_bytes().to_vec())
}
