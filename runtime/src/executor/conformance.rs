//! What every executor does alike. Test support: included by one test file an executor (`tests/host_executor.rs`,
//! `tests/docker_executor.rs`), which says how to make the executor and calls [`suite!`].

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use indexmap::IndexMap;
use loom_runtime::executor::{
    Executor, ExecutorError, ExitStatus, Fault, FileContent, Notes, Owner, Place, PlaceSpec, Program,
    PullPolicy, RoomSpec, Shell, Signal, StepEnd, StepOutput, StepSpec, Stream,
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
        PlaceSpec {
            key: JobKey {
                run: self.run.clone(),
                job: JobId(format!("job-{number}")),
                attempt: 1,
            },
            room: self.room.clone(),
            services: IndexMap::new(),
            pull: PullPolicy::Never,
            workspace,
            layered: false,
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
    task: tokio::task::JoinHandle<Result<StepEnd, ExecutorError>>,
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

fn bytes(text: &str) -> FileContent {
    FileContent::Bytes(text.as_bytes().to_vec())
}

pub(crate) async fn streams_come_apart_with_the_exit_code(bench: Bench) {
    let place = bench.open(&bench.job()).await;
    let (end, output) = run(
        &place,
        script("echo out; echo err >&2; printf 'no newline'; exit 42"),
    )
    .await;
    assert_eq!(end.status, ExitStatus::Code(42));
    assert_eq!(
        (output.text(), output.err.as_slice()),
        ("out\nno newline", b"err\n".as_slice())
    );
    assert!(end.took > Duration::ZERO && end.took < PATIENCE);
    let (end, _) = run(&place, script("true")).await;
    assert_eq!(end.status, ExitStatus::Code(0));
    place.close().await.unwrap();
}

pub(crate) async fn a_signal_reaches_the_running_step(bench: Bench) {
    let place = bench.open(&bench.job()).await;
    for (signal, number) in [(Signal::Interrupt, 2), (Signal::Terminate, 15), (Signal::Kill, 9)] {
        let running = start(&place, script("echo ready; exec sleep 1000")).await;
        place.signal(&running.id, signal).await.unwrap();
        let (end, _) = finish(running).await;
        assert_eq!(end.unwrap().status, ExitStatus::Signal(number));
    }
    // A step may answer a signal as it likes. Short sleeps: bash answers when its child has ended, and a child that is
    // just being made may miss the signal.
    let polite = "trap 'echo bye; exit 3' INT; echo ready; while :; do sleep 0.1; done";
    let running = start(&place, script(polite)).await;
    place.signal(&running.id, Signal::Interrupt).await.unwrap();
    let (end, output) = finish(running).await;
    assert_eq!(
        (end.unwrap().status, output.text()),
        (ExitStatus::Code(3), "ready\nbye\n")
    );
    place.close().await.unwrap();
}

pub(crate) async fn a_missing_shell_is_named(bench: Bench) {
    let place = bench.open(&bench.job()).await;
    let mut step = script("true");
    step.program = Program::Script {
        text: "true".into(),
        shells: vec![shell("no-such-a"), shell("no-such-b")],
    };
    let (end, _) = run(&place, step).await;
    let ExitStatus::NotStarted(why) = end.status else {
        panic!("{end:?}")
    };
    assert!(
        why.contains("`no-such-a`") && why.contains("`no-such-b`"),
        "{why}"
    );
    place.close().await.unwrap();
}

pub(crate) async fn the_first_shell_that_is_there_is_used(bench: Bench) {
    let place = bench.open(&bench.job()).await;
    let mut step = script("true");
    let loud = Shell {
        arguments: vec!["-ex".into(), "{0}".into()],
        ..shell("sh")
    };
    step.program = Program::Script {
        text: "true\n".into(),
        shells: vec![shell("no-such-a"), loud],
    };
    let (end, output) = run(&place, step).await;
    assert_eq!(
        (end.status, output.err.as_slice()),
        (ExitStatus::Code(0), b"+ true\n".as_slice())
    );
    place.close().await.unwrap();
}

pub(crate) async fn steps_run_in_the_workspace_or_where_they_say(bench: Bench) {
    let job = bench.job();
    std::fs::create_dir(job.workspace.join("sub dir")).unwrap();
    std::fs::write(job.workspace.join("of-the-project"), "text").unwrap();
    let place = bench.open(&job).await;
    let (_, output) = run(&place, script("cat of-the-project; echo made >by-a-step")).await;
    assert_eq!(output.text(), "text");
    assert_eq!(
        std::fs::read_to_string(job.workspace.join("by-a-step")).unwrap(),
        "made\n"
    );
    let mut below = script("cat ../by-a-step");
    below.working_directory = Some("sub dir".into());
    let (_, output) = run(&place, below).await;
    assert_eq!(output.text(), "made\n");
    let mut nowhere = script("true");
    nowhere.working_directory = Some("no-such-directory".into());
    let (end, _) = run(&place, nowhere).await;
    let ExitStatus::NotStarted(why) = end.status else {
        panic!("{end:?}")
    };
    assert!(why.contains("no-such-directory"), "{why}");
    place.close().await.unwrap();
}

pub(crate) async fn a_step_has_its_own_environment_and_an_empty_stdin(bench: Bench) {
    let place = bench.open(&bench.job()).await;
    let mut step = script("printf '%s|' \"$PLAIN\" \"$LINES_OF\" \"$ODD\" \"${HOME:-none}\"; cat");
    step.env = BTreeMap::from([
        ("PLAIN".into(), "value".into()),
        ("LINES_OF".into(), "one\ntwo".into()),
        ("ODD".into(), "a=b 'c' \"d\" $e ä".into()),
    ]);
    let (_, output) = run(&place, step).await;
    let parts: Vec<&str> = output.text().split('|').collect();
    assert_eq!(parts[..3], ["value", "one\ntwo", "a=b 'c' \"d\" $e ä"]);
    assert!(parts[3].starts_with('/'), "{parts:?}");
    let (_, output) = run(&place, script("echo ${PLAIN:-gone}")).await;
    assert_eq!(output.text(), "gone\n", "a step's environment is its own");
    // A step that breaks its PATH still gets a shell, as with the standard's default path.
    let mut bare = script("echo run");
    bare.env = BTreeMap::from([("PATH".into(), String::new())]);
    let (end, output) = run(&place, bare).await;
    assert_eq!((end.status, output.text()), (ExitStatus::Code(0), "run\n"));
    place.close().await.unwrap();
}

pub(crate) async fn no_byte_is_lost(bench: Bench) {
    let place = bench.open(&bench.job()).await;
    let (_, output) = run(&place, script("head -c 1000000 /dev/zero | tr '\\0' x; echo")).await;
    assert!(output.out.len() == 1_000_001 && output.out[..1_000_000].iter().all(|byte| *byte == b'x'));
    let (_, output) = run(&place, script("seq 100000; seq 100000 >&2")).await;
    let expected: String = (1..=100_000).map(|n| format!("{n}\n")).collect();
    assert!(output.out == expected.as_bytes(), "stdout differs");
    assert!(output.err == expected.as_bytes(), "stderr differs");
    let (_, output) = run(&place, script("printf '\\000\\001\\377\\376\\r\\n\\033[0m\\303'")).await;
    assert_eq!(output.out, b"\0\x01\xff\xfe\r\n\x1b[0m\xc3");
    place.close().await.unwrap();
}

pub(crate) async fn what_steps_leave_running_is_ended_and_named(bench: Bench) {
    let job = bench.job();
    let notes = Arc::new(Heard::default());
    let place = bench.executor.open(job.clone(), notes.clone()).await.unwrap();
    let (end, output) = run(&place, script("sleep 1000 >/dev/null 2>&1 & echo started")).await;
    assert_eq!((end.status, output.text()), (ExitStatus::Code(0), "started\n"));
    // One that keeps the output open holds the step's end up for a moment only, and that is said.
    let (end, _) = run(&place, script("sleep 1001 & echo started")).await;
    assert_eq!(end.status, ExitStatus::Code(0));
    assert!(
        notes.lines().iter().any(|line| line.contains("sleep")),
        "{:?}",
        notes.lines()
    );
    let closed = place.close().await.unwrap();
    let names: Vec<&str> = closed
        .killed
        .iter()
        .filter_map(|left| left.split_once(' '))
        .map(|(_, n)| n)
        .collect();
    assert_eq!(names, ["sleep", "sleep"]);
    bench.nothing_is_left(&job).await;
}

pub(crate) async fn two_places_work_at_once(bench: Bench) {
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

pub(crate) async fn a_closed_place_holds_nothing_and_does_nothing(bench: Bench) {
    let job = bench.job();
    let place = bench.open(&job).await;
    run(&place, script("mkdir -p deep/er; echo x >deep/er/file")).await;
    place.close().await.unwrap();
    bench.nothing_is_left(&job).await;
    assert_eq!(place.close().await.unwrap().killed, Vec::<String>::new());
    let error = place
        .run(script("true"), Box::new(Recorder::default()))
        .await
        .unwrap_err();
    assert_eq!(error.fault(), Fault::Machine);
    assert!(matches!(error, ExecutorError::Lost { .. }), "{error}");
    assert!(matches!(
        place.signal(&StepId("any".into()), Signal::Kill).await,
        Err(ExecutorError::Lost { .. })
    ));
    assert!(job.workspace.join("deep/er/file").exists(), "the workspace stays");
}

pub(crate) async fn closing_ends_a_step_that_runs(bench: Bench) {
    let job = bench.job();
    let place = bench.open(&job).await;
    let running = start(&place, script("echo ready; exec sleep 1000")).await;
    tokio::time::timeout(PATIENCE, place.close())
        .await
        .expect("in time")
        .unwrap();
    // How it ended is known or lost; it does not hang.
    let (end, _) = finish(running).await;
    if let Ok(end) = end {
        assert_ne!(end.status, ExitStatus::Code(0));
    }
    bench.nothing_is_left(&job).await;
}

pub(crate) async fn reclaim_removes_what_a_lost_place_holds(bench: Bench) {
    let job = bench.job();
    bench.executor.reclaim(&job.key).await.unwrap();
    let place = bench.open(&job).await;
    run(&place, script("sleep 1000 >/dev/null 2>&1 &")).await;
    assert_ne!((bench.holds)(&job.key).await, Vec::<String>::new());
    drop(place);
    bench.executor.reclaim(&job.key).await.unwrap();
    bench.nothing_is_left(&job).await;
    bench.executor.reclaim(&job.key).await.unwrap();
    // The same key can be used again.
    let place = bench.open(&job).await;
    place.close().await.unwrap();
}

pub(crate) async fn sweep_removes_the_named_runs_and_no_other(bench: Bench) {
    let (dead, alive) = (
        bench.job(),
        PlaceSpec {
            key: other_run(),
            ..bench.job()
        },
    );
    let (lost, kept) = (bench.open(&dead).await, bench.open(&alive).await);
    drop(lost);
    let swept = bench
        .executor
        .sweep(std::slice::from_ref(&bench.run), &BTreeSet::new())
        .await
        .unwrap();
    assert_eq!(swept.removed, [dead.key.resource_name()]);
    bench.nothing_is_left(&dead).await;
    let (end, _) = run(&kept, script("true")).await;
    assert_eq!(end.status, ExitStatus::Code(0));
    assert!(
        bench
            .executor
            .sweep(std::slice::from_ref(&bench.run), &BTreeSet::new())
            .await
            .unwrap()
            .removed
            .is_empty()
    );
    kept.close().await.unwrap();
}

pub(crate) async fn a_kept_place_runs_nothing_and_is_left_by_a_sweep(bench: Bench) {
    let (job, lost) = (bench.job(), bench.job());
    let place = bench.open(&job).await;
    run(&place, script("sleep 1000 >/dev/null 2>&1 & echo left")).await;
    let closed = place.keep(&[]).await.unwrap();
    assert_eq!(closed.killed.len(), 1, "{:?}", closed.killed);
    let error = place
        .run(script("true"), Box::new(Recorder::default()))
        .await
        .unwrap_err();
    assert!(matches!(error, ExecutorError::Lost { .. }), "{error}");
    drop(place);
    // What its steps were told with is gone.
    for folder in ["scripts", "spool", "temp/_runner_file_commands"] {
        let left = std::fs::read_dir(job.directory.join(folder))
            .into_iter()
            .flatten();
        assert_eq!(left.count(), 0, "{folder}");
    }
    drop(bench.open(&lost).await);
    let kept = BTreeSet::from([job.key.resource_name()]);
    let swept = bench
        .executor
        .sweep(std::slice::from_ref(&bench.run), &kept)
        .await
        .unwrap();
    assert_eq!(swept.removed, [lost.key.resource_name()]);
    bench.nothing_is_left(&lost).await;
    assert!(job.directory.exists(), "it is kept");
    bench.executor.reclaim(&job.key).await.unwrap();
    bench.nothing_is_left(&job).await;
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

pub(crate) async fn signals_before_the_first_output_are_remembered(bench: Bench) {
    let place = bench.open(&bench.job()).await;
    for round in 0..20_u32 {
        let step = script("exec sleep 1000");
        // Before the step is asked for, and at every moment while it starts.
        if round == 0 {
            place.signal(&step.id, Signal::Kill).await.unwrap();
        }
        let running = begin(&place, step);
        if round > 0 {
            tokio::time::sleep(Duration::from_micros(u64::from(round - 1) * 300)).await;
            place.signal(&running.id, Signal::Kill).await.unwrap();
        }
        let (end, _) = finish(running).await;
        let status = end.unwrap().status;
        assert!(
            matches!(status, ExitStatus::Signal(9) | ExitStatus::Code(137)),
            "{round}: {status:?}"
        );
    }
    // A signal for a step that has ended is nothing, also for the next one.
    let (end, _) = run(&place, script("true")).await;
    assert_eq!(end.status, ExitStatus::Code(0));
    place.close().await.unwrap();
}

pub(crate) async fn several_steps_run_at_once(bench: Bench) {
    let place = bench.open(&bench.job()).await;
    let wait = |mine: &str, other: &str| {
        script(&format!(
            "echo {mine}; touch {mine}; until test -e {other}; do sleep 0.01; done; echo {mine} {other} >>\"$GITHUB_OUTPUT\""
        ))
    };
    let (one, two) = (begin(&place, wait("a", "b")), begin(&place, wait("b", "a")));
    for (running, said, wrote) in [(one, "a\n", "a b\n"), (two, "b\n", "b a\n")] {
        let (end, output) = finish(running).await;
        let end = end.unwrap();
        assert_eq!((end.status, output.text()), (ExitStatus::Code(0), said));
        assert_eq!(end.files.output, bytes(wrote));
    }
    // A signal reaches its own step.
    let (one, two) = (
        start(&place, script("echo ready; exec sleep 1000")).await,
        start(
            &place,
            script("echo ready; until test -e go; do sleep 0.01; done"),
        )
        .await,
    );
    place.signal(&one.id, Signal::Kill).await.unwrap();
    let status = finish(one).await.0.unwrap().status;
    assert!(
        matches!(status, ExitStatus::Signal(9) | ExitStatus::Code(137)),
        "{status:?}"
    );
    run(&place, script("touch go")).await;
    assert_eq!(finish(two).await.0.unwrap().status, ExitStatus::Code(0));
    place.close().await.unwrap();
}

pub(crate) async fn command_files_of_every_kind_are_read(bench: Bench) {
    let place = bench.open(&bench.job()).await;
    let text = "echo A=1 >>\"$GITHUB_ENV\"; echo o=2 >>\"$GITHUB_OUTPUT\"; echo /p >>\"$GITHUB_PATH\"
        echo s=3 >>\"$GITHUB_STATE\"; echo '# hi' >>\"$GITHUB_STEP_SUMMARY\"; exit 4";
    let (end, _) = run(&place, script(text)).await;
    assert_eq!(end.status, ExitStatus::Code(4));
    let files = end.files;
    assert_eq!(
        (files.env, files.output, files.path),
        (bytes("A=1\n"), bytes("o=2\n"), bytes("/p\n"))
    );
    assert_eq!((files.state, files.summary), (bytes("s=3\n"), bytes("# hi\n")));
    // Each step has its own, empty ones.
    let (end, output) = run(
        &place,
        script("cat \"$GITHUB_ENV\"; ls \"$(dirname \"$GITHUB_ENV\")\" | wc -l"),
    )
    .await;
    assert_eq!((output.text().trim(), end.files), ("5", Default::default()));
    place.close().await.unwrap();
}

pub(crate) async fn what_is_planted_in_place_of_command_files_is_not_read(bench: Bench) {
    let place = bench.open(&bench.job()).await;
    let text = "rm \"$GITHUB_ENV\"; ln -s /etc/passwd \"$GITHUB_ENV\"; rm \"$GITHUB_OUTPUT\"; mkfifo \"$GITHUB_OUTPUT\"
        rm \"$GITHUB_PATH\"; mkdir \"$GITHUB_PATH\"; rm \"$GITHUB_STATE\"
        head -c 1100000 /dev/zero >\"$GITHUB_STEP_SUMMARY\"";
    let (end, _) = run(&place, script(text)).await;
    assert_eq!(end.status, ExitStatus::Code(0));
    for planted in [&end.files.env, &end.files.output, &end.files.path] {
        assert!(matches!(planted, FileContent::Unreadable(_)), "{planted:?}");
    }
    assert_eq!(
        (end.files.state, end.files.summary),
        (FileContent::Empty, FileContent::TooLarge(1_100_000))
    );
    // Not even a step that removes all of it disturbs the next one.
    run(&place, script("rm -rf \"$(dirname \"$GITHUB_ENV\")\"")).await;
    let (end, _) = run(
        &place,
        script("head -c 3000000 /dev/zero | tr '\\0' x >>\"$GITHUB_ENV\""),
    )
    .await;
    let FileContent::Bytes(read) = end.files.env else {
        panic!("{:?}", end.status)
    };
    assert_eq!(read.len(), 3_000_000);
    place.close().await.unwrap();
}

pub(crate) async fn programs_run_without_a_shell_and_folders_go_before_the_path(bench: Bench) {
    let job = bench.job();
    let place = bench.open(&job).await;
    run(
        &place,
        script("mkdir bin; printf '#!/bin/sh\\necho mine \"$@\"\\n' >bin/tool; chmod +x bin/tool"),
    )
    .await;
    let mut step = script("");
    step.program = Program::Exec {
        programs: vec!["no-such-node".into(), "tool".into()],
        arguments: vec!["a b".into(), "$HOME".into()],
    };
    step.path = vec![format!("{}/bin", place.facts().workspace)];
    let (end, output) = run(&place, step.clone()).await;
    assert_eq!(
        (end.status, output.text()),
        (ExitStatus::Code(0), "mine a b $HOME\n")
    );
    // Also before a PATH that the step itself sets.
    let mut set = script("tool; echo $PATH");
    set.path.clone_from(&step.path);
    set.env = BTreeMap::from([("PATH".into(), "/usr/bin:/bin".into())]);
    let (_, output) = run(&place, set).await;
    assert_eq!(
        output.text(),
        format!("mine\n{}/bin:/usr/bin:/bin\n", place.facts().workspace)
    );
    step.path.clear();
    let (end, _) = run(&place, step).await;
    let ExitStatus::NotStarted(why) = end.status else {
        panic!("{end:?}")
    };
    assert!(why.contains("`no-such-node`, `tool`"), "{why}");
    place.close().await.unwrap();
}

pub(crate) async fn facts_are_where_steps_find_things(bench: Bench) {
    let job = bench.job();
    let place = bench.open(&job).await;
    let facts = place.facts().clone();
    assert!(!facts.os.is_empty() && !facts.arch.is_empty());
    std::fs::write(job.directory.join("actions/of-the-caller"), "seen").unwrap();
    let text = format!(
        "cd {}; pwd >/dev/null; echo x >{}/made; echo y >{}/tool; cat {}/of-the-caller",
        facts.workspace, facts.temp, facts.tools, facts.actions
    );
    let (end, output) = run(&place, script(&text)).await;
    assert_eq!((end.status, output.text()), (ExitStatus::Code(0), "seen"));
    assert!(job.directory.join("temp/made").exists() && job.directory.join("tools/tool").exists());
    place.close().await.unwrap();
    bench.nothing_is_left(&job).await;
}

pub(crate) async fn a_frozen_step_and_agent_end_when_the_place_is_closed(bench: Bench) {
    let job = bench.job();
    let place = bench.open(&job).await;
    let running = start(&place, script("echo ready; exec sleep 1000")).await;
    (bench.freeze)(&job).await;
    // A signal is taken and forgotten: nothing hangs for it.
    place.signal(&running.id, Signal::Kill).await.unwrap();
    let began = std::time::Instant::now();
    tokio::time::timeout(PATIENCE, place.close())
        .await
        .expect("in time")
        .unwrap();
    let (end, _) = finish(running).await;
    let error = end.unwrap_err();
    assert!(matches!(error, ExecutorError::Lost { .. }), "{error}");
    assert!(began.elapsed() < Duration::from_secs(45), "{:?}", began.elapsed());
    bench.nothing_is_left(&job).await;
}

pub(crate) async fn an_agent_that_is_told_to_end_loses_the_step(bench: Bench) {
    let job = bench.job();
    let place = bench.open(&job).await;
    // However the step answers that: what it would have come to is not known.
    let polite = "trap 'exit 3' TERM; echo ready; kill -TERM $PPID; while :; do sleep 0.1; done";
    let running = start(&place, script(polite)).await;
    let (end, _) = finish(running).await;
    let error = end.unwrap_err();
    assert!(matches!(error, ExecutorError::Lost { .. }), "{error}");
    assert!(!error.to_string().contains("legacy"), "{error}");
    place.close().await.unwrap();
    bench.nothing_is_left(&job).await;
}

pub(crate) async fn a_script_can_be_read_by_whomever_its_shell_becomes(bench: Bench) {
    let place = bench.open(&bench.job()).await;
    let (_, output) = run(
        &place,
        script("for f in \"$0\" \"${0%/*}\"; do ls -ld \"$f\" | cut -c1-10; done"),
    )
    .await;
    assert_eq!(output.text(), "-r-xr-xr-x\ndrwx--x--x\n");
    place.close().await.unwrap();
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
            two_places_work_at_once
            a_closed_place_holds_nothing_and_does_nothing
            closing_ends_a_step_that_runs
            reclaim_removes_what_a_lost_place_holds
            sweep_removes_the_named_runs_and_no_other
            a_kept_place_runs_nothing_and_is_left_by_a_sweep
            an_open_that_fails_leaves_nothing
            signals_before_the_first_output_are_remembered
            several_steps_run_at_once
            command_files_of_every_kind_are_read
            what_is_planted_in_place_of_command_files_is_not_read
            programs_run_without_a_shell_and_folders_go_before_the_path
            facts_are_where_steps_find_things
            a_frozen_step_and_agent_end_when_the_place_is_closed
            an_agent_that_is_told_to_end_loses_the_step
            a_script_can_be_read_by_whomever_its_shell_becomes
        }
    };
}
pub(crate) use suite;
