//! The host executor by the suite that all executors pass, and what only it does.
#![cfg(test)]

#[path = "../src/executor/conformance/mod.rs"]
mod conformance;

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use conformance::{Bench, run, script};
use loom_runtime::executor::channel::AgentBinary;
use loom_runtime::executor::host::{AgentProgram, HostExecutor, HostOptions};
use loom_runtime::executor::{
    Executor as _, ExecutorError, ExitStatus, FileContent, Place, PlaceSpec, RoomSpec, Signal, StepEnd,
};
use loom_runtime::id::{RunId, StepId};

fn executor(temporary: &tempfile::TempDir) -> HostExecutor {
    let agent = AgentBinary::embedded()
        .expect("built on Linux")
        .materialise(temporary.path())
        .unwrap();
    let program = AgentProgram {
        program: agent,
        arguments: Vec::new(),
    };
    let mut options = HostOptions::new(program, temporary.path().join("register"));
    options.drain = Duration::from_millis(100);
    options.patience = Duration::from_secs(1);
    options.environment.push(("OF_THE_CALLER".into(), "seen".into()));
    HostExecutor::new(options)
}

fn bench() -> Bench {
    let temporary = tempfile::tempdir().unwrap();
    let register = temporary.path().join("register");
    Bench {
        executor: Arc::new(executor(&temporary)),
        room: RoomSpec::Host,
        holds: Box::new(move |key| {
            let name = key.resource_name();
            let entry = register.join(&name);
            Box::pin(async move {
                entry
                    .exists()
                    .then_some(name.clone())
                    .into_iter()
                    .chain(marked(&name))
                    .collect()
            })
        }),
        freeze: Box::new(|job| {
            let text = std::fs::read_to_string(job.directory.join("agent.pid")).unwrap();
            let pid = text.split(' ').next().unwrap().parse().unwrap();
            Box::pin(async move { conformance::stop_process(pid) })
        }),
        temporary,
        run: RunId(uuid::Uuid::now_v7().to_string()),
        counter: AtomicU32::new(0),
    }
}

/// Living processes that carry a job's mark.
fn marked(name: &str) -> Vec<String> {
    let mark = format!("LOOM_JOB_MARK={name}");
    let pids = std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    pids.filter(|pid| {
        std::fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environ| {
            environ
                .split(|byte| *byte == 0)
                .any(|entry| entry == mark.as_bytes())
        })
    })
    .collect()
}

conformance::suite!(bench());

#[tokio::test]
async fn steps_see_the_callers_environment_but_not_looms_own() {
    let kept = HostOptions::inherited_environment();
    assert!(kept.iter().any(|(name, _)| name == "PATH"));
    assert!(
        !kept
            .iter()
            .any(|(name, _)| name.to_string_lossy().starts_with("LOOM_"))
    );
    let bench = bench();
    let place = bench.open(&bench.job()).await;
    let (_, output) = run(&place, script("echo $OF_THE_CALLER ${PATH:+path}")).await;
    assert_eq!(output.text(), "seen path\n");
    place.close().await.unwrap();
}

#[tokio::test]
async fn a_killed_agent_loses_the_place_and_nothing_of_it_stays() {
    let bench = bench();
    let job = bench.job();
    let place = bench.open(&job).await;
    // The step kills its own agent once its words have been heard, having left a process that has cut all ties.
    let text = "setsid sh -c 'sleep 1000 & wait' >/dev/null 2>&1 &
        echo said; until test -e heard; do sleep 0.01; done; kill -9 $PPID; sleep 1000";
    let running = conformance::start(&place, script(text)).await;
    std::fs::write(job.workspace.join("heard"), "").unwrap();
    let (end, output) = conformance::finish(running).await;
    assert!(matches!(end, Err(ExecutorError::Lost { .. })), "{end:?}");
    assert_eq!(output.text(), "said\n");
    place.close().await.unwrap();
    bench.nothing_is_left(&job).await;
}

#[tokio::test]
async fn another_process_can_clean_up() {
    let bench = bench();
    let job = bench.job();
    let place = bench.open(&job).await;
    run(&place, script("setsid sleep 1000 >/dev/null 2>&1 &")).await;
    drop(place);
    // As if this process had died: the next one has nothing but the register.
    let other = executor(&bench.temporary);
    other.reclaim(&job.key).await.unwrap();
    bench.nothing_is_left(&job).await;
}

