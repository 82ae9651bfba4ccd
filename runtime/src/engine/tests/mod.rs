//! The engine's actors against an executor and a journal that misbehave on purpose. No process, no container.

mod apart;
mod fakes;
mod groups;
mod keeping;
mod late;
mod pausing;
mod reruns;
mod resuming;
mod seeds;
mod sim;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use loom_protocol::Timestamp;

use self::fakes::{Act, Bench, Odd};
use super::{Outcome, RunHandle};
use crate::event::{Event, JobOutline, JobState, OnCrash, Reason, RunState, Seq, WorkflowRef};
use crate::executor::Owner;
use crate::id::{JobId, RunId};
use crate::journal::{Journal, RunQuery, Tail};
use crate::logs::Source;
use crate::state::Run;

/// Runs a test where actors live, and not for ever.
fn system<F: Future<Output = ()>>(test: F) {
    actix_rt::System::new().block_on(async {
        tokio::time::timeout(Duration::from_secs(60), test)
            .await
            .expect("it comes to an end");
    });
}

async fn history(journal: &Arc<Odd>, run: &RunId) -> Run {
    let events = journal.read(run, Seq(0), usize::MAX).await.unwrap();
    Run::replay(&events).unwrap().unwrap()
}

async fn end(handle: RunHandle) -> Outcome {
    handle.finished().await
}

fn somebody_else() -> Owner {
    Owner {
        instance: "i".into(),
        boot: "b".into(),
        pid: 1,
        started: 1,
    }
}

/// A run of a process that is long gone, in the middle of its job.
async fn dead_run(bench: &Bench, id: &str) -> RunId {
    let run = RunId(id.into());
    let job = JobId("job".into());
    let owner = somebody_else();
    let created = Event::RunCreated {
        workflow: WorkflowRef {
            name: "w".into(),
            file: "w.yml".into(),
        },
        event: "push".into(),
        executor: "docker".into(),
        on_crash: OnCrash::CleanUp,
        owner: owner.clone(),
        workspace: "/w".into(),
        jobs: vec![JobOutline {
            id: job.clone(),
            name: "job".into(),
            steps: vec!["one".into()],
            ..JobOutline::default()
        }],
        concurrency: None,
        source: None,
        number: None,
        rerun: None,
    };
    let starting = Event::JobStarting {
        job,
        attempt: 1,
        resource: format!("loom-{id}-job-1"),
    };
    let events = vec![created, Event::RunStarted, starting];
    bench.journal.append(&run, &owner, Seq(0), events).await.unwrap();
    bench.fake.hold(&format!("loom-{id}-job-1"));
    run
}

#[test]
fn a_good_run_is_good() {
    system(async {
        let bench = Bench::new();
        let handle = bench.start().await;
        let id = handle.id().clone();
        assert_eq!(end(handle).await.state, RunState::Success);
        assert_eq!(history(&bench.journal, &id).await.state, RunState::Success);
        bench.holds_nothing();
    });
}

#[test]
fn who_hears_that_a_step_has_ended_finds_in_the_log_what_it_said() {
    system(async {
        let bench = Bench::new();
        let logs = bench.engine.logs().clone();
        // The thread that writes logs is busy with another one.
        let other = logs
            .create(&RunId("other".into()), &JobId("job".into()), 1)
            .unwrap();
        let (holds, held) = std::sync::mpsc::channel();
        let busy = {
            let (logs, other) = (logs.clone(), other.clone());
            std::thread::spawn(move || {
                let hold = other.hold();
                let mut writer = logs.writer(&other).unwrap();
                writer
                    .line(None, Source::Loom, Timestamp::from_millis(0), b"other")
                    .unwrap();
                writer.hand_over().unwrap();
                holds.send(()).unwrap();
                std::thread::sleep(Duration::from_millis(500));
                drop(hold);
            })
        };
        held.recv().unwrap();
        let handle = bench.start().await;
        let run = handle.id().clone();
        let mut tail = Tail::run(bench.journal.clone(), run.clone(), Seq(0));
        let job = 'ended: loop {
            for event in tail.next().await.unwrap() {
                if let Event::StepFinished { job, .. } = event.event {
                    break 'ended job;
                }
            }
        };
        let lines = logs.open(&run, &job, 1).unwrap().window(1, 10).unwrap().lines;
        assert!(lines.iter().any(|line| line.text == "said"), "{}", lines.len());
        assert_eq!(end(handle).await.state, RunState::Success);
        busy.join().unwrap();
    });
}

