//! How steps are ended, and what they leave running.

use std::sync::Arc;
use std::time::Duration;

use loom_runtime::executor::{ExecutorError, ExitStatus, Signal};

use super::bench::{Bench, Heard, PATIENCE, begin, finish, run, script, start};

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
