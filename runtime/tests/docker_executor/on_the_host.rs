//! Jobs on this machine that have services and container actions in the engine.

use std::collections::BTreeMap;
use std::sync::Arc;

use loom_runtime::executor::docker::StepsBy;
use loom_runtime::executor::host::{AgentProgram, HostExecutor, HostOptions};
use loom_runtime::executor::{ExitStatus, FileContent, RoomSpec};

use super::actions::{action, what_runs_at_once_keeps_apart};
use super::bench::{BUSYBOX, bench, executor};
use super::services::{fetch_from, web};
use crate::conformance::{Bench, run, start};

fn host_bench() -> Bench {
    let mut bench = bench();
    let agent = loom_runtime::executor::channel::AgentBinary::embedded()
        .expect("built on Linux")
        .materialise(bench.temporary.path())
        .unwrap();
    let program = AgentProgram {
        program: agent,
        arguments: Vec::new(),
    };
    let mut options = HostOptions::new(program, bench.temporary.path().join("register"));
    options.docker = Some(Arc::new(executor(bench.temporary.path(), StepsBy::Agent)));
    bench.executor = Arc::new(HostExecutor::new(options));
    bench.room = RoomSpec::Host;
    bench
}

#[tokio::test]
async fn a_job_on_the_host_has_services_and_container_actions() {
    let bench = host_bench();
    let mut job = bench.job();
    job.services.insert("web".into(), web("hello"));
    let place = bench.open(&job).await;
    let facts = place.facts().clone();
    assert!(facts.container.is_none() && facts.network.is_some());
    assert_eq!(fetch_from(&facts.services["web"].ports["80"]), "hello\n");
    let mut step = action(
        BUSYBOX,
        &[
            "/bin/sh",
            "-c",
            "echo $WHERE $T; wget -q -O - http://web/; echo o=1 >>$GITHUB_OUTPUT",
        ],
    );
    step.env = BTreeMap::from([
        ("WHERE".into(), format!("{}/x", facts.workspace)),
        ("T".into(), facts.temp.clone()),
    ]);
    let (end, output) = run(&place, step).await;
    assert_eq!(output.text(), "/github/workspace/x /github/runner_temp\nhello\n");
    assert_eq!(
        (end.status, end.files.output),
        (ExitStatus::Code(0), FileContent::Bytes(b"o=1\n".to_vec()))
    );
    place.close().await.unwrap();
    bench.nothing_is_left(&job).await;
}

#[tokio::test]
async fn actions_and_steps_that_run_at_once_have_command_files_of_their_own() {
    what_runs_at_once_keeps_apart(&host_bench()).await;
}

#[tokio::test]
async fn what_a_lost_job_on_the_host_has_in_the_engine_is_reclaimed() {
    let bench = host_bench();
    let job = bench.job();
    let place = bench.open(&job).await;
    // The engine comes into it late, by a step.
    let running = start(
        &place,
        action(BUSYBOX, &["/bin/sh", "-c", "echo ready; exec sleep 1000"]),
    )
    .await;
    assert!((bench.holds)(&job.key).await.len() >= 2);
    drop(running);
    drop(place);
    bench.executor.reclaim(&job.key).await.unwrap();
    bench.nothing_is_left(&job).await;
}