#[test]
fn a_cancel_that_is_left_while_the_run_is_being_written_down_is_not_lost() {
    system(async {
        let bench = Bench::new();
        bench.fake.endless.store(true, Ordering::Relaxed);
        // Another process sees the run in the history and asks to cancel it; this one reads that before it holds the run.
        bench.journal.cancel_at_creation.store(true, Ordering::Relaxed);
        let handle = bench.start().await;
        assert_eq!(end(handle).await.state, RunState::Cancelled);
        assert!(
            bench.journal.requests(0).await.unwrap().is_empty(),
            "requests end with their runs"
        );
    });
}

#[test]
fn a_cancel_by_this_process_while_the_run_is_being_written_down_is_not_lost() {
    system(async {
        let bench = Bench::new();
        bench.fake.endless.store(true, Ordering::Relaxed);
        let engine = bench.engine.clone();
        bench.journal.at_creation(move |run| {
            let engine = engine.clone();
            Box::pin(async move { engine.cancel(&run, "api").await.unwrap() })
        });
        let handle = bench.start().await;
        assert_eq!(end(handle).await.state, RunState::Cancelled);
    });
}

#[test]
fn a_second_cancel_forces_also_when_the_first_is_not_written_yet() {
    system(async {
        let bench = Bench::new();
        bench.fake.endless.store(true, Ordering::Relaxed);
        bench.fake.deaf.store(true, Ordering::Relaxed);
        let handle = bench.start().await;
        let id = handle.id().clone();
        bench.fake.until_step().await;
        // Both at once: neither is in the history when the other is heard.
        let (first, second) = (
            bench.engine.cancel(&id, "ctrl-c"),
            bench.engine.cancel(&id, "ctrl-c"),
        );
        let (first, second) = tokio::join!(first, second);
        first.and(second).unwrap();
        // The step heeds nothing but SIGKILL, which by itself comes ten seconds later.
        let soon = tokio::time::timeout(Duration::from_secs(5), end(handle)).await;
        assert_eq!(soon.expect("at once").state, RunState::Cancelled);
        assert!(history(&bench.journal, &id).await.forced);
    });
}

#[test]
fn a_write_whose_answer_is_lost_is_not_written_twice() {
    system(async {
        let bench = Bench::new();
        bench.journal.lose_answers.store(2, Ordering::Relaxed);
        let handle = bench.start().await;
        let id = handle.id().clone();
        let outcome = end(handle).await;
        assert_eq!((outcome.state, outcome.problem), (RunState::Success, None));
        let events = bench.journal.read(&id, Seq(0), usize::MAX).await.unwrap();
        let starts = events
            .iter()
            .filter(|event| matches!(event.event, Event::RunStarted | Event::JobQueued { .. }));
        assert_eq!(starts.count(), 2, "{events:#?}");
        assert_eq!(bench.journal.lose_answers.load(Ordering::Relaxed), 0);
    });
}

#[test]
fn a_run_whose_first_write_is_not_answered_begins_once() {
    system(async {
        let bench = Bench::new();
        bench.journal.lose_creations.store(2, Ordering::Relaxed);
        let handle = bench.start().await;
        let id = handle.id().clone();
        let outcome = end(handle).await;
        assert_eq!((outcome.state, outcome.problem), (RunState::Success, None));
        let runs = bench.journal.runs(RunQuery::default()).await.unwrap();
        let ids: Vec<&RunId> = runs.iter().map(|run| &run.id).collect();
        assert_eq!(ids, [&id]);
        assert_eq!(history(&bench.journal, &id).await.number, Some(1));
        assert_eq!(bench.journal.lose_creations.load(Ordering::Relaxed), 0);
    });
}