#[tokio::test]
async fn an_agent_that_does_not_start_is_explained() {
    let temporary = tempfile::tempdir().unwrap();
    let bench = bench();
    for (program, part) in [
        ("/bin/false", "exit status: 1"),
        ("/no/such/agent", "/no/such/agent"),
    ] {
        let agent = AgentProgram {
            program: program.into(),
            arguments: Vec::new(),
        };
        let executor = HostExecutor::new(HostOptions::new(agent, temporary.path().join("register")));
        let job = bench.job();
        let error = executor
            .open(job.clone(), Arc::new(conformance::Heard::default()))
            .await
            .err()
            .unwrap();
        assert!(error.to_string().contains(part), "{error}");
        bench.nothing_is_left(&job).await;
    }
}

#[tokio::test]
async fn a_second_place_of_the_same_key_does_not_disturb_the_first() {
    let bench = bench();
    let job = bench.job();
    let place = bench.open(&job).await;
    assert!(
        bench
            .executor
            .open(job.clone(), Arc::new(conformance::Heard::default()))
            .await
            .is_err()
    );
    let (end, _) = run(&place, script("true")).await;
    assert_eq!(end.status, ExitStatus::Code(0));
    place.close().await.unwrap();
}

#[tokio::test]
async fn what_a_step_hid_before_it_killed_its_agent_is_ended_and_named() {
    let bench = bench();
    let job = bench.job();
    let place = bench.open(&job).await;
    // Another parent, another session, and nothing of the job in its environment.
    let text = "env -i setsid sleep 4242 >/dev/null 2>&1 & echo $! >hidden
        until test \"$(cat /proc/$!/comm)\" = sleep; do :; done; echo said; kill -9 $PPID; sleep 1000";
    let running = conformance::begin(&place, script(text));
    let (end, _) = conformance::finish(running).await;
    assert!(matches!(end, Err(ExecutorError::Lost { .. })), "{end:?}");
    let hidden = std::fs::read_to_string(job.workspace.join("hidden")).unwrap();
    let closed = place.close().await.unwrap();
    assert!(
        closed.killed.contains(&format!("{} sleep", hidden.trim())),
        "{closed:?}"
    );
    // Its agent is gone, so the machine's init reaps it, when it comes to that.
    let stat = format!("/proc/{}/stat", hidden.trim());
    let runs = || std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z "));
    assert!(!runs(), "{}", hidden.trim());
    bench.nothing_is_left(&job).await;
}

#[tokio::test]
async fn the_end_of_a_run_waits_for_its_agents() {
    let bench = bench();
    let job = bench.job();
    let place = bench.open(&job).await;
    let agent = agent_of(&job);
    place.close().await.unwrap();
    bench.executor.run_ended(&bench.run).await;
    let stat = std::fs::read_to_string(format!("/proc/{agent}/stat")).unwrap_or_default();
    assert!(stat.is_empty() || stat.contains(") Z "), "{stat}");
}

/// The process of the agent that serves an open place.
fn agent_of(job: &loom_runtime::executor::PlaceSpec) -> String {
    let text = std::fs::read_to_string(job.directory.join("agent.pid")).unwrap();
    text.split(' ').next().unwrap().to_owned()
}

#[tokio::test]
async fn an_agent_whose_job_left_nothing_serves_the_next_one_of_its_run() {
    let bench = bench();
    let (first, second, third) = (bench.job(), bench.job(), bench.job());
    let place = bench.open(&first).await;
    run(&place, script("export KEPT=no; echo KEPT=yes >> \"$GITHUB_ENV\"")).await;
    let agent = agent_of(&first);
    place.close().await.unwrap();
    bench.nothing_is_left(&first).await;

    let place = bench.open(&second).await;
    assert_eq!(agent_of(&second), agent);
    let (_, output) = run(&place, script("echo $LOOM_JOB_MARK ${KEPT:-nothing}")).await;
    assert_eq!(output.text(), format!("{} nothing\n", second.key.resource_name()));
    // What a step leaves is ended with its job, and the agent with it.
    run(&place, script("setsid sleep 1000 >/dev/null 2>&1 &")).await;
    assert_eq!(place.close().await.unwrap().killed.len(), 1);
    bench.nothing_is_left(&second).await;

    let place = bench.open(&third).await;
    assert_ne!(agent_of(&third), agent);
    place.close().await.unwrap();
    bench.nothing_is_left(&third).await;
}

