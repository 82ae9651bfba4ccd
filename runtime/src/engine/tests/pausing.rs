//! Jobs that are paused at a step that failed, and how they go on.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::fakes::{Bench, launch};
use super::{end, history, system};
use crate::engine::RunHandle;
use crate::event::{Event, JobState, PauseAnswer, RunState, Seq, StepState};
use crate::id::{JobId, StepId};
use crate::journal::Journal;

const TEXT: &str =
    "jobs: {a: {steps: [{name: one, run: fail}, {name: two, run: x}]}, b: {steps: [{run: x}]}}";

fn write(directory: &Path, text: &str) {
    std::fs::write(directory.join("w.yml"), text).unwrap();
}

/// Begins a run that pauses at failures, of a file that is there.
async fn begin(bench: &Bench, text: &str) -> RunHandle {
    write(bench.path(), text);
    let mut launch = launch(bench.path(), text);
    launch.source.options.pause_on_failure = true;
    bench.engine.start(launch).await.unwrap()
}

/// Waits until so many pauses are in the history, and answers how many events there are.
async fn until_paused(bench: &Bench, run: &RunHandle, count: usize) {
    loop {
        let events = bench.journal.read(run.id(), Seq(0), usize::MAX).await.unwrap();
        let pauses = events
            .iter()
            .filter(|event| matches!(event.event, Event::JobPaused { .. }));
        if pauses.count() >= count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn say(bench: &Bench, run: &RunHandle, answer: PauseAnswer) {
    bench.engine.answer(run.id(), None, answer).await.unwrap();
}

fn job() -> JobId {
    JobId("a".into())
}

#[test]
fn a_step_is_done_again_as_its_file_has_it_now() {
    system(async {
        let bench = Bench::new();
        let run = begin(&bench, TEXT).await;
        until_paused(&bench, &run, 1).await;
        let paused = history(&bench.journal, run.id()).await;
        let state = &paused.jobs[&job()];
        assert_eq!(
            (state.state, state.is_paused(), state.steps[0].state),
            (JobState::Running, true, StepState::Running)
        );
        assert_eq!(state.pauses[0].exit_code, Some(1));
        write(bench.path(), &TEXT.replace("run: fail", "run: mended"));
        say(&bench, &run, PauseAnswer::Retry).await;
        let id = run.id().clone();
        assert_eq!(end(run).await.state, RunState::Success);
        let events = bench.journal.read(&id, Seq(0), usize::MAX).await.unwrap();
        let file = events.iter().find_map(|event| match &event.event {
            Event::JobResumed { file, .. } => file.clone(),
            _ => None,
        });
        assert!(file.unwrap().text.contains("mended"), "history keeps what ran");
        let run = history(&bench.journal, &id).await;
        assert!(!run.jobs[&job()].is_paused());
        bench.holds_nothing();
    });
}

#[test]
fn the_other_jobs_go_on_though_there_is_room_for_one_only() {
    system(async {
        let bench = Bench::new();
        write(bench.path(), TEXT);
        let mut launch = launch(bench.path(), TEXT);
        launch.source.options.pause_on_failure = true;
        launch.source.options.parallel = 1;
        let run = bench.engine.start(launch).await.unwrap();
        until_paused(&bench, &run, 1).await;
        loop {
            let state = history(&bench.journal, run.id()).await;
            if state.jobs[&JobId("b".into())].state == JobState::Success {
                break;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        say(&bench, &run, PauseAnswer::Skip).await;
        let id = run.id().clone();
        assert_eq!(end(run).await.state, RunState::Success);
        let run = history(&bench.journal, &id).await;
        let steps = &run.jobs[&job()].steps;
        assert_eq!(
            (steps[0].state, steps[1].state),
            (StepState::Skipped, StepState::Success)
        );
    });
}

#[test]
fn an_end_and_a_cancel_end_the_run_and_leave_nothing() {
    for cancel in [false, true] {
        system(async move {
            let bench = Bench::new();
            let run = begin(&bench, TEXT).await;
            until_paused(&bench, &run, 1).await;
            let expected = if cancel {
                bench.engine.cancel(run.id(), "ctrl-c").await.unwrap();
                RunState::Cancelled
            } else {
                say(&bench, &run, PauseAnswer::End).await;
                RunState::Failure
            };
            assert_eq!(end(run).await.state, expected);
            bench.holds_nothing();
        });
    }
}

#[test]
fn a_file_that_cannot_be_used_is_said_and_the_job_stays_paused() {
    system(async {
        let bench = Bench::new();
        let run = begin(&bench, TEXT).await;
        let texts = [
            "jobs: [",
            "jobs: {other: {steps: [{run: x}]}}",
            "jobs: {a: {steps: [{run: x}]}}",
        ];
        for (text, count) in texts.iter().zip(1..) {
            until_paused(&bench, &run, count).await;
            write(bench.path(), text);
            say(&bench, &run, PauseAnswer::Retry).await;
        }
        until_paused(&bench, &run, 4).await;
        let state = history(&bench.journal, run.id()).await;
        let problem = state.jobs[&job()].pauses[0].problem.clone().unwrap();
        assert!(problem.message.contains("1 steps instead of 2"), "{problem:?}");
        say(&bench, &run, PauseAnswer::End).await;
        end(run).await;
    });
}

#[test]
fn an_order_of_another_process_is_begun_within_50_ms() {
    system(async {
        let bench = Bench::new();
        let run = begin(&bench, TEXT).await;
        until_paused(&bench, &run, 1).await;
        write(bench.path(), &TEXT.replace("run: fail", "run: wait"));
        let began = Instant::now();
        // As another process does it: the journal alone knows.
        let other = rusqlite::Connection::open(bench.path().join("journal.db")).unwrap();
        other
            .execute(
                r#"INSERT INTO request (run, time, body) VALUES (?1, 0, '{"kind":"answer","job":"a","answer":"retry"}')"#,
                [&run.id().0],
            )
            .unwrap();
        // The two that ended, and this one.
        bench.fake.until_steps(3).await;
        let took = began.elapsed();
        bench.engine.cancel(run.id(), "test").await.unwrap();
        end(run).await;
        // With room for machines that do much else meanwhile; alone it takes about 25 ms.
        assert!(took < Duration::from_millis(500), "{took:?}");
    });
}

#[test]
fn a_pause_is_waited_out_without_asking_again_and_again() {
    system(async {
        let bench = Bench::new();
        let run = begin(&bench, TEXT).await;
        until_paused(&bench, &run, 1).await;
        let looks = |count: u32| {
            let until = bench.journal.looks.load(Ordering::Relaxed) + count;
            let journal = Arc::clone(&bench.journal);
            async move {
                while journal.looks.load(Ordering::Relaxed) < until {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        };
        // What was written of the pause is looked at first.
        looks(3).await;
        let began = Instant::now();
        looks(5).await;
        let took = began.elapsed();
        bench.engine.cancel(run.id(), "test").await.unwrap();
        end(run).await;
        assert!(took > Duration::from_millis(500), "{took:?}");
    });
}

#[test]
fn the_time_of_a_job_stands_still_while_it_is_paused() {
    system(async {
        let bench = Bench::new();
        // 0.6 s in all.
        let text = TEXT.replace("a: {steps", "a: {timeout-minutes: 0.01, steps");
        let run = begin(&bench, &text).await;
        until_paused(&bench, &run, 1).await;
        // Longer than the job may take.
        tokio::time::sleep(Duration::from_millis(900)).await;
        assert!(history(&bench.journal, run.id()).await.jobs[&job()].is_paused());
        // Then it goes on, and its end is near.
        write(bench.path(), &text.replace("run: fail", "run: wait"));
        say(&bench, &run, PauseAnswer::Retry).await;
        let id = run.id().clone();
        end(run).await;
        let run = history(&bench.journal, &id).await;
        let reason = run.jobs[&job()].reason.clone().unwrap();
        assert_eq!(reason.code, "timeout");
    });
}

#[test]
fn one_of_a_matrix_that_is_paused_has_not_failed_yet() {
    system(async {
        let bench = Bench::new();
        let text = "jobs: {m: {strategy: {matrix: {run: [fail, x]}}, steps: [{run: '${{ matrix.run }}'}]}}";
        let run = begin(&bench, text).await;
        until_paused(&bench, &run, 1).await;
        let other = JobId("m#1".into());
        loop {
            let state = history(&bench.journal, run.id()).await;
            if state.jobs.get(&other).is_some_and(|job| job.state.is_final()) {
                assert_eq!(state.jobs[&other].state, JobState::Success, "nothing failed fast");
                break;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let paused = JobId("m#0".into());
        bench
            .engine
            .answer(run.id(), Some(&paused), PauseAnswer::End)
            .await
            .unwrap();
        assert_eq!(end(run).await.state, RunState::Failure);
    });
}

#[test]
fn an_answer_to_a_job_that_is_not_paused_does_nothing() {
    system(async {
        let bench = Bench::new();
        bench.fake.endless.store(true, Ordering::Relaxed);
        let run = begin(&bench, TEXT).await;
        bench.fake.until_step().await;
        say(&bench, &run, PauseAnswer::End).await;
        bench.engine.cancel(run.id(), "test").await.unwrap();
        assert_eq!(end(run).await.state, RunState::Cancelled);
    });
}

#[test]
fn a_step_that_is_done_again_forgets_what_it_brought() {
    let step = StepId::at(0);
    let text = [
        r#"{"type":"stepStarted","job":"a","step":"0"}"#,
        r#"{"type":"stepPlanned","job":"a","step":"0.0","parent":"0","name":"inner","phase":"main"}"#,
        r#"{"type":"stepFinished","job":"a","step":"0.0","outcome":"failure","conclusion":"failure","durationMs":1}"#,
        r#"{"type":"jobPaused","job":"a","step":"0","exitCode":1}"#,
        r#"{"type":"jobResumed","job":"a","step":"0","answer":"retry"}"#,
    ];
    let created = r#"{"type":"runCreated","workflow":{"name":"w","file":"w.yml"},"event":"push","executor":"docker",
        "onCrash":"cleanUp","owner":{"instance":"i","boot":"b","pid":1,"started":2},"workspace":"/w","jobs":[
        {"id":"a","name":"a","steps":["one"]}]}"#;
    let events: Vec<_> = [created]
        .into_iter()
        .chain(text)
        .zip(1..)
        .map(|(text, seq)| crate::event::Recorded {
            run: crate::id::RunId("r".into()),
            seq: Seq(seq),
            time: loom_protocol::Timestamp::from_millis(0),
            event: Event::from_json(text).unwrap(),
        })
        .collect();
    let paused = crate::state::Run::replay(&events[..5]).unwrap().unwrap();
    assert!(paused.jobs[&job()].is_paused() && paused.jobs[&job()].steps.len() == 2);
    let again = crate::state::Run::replay(&events).unwrap().unwrap();
    let state = &again.jobs[&job()];
    assert!(!state.is_paused());
    assert_eq!(state.steps.len(), 1);
    assert_eq!(state.steps[&step].state, StepState::Waiting);
}