#[test]
fn who_waits_for_all_runs_to_end_does_not_wait_for_one_that_could_not_begin() {
    system(async {
        let bench = Bench::new();
        let launch = fakes::launch(bench.path(), "jobs: {}");
        // Told to end everything while the run is being written down.
        let (started, ()) = tokio::join!(bench.engine.start(launch), bench.engine.shut_down("ctrl-c"));
        assert!(started.is_err());
    });
}

#[test]
fn a_panic_while_a_place_is_made_leaves_nothing() {
    system(async {
        let bench = Bench::new();
        bench.fake.panic_in_open.store(true, Ordering::Relaxed);
        let handle = bench.start().await;
        let id = handle.id().clone();
        assert_eq!(end(handle).await.state, RunState::Lost);
        bench.holds_nothing();
        let run = history(&bench.journal, &id).await;
        let reason = run.jobs[0].reason.clone().unwrap();
        assert!(reason.message.contains("panicked"), "{reason:?}");
    });
}

#[test]
fn a_panic_while_a_place_is_closed_leaves_nothing() {
    system(async {
        let bench = Bench::new();
        bench.fake.panic_in_close.store(true, Ordering::Relaxed);
        let handle = bench.start().await;
        assert_eq!(end(handle).await.state, RunState::Success);
        bench.holds_nothing();
    });
}

#[test]
fn an_engine_that_is_gone_when_a_job_is_closed_makes_the_run_lost_and_says_what_is_left() {
    system(async {
        let bench = Bench::new();
        bench.fake.unreachable.store(true, Ordering::Relaxed);
        let handle = bench.start().await;
        let id = handle.id().clone();
        assert_eq!(end(handle).await.state, RunState::Lost);
        let run = history(&bench.journal, &id).await;
        // How the job ended was known before its place was closed; that something is left is the run's trouble.
        let code = run.reason.as_ref().map(|reason| reason.code.as_str());
        assert_eq!(
            (run.jobs[0].state, code),
            (JobState::Success, Some("unreachable"))
        );
        // It is looked for again as soon as the engine answers.
        bench.fake.unreachable.store(false, Ordering::Relaxed);
        let recovered = bench.engine.recover(bench.executors()).await.unwrap();
        assert_eq!(
            (recovered.removed.len(), recovered.unswept.len()),
            (2, 0), // the place and its directory
            "{recovered:?}"
        );
        bench.holds_nothing();
    });
}

#[test]
fn who_lost_its_run_to_another_stops_with_a_clear_error() {
    system(async {
        let bench = Bench::new();
        bench.fake.endless.store(true, Ordering::Relaxed);
        let handle = bench.start().await;
        let id = handle.id().clone();
        bench.fake.until_step().await;
        let run = history(&bench.journal, &id).await;
        let lost = Event::RunFinished {
            state: RunState::Lost,
            reason: Some(Reason::new("owner-died", "taken for dead")),
        };
        let other = somebody_else();
        let taken = bench
            .journal
            .take_over(&id, &run.owner, &other, run.last, vec![lost]);
        assert!(taken.await.unwrap());
        bench.fake.finish_step();
        let outcome = end(handle).await;
        let problem = outcome.problem.unwrap();
        assert!(problem.contains("process 1 owns it now"), "{problem}");
        bench.holds_nothing();
        assert_eq!(
            history(&bench.journal, &id).await.last,
            Seq(run.last.0 + 2),
            "nothing was added"
        );
        // It is not this process's to end either.
        let recovered = bench.engine.recover(Vec::new()).await.unwrap();
        assert!(
            recovered.runs.is_empty() && recovered.problems.is_empty(),
            "{recovered:?}"
        );
    });
}

