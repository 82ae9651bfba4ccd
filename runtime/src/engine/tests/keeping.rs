//! Places that stay when their jobs are done.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::fakes::{Bench, launch};
use super::{dead_run, end, history, system};
use crate::config::Keep;
use crate::engine::RunHandle;
use crate::event::{Event, PauseAnswer, RunState, Seq};
use crate::executor::Executor;
use crate::id::{JobId, RunId};
use crate::journal::Journal;

/// One job is good, one fails, one is skipped.
const TEXT: &str = "jobs: {bad: {steps: [{name: one, run: fail}]}, good: {steps: [{run: x}]}, \
    never: {needs: bad, steps: [{run: x}]}}";

async fn begin(bench: &Bench, text: &str, keep: Keep) -> RunHandle {
    let mut launch = launch(bench.path(), text);
    launch.source.options.keep = keep;
    bench.engine.start(launch).await.unwrap()
}

/// The jobs whose places are kept, as the engine says and as the history does.
async fn kept(bench: &Bench, run: &RunId) -> (Vec<String>, Vec<String>) {
    let places = bench.engine.kept().await.unwrap();
    let there = places.into_iter().map(|place| place.job.0).collect();
    let run = history(&bench.journal, run).await;
    let kept = run.jobs.iter().filter(|(_, job)| job.place_kept);
    (there, kept.map(|(id, _)| id.0.clone()).collect())
}

fn names(names: &[&str]) -> (Vec<String>, Vec<String>) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    (names.clone(), names)
}

#[test]
fn what_is_kept_is_as_was_asked_and_stays_until_it_is_removed() {
    system(async {
        for (keep, expected) in [
            (Keep::Never, &[][..]),
            (Keep::Failed, &["bad"]),
            (Keep::Always, &["bad", "good"]),
        ] {
            let bench = Bench::new();
            let run = begin(&bench, TEXT, keep).await;
            let id = run.id().clone();
            assert_eq!(end(run).await.state, RunState::Failure);
            assert_eq!(kept(&bench, &id).await, names(expected), "{keep:?}");
            let executors: Vec<Arc<dyn Executor>> = vec![Arc::new(bench.fake.clone())];
            bench.engine.recover(executors).await.unwrap();
            assert_eq!(
                kept(&bench, &id).await,
                names(expected),
                "a start takes nothing of it"
            );
            for place in bench.engine.kept().await.unwrap() {
                assert!(!place.entrances.is_empty());
                bench.engine.remove_kept(&place).await.unwrap();
                // Once more is nothing.
                bench.engine.remove_kept(&place).await.unwrap();
            }
            bench.holds_nothing();
        }
    });
}

#[test]
fn what_somebody_is_in_is_not_removed() {
    system(async {
        let bench = Bench::new();
        end(begin(&bench, TEXT, Keep::Failed).await).await;
        let place = bench.engine.kept().await.unwrap().remove(0);
        let inside = bench.engine.enter_kept(&place).await.unwrap();
        assert!(bench.engine.remove_kept(&place).await.is_err());
        drop(inside);
        bench.fake.unreachable.store(true, Ordering::Relaxed);
        assert!(bench.engine.remove_kept(&place).await.is_err());
        assert_eq!(
            bench.engine.kept().await.unwrap().len(),
            1,
            "what could not go is there"
        );
        bench.fake.unreachable.store(false, Ordering::Relaxed);
        bench.engine.remove_kept(&place).await.unwrap();
        assert!(bench.engine.enter_kept(&place).await.is_none());
        bench.holds_nothing();
    });
}

#[test]
fn what_another_engine_has_is_not_taken_for_gone() {
    system(async {
        let bench = Bench::new();
        let at = |address: &str| *bench.fake.address.lock().unwrap() = Some(address.to_owned());
        at("unix:///a");
        end(begin(&bench, TEXT, Keep::Failed).await).await;
        let place = bench.engine.kept().await.unwrap().remove(0);
        let inside = bench.engine.enter_kept(&place).await.unwrap();
        drop(bench.engine.wake_kept(&place.name()).await.unwrap());
        drop(inside);
        at("unix:///b");
        let executors = || -> Vec<Arc<dyn Executor>> { vec![Arc::new(bench.fake.clone())] };
        for _ in 0..2 {
            let recovered = bench.engine.recover(executors()).await.unwrap();
            assert_eq!(recovered.awake, [place.name()]);
            let [problem] = recovered.problems.as_slice() else {
                panic!("{:?}", recovered.problems)
            };
            assert!(problem.contains("set DOCKER_HOST=unix:///a"), "{problem}");
        }
        assert_eq!(*bench.fake.rested.lock().unwrap(), [""; 0]);
        let error = bench.engine.remove_kept(&place).await.unwrap_err().to_string();
        assert!(error.contains("in the engine at unix:///a"), "{error}");
        assert_eq!(bench.engine.kept().await.unwrap().len(), 1);
        at("unix:///a");
        let recovered = bench.engine.recover(executors()).await.unwrap();
        assert_eq!((recovered.awake, recovered.problems), (Vec::new(), Vec::new()));
        bench.engine.remove_kept(&place).await.unwrap();
        bench.holds_nothing();
    });
}

