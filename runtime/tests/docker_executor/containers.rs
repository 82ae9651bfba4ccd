//! A job's container: what it is, whose it is, and what becomes of a job when something happens to it.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use bollard::query_parameters::InspectContainerOptions;
use loom_runtime::executor::docker::{DockerExecutor, DockerOptions, StepsBy};
use loom_runtime::executor::{ContainerSpec, Executor as _, ExecutorError, ExitStatus, PlaceSpec, RoomSpec};
use loom_runtime::id::{JobId, JobKey};

use super::bench::{BUSYBOX, bench, bench_with, docker, engine_address};
use super::volumes::anonymous_volumes;
use crate::conformance::{Heard, finish, run, script, start};

#[tokio::test]
async fn the_container_is_labelled_limited_and_not_logged() {
    let bench = bench();
    let job = bench.job();
    let place = bench.open(&job).await;
    let found = docker()
        .inspect_container(&job.key.resource_name(), None::<InspectContainerOptions>)
        .await
        .unwrap();
    let labels = found.config.unwrap().labels.unwrap();
    for (name, value) in [
        ("loom.instance", "conformance"),
        ("loom.run", bench.run.0.as_str()),
        ("loom.job", job.key.job.0.as_str()),
        ("loom.attempt", "1"),
        ("loom.boot", "boot"),
        ("loom.pid", "1"),
        ("loom.started", "2"),
    ] {
        assert_eq!(labels.get(name).map(String::as_str), Some(value), "{name}");
    }
    let host = found.host_config.unwrap();
    assert_eq!(host.pids_limit, Some(4096));
    assert_eq!(host.log_config.unwrap().typ.as_deref(), Some("none"));
    assert_eq!(host.auto_remove, Some(false));
    place.close().await.unwrap();
}

#[tokio::test]
async fn a_container_that_vanishes_loses_the_place_and_says_how() {
    let bench = bench();
    let job = bench.job();
    let place = bench.open(&job).await;
    let running = start(&place, script("echo ready; exec sleep 1000")).await;
    docker()
        .kill_container(&job.key.resource_name(), None)
        .await
        .unwrap();
    let (end, output) = finish(running).await;
    let error = end.unwrap_err();
    assert!(
        matches!(error, ExecutorError::Lost { .. }) && error.to_string().contains("137"),
        "{error}"
    );
    assert_eq!(output.text(), "ready\n");
    place.close().await.unwrap();
    bench.nothing_is_left(&job).await;
}

#[tokio::test]
async fn a_dead_container_of_the_same_name_makes_way_and_a_living_one_does_not() {
    let bench = bench();
    let job = bench.job();
    let first = bench.open(&job).await;
    let second = PlaceSpec {
        directory: bench.temporary.path().join("second"),
        ..job.clone()
    };
    let error = bench
        .executor
        .open(second.clone(), Arc::new(Heard::default()))
        .await
        .err()
        .unwrap();
    assert!(error.to_string().contains("already in use"), "{error}");
    let (end, _) = run(&first, script("true")).await;
    assert_eq!(end.status, ExitStatus::Code(0), "the living one goes on");
    docker()
        .kill_container(&job.key.resource_name(), None)
        .await
        .unwrap();
    let place = bench.open(&second).await;
    let (end, _) = run(&place, script("true")).await;
    assert_eq!(end.status, ExitStatus::Code(0));
    place.close().await.unwrap();
    bench.nothing_is_left(&second).await;
}

#[tokio::test]
async fn another_instances_containers_are_never_touched() {
    let bench = bench();
    let job = bench.job();
    let place = bench.open(&job).await;
    let mut options = DockerOptions::new("another".into(), bench.temporary.path().join("cache"));
    options.host = Some(engine_address());
    let other = DockerExecutor::connect(options).await.unwrap();
    other.reclaim(&job.key).await.unwrap();
    assert!(
        other
            .sweep(std::slice::from_ref(&bench.run), &BTreeSet::new())
            .await
            .unwrap()
            .removed
            .is_empty()
    );
    let (end, _) = run(&place, script("true")).await;
    assert_eq!(end.status, ExitStatus::Code(0));
    place.close().await.unwrap();
}

#[tokio::test]
async fn a_runaway_of_processes_stops_at_the_limit() {
    let bench = bench();
    let job = bench.job();
    let place = bench.open(&job).await;
    let (end, _) = run(
        &place,
        script("i=0; while [ $i -lt 5000 ]; do sleep 1000 & i=$((i+1)); done >/dev/null 2>&1"),
    )
    .await;
    assert_ne!(end.status, ExitStatus::Code(0));
    place.close().await.unwrap();
    bench.nothing_is_left(&job).await;
}