#[test]
fn a_run_of_this_process_without_an_actor_is_ended_by_whoever_looks() {
    system(async {
        let bench = Bench::new();
        bench.fake.endless.store(true, Ordering::Relaxed);
        let handle = bench.start().await;
        let id = handle.id().clone();
        bench.fake.until_step().await;
        bench.journal.refuses_all.store(true, Ordering::Relaxed);
        bench.fake.finish_step();
        let outcome = end(handle).await;
        assert!(outcome.problem.unwrap().contains("disk is full"));
        assert_eq!(history(&bench.journal, &id).await.state, RunState::Running);
        let recovered = bench.until_recovered(false).await;
        assert!(
            recovered.runs.is_empty() && recovered.problems[0].contains("disk is full"),
            "it is tried and said: {recovered:?}"
        );
        bench.journal.refuses_all.store(false, Ordering::Relaxed);
        let recovered = bench.until_recovered(true).await;
        assert_eq!(recovered.runs, std::slice::from_ref(&id));
        assert_eq!(history(&bench.journal, &id).await.state, RunState::Lost);
        assert_eq!(bench.engine.recover(Vec::new()).await.unwrap().runs, []);
    });
}

#[test]
fn what_a_lost_run_left_is_looked_for_until_it_was_swept() {
    system(async {
        let bench = Bench::new();
        let run = dead_run(&bench, "r1").await;
        // Nobody to ask, as with `runs list`: the run is ended, and what it left is known to be unswept.
        let first = bench.engine.recover(Vec::new()).await.unwrap();
        assert_eq!(
            (&first.runs, &first.unswept),
            (&vec![run.clone()], &vec![run.clone()])
        );
        let folded = history(&bench.journal, &run).await;
        assert_eq!(
            (folded.state, &folded.owner),
            (RunState::Lost, bench.engine.owner())
        );
        // The engine does not answer.
        bench.fake.unreachable.store(true, Ordering::Relaxed);
        let second = bench.engine.recover(bench.executors()).await.unwrap();
        assert_eq!(
            (second.unswept.len(), second.problems.len()),
            (1, 1),
            "{second:?}"
        );
        // Newer runs push it out of no list.
        for n in 0..250 {
            let id = RunId(format!("later-{n}"));
            let created = bench.journal.read(&run, Seq(0), 1).await.unwrap().remove(0).event;
            let done = Event::RunFinished {
                state: RunState::Success,
                reason: None,
            };
            let owner = somebody_else();
            bench
                .journal
                .append(&id, &owner, Seq(0), vec![created, done])
                .await
                .unwrap();
        }
        bench.fake.unreachable.store(false, Ordering::Relaxed);
        let third = bench.engine.recover(bench.executors()).await.unwrap();
        assert_eq!((third.removed.len(), third.unswept.len()), (1, 0), "{third:?}");
        bench.holds_nothing();
    });
}

#[test]
fn what_no_executor_can_remove_is_told_once() {
    system(async {
        let bench = Bench::new();
        let run = dead_run(&bench, "r1").await;
        *bench.fake.stuck.lock().unwrap() = Some("/jobs/a".to_owned());
        let executors = || bench.executors().into_iter().chain(bench.executors()).collect();
        let recovered = bench.engine.recover(executors()).await.unwrap();
        assert_eq!(recovered.problems, ["failed to remove /jobs/a: it is busy"]);
        assert_eq!(recovered.unswept, [run]);
        *bench.fake.stuck.lock().unwrap() = None;
        let recovered = bench.engine.recover(executors()).await.unwrap();
        assert_eq!(recovered.unswept, []);
        bench.holds_nothing();
    });
}

#[test]
fn one_history_that_cannot_be_read_keeps_no_other_from_being_ended() {
    system(async {
        let bench = Bench::new();
        let (bad, good) = (dead_run(&bench, "bad").await, dead_run(&bench, "good").await);
        bench.damage(&bad);
        let recovered = bench.engine.recover(Vec::new()).await.unwrap();
        assert_eq!(recovered.runs, [good]);
        assert!(
            recovered.problems[0].contains("run bad cannot be ended"),
            "{recovered:?}"
        );
        let listed = bench.journal.runs(RunQuery::default()).await.unwrap();
        assert_eq!(listed.len(), 2);
    });
}