#[test]
fn what_a_killed_shell_has_left_running_is_stopped_at_the_next_start() {
    system(async {
        let bench = Bench::new();
        end(begin(&bench, TEXT, Keep::Failed).await).await;
        let place = bench.engine.kept().await.unwrap().remove(0);
        let name = place.name();
        let executors = || -> Vec<Arc<dyn Executor>> { vec![Arc::new(bench.fake.clone())] };
        let inside = bench.engine.enter_kept(&place).await.unwrap();
        let first = bench.engine.wake_kept(&name).await.unwrap();
        let second = tokio::time::timeout(Duration::from_millis(100), bench.engine.wake_kept(&name));
        assert!(second.await.is_err(), "one at a time");
        drop(first);
        drop(bench.engine.wake_kept(&name).await.unwrap());
        let recovered = bench.engine.recover(executors()).await.unwrap();
        assert_eq!(recovered.awake, [""; 0], "somebody is there");
        assert_eq!(*bench.fake.rested.lock().unwrap(), [""; 0]);
        // Its process is gone.
        drop(inside);
        let recovered = bench.engine.recover(Vec::new()).await.unwrap();
        assert_eq!(
            recovered.awake,
            std::slice::from_ref(&name),
            "nobody asked the engine"
        );
        bench.fake.unreachable.store(true, Ordering::Relaxed);
        let recovered = bench.engine.recover(executors()).await.unwrap();
        assert_eq!(
            (recovered.awake, recovered.problems.len()),
            (vec![name.clone()], 1)
        );
        bench.fake.unreachable.store(false, Ordering::Relaxed);
        for _ in 0..2 {
            let recovered = bench.engine.recover(executors()).await.unwrap();
            assert_eq!((recovered.awake, recovered.problems), (Vec::new(), Vec::new()));
            assert_eq!(
                *bench.fake.rested.lock().unwrap(),
                std::slice::from_ref(&name),
                "once"
            );
        }
        // Whoever leaves it is like that, and what is removed is forgotten.
        let inside = bench.engine.enter_kept(&place).await.unwrap();
        drop(bench.engine.wake_kept(&name).await.unwrap());
        bench.engine.rest_kept(&name, inside).await.unwrap();
        assert_eq!(bench.engine.recover(Vec::new()).await.unwrap().awake, [""; 0]);
        let inside = bench.engine.enter_kept(&place).await.unwrap();
        drop(bench.engine.wake_kept(&name).await.unwrap());
        drop(inside);
        bench.engine.remove_kept(&place).await.unwrap();
        bench.holds_nothing();
        assert_eq!(
            std::fs::read_dir(bench.engine.directory().jobs())
                .unwrap()
                .count(),
            0
        );
    });
}

#[test]
fn what_cannot_be_kept_is_removed() {
    system(async {
        let bench = Bench::new();
        bench.fake.cannot_keep.store(true, Ordering::Relaxed);
        let run = begin(&bench, TEXT, Keep::Failed).await;
        let id = run.id().clone();
        assert_eq!(end(run).await.state, RunState::Failure);
        assert_eq!(kept(&bench, &id).await, names(&[]));
        bench.holds_nothing();
    });
}

#[test]
fn of_a_job_that_is_tried_again_the_last_attempt_is_kept() {
    system(async {
        let bench = Bench::new();
        let text = "jobs: {a: {retry: {max-attempts: 2, delay: 1ms}, steps: [{run: fail}]}}";
        let run = begin(&bench, text, Keep::Failed).await;
        let id = run.id().clone();
        assert_eq!(end(run).await.state, RunState::Failure);
        let places = bench.engine.kept().await.unwrap();
        assert_eq!(places.iter().map(|place| place.attempt).collect::<Vec<_>>(), [2]);
        let events = bench.journal.read(&id, Seq(0), usize::MAX).await.unwrap();
        let kept = events.iter().filter_map(|recorded| match &recorded.event {
            Event::JobKept {
                attempt, resource, ..
            } => Some((*attempt, resource.clone())),
            _ => None,
        });
        assert_eq!(kept.collect::<Vec<_>>(), [(2, places[0].name())]);
    });
}

#[test]
fn a_cancelled_job_has_not_failed() {
    system(async {
        for (keep, expected) in [(Keep::Failed, &[][..]), (Keep::Always, &["a"])] {
            let bench = Bench::new();
            bench.fake.endless.store(true, Ordering::Relaxed);
            let run = begin(&bench, "jobs: {a: {steps: [{run: x}]}}", keep).await;
            let id = run.id().clone();
            bench.fake.until_step().await;
            bench.engine.cancel(&id, "somebody").await.unwrap();
            assert_eq!(end(run).await.state, RunState::Cancelled);
            assert_eq!(kept(&bench, &id).await, names(expected), "{keep:?}");
        }
    });
}

