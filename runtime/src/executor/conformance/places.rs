//! Places: made, closed, kept, reclaimed and swept.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use loom_runtime::executor::{ExecutorError, ExitStatus, Fault, PlaceSpec, Signal};
use loom_runtime::id::{JobId, JobKey, RunId, StepId};

use super::bench::{Bench, Heard, Recorder, finish, run, script, start};

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
