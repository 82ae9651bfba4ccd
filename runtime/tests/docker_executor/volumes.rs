//! Volumes: which go with a job, and which stay.

use std::collections::BTreeSet;

use bollard::query_parameters::ListVolumesOptions;
use loom_runtime::executor::{ContainerSpec, PlaceSpec, RoomSpec};
use loom_runtime::id::RunId;

use super::bench::{BUSYBOX, bench, docker};
use super::images::{commit_with, remove_image};
use super::services::service;
use crate::conformance::{Bench, run, script};

#[tokio::test]
async fn no_volume_of_an_image_stays() {
    let bench = bench();
    let name = format!("loom-test/volume-{}", uuid::Uuid::new_v4());
    commit_with(&bench, &name, "VOLUME /data").await;
    let before = anonymous_volumes().await;
    let mut job = bench.job();
    job.room = RoomSpec::Image(name.clone());
    let place = bench.open(&job).await;
    run(&place, script("echo x >/data/file")).await;
    assert_eq!(anonymous_volumes().await.len(), before.len() + 1);
    place.close().await.unwrap();
    assert_eq!(anonymous_volumes().await, before);
    remove_image(&name).await;
}

/// A job in a container with the named volume at `/data`.
fn with_volume(bench: &Bench, volume: &str) -> PlaceSpec {
    let mut job = bench.job();
    job.room = RoomSpec::Container(ContainerSpec {
        image: BUSYBOX.into(),
        volumes: vec![format!("{volume}:/data")],
        ..ContainerSpec::default()
    });
    job
}

#[tokio::test]
async fn a_volume_that_two_jobs_use_goes_with_the_last_of_them() {
    let bench = bench();
    let volume = format!("loom-test-{}", uuid::Uuid::new_v4());
    let has = async || volumes().await.contains(&volume);
    let (first, second) = (with_volume(&bench, &volume), with_volume(&bench, &volume));
    let mut service_only = bench.job();
    service_only.services.insert(
        "db".into(),
        ContainerSpec {
            options: format!("--mount type=volume,source={volume},target=/data"),
            ..service(BUSYBOX, "sleep 1000", "")
        },
    );
    let third = bench.open(&service_only).await;
    let (first, second) = (bench.open(&first).await, bench.open(&second).await);
    run(&first, script("echo shared >/data/file")).await;
    first.close().await.unwrap();
    let (_, output) = run(&second, script("cat /data/file")).await;
    assert_eq!(output.text(), "shared\n");
    second.close().await.unwrap();
    assert!(has().await, "a service still uses it");
    third.close().await.unwrap();
    assert!(!has().await, "nobody uses it any more");
}

#[tokio::test]
async fn a_volume_of_another_run_goes_with_the_last_job_too() {
    let (bench, volume) = (bench(), format!("loom-test-{}", uuid::Uuid::new_v4()));
    let mut of_another_run = with_volume(&bench, &volume);
    of_another_run.key.run = RunId(uuid::Uuid::now_v7().to_string());
    let (first, second) = (with_volume(&bench, &volume), of_another_run);
    let (first, second) = (bench.open(&first).await, bench.open(&second).await);
    first.close().await.unwrap();
    assert!(volumes().await.contains(&volume));
    second.close().await.unwrap();
    assert!(!volumes().await.contains(&volume));
}

#[tokio::test]
async fn a_volume_that_was_there_before_stays() {
    let (bench, volume) = (bench(), format!("loom-test-{}", uuid::Uuid::new_v4()));
    let request = bollard::models::VolumeCreateRequest {
        name: Some(volume.clone()),
        ..bollard::models::VolumeCreateRequest::default()
    };
    docker().create_volume(request).await.unwrap();
    let place = bench.open(&with_volume(&bench, &volume)).await;
    place.close().await.unwrap();
    assert!(volumes().await.contains(&volume));
    docker()
        .remove_volume(&volume, None::<bollard::query_parameters::RemoveVolumeOptions>)
        .await
        .unwrap();
}

#[tokio::test]
async fn many_jobs_that_come_and_go_leave_no_volume_that_they_share() {
    let (bench, volume) = (bench(), format!("loom-test-{}", uuid::Uuid::new_v4()));
    // One ends while another's container is made: whose the volume is must not get lost in between.
    let jobs = (0..4).map(|_| async {
        for _ in 0..4 {
            let place = bench.open(&with_volume(&bench, &volume)).await;
            place.close().await.unwrap();
        }
    });
    futures_util::future::join_all(jobs).await;
    assert!(!volumes().await.contains(&volume));
}

#[tokio::test]
async fn the_sweep_takes_a_volume_that_two_lost_jobs_used() {
    let (bench, volume) = (bench(), format!("loom-test-{}", uuid::Uuid::new_v4()));
    for job in [with_volume(&bench, &volume), with_volume(&bench, &volume)] {
        std::mem::forget(bench.open(&job).await);
    }
    bench
        .executor
        .sweep(std::slice::from_ref(&bench.run), &BTreeSet::new())
        .await
        .unwrap();
    assert!(!volumes().await.contains(&volume));
}

/// Those that no test here names, as other tests come and go meanwhile.
pub(crate) async fn anonymous_volumes() -> Vec<String> {
    let mut names = volumes().await;
    names.retain(|name| !name.starts_with("loom-test-"));
    names
}

async fn volumes() -> Vec<String> {
    let found = docker().list_volumes(None::<ListVolumesOptions>).await.unwrap();
    let mut names: Vec<String> = found
        .volumes
        .unwrap_or_default()
        .into_iter()
        .map(|volume| volume.name)
        .collect();
    names.sort();
    names
}