#[tokio::test]
async fn what_a_step_gave_another_name_keeps_its_content() {
    let bench = bench();
    let job = bench.job();
    let place = bench.open(&job).await;
    let link = "echo precious > report.md; ln -f report.md \"$GITHUB_STEP_SUMMARY\"; ln \"$0\" script.saved; \
                echo A=1 >> \"$GITHUB_ENV\"; ln \"$GITHUB_ENV\" env.saved";
    run(&place, script(link)).await;
    let look = "cat report.md env.saved; grep -c precious script.saved";
    let (_, output) = run(&place, script(look)).await;
    assert_eq!(output.text(), "precious\nA=1\n1\n");
    place.close().await.unwrap();
    let kept = std::fs::read_to_string(job.workspace.join("report.md"));
    assert_eq!(kept.unwrap(), "precious\n");
}

#[tokio::test]
async fn what_still_has_the_temporary_directory_of_a_job_open_sees_nothing_of_the_next() {
    let bench = bench();
    let job = bench.job();
    let place = bench.open(&job).await;
    // As a daemon or a container does that is no descendant of the agent.
    let open = std::fs::File::open(job.directory.join("temp")).unwrap();
    run(&place, script("true")).await;
    place.close().await.unwrap();
    let next = bench.job();
    let place = bench.open(&next).await;
    let (end, _) = run(
        &place,
        with_temp(&next, script("echo secret > \"$RUNNER_TEMP/secret\"")),
    )
    .await;
    assert_eq!(end.status, ExitStatus::Code(0));
    let seen = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&open));
    assert_eq!(std::fs::read_dir(seen).map_or(0, Iterator::count), 0);
    place.close().await.unwrap();
}

#[tokio::test]
async fn a_job_whose_agent_is_not_used_again_begins_with_nothing_of_the_one_before() {
    let bench = bench();
    let job = bench.job();
    let place = bench.open(&job).await;
    let agent = agent_of(&job);
    // An agent whose niceness a step has changed does not go on.
    let leave = "echo secret > \"$RUNNER_TEMP/mine\"; echo secret > \"$(dirname \"$0\")/mine\"; renice -n 19 -p $PPID";
    let (end, output) = run(&place, with_temp(&job, script(leave))).await;
    assert_eq!(end.status, ExitStatus::Code(0), "{}", output.text());
    place.close().await.unwrap();
    let next = bench.job();
    let place = bench.open(&next).await;
    assert_ne!(agent_of(&next), agent);
    let look = "ls -A \"$RUNNER_TEMP\" \"$(dirname \"$0\")\" | grep mine || true";
    let (end, output) = run(&place, with_temp(&next, script(look))).await;
    assert_eq!((end.status, output.text()), (ExitStatus::Code(0), ""));
    place.close().await.unwrap();
    bench.nothing_is_left(&next).await;
}

#[tokio::test]
async fn a_directory_that_a_step_laid_out_for_the_next_job_is_refused() {
    let bench = bench();
    let (job, next) = (bench.job(), bench.job());
    let place = bench.open(&job).await;
    std::fs::create_dir_all(next.directory.join("temp")).unwrap();
    std::fs::write(next.directory.join("temp/planted"), "x").unwrap();
    place.close().await.unwrap();
    let refused = bench
        .executor
        .open(next.clone(), Arc::new(loom_runtime::executor::SilentNotes))
        .await;
    assert!(matches!(refused, Err(ExecutorError::Setup { .. })));
    assert!(next.directory.join("temp/planted").exists(), "it is not ours");
    bench.executor.run_ended(&bench.run).await;
}

fn with_temp(
    job: &loom_runtime::executor::PlaceSpec,
    mut step: loom_runtime::executor::StepSpec,
) -> loom_runtime::executor::StepSpec {
    step.env.insert(
        "RUNNER_TEMP".into(),
        job.directory.join("temp").display().to_string(),
    );
    step
}

#[tokio::test]
async fn an_agent_of_another_run_or_one_that_is_frozen_serves_no_job() {
    let bench = bench();
    let (first, mut other, next) = (bench.job(), bench.job(), bench.job());
    let place = bench.open(&first).await;
    let agent = agent_of(&first);
    place.close().await.unwrap();
    conformance::stop_process(agent.parse().unwrap());

    other.key.run = RunId(uuid::Uuid::now_v7().to_string());
    let place = bench.open(&other).await;
    assert_ne!(agent_of(&other), agent);
    place.close().await.unwrap();
    bench.nothing_is_left(&other).await;

    let place = bench.open(&next).await;
    assert_ne!(agent_of(&next), agent);
    let (end, _) = run(&place, script("true")).await;
    assert_eq!(end.status, ExitStatus::Code(0));
    place.close().await.unwrap();
    bench.nothing_is_left(&next).await;
    // The machine's init reaps it, when it comes to that.
    let stat = std::fs::read_to_string(format!("/proc/{agent}/stat")).unwrap_or_default();
    assert!(stat.is_empty() || stat.contains(") Z "), "{stat}");
}

