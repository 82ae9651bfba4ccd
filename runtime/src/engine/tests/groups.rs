//! Runs and jobs that are held apart: concurrency groups, and names.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use loom_protocol::Timestamp;

use super::fakes::{Act, Bench, Odd};
use super::{dead_run, end, history, somebody_else, system};
use crate::cli::Exit;
use crate::engine::RunHandle;
use crate::event::{Event, JobState, RunState, Seq};
use crate::executor::Signal;
use crate::id::{JobId, RunId};
use crate::journal::{ClaimRequest, ClaimState, Journal, Queue, SqliteJournal};
use crate::state::{Claim, Run};
use crate::world::{Sleep, SystemWorld, World};

/// A world in which nobody waits long.
struct Hasty;

impl World for Hasty {
    fn now(&self) -> Timestamp {
        SystemWorld.now()
    }

    fn elapsed(&self) -> Duration {
        SystemWorld.elapsed()
    }

    fn sleep(&self, time: Duration) -> Sleep {
        SystemWorld.sleep(time / 100)
    }

    fn new_run_id(&self) -> RunId {
        SystemWorld.new_run_id()
    }
}

#[test]
fn a_run_that_waits_for_a_group_goes_on_when_the_owner_of_the_one_before_has_died() {
    system(async {
        let bench = Bench::with(Arc::new(Hasty), |state| {
            let inner = SqliteJournal::open(&state.journal(), Arc::new(SystemWorld)).unwrap();
            let instance = inner.instance().to_owned();
            (Odd::new(inner), instance)
        });
        let before = dead_run(&bench, "before").await;
        let claim = ClaimRequest {
            group: "one".into(),
            run: before.clone(),
            job: None,
            owner: somebody_else(),
            cancel_in_progress: false,
            queue: Queue::default(),
        };
        let claimed = bench.journal.claim(claim).await.unwrap();
        assert_eq!(claimed.state, ClaimState::Held);
        let handle = bench
            .run("concurrency: one\njobs: {job: {steps: [{run: x}]}}")
            .await;
        assert_eq!(end(handle).await.state, RunState::Success);
        assert_eq!(history(&bench.journal, &before).await.state, RunState::Lost);
    });
}

#[test]
fn a_second_attempt_at_a_job_is_not_taken_for_a_job_of_that_name() {
    system(async {
        let bench = Bench::new();
        let tries = AtomicU32::new(0);
        *bench.fake.acts.lock().unwrap() = Some(Box::new(move |text| {
            match (text.starts_with("first"), tries.load(Ordering::Relaxed)) {
                (true, 0) => {
                    tries.store(1, Ordering::Relaxed);
                    Act::Exit(1)
                }
                _ => Act::Wait(Signal::Interrupt),
            }
        }));
        let handle = bench
            .run("jobs: {a: {retry: {max-attempts: 2, delay: 1ms}, steps: [{run: first}]}, a-2: {steps: [{run: other}]}}")
            .await;
        let id = handle.id().clone();
        bench.fake.until_steps(3).await;
        // Both are told, or one would go on for ever.
        bench.engine.cancel(&id, "api").await.unwrap();
        assert_eq!(end(handle).await.state, RunState::Cancelled);
        let run = history(&bench.journal, &id).await;
        assert_eq!(run.jobs[&JobId("a".into())].attempt, 2);
    });
}

/// What gives way: a job that is under way, and three that wait for it, each with an `if` of its own.
const OLDER: &str = "concurrency: {group: one, cancel-in-progress: true}
jobs:
  build: {steps: [{run: wait}]}
  deploy: {needs: build, if: '!cancelled()', strategy: {matrix: {at: [a, b]}}, steps: [{run: x}]}
  tidy: {needs: build, if: always(), steps: [{run: wait}]}
  tell: {needs: build, if: cancelled(), steps: [{run: x}]}
";

const NEWER: &str = "concurrency: {group: one, cancel-in-progress: true}\njobs: {job: {steps: [{run: x}]}}";

/// How the jobs of [`OLDER`] end on GitHub when a newer run comes, as for any run that is cancelled.
#[track_caller]
fn gave_way(run: &Run) {
    let states: Vec<(&str, JobState)> = run.jobs.iter().map(|(id, job)| (&*id.0, job.state)).collect();
    let expected = [
        ("build", JobState::Cancelled),
        ("deploy", JobState::Cancelled),
        ("tidy", JobState::Success),
        ("tell", JobState::Success),
    ];
    assert_eq!(states, expected, "{:#?}", run.jobs);
    assert_eq!((run.state, run.forced), (RunState::Cancelled, false));
    assert_eq!(run.jobs[&JobId("deploy".into())].attempt, 0);
}