#[tokio::test]
async fn a_path_with_colons_commas_and_spaces_is_mounted() {
    let bench = bench();
    let mut job = bench.job();
    job.workspace = bench.temporary.path().join("a:b,c d");
    std::fs::create_dir(&job.workspace).unwrap();
    let place = bench.open(&job).await;
    run(&place, script("echo x >made")).await;
    assert!(job.workspace.join("made").exists());
    place.close().await.unwrap();
}

#[tokio::test]
async fn a_sweep_removes_containers_whose_directory_is_gone() {
    let bench = bench();
    let job = PlaceSpec {
        key: JobKey {
            job: JobId("odd name/with:things".into()),
            ..bench.job().key
        },
        ..bench.job()
    };
    let place = bench.open(&job).await;
    drop(place);
    std::fs::remove_dir_all(&job.directory).unwrap();
    let swept = bench
        .executor
        .sweep(std::slice::from_ref(&bench.run), &BTreeSet::new())
        .await
        .unwrap();
    assert_eq!(swept.removed, [job.key.resource_name()]);
    bench.nothing_is_left(&job).await;
}

#[tokio::test]
async fn a_container_job_has_what_was_written_down_of_it() {
    let bench = bench();
    let mut job = bench.job();
    std::fs::set_permissions(&job.workspace, std::fs::Permissions::from_mode(0o777)).unwrap();
    job.room = RoomSpec::Container(ContainerSpec {
        image: BUSYBOX.into(),
        env: [("OF_THE_CONTAINER".to_owned(), "seen".to_owned())]
            .into_iter()
            .collect(),
        volumes: vec![format!("{}:/more", job.workspace.display()), "/anonymous".into()],
        options: "--user 1000:1000 --hostname box --cpus 1 --tmpfs /scratch".into(),
        ..ContainerSpec::default()
    });
    let place = bench.open(&job).await;
    assert!(place.facts().in_container && place.facts().network.is_some());
    let (_, output) = run(
        &place,
        script("echo $(id -u) $OF_THE_CONTAINER $(hostname) $HOME; touch /more/made $HOME/own"),
    )
    .await;
    assert_eq!(output.text(), "1000 seen box /github/home\n");
    assert!(job.workspace.join("made").exists());
    let before = anonymous_volumes().await;
    place.close().await.unwrap();
    assert!(
        anonymous_volumes().await.len() < before.len(),
        "the anonymous volume stays"
    );
    bench.nothing_is_left(&job).await;
}

#[tokio::test]
async fn a_container_that_ends_at_once_is_the_workflows_and_says_how() {
    for by in [StepsBy::Agent, StepsBy::Exec] {
        let bench = bench_with(BUSYBOX, by);
        let mut job = bench.job();
        job.room = RoomSpec::Container(ContainerSpec {
            image: BUSYBOX.into(),
            // No program has room for its arguments.
            options: "--ulimit stack=4096".into(),
            ..ContainerSpec::default()
        });
        let opened = bench.executor.open(job.clone(), Arc::new(Heard::default())).await;
        let error = opened.err().expect("no place");
        assert!(matches!(error, ExecutorError::Workflow { .. }), "{error:?}");
        let said = error.to_string();
        for part in ["start the job's container", "exit code ", "`options`"] {
            assert!(said.contains(part), "{said}");
        }
        bench.nothing_is_left(&job).await;
    }
}

#[tokio::test]
async fn a_paused_container_is_closed_all_the_same() {
    let bench = bench();
    let job = bench.job();
    let place = bench.open(&job).await;
    let running = start(&place, script("echo ready; exec sleep 1000")).await;
    docker().pause_container(&job.key.resource_name()).await.unwrap();
    place.close().await.unwrap();
    assert!(matches!(finish(running).await.0, Err(ExecutorError::Lost { .. })));
    bench.nothing_is_left(&job).await;
}

#[tokio::test]
async fn a_step_that_takes_all_the_memory_is_told_so() {
    let bench = bench();
    let mut job = bench.job();
    job.room = RoomSpec::Container(ContainerSpec {
        image: BUSYBOX.into(),
        options: "--memory 32m --memory-swap 32m".into(),
        ..ContainerSpec::default()
    });
    let place = bench.open(&job).await;
    let (end, _) = run(&place, script("exec tail -c 200m /dev/zero")).await;
    assert_eq!(end.status, ExitStatus::OutOfMemory);
    place.close().await.unwrap();
}

#[tokio::test]
async fn a_container_that_is_stopped_or_restarted_loses_the_step() {
    for restart in [false, true] {
        let bench = bench();
        let job = bench.job();
        let place = bench.open(&job).await;
        let running = start(&place, script("echo ready; exec sleep 1000")).await;
        let name = job.key.resource_name();
        if restart {
            docker().restart_container(&name, None).await.unwrap();
        } else {
            docker().stop_container(&name, None).await.unwrap();
        }
        let error = finish(running).await.0.unwrap_err();
        assert!(matches!(error, ExecutorError::Lost { .. }), "{error}");
        place.close().await.unwrap();
        bench.nothing_is_left(&job).await;
    }
}