#[tokio::test]
async fn an_agent_of_several_jobs_that_is_killed_loses_the_last_one_alone() {
    let bench = bench();
    let (first, second) = (bench.job(), bench.job());
    bench.open(&first).await.close().await.unwrap();
    let place = bench.open(&second).await;
    let text = "env -i setsid sleep 4243 >/dev/null 2>&1 & echo $! >hidden
        until test \"$(cat /proc/$!/comm)\" = sleep; do :; done; kill -9 $PPID; sleep 1000";
    let (end, _) = conformance::finish(conformance::begin(&place, script(text))).await;
    assert!(matches!(end, Err(ExecutorError::Lost { .. })), "{end:?}");
    let hidden = std::fs::read_to_string(second.workspace.join("hidden")).unwrap();
    let closed = place.close().await.unwrap();
    let wanted = format!("{} sleep", hidden.trim());
    assert!(closed.killed.contains(&wanted), "{closed:?}");
    bench.nothing_is_left(&second).await;
    // Another process finds nothing of either.
    let other = executor(&bench.temporary);
    other.reclaim(&second.key).await.unwrap();
}

/// Waits for a condition of other processes.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let in_time = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(conformance::PATIENCE, in_time).await;
    assert!(waited.is_ok(), "waited in vain until {what}");
}

/// Nobody waits for a step any more, as when its process has died.
async fn abandon(running: conformance::Running) {
    running.task.abort();
    let _ended = running.task.await;
}

/// Follows a step that another process had begun.
async fn follow(
    place: &Arc<dyn Place>,
    step: &StepId,
) -> (Result<Option<StepEnd>, ExecutorError>, conformance::Output) {
    let recorder = conformance::Recorder::default();
    let following = place.follow(step, Box::new(recorder.clone()));
    let end = tokio::time::timeout(conformance::PATIENCE, following).await;
    (end.expect("in time"), recorder.take())
}

/// As if the process had died: nothing of it is connected to the agent any more.
async fn forsaken(place: Arc<dyn Place>, running: Option<conformance::Running>) {
    if let Some(running) = running {
        abandon(running).await;
    }
    drop(place);
}

async fn attached(bench: &Bench, job: &PlaceSpec) -> Arc<dyn Place> {
    executor(&bench.temporary)
        .attach(job.clone(), Arc::new(conformance::Heard::default()))
        .await
        .unwrap()
}

#[tokio::test]
async fn another_process_goes_on_with_the_steps_of_a_dead_one() {
    let bench = bench();
    let job = bench.job();
    let place = bench.open(&job).await;
    let said = script("echo one; echo o=1 >>$GITHUB_OUTPUT; exit 3");
    let (first, _) = run(&place, said.clone()).await;
    let endless = script("echo before; until test -e go; do sleep 0.01; done; echo after; echo x >>ran");
    let running = conformance::start(&place, endless.clone()).await;
    forsaken(place, Some(running)).await;

    let place = attached(&bench, &job).await;
    // What had ended says it again, and what runs says all of it.
    let (end, output) = follow(&place, &said.id).await;
    assert_eq!((end.unwrap().unwrap(), output.text()), (first, "one\n"));
    std::fs::write(job.workspace.join("go"), "").unwrap();
    let (end, output) = follow(&place, &endless.id).await;
    assert_eq!(end.unwrap().unwrap().status, ExitStatus::Code(0));
    assert_eq!(output.text(), "before\nafter\n");
    let (end, _) = follow(&place, &script("").id).await;
    assert_eq!(end.unwrap(), None);
    let (_, output) = run(&place, script("cat ran")).await;
    assert_eq!(output.text(), "x\n");
    place.close().await.unwrap();
    bench.nothing_is_left(&job).await;
}