#[test]
fn a_job_that_pauses_is_kept_by_how_it_ends() {
    system(async {
        for (answer, expected) in [(PauseAnswer::Skip, &[][..]), (PauseAnswer::End, &["a"])] {
            let bench = Bench::new();
            let mut launch = launch(bench.path(), "jobs: {a: {steps: [{run: fail}]}}");
            launch.source.options.keep = Keep::Failed;
            launch.source.options.pause_on_failure = true;
            let run = bench.engine.start(launch).await.unwrap();
            let id = run.id().clone();
            while !history(&bench.journal, &id).await.jobs[&JobId("a".into())].is_paused() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            bench.engine.answer(&id, None, answer).await.unwrap();
            end(run).await;
            assert_eq!(kept(&bench, &id).await, names(expected), "{answer:?}");
        }
    });
}

#[test]
fn what_a_dead_owner_has_kept_is_left_alone() {
    system(async {
        let bench = Bench::new();
        let kept = begin(&bench, TEXT, Keep::Failed).await;
        end(kept).await;
        let mut place = bench.engine.kept().await.unwrap().remove(0);
        // The same job of a run whose owner died in the middle of another.
        let dead = dead_run(&bench, "r1").await;
        place.run = dead.clone();
        let jobs = bench.engine.directory().jobs();
        crate::engine::kept::note(&jobs, &place).unwrap();
        bench.fake.hold(&place.name());
        std::fs::create_dir(jobs.join(place.name())).unwrap();
        std::fs::create_dir(jobs.join("loom-r1-job-1")).unwrap();
        // It was killed while it wrote that down.
        std::fs::write(jobs.join("loom-r1-other-1.draft"), "{").unwrap();
        let executors: Vec<Arc<dyn Executor>> = vec![Arc::new(bench.fake.clone())];
        let recovered = bench.engine.recover(executors).await.unwrap();
        assert_eq!(recovered.runs, [dead]);
        for removed in ["loom-r1-job-1", "loom-r1-other-1.draft"] {
            assert!(recovered.removed.contains(&removed.to_owned()), "{recovered:?}");
            assert!(!jobs.join(removed).exists(), "{removed}");
        }
        assert!(recovered.problems.is_empty(), "{recovered:?}");
        assert!(bench.held().contains(&place.name()), "{:?}", bench.held());
        assert!(jobs.join(place.name()).exists());
    });
}

#[test]
fn nothing_is_swept_while_nobody_knows_what_is_kept() {
    system(async {
        let bench = Bench::new();
        let dead = dead_run(&bench, "r1").await;
        bench.fake.hold("loom-r1-job-1");
        let jobs = bench.engine.directory().jobs();
        assert!(!jobs.exists(), "no job has run here yet");
        std::fs::write(&jobs, "").unwrap();
        let executors = || -> Vec<Arc<dyn Executor>> { vec![Arc::new(bench.fake.clone())] };
        let recovered = bench.engine.recover(executors()).await.unwrap();
        assert_eq!(recovered.unswept, [dead], "{recovered:?}");
        assert!(recovered.removed.is_empty(), "{recovered:?}");
        assert!(
            recovered.problems[0].contains("nothing is removed"),
            "{recovered:?}"
        );
        assert!(bench.engine.kept().await.is_err());
        std::fs::remove_file(&jobs).unwrap();
        assert!(bench.held().contains(&"loom-r1-job-1".to_owned()));
        let recovered = bench.engine.recover(executors()).await.unwrap();
        assert!(recovered.unswept.is_empty(), "{recovered:?}");
        bench.holds_nothing();
    });
}

#[test]
fn a_place_whose_engine_is_gone_for_ever_can_be_given_up_and_what_it_leaves_is_named() {
    system(async {
        let bench = Bench::new();
        let at = |address: &str| *bench.fake.address.lock().unwrap() = Some(address.to_owned());
        at("unix:///gone");
        end(begin(&bench, TEXT, Keep::Failed).await).await;
        let place = bench.engine.kept().await.unwrap().remove(0);
        at("unix:///new");
        let inside = bench.engine.enter_kept(&place).await.unwrap();
        assert!(
            bench.engine.abandon_kept(&place).await.is_err(),
            "somebody is in it"
        );
        assert_eq!(bench.engine.kept().await.unwrap().len(), 1);
        drop(inside);
        let left = bench.engine.abandon_kept(&place).await.unwrap().unwrap();
        assert!(
            left.contains("in the engine at unix:///gone")
                && left.contains(&format!("loom.name={}", place.name())),
            "{left}"
        );
        assert_eq!(bench.engine.kept().await.unwrap().len(), 0);
        let jobs = bench.path().join("jobs");
        let there: Vec<_> = std::fs::read_dir(&jobs).unwrap().flatten().collect();
        assert!(there.is_empty(), "{there:?}");
        assert_eq!(
            bench.engine.abandon_kept(&place).await.unwrap(),
            None,
            "it is gone"
        );
    });
}
