//! What every executor does alike. Test support: included by one test file an executor (`tests/host_executor.rs`,
//! `tests/docker_executor.rs`), which says how to make the executor and calls [`suite!`].

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use loom_runtime::executor::{
    Executor, ExecutorError, ExitStatus, JobSpec, Notes, Owner, Program, PullPolicy, Session, Shell, Signal,
    StepEnd, StepOutput, StepSpec, Stream,
};
use loom_runtime::id::{JobId, JobKey, RunId};
use tokio::sync::watch;

/// Bounds every wait: a test that hangs fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

type Answer<'a> = Pin<Box<dyn Future<Output = Vec<String>> + Send + 'a>>;

/// An executor on trial. Made with a short drain, so that no test waits for seconds.
pub(crate) struct Bench {
    pub(crate) executor: Arc<dyn Executor>,
    /// An image with `sh` and the usual small tools, for executors that use one.
    pub(crate) image: String,
    /// What a job still holds in the engine or among the processes.
    pub(crate) holds: Box<dyn for<'a> Fn(&'a JobKey) -> Answer<'a> + Send + Sync>,
    pub(crate) temporary: tempfile::TempDir,
    pub(crate) run: RunId,
    pub(crate) counter: AtomicU32,
}

impl Bench {
    /// A job with a fresh project directory.
    pub(crate) fn job(&self) -> JobSpec {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let workspace = self.temporary.path().join(format!("project-{number}"));
        std::fs::create_dir(&workspace).unwrap();
        JobSpec {
            key: JobKey {
                run: self.run.clone(),
                job: JobId(format!("job-{number}")),
                attempt: 1,
            },
            image: self.image.clone(),
            pull: PullPolicy::Never,
            workspace,
            directory: self.temporary.path().join(format!("job-{number}")),
            orphan_grace: Duration::from_secs(600),
            owner: Owner {
                instance: "conformance".into(),
                boot: "boot".into(),
                pid: 1,
                started: 2,
            },
        }
    }

    pub(crate) async fn open(&self, job: &JobSpec) -> Arc<dyn Session> {
        self.executor
            .open(job.clone(), Arc::new(Heard::default()))
            .await
            .unwrap()
    }