#[tokio::test]
async fn a_step_that_ended_while_nobody_was_there_has_its_end_and_can_be_signalled_before() {
    let bench = bench();
    let job = bench.job();
    let place = bench.open(&job).await;
    let short =
        script("echo here; until test -e go; do sleep 0.01; done; echo o=2 >>$GITHUB_OUTPUT; touch gone");
    let long = script("echo here; exec sleep 1000");
    let first = conformance::start(&place, short.clone()).await;
    let second = conformance::start(&place, long.clone()).await;
    abandon(first).await;
    forsaken(place, Some(second)).await;
    std::fs::write(job.workspace.join("go"), "").unwrap();
    let spool = job.directory.join("spool/0.spool");
    // Its last record: what the command file holds, and the exit.
    until("the step has ended", || {
        std::fs::read(&spool).is_ok_and(|bytes| bytes.windows(4).any(|part| part == b"o=2\n"))
            && job.workspace.join("gone").exists()
    })
    .await;

    let place = attached(&bench, &job).await;
    let (end, _) = follow(&place, &short.id).await;
    assert_eq!(
        end.unwrap().unwrap().files.output,
        FileContent::Bytes(b"o=2\n".to_vec())
    );
    place.signal(&long.id, Signal::Terminate).await.unwrap();
    let (end, _) = follow(&place, &long.id).await;
    let end = end.unwrap().unwrap();
    assert_eq!((end.status, end.signalled), (ExitStatus::Signal(15), true));
    place.close().await.unwrap();
    bench.nothing_is_left(&job).await;
}

#[tokio::test]
async fn an_agent_that_had_other_jobs_before_is_found_with_the_one_that_it_has() {
    let bench = bench();
    let (first, second) = (bench.job(), bench.job());
    let place = bench.open(&first).await;
    let agent = agent_of(&first);
    place.close().await.unwrap();
    let place = bench.open(&second).await;
    assert_eq!(agent_of(&second), agent);
    let step = script("echo here; until test -e go; do sleep 0.01; done");
    let running = conformance::start(&place, step.clone()).await;
    forsaken(place, Some(running)).await;
    let place = attached(&bench, &second).await;
    std::fs::write(second.workspace.join("go"), "").unwrap();
    let (end, output) = follow(&place, &step.id).await;
    assert_eq!(end.unwrap().unwrap().status, ExitStatus::Code(0));
    assert_eq!(output.text(), "here\n");
    place.close().await.unwrap();
    bench.nothing_is_left(&second).await;
}

#[tokio::test]
async fn what_cannot_be_gone_on_with_is_refused_and_can_be_reclaimed() {
    let bench = bench();
    let other = executor(&bench.temporary);
    let refused = async |job: &PlaceSpec| {
        let notes = Arc::new(conformance::Heard::default());
        let error = other.attach(job.clone(), notes).await.err().unwrap();
        assert!(matches!(error, ExecutorError::Lost { .. }), "{error}");
        other.reclaim(&job.key).await.unwrap();
        bench.nothing_is_left(job).await;
    };
    // One that is not there at all.
    refused(&bench.job()).await;
    // One whose agent is frozen.
    let job = bench.job();
    forsaken(bench.open(&job).await, None).await;
    (bench.freeze)(&job).await;
    refused(&job).await;
    // One that was killed.
    let job = bench.job();
    forsaken(bench.open(&job).await, None).await;
    let killed = std::process::Command::new("kill")
        .args(["-KILL", &agent_of(&job)])
        .status();
    assert!(killed.unwrap().success());
    let guard = std::fs::read_to_string(job.directory.join("agent.guard")).unwrap();
    let guard = format!("/proc/{}/stat", guard.split(' ').next().unwrap());
    until("what watches over it is gone, too", || {
        std::fs::read_to_string(&guard).map_or(true, |stat| stat.contains(") Z "))
    })
    .await;
    refused(&job).await;
    // One of which a step's spool is not what it was.
    let job = bench.job();
    let place = bench.open(&job).await;
    run(&place, script("echo one")).await;
    forsaken(place, None).await;
    std::fs::write(job.directory.join("spool/0.spool"), "something else").unwrap();
    refused(&job).await;
    // One whose directory is another's.
    let job = bench.job();
    forsaken(bench.open(&job).await, None).await;
    let elsewhere = PlaceSpec {
        directory: bench.job().directory,
        ..job.clone()
    };
    let notes = Arc::new(conformance::Heard::default());
    assert!(other.attach(elsewhere, notes).await.is_err());
    other.reclaim(&job.key).await.unwrap();
    bench.nothing_is_left(&job).await;
}

#[tokio::test]
async fn without_a_grace_nothing_outlives_its_process() {
    let bench = bench();
    let job = PlaceSpec {
        orphan_grace: Duration::ZERO,
        ..bench.job()
    };
    let place = bench.open(&job).await;
    run(&place, script("echo one")).await;
    assert!(!job.directory.join("spool/0.spool").exists());
    let running = conformance::start(&place, script("echo here; exec sleep 1000")).await;
    forsaken(place, Some(running)).await;
    until("nothing runs any more", || {
        marked(&job.key.resource_name()).is_empty()
    })
    .await;
    executor(&bench.temporary).reclaim(&job.key).await.unwrap();
    bench.nothing_is_left(&job).await;
}