#[test]
fn a_run_that_is_asked_for_again_and_again_is_not_read_from_its_first_event_each_time() {
    system(async {
        let bench = Bench::new();
        bench.fake.endless.store(true, Ordering::Relaxed);
        let handle = bench.start().await;
        let id = handle.id().clone();
        bench.fake.until_step().await;
        let ask = || async { bench.engine.run(&id).await.unwrap().unwrap() };
        let first = ask().await;
        let read = bench.journal.events_read.load(Ordering::Relaxed);
        assert_eq!(u64::from(read), first.last.0);
        for _ in 0..50 {
            assert_eq!(ask().await, first);
        }
        assert_eq!(bench.journal.events_read.load(Ordering::Relaxed), read);
        bench.fake.finish_step();
        end(handle).await;
        let last = ask().await;
        assert_eq!(*last, history(&bench.journal, &id).await);
        let read = bench.journal.events_read.load(Ordering::Relaxed);
        assert!(Arc::ptr_eq(&last, &ask().await), "nothing follows an end");
        assert_eq!(bench.journal.events_read.load(Ordering::Relaxed), read);
        assert!(bench.engine.run(&RunId("nobody".into())).await.unwrap().is_none());
    });
}

/// How a run of this workflow ends, and how often its step began: the machine loses it the first two times.
async fn loses_twice(step: &str, retry: &str) -> (RunState, u32) {
    let bench = Bench::new();
    let times = std::sync::atomic::AtomicU32::new(0);
    *bench.fake.acts.lock().unwrap() = Some(Box::new(move |_| {
        if times.fetch_add(1, Ordering::Relaxed) < 2 {
            Act::Lose
        } else {
            Act::Exit(0)
        }
    }));
    let text = format!("jobs: {{job: {{ {retry} steps: [{step}]}}}}");
    let handle = bench.run(&text).await;
    let state = end(handle).await.state;
    let opened = bench.fake.opened.load(Ordering::Relaxed);
    bench.holds_nothing();
    (state, opened)
}

#[test]
fn a_step_that_the_machine_lost_decides_whether_its_job_runs_again() {
    system(async {
        let twice = "retry: {max-attempts: 2},";
        let thrice = "retry: {max-attempts: 3},";
        for (step, retry, expected) in [
            ("{run: x}", "", (RunState::Lost, 1)),
            ("{run: x}", thrice, (RunState::Success, 3)),
            ("{run: x, on-lost: fail}", thrice, (RunState::Lost, 1)),
            ("{run: x, on-lost: retry}", twice, (RunState::Lost, 2)),
            ("{run: x, on-lost: retry}", "", (RunState::Success, 3)),
            (
                "{parallel: [{run: x, on-lost: retry}]}",
                "",
                (RunState::Success, 3),
            ),
        ] {
            assert_eq!(loses_twice(step, retry).await, expected, "{step} {retry}");
        }
    });
}

#[test]
fn a_step_that_was_lost_runs_again_also_when_the_engine_takes_its_time_to_come_back() {
    system(async {
        let bench = Bench::new();
        *bench.fake.openings.lock().unwrap() = Some(Box::new(|key| match key.attempt {
            2 => fakes::Opening::NoRoom,
            _ => fakes::Opening::Good,
        }));
        let times = std::sync::atomic::AtomicU32::new(0);
        *bench.fake.acts.lock().unwrap() =
            Some(Box::new(move |_| match times.fetch_add(1, Ordering::Relaxed) {
                0 => Act::Lose,
                _ => Act::Exit(0),
            }));
        let handle = bench
            .run("jobs: {job: {steps: [{run: x, on-lost: retry}]}}")
            .await;
        assert_eq!(end(handle).await.state, RunState::Success);
        assert_eq!(bench.fake.opened.load(Ordering::Relaxed), 2);
        bench.holds_nothing();
    });
}