    pub(crate) async fn nothing_is_left(&self, job: &JobSpec) {
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

/// A step's output, and a way to wait for its first bytes.
pub(crate) struct Output {
    pub(crate) out: Vec<u8>,
    pub(crate) err: Vec<u8>,
    spoke: watch::Sender<bool>,
}

impl Output {
    pub(crate) fn new() -> Self {
        Self {
            out: Vec::new(),
            err: Vec::new(),
            spoke: watch::Sender::new(false),
        }
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.out).unwrap()
    }

    fn spoke(&self) -> watch::Receiver<bool> {
        self.spoke.subscribe()
    }
}

impl StepOutput for Output {
    fn chunk(&mut self, stream: Stream, at: jiff::Timestamp, bytes: &[u8]) {
        let age = jiff::Timestamp::now().duration_since(at).as_secs();
        assert!((-5..600).contains(&age), "a chunk is {age} s old");
        match stream {
            Stream::Stdout => self.out.extend_from_slice(bytes),
            Stream::Stderr => self.err.extend_from_slice(bytes),
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
        index: 0,
        program: Program::Script {
            text: text.into(),
            shells: vec![shell("bash"), shell("sh")],
        },
        env: BTreeMap::new(),
        working_directory: None,
    }
}

pub(crate) async fn run(session: &Arc<dyn Session>, step: StepSpec) -> (StepEnd, Output) {
    let mut output = Output::new();
    let end = tokio::time::timeout(PATIENCE, session.run_step(step, &mut output))
        .await
        .expect("in time")
        .unwrap();
    (end, output)
}

/// A step that runs in a task of its own.
pub(crate) type Running = tokio::task::JoinHandle<(Result<StepEnd, ExecutorError>, Output)>;

/// Starts a step and waits until it has written something.
pub(crate) async fn start(session: &Arc<dyn Session>, step: StepSpec) -> Running {
    let mut output = Output::new();
    let mut spoke = output.spoke();
    let session = session.clone();
    let running = tokio::spawn(async move { (session.run_step(step, &mut output).await, output) });
    tokio::time::timeout(PATIENCE, spoke.wait_for(|spoke| *spoke))
        .await
        .expect("in time")
        .unwrap();
    running
}

pub(crate) async fn finish(running: Running) -> (Result<StepEnd, ExecutorError>, Output) {
    tokio::time::timeout(PATIENCE, running)
        .await
        .expect("in time")
        .unwrap()
}

pub(crate) async fn streams_come_apart_with_the_exit_code(bench: Bench) {
    let session = bench.open(&bench.job()).await;
    let (end, output) = run(
        &session,
        script("echo out; echo err >&2; printf 'no newline'; exit 42"),
    )
    .await;
    assert_eq!(end.status, ExitStatus::Code(42));
    assert_eq!(
        (output.text(), output.err.as_slice()),
        ("out\nno newline", b"err\n".as_slice())
    );
    assert!(end.took > Duration::ZERO && end.took < PATIENCE);
    let (end, _) = run(&session, script("true")).await;
    assert_eq!(end.status, ExitStatus::Code(0));
    session.close().await.unwrap();
}

pub(crate) async fn a_signal_reaches_the_running_step(bench: Bench) {
    let session = bench.open(&bench.job()).await;
    session.signal(Signal::Kill).await.unwrap();
    for (signal, number) in [(Signal::Interrupt, 2), (Signal::Terminate, 15), (Signal::Kill, 9)] {
        let running = start(&session, script("echo ready; exec sleep 1000")).await;
        session.signal(signal).await.unwrap();
        let (end, _) = finish(running).await;
        assert_eq!(end.unwrap().status, ExitStatus::Signal(number));
    }
    // A step may answer a signal as it likes. Short sleeps: bash answers when its child has ended, and a child that is
    // just being made may miss the signal.
    let polite = "trap 'echo bye; exit 3' INT; echo ready; while :; do sleep 0.1; done";
    let running = start(&session, script(polite)).await;
    session.signal(Signal::Interrupt).await.unwrap();
    let (end, output) = finish(running).await;
    assert_eq!(
        (end.unwrap().status, output.text()),
        (ExitStatus::Code(3), "ready\nbye\n")
    );
    session.close().await.unwrap();
}

pub(crate) async fn a_missing_shell_is_named(bench: Bench) {
    let session = bench.open(&bench.job()).await;
    let mut step = script("true");
    step.program = Program::Script {
        text: "true".into(),
        shells: vec![shell("no-such-a"), shell("no-such-b")],
    };
    let (end, _) = run(&session, step).await;
    let ExitStatus::NotStarted(why) = end.status else {
        panic!("{end:?}")
    };
    assert!(
        why.contains("`no-such-a`") && why.contains("`no-such-b`"),
        "{why}"
    );
    session.close().await.unwrap();
}

pub(crate) async fn the_first_shell_that_is_there_is_used(bench: Bench) {
    let session = bench.open(&bench.job()).await;
    let mut step = script("true");
    let loud = Shell {
        arguments: vec!["-ex".into(), "{0}".into()],
        ..shell("sh")
    };
    step.program = Program::Script {
        text: "true\n".into(),
        shells: vec![shell("no-such-a"), loud],
    };
    let (end, output) = run(&session, step).await;
    assert_eq!(
        (end.status, output.err.as_slice()),
        (ExitStatus::Code(0), b"+ true\n".as_slice())
    );
    session.close().await.unwrap();
}

pub(crate) async fn steps_run_in_the_workspace_or_where_they_say(bench: Bench) {
    let job = bench.job();
    std::fs::create_dir(job.workspace.join("sub dir")).unwrap();
    std::fs::write(job.workspace.join("of-the-project"), "text").unwrap();
    let session = bench.open(&job).await;
    let (_, output) = run(&session, script("cat of-the-project; echo made >by-a-step")).await;
    assert_eq!(output.text(), "text");
    assert_eq!(
        std::fs::read_to_string(job.workspace.join("by-a-step")).unwrap(),
        "made\n"
    );
    let mut below = script("cat ../by-a-step");
    below.working_directory = Some("sub dir".into());
    let (_, output) = run(&session, below).await;
    assert_eq!(output.text(), "made\n");
    let mut nowhere = script("true");
    nowhere.working_directory = Some("no-such-directory".into());
    let (end, _) = run(&session, nowhere).await;
    let ExitStatus::NotStarted(why) = end.status else {
        panic!("{end:?}")
    };
    assert!(why.contains("no-such-directory"), "{why}");
    session.close().await.unwrap();
}

pub(crate) async fn a_step_has_its_own_environment_and_an_empty_stdin(bench: Bench) {
    let session = bench.open(&bench.job()).await;
    let mut step = script("printf '%s|' \"$PLAIN\" \"$LINES_OF\" \"$ODD\" \"${HOME:-none}\"; cat");
    step.env = BTreeMap::from([
        ("PLAIN".into(), "value".into()),
        ("LINES_OF".into(), "one\ntwo".into()),
        ("ODD".into(), "a=b 'c' \"d\" $e ä".into()),
    ]);
    let (_, output) = run(&session, step).await;
    let parts: Vec<&str> = output.text().split('|').collect();
    assert_eq!(parts[..3], ["value", "one\ntwo", "a=b 'c' \"d\" $e ä"]);
    assert!(parts[3].starts_with('/'), "{parts:?}");
    let (_, output) = run(&session, script("echo ${PLAIN:-gone}")).await;
    assert_eq!(output.text(), "gone\n", "a step's environment is its own");
    // A step that breaks its PATH still gets a shell, as with the standard's default path.
    let mut bare = script("echo run");
    bare.env = BTreeMap::from([("PATH".into(), String::new())]);
    let (end, output) = run(&session, bare).await;
    assert_eq!((end.status, output.text()), (ExitStatus::Code(0), "run\n"));
    session.close().await.unwrap();
}

pub(crate) async fn no_byte_is_lost(bench: Bench) {
    let session = bench.open(&bench.job()).await;
    let (_, output) = run(&session, script("head -c 1000000 /dev/zero | tr '\\0' x; echo")).await;
    assert!(output.out.len() == 1_000_001 && output.out[..1_000_000].iter().all(|byte| *byte == b'x'));
    let (_, output) = run(&session, script("seq 100000; seq 100000 >&2")).await;
    let expected: String = (1..=100_000).map(|n| format!("{n}\n")).collect();
    assert!(output.out == expected.as_bytes(), "stdout differs");
    assert!(output.err == expected.as_bytes(), "stderr differs");
    let (_, output) = run(
        &session,
        script("printf '\\000\\001\\377\\376\\r\\n\\033[0m\\303'"),
    )
    .await;
    assert_eq!(output.out, b"\0\x01\xff\xfe\r\n\x1b[0m\xc3");
    session.close().await.unwrap();
}

pub(crate) async fn what_steps_leave_running_is_ended_and_named(bench: Bench) {
    let job = bench.job();
    let notes = Arc::new(Heard::default());
    let session = bench.executor.open(job.clone(), notes.clone()).await.unwrap();
    let (end, output) = run(&session, script("sleep 1000 >/dev/null 2>&1 & echo started")).await;
    assert_eq!((end.status, output.text()), (ExitStatus::Code(0), "started\n"));
    // One that keeps the output open holds the step's end up for a moment only, and that is said.
    let (end, _) = run(&session, script("sleep 1001 & echo started")).await;
    assert_eq!(end.status, ExitStatus::Code(0));
    assert!(
        notes.lines().iter().any(|line| line.contains("sleep")),
        "{:?}",
        notes.lines()
    );
    let closed = session.close().await.unwrap();
    let names: Vec<&str> = closed
        .killed
        .iter()
        .filter_map(|left| left.split_once(' '))
        .map(|(_, n)| n)
        .collect();
    assert_eq!(names, ["sleep", "sleep"]);
    bench.nothing_is_left(&job).await;
}

pub(crate) async fn two_sessions_work_at_once(bench: Bench) {
    let (first, second) = (bench.job(), bench.job());
    let (one, two) = tokio::join!(bench.open(&first), bench.open(&second));
    // Each waits for a file that the other's step makes: neither can end before the other runs.
    for (mine, other) in [(&first, &second), (&second, &first)] {
        std::fs::write(
            mine.workspace.join("name"),
            other.workspace.file_name().unwrap().as_encoded_bytes(),
        )
        .unwrap();
    }
    let wait = "echo here; until test -e go; do sleep 0.01; done; cat name";
    let (running_one, running_two) = (start(&one, script(wait)).await, start(&two, script(wait)).await);
    std::fs::write(first.workspace.join("go"), "").unwrap();
    std::fs::write(second.workspace.join("go"), "").unwrap();
    for (running, other) in [(running_one, &second), (running_two, &first)] {
        let (end, output) = finish(running).await;
        assert_eq!(end.unwrap().status, ExitStatus::Code(0));
        assert!(
            output
                .text()
                .ends_with(other.workspace.file_name().unwrap().to_str().unwrap())
        );
    }
    one.close().await.unwrap();
    two.close().await.unwrap();
}

pub(crate) async fn a_closed_session_holds_nothing_and_does_nothing(bench: Bench) {
    let job = bench.job();
    let session = bench.open(&job).await;
    run(&session, script("mkdir -p deep/er; echo x >deep/er/file")).await;
    session.close().await.unwrap();
    bench.nothing_is_left(&job).await;
    assert_eq!(session.close().await.unwrap().killed, Vec::<String>::new());
    let error = session
        .run_step(script("true"), &mut Output::new())
        .await
        .unwrap_err();
    assert!(matches!(error, ExecutorError::SessionLost { .. }), "{error}");
    assert!(matches!(
        session.signal(Signal::Kill).await,
        Err(ExecutorError::SessionLost { .. })
    ));
    assert!(job.workspace.join("deep/er/file").exists(), "the workspace stays");
}

pub(crate) async fn closing_ends_a_step_that_runs(bench: Bench) {
    let job = bench.job();
    let session = bench.open(&job).await;
    let running = start(&session, script("echo ready; exec sleep 1000")).await;
    tokio::time::timeout(PATIENCE, session.close())
        .await
        .expect("in time")
        .unwrap();
    // How it ended is known or lost; it does not hang.
    let (end, _) = tokio::time::timeout(PATIENCE, running)
        .await
        .expect("in time")
        .unwrap();
    if let Ok(end) = end {
        assert_ne!(end.status, ExitStatus::Code(0));
    }
    bench.nothing_is_left(&job).await;
}

pub(crate) async fn reclaim_removes_what_a_lost_session_holds(bench: Bench) {
    let job = bench.job();
    bench.executor.reclaim(&job.key).await.unwrap();
    let session = bench.open(&job).await;
    run(&session, script("sleep 1000 >/dev/null 2>&1 &")).await;
    assert_ne!((bench.holds)(&job.key).await, Vec::<String>::new());
    drop(session);
    bench.executor.reclaim(&job.key).await.unwrap();
    bench.nothing_is_left(&job).await;
    bench.executor.reclaim(&job.key).await.unwrap();
    // The same key can be used again.
    let session = bench.open(&job).await;
    session.close().await.unwrap();
}

pub(crate) async fn sweep_removes_the_named_runs_and_no_other(bench: Bench) {
    let (dead, alive) = (
        bench.job(),
        JobSpec {
            key: other_run(),
            ..bench.job()
        },
    );
    let (lost, kept) = (bench.open(&dead).await, bench.open(&alive).await);
    drop(lost);
    let swept = bench
        .executor
        .sweep(std::slice::from_ref(&bench.run))
        .await
        .unwrap();
    assert_eq!(swept.removed, [dead.key.resource_name()]);
    bench.nothing_is_left(&dead).await;
    let (end, _) = run(&kept, script("true")).await;
    assert_eq!(end.status, ExitStatus::Code(0));
    assert!(
        bench
            .executor
            .sweep(std::slice::from_ref(&bench.run))
            .await
            .unwrap()
            .removed
            .is_empty()
    );
    kept.close().await.unwrap();
}

fn other_run() -> JobKey {
    JobKey {
        run: RunId(uuid::Uuid::now_v7().to_string()),
        job: JobId("job".into()),
        attempt: 1,
    }
}

pub(crate) async fn an_open_that_fails_leaves_nothing(bench: Bench) {
    let mut job = bench.job();
    job.workspace = PathBuf::from("/no/such/workspace");
    let error = bench
        .executor
        .open(job.clone(), Arc::new(Heard::default()))
        .await
        .err()
        .unwrap();
    assert!(error.to_string().contains("/no/such/workspace"), "{error}");
    bench.nothing_is_left(&job).await;
}

/// One test for each check; `$bench` is an expression that makes a [`Bench`].
macro_rules! suite {
    ($bench:expr; $($check:ident)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $check() {
            crate::conformance::$check($bench).await;
        })*
    };
    ($bench:expr) => {
        $crate::conformance::suite! { $bench;
            streams_come_apart_with_the_exit_code
            a_signal_reaches_the_running_step
            a_missing_shell_is_named
            the_first_shell_that_is_there_is_used
            steps_run_in_the_workspace_or_where_they_say
            a_step_has_its_own_environment_and_an_empty_stdin
            no_byte_is_lost
            what_steps_leave_running_is_ended_and_named
            two_sessions_work_at_once
            a_closed_session_holds_nothing_and_does_nothing
            closing_ends_a_step_that_runs
            reclaim_removes_what_a_lost_session_holds
            sweep_removes_the_named_runs_and_no_other
            an_open_that_fails_leaves_nothing
        }
    };
}
pub(crate) use suite;
