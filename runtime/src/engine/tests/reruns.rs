//! Another attempt at a run, with the whole engine.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use super::fakes::{Act, Bench, launch};
use super::{end, history, system};
use crate::engine::{EngineError, RerunOrder};
use crate::event::{JobState, RunState};
use crate::id::{JobId, RunId};
use crate::journal::{Journal, JournalError, RunQuery};
use crate::state::{Again, RerunError};

const TEXT: &str = "jobs:
  build: {outputs: {v: told}, steps: [{run: build}]}
  test:
    needs: build
    strategy: {fail-fast: false, matrix: {v: [1, 2, 3]}}
    steps: [{run: 'test ${{ matrix.v }}, ${{ github.run_attempt }} of ${{ github.run_number }}'}]
  ship:
    needs: [build, test]
    steps: [{run: 'ship ${{ needs.build.outputs.v }} ${{ needs.test.result }} ${{ github.run_id }}'}]
  sorry: {needs: test, if: failure(), steps: [{run: sorry}]}
";

/// What steps were told to do; those that hold one of these texts fail.
fn watch(bench: &Bench, failing: &'static [&'static str]) -> Arc<Mutex<Vec<String>>> {
    let said: Arc<Mutex<Vec<String>>> = Arc::default();
    let inside = Arc::clone(&said);
    *bench.fake.acts.lock().unwrap() = Some(Box::new(move |text: &String| {
        inside.lock().unwrap().push(text.trim().to_owned());
        let fails = failing.iter().any(|part| text.contains(part));
        Act::Exit(i32::from(fails))
    }));
    said
}

fn taken(said: &Mutex<Vec<String>>) -> Vec<String> {
    let mut said = std::mem::take(&mut *said.lock().unwrap());
    said.sort();
    said
}

fn order(of: &RunId, again: Again) -> RerunOrder {
    RerunOrder {
        of: of.clone(),
        again,
        current_files: false,
    }
}

impl Bench {
    async fn again(&self, text: &str, order: RerunOrder) -> Result<RunId, EngineError> {
        let mut launch = launch(self.path(), text);
        launch.rerun = Some(order);
        let handle = self.engine.start(launch).await?;
        let id = handle.id().clone();
        end(handle).await;
        Ok(id)
    }
}

#[test]
fn what_failed_runs_again_under_the_number_of_the_run_and_what_had_ended_well_does_not() {
    system(async {
        let bench = Bench::new();
        let said = watch(&bench, &["test 2, 1"]);
        let handle = bench.run(TEXT).await;
        let first = handle.id().clone();
        assert_eq!(end(handle).await.state, RunState::Failure);
        let ran = taken(&said);
        let tests = ["test 1, 1 of 1", "test 2, 1 of 1", "test 3, 1 of 1"];
        assert_eq!(ran, [&["build", "sorry"][..], &tests[..]].concat());
        let second = bench.again(TEXT, order(&first, Again::Failed)).await.unwrap();
        let ran = taken(&said);
        let number = crate::context::run_id_number(&first);
        let ship = format!("ship told success {number}");
        assert_eq!(ran, [ship.as_str(), "test 2, 2 of 1"]);
        let run = history(&bench.journal, &second).await;
        assert_eq!((run.state, run.attempt()), (RunState::Success, 2));
        assert_eq!(run.jobs[&JobId("sorry".into())].state, JobState::Skipped);
        assert!(run.jobs[&JobId("test#0".into())].reused.is_some());
        // Another run of the file is the second, whatever attempts there are.
        let handle = bench.run(TEXT).await;
        end(handle).await;
        assert!(taken(&said).contains(&"test 1, 1 of 2".to_owned()));
        let attempts = RunQuery {
            attempts_at: Some(first.clone()),
            ..RunQuery::default()
        };
        let listed = bench.journal.runs(attempts).await.unwrap();
        let listed: Vec<(u32, &RunId)> = listed.iter().map(|run| (run.attempt, &run.id)).collect();
        assert_eq!(listed, [(2, &second), (1, &first)]);
        // The third attempt, of the first: numbers go on.
        let third = bench.again(TEXT, order(&first, Again::All)).await.unwrap();
        assert_eq!(history(&bench.journal, &third).await.attempt(), 3);
        assert!(taken(&said).contains(&"test 2, 3 of 1".to_owned()));
        bench.holds_nothing();
    });
}

#[test]
fn one_that_goes_on_is_not_run_again_and_of_its_attempts_one_is_open_at_most() {
    system(async {
        let bench = Bench::new();
        let text = "jobs: {job: {steps: [{run: fail}]}}";
        let handle = bench.run(text).await;
        let first = handle.id().clone();
        end(handle).await;
        bench
            .fake
            .endless
            .store(true, std::sync::atomic::Ordering::Relaxed);
        let mut open = launch(bench.path(), text);
        open.rerun = Some(order(&first, Again::Failed));
        let second = bench.engine.start(open).await.unwrap();
        let other = bench.again(text, order(&first, Again::All)).await;
        assert!(
            matches!(
                &other,
                Err(EngineError::Rerun(RerunError::OtherOpen { attempt: 2, .. }))
            ),
            "{other:?}"
        );
        let of_open = bench.engine.run_again(&order(second.id(), Again::All)).await;
        assert!(
            matches!(&of_open, Err(EngineError::Rerun(RerunError::Open(_)))),
            "{:?}",
            of_open.err()
        );
        bench.engine.cancel(second.id(), "test").await.unwrap();
        end(second).await;
        // At the same moment: one of them comes too late.
        let both = tokio::join!(
            bench.engine.start(with(&bench, text, order(&first, Again::All))),
            bench.engine.start(with(&bench, text, order(&first, Again::All)))
        );
        let (well, late) = match both {
            (Ok(well), Err(late)) | (Err(late), Ok(well)) => (well, late),
            (one, other) => panic!("{:?} {:?}", one.err(), other.err()),
        };
        assert!(
            matches!(
                &late,
                EngineError::Rerun(_) | EngineError::Journal(JournalError::Refused { .. })
            ),
            "{late}"
        );
        bench.engine.cancel(well.id(), "test").await.unwrap();
        end(well).await;
        let unknown = bench
            .engine
            .run_again(&order(&RunId("none".into()), Again::All))
            .await;
        assert!(matches!(unknown, Err(EngineError::UnknownRun(_))));
    });
}

fn with(bench: &Bench, text: &str, order: RerunOrder) -> crate::engine::Launch {
    let mut launch = launch(bench.path(), text);
    launch.rerun = Some(order);
    launch
}

#[test]
fn runs_that_begin_at_the_same_moment_have_numbers_of_their_own() {
    system(async {
        let bench = Bench::new();
        let said = watch(&bench, &[]);
        let text = "jobs:\n  a: {steps: [{run: 'number ${{ github.run_number }}'}]}\n";
        let started = futures_util::future::join_all((0..5).map(|_| bench.run(text))).await;
        for handle in started {
            end(handle).await;
        }
        let numbers = |from: u32, to| (from..=to).map(|n| format!("number {n}")).collect::<Vec<_>>();
        assert_eq!(taken(&said), numbers(1, 5));
        // Another process has taken the number that is asked for.
        bench.journal.stale_number.store(true, Ordering::Relaxed);
        end(bench.run(text).await).await;
        assert_eq!(taken(&said), numbers(6, 6));
    });
}