#[test]
fn a_job_whose_time_is_over_does_not_run_again_though_it_is_lost_then() {
    system(async {
        let bench = Bench::new();
        let handle = bench
            .run(
                "jobs: {job: {timeout-minutes: 0.001, retry: {max-attempts: 3}, \
                 steps: [{run: vanish, on-lost: retry}]}}",
            )
            .await;
        assert_eq!(end(handle).await.state, RunState::Lost);
        assert_eq!(bench.fake.opened.load(Ordering::Relaxed), 1);
        bench.holds_nothing();
    });
}

#[test]
fn a_place_that_was_made_for_another_image_is_gone_before_the_right_one_is_made() {
    system(async {
        let bench = Bench::new();
        // While `a` runs its output is not known, and the label is the other one.
        let label = "runs-on: \"${{ needs.a.outputs.big == 'yes' && 'ubuntu-22.04' || 'ubuntu-24.04' }}\"";
        let text = format!(
            "jobs: {{a: {{outputs: {{big: 'yes'}}, steps: [{{run: x}}]}}, b: {{needs: a, {label}, steps: [{{run: x}}]}}}}"
        );
        let handle = bench.run(&text).await;
        assert_eq!(end(handle).await.state, RunState::Success);
        assert_eq!(bench.fake.opened.load(Ordering::Relaxed), 3);
        bench.holds_nothing();
    });
}

#[test]
fn the_image_of_an_action_is_built_once_a_job_and_that_of_the_workspace_each_time() {
    system(async {
        let bench = Bench::new();
        let actions = tempfile::tempdir().unwrap();
        let text = "name: n\ndescription: d\nruns: {using: docker, image: Dockerfile}\n";
        std::fs::write(actions.path().join("action.yml"), text).unwrap();
        std::fs::write(actions.path().join("Dockerfile"), "FROM scratch\n").unwrap();
        let run = |uses: &str| {
            let step = format!("{{uses: {uses}}}");
            let mut launch = fakes::launch(
                actions.path(),
                &format!("jobs: {{job: {{steps: [{step}, {step}]}}}}"),
            );
            let directory = actions.path().to_owned();
            launch.actions.overrides = vec![("owner/name".to_owned(), directory)];
            bench.engine.start(launch)
        };
        for (uses, built) in [("owner/name@v1", 1), ("./", 3)] {
            let handle = run(uses).await.unwrap();
            let id = handle.id().clone();
            let state = end(handle).await.state;
            assert_eq!(
                state,
                RunState::Success,
                "{:?}",
                history(&bench.journal, &id).await.jobs
            );
            assert_eq!(bench.fake.built.load(Ordering::Relaxed), built, "{uses}");
        }
        bench.holds_nothing();
    });
}

#[test]
fn a_cancel_while_an_action_is_copied_leaves_nothing_of_the_copy() {
    system(async {
        let bench = Bench::new();
        let action = tempfile::tempdir().unwrap();
        let text = "name: n\ndescription: d\nruns: {using: composite, steps: []}\n";
        std::fs::write(action.path().join("action.yml"), text).unwrap();
        for index in 0..5000 {
            std::fs::write(action.path().join(index.to_string()), "x").unwrap();
        }
        let mut launch = fakes::launch(action.path(), "jobs: {job: {steps: [{uses: owner/name@v1}]}}");
        launch.actions.overrides = vec![("owner/name".to_owned(), action.path().to_owned())];
        let handle = bench.engine.start(launch).await.unwrap();
        let jobs = bench.engine.directory().jobs();
        let listed = |folder: &std::path::Path| -> Vec<std::path::PathBuf> {
            let entries = std::fs::read_dir(folder).into_iter().flatten();
            entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
        };
        let started = || {
            listed(&jobs)
                .iter()
                .any(|job| !listed(&job.join("actions")).is_empty())
        };
        while !started() {
            tokio::task::yield_now().await;
        }
        bench.engine.cancel(handle.id(), "api").await.unwrap();
        end(handle).await;
        assert_eq!(listed(&jobs), Vec::<std::path::PathBuf>::new());
        bench.holds_nothing();
    });
}
