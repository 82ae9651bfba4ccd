//! Executors on the test engine, and what it holds.

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use bollard::Docker;
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListImagesOptionsBuilder, ListNetworksOptionsBuilder,
    ListVolumesOptionsBuilder,
};
use loom_runtime::executor::RoomSpec;
use loom_runtime::executor::docker::{DockerExecutor, DockerOptions, StepsBy};
use loom_runtime::id::{JobKey, RunId};

use crate::conformance::Bench;

pub(crate) const BUSYBOX: &str = "loom-test/busybox";

/// A user that is neither root nor any image's; the tests of an ordinary caller run as it.
pub(crate) const STRANGER: u32 = 4242;

/// The ordinary user that [`is_ordinary_caller`] sees to.
pub(crate) fn caller() -> u32 {
    rustix::process::geteuid().as_raw()
}

pub(crate) fn engine_address() -> String {
    std::env::var("LOOM_TEST_DOCKER_HOST").expect(
        "LOOM_TEST_DOCKER_HOST does not name a test engine: run these tests by `make test`, which starts one and makes \
         its images",
    )
}

pub(crate) fn docker() -> Docker {
    docker_at(&engine_address())
}

pub(crate) fn docker_at(address: &str) -> Docker {
    Docker::connect_with_host(address).unwrap()
}

/// An engine that does not see what is in the folder for temporary files, as one on another machine; where there is none
/// (only root can start it), its tests are passed over.
pub(crate) fn apart_address() -> Option<String> {
    let address = std::env::var("LOOM_TEST_APART_DOCKER_HOST").ok();
    if address.is_none() {
        eprintln!("passed over: LOOM_TEST_APART_DOCKER_HOST names no engine that does not see our files");
    }
    address
}

/// A place that the engine sees and every user may walk into.
pub(crate) fn temporary() -> tempfile::TempDir {
    let temporary = tempfile::tempdir().unwrap();
    std::fs::set_permissions(temporary.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    temporary
}

pub(crate) fn executor(temporary: &Path, steps_by: StepsBy) -> DockerExecutor {
    executor_at(engine_address(), temporary, steps_by)
}

pub(crate) fn executor_at(address: String, temporary: &Path, steps_by: StepsBy) -> DockerExecutor {
    let mut options = DockerOptions::new("conformance".into(), temporary.join("cache"));
    options.host = Some(address);
    options.drain = Duration::from_millis(200);
    options.patience = Duration::from_secs(2);
    options.steps_by = steps_by;
    DockerExecutor::new(options)
}

pub(crate) fn bench_with(image: &str, steps_by: StepsBy) -> Bench {
    bench_at(engine_address(), image, steps_by)
}

pub(crate) fn apart_bench() -> Option<Bench> {
    Some(bench_at(apart_address()?, BUSYBOX, StepsBy::Agent))
}

pub(crate) fn bench_at(address: String, image: &str, steps_by: StepsBy) -> Bench {
    let temporary = temporary();
    let held = docker_at(&address);
    let frozen = held.clone();
    Bench {
        executor: Arc::new(executor_at(address, temporary.path(), steps_by)),
        room: RoomSpec::Image(image.into()),
        holds: Box::new(move |key| Box::pin(held_of(held.clone(), key))),
        freeze: Box::new(move |job| {
            let (name, docker) = (job.key.resource_name(), frozen.clone());
            Box::pin(async move {
                let found = docker.inspect_container(&name, None).await.unwrap();
                let pid = found.state.unwrap().pid.unwrap();
                crate::conformance::stop_process(u32::try_from(pid).unwrap());
            })
        }),
        temporary,
        run: RunId(uuid::Uuid::now_v7().to_string()),
        counter: AtomicU32::new(0),
    }
}

pub(crate) fn bench() -> Bench {
    bench_with(BUSYBOX, StepsBy::Agent)
}

/// What the engine holds of a job, by label: containers, networks, images, volumes.
pub(crate) async fn held_of(docker: Docker, key: &JobKey) -> Vec<String> {
    let filters = HashMap::from([(
        "label".to_owned(),
        vec![format!("loom.name={}", key.resource_name())],
    )]);
    let options = ListContainersOptionsBuilder::new()
        .all(true)
        .filters(&filters)
        .build();
    let containers = docker.list_containers(Some(options)).await.unwrap();
    let options = ListNetworksOptionsBuilder::new().filters(&filters).build();
    let networks = docker.list_networks(Some(options)).await.unwrap();
    let options = ListImagesOptionsBuilder::new().filters(&filters).build();
    let images = docker.list_images(Some(options)).await.unwrap();
    let options = ListVolumesOptionsBuilder::new().filters(&filters).build();
    let volumes = docker.list_volumes(Some(options)).await.unwrap().volumes;
    containers
        .into_iter()
        .flat_map(|container| container.names.unwrap_or_default())
        .chain(networks.into_iter().filter_map(|network| network.name))
        .chain(images.into_iter().map(|image| image.id))
        .chain(volumes.into_iter().flatten().map(|volume| volume.name))
        .collect()
}