/// Waits until a history is as wanted.
async fn until(bench: &Bench, run: &RunId, wanted: impl Fn(&Run) -> bool) {
    while !wanted(&history(&bench.journal, run).await) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Waits until a process has looked for requests of others a few times.
async fn until_heard(bench: &Bench) {
    let looks = bench.journal.looks.load(Ordering::Relaxed) + 4;
    while bench.journal.looks.load(Ordering::Relaxed) < looks {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A newer run of the group, which waits for its turn: who has it was told by then.
async fn newcomer(bench: &Bench) -> RunHandle {
    let handle = bench.run(NEWER).await;
    until(bench, handle.id(), |run| run.claim == Claim::Waiting).await;
    handle
}

async fn gives_way_to_newer_ones(of_another_process: bool) {
    let bench = Bench::new();
    let other = of_another_process.then(|| bench.beside());
    let theirs = other.as_ref().unwrap_or(&bench);
    let older = bench.run(OLDER).await;
    let id = older.id().clone();
    bench.fake.until_steps(1).await;
    let first = newcomer(theirs).await;
    // `tidy` and `tell` run though the run is cancelled.
    bench.fake.until_steps(3).await;
    let second = newcomer(theirs).await;
    until_heard(&bench).await;
    // The place of the first among those that wait is the second's now: it has never begun.
    let displaced = first.id().clone();
    assert_eq!(end(first).await.state, RunState::Cancelled);
    let displaced = history(&bench.journal, &displaced).await;
    assert_eq!((displaced.jobs[0].attempt, &displaced.cancel), (0, &None));
    let now = history(&bench.journal, &id).await;
    let tidy = &now.jobs[&JobId("tidy".into())];
    assert_eq!((now.forced, tidy.state), (false, JobState::Running));
    bench.fake.finish_step();
    assert_eq!(end(older).await.state, RunState::Cancelled);
    let run = history(&bench.journal, &id).await;
    gave_way(&run);
    assert_eq!(run.cancel.as_deref(), Some("concurrency"));
    assert_eq!(run.jobs[0].reason.as_ref().unwrap().code, "concurrency");
    assert_eq!(Exit::of(run.state, run.somebody_cancelled()), Exit::Failure);
    let events = bench.journal.read(&id, Seq(0), usize::MAX).await.unwrap();
    let cancels = events
        .iter()
        .filter(|event| matches!(event.event, Event::CancelRequested { .. }));
    assert_eq!(cancels.count(), 1, "however many newer ones come");
    assert_eq!(end(second).await.state, RunState::Success);
    bench.holds_nothing();
}

#[test]
fn a_run_that_gives_way_to_newer_ones_of_this_process_is_a_cancelled_run() {
    system(gives_way_to_newer_ones(false));
}

#[test]
fn a_run_that_gives_way_to_newer_ones_of_another_process_is_a_cancelled_run() {
    system(gives_way_to_newer_ones(true));
}

#[test]
fn a_run_that_is_to_give_way_while_it_gets_its_turn_is_a_cancelled_run() {
    system(async {
        let bench = Bench::new();
        let other = bench.beside();
        bench.fake.finish_step();
        bench.journal.holds_claims.send_replace(true);
        let older = bench.run(OLDER).await;
        let id = older.id().clone();
        while bench.journal.claim_state(&id, None).await.unwrap() != Some(ClaimState::Held) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let newer = newcomer(&other).await;
        until_heard(&bench).await;
        bench.journal.holds_claims.send_replace(false);
        end(older).await;
        gave_way(&history(&bench.journal, &id).await);
        assert_eq!(end(newer).await.state, RunState::Success);
    });
}

#[test]
fn somebody_who_cancels_a_run_that_gives_way_does_not_force_and_counts() {
    system(async {
        let bench = Bench::new();
        let older = bench.run(OLDER).await;
        let id = older.id().clone();
        bench.fake.until_steps(1).await;
        let newer = newcomer(&bench).await;
        bench.fake.until_steps(3).await;
        bench.engine.cancel(&id, "ctrl-c").await.unwrap();
        until(&bench, &id, |run| run.cancel.as_deref() == Some("ctrl-c")).await;
        bench.fake.finish_step();
        end(older).await;
        let run = history(&bench.journal, &id).await;
        gave_way(&run);
        assert_eq!(Exit::of(run.state, run.somebody_cancelled()), Exit::Cancelled);
        assert_eq!(end(newer).await.state, RunState::Success);
    });
}
