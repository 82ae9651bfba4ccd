//! Runs and jobs that are held apart: concurrency groups, and names.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use loom_protocol::Timestamp;

use super::fakes::{Act, Bench, Odd};
use super::{dead_run, end, history, somebody_else, system};
use crate::event::RunState;
use crate::executor::Signal;
use crate::id::{JobId, RunId};
use crate::journal::{ClaimRequest, ClaimState, Journal, Queue, SqliteJournal};
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
