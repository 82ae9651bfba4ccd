//! The Docker executor by the suite that all executors pass, and what only it does, on a real engine.
//!
//! The engine's address is in `LOOM_TEST_DOCKER_HOST`, and it has the images `loom-test/busybox`, `loom-test/debian` (with
//! bash), `loom-test/empty` (nothing at all) and `loom-test/user` (busybox with `USER 1000`). `make test` sets this up.
#![cfg(test)]

#[path = "../src/executor/conformance.rs"]
mod conformance;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bollard::Docker;
use bollard::query_parameters::{
    InspectContainerOptions, ListContainersOptionsBuilder, ListImagesOptionsBuilder,
    ListNetworksOptionsBuilder, ListVolumesOptions, ListVolumesOptionsBuilder,
};
use conformance::{Bench, Heard, finish, run, script, start};
use futures_util::StreamExt as _;
use loom_runtime::executor::docker::{DockerExecutor, DockerOptions, StepsBy};
use loom_runtime::executor::host::{AgentProgram, HostExecutor, HostOptions};
use loom_runtime::executor::{
    ContainerSpec, Executor as _, ExecutorError, ExitStatus, Fault, FileContent, PlaceSpec, Program,
    PullPolicy, RoomSpec, StepSpec, Wanted,
};
use loom_runtime::id::{JobId, JobKey, RunId};

const BUSYBOX: &str = "loom-test/busybox";

/// A user that is neither root nor any image's; the tests of an ordinary caller run as it.
const STRANGER: u32 = 4242;

/// The ordinary user that [`is_ordinary_caller`] sees to.
fn caller() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn engine_address() -> String {
    std::env::var("LOOM_TEST_DOCKER_HOST").expect(
        "LOOM_TEST_DOCKER_HOST does not name a test engine: run these tests by `make test`, which starts one and makes \
         its images",
    )
}

fn docker() -> Docker {
    docker_at(&engine_address())
}

fn docker_at(address: &str) -> Docker {
    Docker::connect_with_host(address).unwrap()
}

/// An engine that does not see what is in the folder for temporary files, as one on another machine; where there is none
/// (only root can start it), its tests are passed over.
fn apart_address() -> Option<String> {
    let address = std::env::var("LOOM_TEST_APART_DOCKER_HOST").ok();
    if address.is_none() {
        eprintln!("passed over: LOOM_TEST_APART_DOCKER_HOST names no engine that does not see our files");
    }
    address
}

/// A place that the engine sees and every user may walk into.
fn temporary() -> tempfile::TempDir {
    let temporary = tempfile::tempdir().unwrap();
    std::fs::set_permissions(temporary.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    temporary
}

fn executor(temporary: &Path, steps_by: StepsBy) -> DockerExecutor {
    executor_at(engine_address(), temporary, steps_by)
}

fn executor_at(address: String, temporary: &Path, steps_by: StepsBy) -> DockerExecutor {
    let mut options = DockerOptions::new("conformance".into(), temporary.join("cache"));
    options.host = Some(address);
    options.drain = Duration::from_millis(200);
    options.patience = Duration::from_secs(2);
    options.steps_by = steps_by;
    DockerExecutor::new(options)
}

fn bench_with(image: &str, steps_by: StepsBy) -> Bench {
    bench_at(engine_address(), image, steps_by)
}

fn apart_bench() -> Option<Bench> {
    Some(bench_at(apart_address()?, BUSYBOX, StepsBy::Agent))
}

fn bench_at(address: String, image: &str, steps_by: StepsBy) -> Bench {
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
                conformance::stop_process(u32::try_from(pid).unwrap());
            })
        }),
        temporary,
        run: RunId(uuid::Uuid::now_v7().to_string()),
        counter: AtomicU32::new(0),
    }
}

fn bench() -> Bench {
    bench_with(BUSYBOX, StepsBy::Agent)
}

/// What the engine holds of a job, by label: containers, networks, images, volumes.
async fn held_of(docker: Docker, key: &JobKey) -> Vec<String> {
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

/// What the suite looks at on this machine stays there: that has tests of its own.
mod apart {
    crate::conformance::suite! { match crate::apart_bench() { Some(bench) => bench, None => return };
        streams_come_apart_with_the_exit_code
        a_signal_reaches_the_running_step
        a_missing_shell_is_named
        the_first_shell_that_is_there_is_used
        a_step_has_its_own_environment_and_an_empty_stdin
        no_byte_is_lost
        what_steps_leave_running_is_ended_and_named
        closing_ends_a_step_that_runs
        reclaim_removes_what_a_lost_place_holds
        sweep_removes_the_named_runs_and_no_other
        an_open_that_fails_leaves_nothing
        signals_before_the_first_output_are_remembered
        several_steps_run_at_once
        command_files_of_every_kind_are_read
        what_is_planted_in_place_of_command_files_is_not_read
        programs_run_without_a_shell_and_folders_go_before_the_path
        a_frozen_step_and_agent_end_when_the_place_is_closed
        an_agent_that_is_told_to_end_loses_the_step
        a_script_can_be_read_by_whomever_its_shell_becomes
    }
}

#[tokio::test]
async fn an_engine_that_does_not_see_our_files_is_sent_them() {
    let Some(bench) = apart_bench() else { return };
    for round in 0..2 {
        let job = bench.job();
        std::fs::create_dir_all(job.workspace.join("deep/er")).unwrap();
        std::fs::write(job.workspace.join("deep/er/file"), "of the project").unwrap();
        std::os::unix::fs::symlink("deep/er/file", job.workspace.join("link")).unwrap();
        std::fs::create_dir_all(job.directory.join("actions/one")).unwrap();
        std::fs::write(job.directory.join("actions/one/main"), "early").unwrap();
        let notes = Arc::new(Heard::default());
        let place = bench.executor.open(job.clone(), notes.clone()).await.unwrap();
        let said: Vec<String> = notes.lines();
        let told = said
            .iter()
            .filter(|line| line.contains("does not see the files"))
            .count();
        assert_eq!(told, 1, "round {round}: {said:?}");
        assert!(place.apart().workspace && place.apart().directory);
        let (_, output) = run(
            &place,
            script("cat link; echo; cat /loom/actions/one/main; echo; echo new > deep/made; mkdir /loom/temp/x; pwd"),
        )
        .await;
        assert_eq!(output.text(), "of the project\nearly\n/workspace\n");
        // Nothing comes back by itself, and all of it when it is asked for.
        assert!(!job.workspace.join("deep/made").exists());
        let here = bench.temporary.path().join(format!("brought-{round}"));
        assert!(
            place
                .bring("/workspace/deep", &here, Wanted::Whole)
                .await
                .unwrap()
        );
        assert_eq!(std::fs::read_to_string(here.join("made")).unwrap(), "new\n");
        assert_eq!(
            std::fs::read_to_string(here.join("er/file")).unwrap(),
            "of the project"
        );
        assert!(
            !place
                .bring("/workspace/none", &here.join("none"), Wanted::Whole)
                .await
                .unwrap()
        );
        place.send(&here, "/workspace/sent").await.unwrap();
        place.clear("/workspace/deep").await.unwrap();
        let (end, _) = run(
            &place,
            script("test -f sent/made && test -d deep && ! ls deep | grep ."),
        )
        .await;
        assert_eq!(end.status, ExitStatus::Code(0));
        place.close().await.unwrap();
        bench.nothing_is_left(&job).await;
    }
}

#[tokio::test]
async fn what_is_brought_is_followed_through_links_and_bounded() {
    let Some(bench) = apart_bench() else { return };
    let job = bench.job();
    let place = bench.open(&job).await;
    let script = script(
        "mkdir l; printf in > l/real; ln -s real l/one; ln -s /workspace/l/one l/two; ln -s ../l l/folder; \
         head -c 5000000 /dev/zero > l/big",
    );
    run(&place, script).await;
    let here = |name: &str| bench.temporary.path().join(name);
    let bring = async |name: &str, to: &str, wanted| {
        let (place, to) = (&place, here(to));
        place.bring(&format!("/workspace/l/{name}"), &to, wanted).await
    };
    assert!(bring("two", "two", Wanted::Small).await.unwrap());
    assert_eq!(std::fs::read_to_string(here("two")).unwrap(), "in");
    assert!(!bring("folder", "itself", Wanted::Itself).await.unwrap());
    assert!(bring("folder", "whole", Wanted::Whole).await.unwrap());
    assert_eq!(std::fs::read_to_string(here("whole").join("real")).unwrap(), "in");
    let large = bring("big", "big", Wanted::Small).await.unwrap_err();
    assert_eq!(large.fault(), Fault::Workflow, "{large}");
    assert!(large.to_string().contains("more than"), "{large}");
    // What is not there because its container is gone is not missing from the job.
    let container = place.facts().container.clone().unwrap();
    let force = bollard::query_parameters::RemoveContainerOptionsBuilder::new()
        .force(true)
        .build();
    docker_at(&apart_address().unwrap())
        .remove_container(&container, Some(force))
        .await
        .unwrap();
    let gone = bring("one", "gone", Wanted::Small).await.unwrap_err();
    assert_eq!(gone.fault(), Fault::Machine, "{gone}");
    drop(place.close().await);
    bench.executor.reclaim(&job.key).await.unwrap();
    bench.nothing_is_left(&job).await;
}

#[tokio::test]
async fn an_action_and_its_job_share_what_only_their_engine_sees() {
    let Some(bench) = apart_bench() else { return };
    let job = bench.job();
    std::fs::write(job.workspace.join("file"), "of the project\n").unwrap();
    let place = bench.open(&job).await;
    run(&place, script("echo changed >> file; echo t > /loom/temp/t")).await;
    let mut step = script("");
    step.program = Program::Container {
        image: BUSYBOX.to_owned(),
        pull: false,
        entrypoint: Some("sh".to_owned()),
        arguments: vec![
            "-c".to_owned(),
            "cat /github/workspace/file /github/runner_temp/t; touch /github/home/h; echo by >> file; echo a=b >> $GITHUB_OUTPUT".to_owned(),
        ],
    };
    let (end, output) = run(&place, step).await;
    assert_eq!(output.text(), "of the project\nchanged\nt\n");
    assert_eq!(end.files.output, FileContent::Bytes(b"a=b\n".to_vec()));
    let (_, output) = run(&place, script("tail -n 1 file; ls /loom/temp/_github_home")).await;
    assert_eq!(output.text(), "by\nh\n");
    place.close().await.unwrap();
    bench.nothing_is_left(&job).await;
}

#[tokio::test]
async fn a_layered_workspace_leaves_the_project_as_it_is() {
    let bench = bench();
    let mut job = bench.job();
    job.layered = true;
    std::fs::write(job.workspace.join("file"), "of the project\n").unwrap();
    let place = bench.open(&job).await;
    assert!(place.apart().workspace && !place.apart().directory);
    let (_, output) = run(&place, script("cat file; rm file; echo new > made; ls")).await;
    assert_eq!(output.text(), "of the project\nmade\n");
    assert!(job.workspace.join("file").exists() && !job.workspace.join("made").exists());
    place.close().await.unwrap();
    bench.nothing_is_left(&job).await;
    let odd = PlaceSpec {
        workspace: job.workspace.join("a,b"),
        layered: true,
        ..bench.job()
    };
    std::fs::create_dir(&odd.workspace).unwrap();
    match bench.executor.open(odd.clone(), Arc::new(Heard::default())).await {
        Err(ExecutorError::Layers { cause }) => assert!(cause.contains("`,`"), "{cause}"),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("a comma went through"),
    }
    bench.nothing_is_left(&odd).await;
}

mod through_the_agent {
    crate::conformance::suite!(crate::bench());
}

mod with_bash {
    crate::conformance::suite! { crate::bench_with("loom-test/debian", crate::StepsBy::Agent);
        streams_come_apart_with_the_exit_code
        a_signal_reaches_the_running_step
        no_byte_is_lost
    }
}

/// Exec tells no signals; everything else holds.
mod through_exec {
    crate::conformance::suite! { crate::bench_with(crate::BUSYBOX, crate::StepsBy::Exec);
        streams_come_apart_with_the_exit_code
        a_missing_shell_is_named
        the_first_shell_that_is_there_is_used
        steps_run_in_the_workspace_or_where_they_say
        no_byte_is_lost
        two_places_work_at_once
        a_closed_place_holds_nothing_and_does_nothing
        closing_ends_a_step_that_runs
        reclaim_removes_what_a_lost_place_holds
        sweep_removes_the_named_runs_and_no_other
        signals_before_the_first_output_are_remembered
        several_steps_run_at_once
        command_files_of_every_kind_are_read
        what_is_planted_in_place_of_command_files_is_not_read
        programs_run_without_a_shell_and_folders_go_before_the_path
        facts_are_where_steps_find_things
    }
}

#[tokio::test]
async fn exec_is_said_and_signals_arrive_as_codes() {
    let bench = bench_with("loom-test/user", StepsBy::Exec);
    let job = bench.job();
    let notes = Arc::new(Heard::default());
    let place = bench.executor.open(job.clone(), notes.clone()).await.unwrap();
    assert!(
        notes.lines().iter().any(|line| line.contains("docker exec")),
        "{:?}",
        notes.lines()
    );
    let (_, output) = run(&place, script("id -u; echo $HOME")).await;
    assert_eq!(output.text(), "1000\n/home/ann\n");
    let running = start(&place, script("echo ready; exec sleep 1000")).await;
    place
        .signal(&running.id, loom_runtime::executor::Signal::Terminate)
        .await
        .unwrap();
    assert_eq!(finish(running).await.0.unwrap().status, ExitStatus::Code(143));
    run(&place, script("sleep 1000 >/dev/null 2>&1 &")).await;
    let closed = place.close().await.unwrap();
    assert!(
        closed.killed.len() == 1 && closed.killed[0].ends_with(" sleep"),
        "{closed:?}"
    );
    bench.nothing_is_left(&job).await;
}

#[tokio::test]
async fn an_image_for_another_machine_runs_by_exec_and_says_so() {
    let bench = bench();
    let name = format!("loom-test/foreign-{}", uuid::Uuid::new_v4());
    let foreign = if cfg!(target_arch = "x86_64") {
        "arm64"
    } else {
        "amd64"
    };
    load_as(&bench, &name, foreign).await;
    let mut job = bench.job();
    job.room = RoomSpec::Image(name.clone());
    let notes = Arc::new(Heard::default());
    let place = bench.executor.open(job.clone(), notes.clone()).await.unwrap();
    let said = notes.lines().join("\n");
    assert!(
        said.contains("docker exec") && said.contains(&format!("for {foreign}")),
        "{said}"
    );
    // It only says that it is foreign, so its programs do run here.
    let (end, output) = run(&place, script("echo out; exit 3")).await;
    assert_eq!((end.status, output.text()), (ExitStatus::Code(3), "out\n"));
    place.close().await.unwrap();
    bench.nothing_is_left(&job).await;
    remove_image(&name).await;
}

/// Loads busybox again under another name, as if it were made for another machine.
async fn load_as(bench: &Bench, name: &str, architecture: &str) {
    let directory = bench.temporary.path().join("image");
    std::fs::create_dir(&directory).unwrap();
    let tar = |arguments: &[&str]| {
        let status = Command::new("tar")
            .arg("-C")
            .arg(&directory)
            .args(arguments)
            .status()
            .unwrap();
        assert!(status.success(), "tar {arguments:?}");
    };
    let mut saved: Vec<u8> = Vec::new();
    let mut export = Box::pin(docker().export_image(BUSYBOX));
    while let Some(piece) = export.next().await {
        saved.extend_from_slice(&piece.unwrap());
    }
    let archive = bench.temporary.path().join("image.tar");
    std::fs::write(&archive, saved).unwrap();
    tar(&["-xf", archive.to_str().unwrap()]);
    let manifest = std::fs::read_to_string(directory.join("manifest.json")).unwrap();
    let parsed: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let config = directory.join(parsed[0]["Config"].as_str().unwrap());
    let mut described: serde_json::Value = serde_json::from_slice(&std::fs::read(&config).unwrap()).unwrap();
    described["architecture"] = architecture.into();
    std::fs::write(&config, described.to_string()).unwrap();
    let tag = parsed[0]["RepoTags"][0].as_str().unwrap();
    std::fs::write(
        directory.join("manifest.json"),
        manifest.replace(tag, &format!("{name}:latest")),
    )
    .unwrap();
    let _ = std::fs::remove_file(directory.join("repositories"));
    tar(&["-cf", archive.to_str().unwrap(), "."]);
    let body = bollard::body_full(std::fs::read(&archive).unwrap().into());
    let options = bollard::query_parameters::ImportImageOptionsBuilder::new().build();
    let mut import = Box::pin(docker().import_image(options, body, None));
    while let Some(news) = import.next().await {
        news.unwrap();
    }
}

#[tokio::test]
async fn each_of_very_different_images_runs_with_the_agent() {
    for (image, expected) in [
        (BUSYBOX, "0 /root"),
        ("loom-test/debian", "0 /root"),
        ("loom-test/user", "1000 /home/ann"),
    ] {
        let bench = bench_with(image, StepsBy::Agent);
        let notes = Arc::new(Heard::default());
        let place = bench.executor.open(bench.job(), notes.clone()).await.unwrap();
        assert_eq!(notes.lines(), Vec::<String>::new(), "{image}: no fallback");
        let (end, output) = run(&place, script("echo $(id -u) $HOME")).await;
        assert_eq!(
            (end.status, output.text()),
            (ExitStatus::Code(0), format!("{expected}\n").as_str()),
            "{image}"
        );
        assert!(end.usage.is_some(), "{image}: only the agent tells");
        place.close().await.unwrap();
    }
}

#[tokio::test]
async fn an_empty_image_has_an_agent_but_no_shell() {
    let bench = bench_with("loom-test/empty", StepsBy::Agent);
    let notes = Arc::new(Heard::default());
    let place = bench.executor.open(bench.job(), notes.clone()).await.unwrap();
    assert_eq!(notes.lines(), Vec::<String>::new());
    let (end, _) = run(&place, script("true")).await;
    let ExitStatus::NotStarted(why) = end.status else {
        panic!("{end:?}")
    };
    assert!(why.contains("`bash`, `sh`"), "{why}");
    place.close().await.unwrap();
}

#[tokio::test]
async fn a_step_of_an_images_user_has_its_groups_and_cannot_read_the_jobs_secrets() {
    let bench = bench_with("loom-test/user", StepsBy::Agent);
    let job = bench.job();
    std::fs::set_permissions(&job.workspace, std::fs::Permissions::from_mode(0o777)).unwrap();
    let place = bench.open(&job).await;
    let text =
        "id -G; cat /loom/job/nonce; ls /loom/job; ls /loom/scripts; echo x >made; ls -l $0 | cut -c1-10";
    let mut step = script(text);
    let Program::Script { shells, .. } = &mut step.program else {
        panic!("no script")
    };
    shells
        .iter_mut()
        .for_each(|shell| shell.arguments.retain(|argument| argument != "-e"));
    let (_, output) = run(&place, step).await;
    assert_eq!(output.text(), "1000 2000\n-r-xr-xr-x\n");
    assert_eq!(
        String::from_utf8_lossy(&output.err)
            .matches("Permission denied")
            .count(),
        3
    );
    let made = std::fs::metadata(job.workspace.join("made")).unwrap();
    assert_eq!(made.uid(), 1000);
    place.close().await.unwrap();
}

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
async fn anonymous_volumes() -> Vec<String> {
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

/// An image like busybox with one more instruction.
async fn commit_with(bench: &Bench, name: &str, change: &str) {
    let job = bench.job();
    let place = bench.open(&job).await;
    let options = bollard::query_parameters::CommitContainerOptionsBuilder::new()
        .container(&job.key.resource_name())
        .repo(name)
        .changes(&format!("{change}\nENTRYPOINT []"))
        .build();
    docker()
        .commit_container(options, bollard::models::ContainerConfig::default())
        .await
        .unwrap();
    place.close().await.unwrap();
}

async fn remove_image(name: &str) {
    let options = bollard::query_parameters::RemoveImageOptionsBuilder::new()
        .force(true)
        .build();
    docker().remove_image(name, Some(options), None).await.unwrap();
}

#[tokio::test]
async fn an_images_own_home_beats_its_users() {
    let bench = bench();
    let name = format!("loom-test/home-{}", uuid::Uuid::new_v4());
    commit_with(&bench, &name, "ENV HOME=/tmp\nENV OTHER=yes\nUSER ann").await;
    let mut job = bench.job();
    job.room = RoomSpec::Image(name.clone());
    let place = bench.open(&job).await;
    let (_, output) = run(&place, script("echo $HOME $OTHER $(id -un)")).await;
    assert_eq!(output.text(), "/tmp yes ann\n");
    place.close().await.unwrap();
    remove_image(&name).await;
}

#[tokio::test]
async fn a_missing_image_is_an_error_of_the_job() {
    let bench = bench();
    let mut job = bench.job();
    job.room = RoomSpec::Image("loom-test/no-such-image".into());
    let error = bench
        .executor
        .open(job.clone(), Arc::new(Heard::default()))
        .await
        .err()
        .unwrap();
    let ExecutorError::Image { image, cause } = &error else {
        panic!("{error:?}")
    };
    assert!(
        image == "loom-test/no-such-image" && cause.contains("--pull never"),
        "{error}"
    );
    bench.nothing_is_left(&job).await;
    // A registry that nobody runs, on this machine: the pull is tried a few times, and whether it has the image is not known.
    job.room = RoomSpec::Image("localhost:1/no/such".into());
    job.pull = PullPolicy::Missing;
    let notes = Arc::new(Heard::default());
    let error = bench
        .executor
        .open(job.clone(), notes.clone())
        .await
        .err()
        .unwrap();
    assert_eq!(error.fault(), Fault::Machine, "{error:?}");
    let lines = notes.lines();
    assert_eq!(lines[0], "pulling the image `localhost:1/no/such`");
    assert!(
        lines.len() == 3 && lines[1].contains("trying again in"),
        "{lines:?}"
    );
    bench.nothing_is_left(&job).await;
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
async fn an_engine_that_is_not_there_is_explained() {
    let temporary = temporary();
    let missing = format!("unix://{}/docker.sock", temporary.path().display());
    let deaf = temporary.path().join("deaf.sock");
    drop(std::os::unix::net::UnixListener::bind(&deaf).unwrap());
    for (host, cause_part, help_part) in [
        (missing, "no socket", "is Docker installed"),
        (
            format!("unix://{}", deaf.display()),
            "refused",
            "start the engine",
        ),
        ("ssh://rack".to_owned(), "unix://", "DOCKER_HOST"),
    ] {
        let mut options = DockerOptions::new("conformance".into(), temporary.path().join("cache"));
        options.host = Some(host.clone());
        let ExecutorError::Unreachable {
            endpoint,
            cause,
            help,
        } = DockerExecutor::new(options).probe().await.unwrap_err()
        else {
            panic!("{host}")
        };
        assert_eq!(endpoint, host);
        assert!(
            cause.contains(cause_part) && help.contains(help_part),
            "{host}: {cause} / {help}"
        );
    }
}

/// Whether this test runs as an ordinary user who may talk to the engine. Root runs it as one, in a process of its own.
fn is_ordinary_caller(test: &str) -> bool {
    const INNER: &str = "LOOM_TEST_AS_CALLER";
    if std::env::var_os(INNER).is_some() || caller() != 0 {
        return true;
    }
    let socket = engine_address().trim_start_matches("unix://").to_owned();
    let group = std::fs::metadata(&socket).unwrap().gid();
    // The test binary may lie where only root can go.
    let temporary = temporary();
    let binary = temporary.path().join("tests");
    std::fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
    let output = Command::new(&binary)
        .args([test, "--exact", "--nocapture"])
        .env(INNER, "1")
        .env("HOME", "/")
        .current_dir("/")
        .uid(STRANGER)
        .gid(group)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    false
}

/// What root makes in a workspace, links and all.
const MESS: &str =
    "mkdir -p deep/er; echo x >deep/er/file; ln -s /loom/agent link; ln -s /workspace outside; echo y >>old;
    mkdir -p /loom/job/planted/deep; echo z >/loom/job/planted/deep/file; chmod 700 deep";

fn check_mess(workspace: &Path) {
    let owner = |path: &str| std::fs::symlink_metadata(workspace.join(path)).unwrap().uid();
    for path in ["deep", "deep/er", "deep/er/file", "link", "outside", "old"] {
        assert_eq!(owner(path), caller(), "{path}");
    }
    std::fs::remove_dir_all(workspace.join("deep")).unwrap();
}

#[tokio::test]
async fn an_ordinary_user_gets_what_root_made() {
    if !is_ordinary_caller("an_ordinary_user_gets_what_root_made") {
        return;
    }
    for image in [BUSYBOX, "loom-test/user"] {
        let bench = bench_with(image, StepsBy::Agent);
        let job = bench.job();
        assert_eq!(std::fs::metadata(&job.workspace).unwrap().uid(), caller());
        std::fs::write(job.workspace.join("old"), "x").unwrap();
        let place = bench.open(&job).await;
        if image == BUSYBOX {
            let (end, _) = run(&place, script(MESS)).await;
            assert_eq!(end.status, ExitStatus::Code(0));
        } else {
            // Neither root nor the caller: it still finds its script.
            let (end, output) = run(&place, script("id -u; cat old")).await;
            assert_eq!((end.status, output.text()), (ExitStatus::Code(0), "1000\nx"));
        }
        place.close().await.unwrap();
        bench.nothing_is_left(&job).await;
        if image == BUSYBOX {
            check_mess(&job.workspace);
        }
    }
}

#[tokio::test]
async fn an_ordinary_user_gets_what_root_made_after_a_kill() {
    if !is_ordinary_caller("an_ordinary_user_gets_what_root_made_after_a_kill") {
        return;
    }
    // Once by the place itself, once by a process that knows the job's key only.
    for by_place in [true, false] {
        let bench = bench();
        let job = bench.job();
        std::fs::write(job.workspace.join("old"), "x").unwrap();
        let place = bench.open(&job).await;
        run(&place, script(MESS)).await;
        docker()
            .kill_container(&job.key.resource_name(), None)
            .await
            .unwrap();
        if by_place {
            place.close().await.unwrap();
        } else {
            drop(place);
            bench.executor.reclaim(&job.key).await.unwrap();
        }
        bench.nothing_is_left(&job).await;
        check_mess(&job.workspace);
    }
}

#[tokio::test]
async fn a_user_without_rights_is_told_what_to_do() {
    if !is_ordinary_caller("a_user_without_rights_is_told_what_to_do") {
        return;
    }
    let temporary = temporary();
    let socket = temporary.path().join("docker.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o000)).unwrap();
    let mut options = DockerOptions::new("conformance".into(), temporary.path().join("cache"));
    options.host = Some(format!("unix://{}", socket.display()));
    let ExecutorError::Unreachable { help, .. } = DockerExecutor::new(options).probe().await.unwrap_err()
    else {
        panic!("not unreachable")
    };
    assert!(help.contains("usermod -aG docker"), "{help}");
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

fn service(image: &str, command: &str, options: &str) -> ContainerSpec {
    ContainerSpec {
        image: image.into(),
        entrypoint: Some("/bin/sh".into()),
        command: Some(format!("-c \"{command}\"")),
        options: options.into(),
        ..ContainerSpec::default()
    }
}

const WEB: &str = "mkdir -p /www; echo $GREETING >/www/index.html; exec httpd -f -p 80 -h /www";

fn web(greeting: &str) -> ContainerSpec {
    ContainerSpec {
        env: [("GREETING".to_owned(), greeting.to_owned())]
            .into_iter()
            .collect(),
        ports: vec!["80".into()],
        ..service(
            BUSYBOX,
            WEB,
            "--health-cmd 'wget -q -O - http://127.0.0.1/' --health-interval 200ms",
        )
    }
}

#[tokio::test]
async fn services_are_reached_by_name_and_by_port_and_go_with_the_job() {
    let bench = bench();
    let mut job = bench.job();
    job.services.insert("web".into(), web("hello"));
    let place = bench.open(&job).await;
    let facts = place.facts().clone();
    let service = &facts.services["web"];
    assert_eq!(facts.network.as_deref(), Some(service.network.as_str()));
    let (end, output) = run(&place, script("wget -q -O - http://web/")).await;
    assert_eq!((end.status, output.text()), (ExitStatus::Code(0), "hello\n"));
    assert_eq!(service.ports["80"], "32768");
    let (_, output) = run(&place, script("wget -q -O - http://localhost:32768/")).await;
    assert_eq!(output.text(), "hello\n");
    assert!((bench.holds)(&job.key).await.len() >= 3);
    place.close().await.unwrap();
    bench.nothing_is_left(&job).await;
}

#[tokio::test]
async fn published_ports_are_on_the_localhost_of_each_job() {
    let bench = bench();
    // A port of this machine that is taken, and two jobs that want the same: each has its own.
    let taken = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let job = |greeting: &str| {
        let mut job = bench.job();
        let published = vec![format!("{port}:80"), "53:53/udp".into()];
        // Not every engine looks whether a service is healthy: the job waits for it.
        let web = ContainerSpec {
            ports: published,
            options: String::new(),
            ..web(greeting)
        };
        job.services.insert("web".into(), web);
        job
    };
    let (one, two) = (job("one"), job("two"));
    let places = tokio::join!(bench.open(&one), bench.open(&two));
    for (place, greeting) in [(&places.0, "one\n"), (&places.1, "two\n")] {
        let facts = place.facts();
        assert_eq!(facts.services["web"].ports["80"], port.to_string());
        let ask = format!(
            "i=0; until wget -q -O - http://localhost:{port}/ 2>/dev/null; do i=$((i+1)); [ $i -lt 300 ] || exit 1; sleep 0.1; done
             wget -q -O - http://127.0.0.1:{port}/nothing"
        );
        let (_, output) = run(place, script(&ask)).await;
        assert_eq!(
            output.text().lines().next(),
            Some(greeting.trim()),
            "{}",
            output.text()
        );
    }
    places.0.close().await.unwrap();
    places.1.close().await.unwrap();
    bench.nothing_is_left(&one).await;
    bench.nothing_is_left(&two).await;
}

#[tokio::test]
async fn a_written_container_finds_its_services_by_name_and_the_machine_by_port() {
    let bench = bench();
    let mut job = bench.job();
    job.room = RoomSpec::Container(ContainerSpec {
        image: BUSYBOX.into(),
        ..ContainerSpec::default()
    });
    job.services.insert("web".into(), web("hello"));
    let place = bench.open(&job).await;
    assert_eq!(fetch_from(&place.facts().services["web"].ports["80"]), "hello\n");
    place.close().await.unwrap();
    bench.nothing_is_left(&job).await;
}

/// What a server of this machine has at `/`.
fn fetch_from(port: &str) -> String {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[tokio::test]
async fn a_service_that_fails_is_told_at_once_with_its_last_lines() {
    for (command, options, part) in [
        ("echo cannot go on; exit 3", "", "exit code 3"),
        (
            "echo starting; sleep 1000",
            "--health-cmd 'echo sick; false' --health-interval 100ms --health-retries 1",
            "unhealthy",
        ),
        ("true", "--no-such-flag", "`--no-such-flag`"),
    ] {
        let bench = bench();
        let mut job = bench.job();
        job.services
            .insert("db".into(), service(BUSYBOX, command, options));
        let error = bench
            .executor
            .open(job.clone(), Arc::new(Heard::default()))
            .await
            .err()
            .unwrap();
        let said = error.to_string();
        assert_eq!(error.fault(), Fault::Workflow, "{said}");
        assert!(said.contains(part) && said.contains("`db`"), "{said}");
        if part == "exit code 3" {
            assert!(said.contains("cannot go on"), "{said}");
        }
        bench.nothing_is_left(&job).await;
    }
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

fn action(image: &str, arguments: &[&str]) -> StepSpec {
    let mut step = script("");
    step.program = Program::Container {
        image: image.into(),
        pull: false,
        entrypoint: None,
        arguments: arguments.iter().map(ToString::to_string).collect(),
    };
    step
}

#[tokio::test]
async fn a_container_action_runs_beside_the_job_and_goes_with_its_step() {
    let bench = bench();
    let mut job = bench.job();
    job.services.insert("web".into(), web("hello"));
    let place = bench.open(&job).await;
    let held = (bench.holds)(&job.key).await.len();
    let facts = place.facts().clone();
    std::fs::write(job.workspace.join("of-the-project"), "text").unwrap();
    let text = "pwd; cat of-the-project; echo $HOME $WHERE; wget -q -O - http://web/; echo x >made
        echo o=1 >>$GITHUB_OUTPUT; touch $HOME/kept; ls $WHERE; exit 5";
    let mut step = action(BUSYBOX, &["/bin/sh", "-c", text]);
    step.env = BTreeMap::from([("WHERE".into(), format!("{}/of-the-project", facts.workspace))]);
    let (end, output) = run(&place, step).await;
    assert_eq!(
        output.text(),
        "/github/workspace\ntext/github/home /github/workspace/of-the-project\nhello\n/github/workspace/of-the-project\n"
    );
    assert_eq!(end.status, ExitStatus::Code(5));
    assert_eq!(end.files.output, FileContent::Bytes(b"o=1\n".to_vec()));
    assert!(job.workspace.join("made").exists());
    assert_eq!((bench.holds)(&job.key).await.len(), held, "its room is gone");
    // The home is kept for the next one.
    let (end, _) = run(&place, action(BUSYBOX, &["/bin/sh", "-c", "ls $HOME/kept"])).await;
    assert_eq!(end.status, ExitStatus::Code(0));
    place.close().await.unwrap();
    bench.nothing_is_left(&job).await;
}

#[tokio::test]
async fn an_image_is_built_and_run_and_removed() {
    let bench = bench();
    let job = bench.job();
    let place = bench.open(&job).await;
    let context = job.directory.join("actions/one");
    std::fs::create_dir_all(&context).unwrap();
    std::fs::write(
        context.join("Dockerfile"),
        format!("FROM {BUSYBOX}\nCOPY entry.sh /entry.sh\nRUN echo built >/built\nENTRYPOINT [\"/entry.sh\"]\nCMD [\"default\"]\n"),
    )
    .unwrap();
    std::fs::write(context.join("entry.sh"), "#!/bin/sh\ncat /built; echo \"$@\"\n").unwrap();
    std::fs::set_permissions(context.join("entry.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::write(context.join(".dockerignore"), "secret\n").unwrap();
    std::fs::write(context.join("secret"), "x").unwrap();
    let notes = Arc::new(Heard::default());
    let image = place
        .build(context.clone(), "Dockerfile".into(), notes.clone())
        .await
        .unwrap();
    assert!(
        notes.lines().iter().any(|line| line.contains("RUN echo built")),
        "{:?}",
        notes.lines()
    );
    let (_, output) = run(&place, action(&image, &[])).await;
    assert_eq!(output.text(), "built\ndefault\n");
    let (_, output) = run(&place, action(&image, &["a", "b c"])).await;
    assert_eq!(output.text(), "built\na b c\n");
    std::fs::write(
        context.join("Dockerfile"),
        format!("FROM {BUSYBOX}\nCOPY secret /\n"),
    )
    .unwrap();
    let error = place
        .build(context, "Dockerfile".into(), notes)
        .await
        .unwrap_err();
    assert_eq!(error.fault(), Fault::Workflow, "{error}");
    place.close().await.unwrap();
    bench.nothing_is_left(&job).await;
}

#[tokio::test]
async fn a_container_action_is_signalled_and_ends_with_its_place() {
    let bench = bench();
    let job = bench.job();
    let place = bench.open(&job).await;
    let long = ["/bin/sh", "-c", "echo ready; exec sleep 1000"];
    let running = start(&place, action(BUSYBOX, &long)).await;
    place
        .signal(&running.id, loom_runtime::executor::Signal::Terminate)
        .await
        .unwrap();
    assert_eq!(finish(running).await.0.unwrap().status, ExitStatus::Signal(15));
    let running = start(&place, action(BUSYBOX, &long)).await;
    place.close().await.unwrap();
    let (end, _) = finish(running).await;
    assert!(end.is_err() || end.unwrap().status != ExitStatus::Code(0));
    bench.nothing_is_left(&job).await;
}

#[tokio::test]
async fn reclaim_finds_services_networks_and_actions() {
    let bench = bench();
    let mut job = bench.job();
    job.services.insert("web".into(), web("hello"));
    let place = bench.open(&job).await;
    let running = start(
        &place,
        action(BUSYBOX, &["/bin/sh", "-c", "echo ready; exec sleep 1000"]),
    )
    .await;
    assert!((bench.holds)(&job.key).await.len() >= 4);
    bench.executor.reclaim(&job.key).await.unwrap();
    // How it ended is known or lost; it does not hang.
    if let Ok(end) = finish(running).await.0 {
        assert_ne!(end.status, ExitStatus::Code(0));
    }
    bench.nothing_is_left(&job).await;
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

#[tokio::test]
async fn an_ordinary_user_gets_what_others_made() {
    if !is_ordinary_caller("an_ordinary_user_gets_what_others_made") {
        return;
    }
    let bench = bench();
    let job = bench.job();
    let place = bench.open(&job).await;
    let (end, _) = run(
        &place,
        script("mkdir x; touch x/y; chown -R 777:777 x; chmod 700 x; cat /etc/gitconfig"),
    )
    .await;
    assert_eq!(end.status, ExitStatus::Code(0));
    run(
        &place,
        action(
            BUSYBOX,
            &["/bin/sh", "-c", "mkdir z $HOME/deep; chown 778 z; chmod 700 z"],
        ),
    )
    .await;
    place.close().await.unwrap();
    bench.nothing_is_left(&job).await;
    for path in ["x", "x/y", "z"] {
        assert_eq!(
            std::fs::symlink_metadata(job.workspace.join(path)).unwrap().uid(),
            caller(),
            "{path}"
        );
    }
    std::fs::remove_dir_all(job.workspace.join("x")).unwrap();
}

/// A project of the machine's own git, with a commit; the machine's programs are mounted into the container.
fn git_project(at: &Path) {
    std::fs::create_dir_all(at).unwrap();
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args([
                "-c",
                "user.name=x",
                "-c",
                "user.email=x@x",
                "-c",
                "safe.directory=*",
            ])
            .args(arguments)
            .current_dir(at)
            .env("HOME", at)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    git(&["init", "-q"]);
    git(&["commit", "-q", "--allow-empty", "-m", "first"]);
    git(&["worktree", "add", "-q", "../tree", "-b", "side"]);
}

#[tokio::test]
async fn git_takes_the_workspace_of_an_ordinary_user_and_a_worktree() {
    if !is_ordinary_caller("git_takes_the_workspace_of_an_ordinary_user_and_a_worktree") {
        return;
    }
    let bench = bench();
    let projects = bench.temporary.path().join("projects");
    git_project(&projects.join("main"));
    for name in ["main", "tree"] {
        let mut job = bench.job();
        job.workspace = projects.join(name);
        job.room = RoomSpec::Container(ContainerSpec {
            image: "loom-test/debian".into(),
            volumes: vec!["/usr:/usr:ro".into()],
            ..ContainerSpec::default()
        });
        let place = bench.open(&job).await;
        let (end, output) = run(
            &place,
            script("git status --short; git log --format=%s; git rev-parse HEAD >/dev/null"),
        )
        .await;
        let said = String::from_utf8_lossy(&output.err);
        assert_eq!(
            (end.status, output.text()),
            (ExitStatus::Code(0), "first\n"),
            "{name}: {said}"
        );
        place.close().await.unwrap();
        bench.nothing_is_left(&job).await;
    }
}

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

/// A socket that leads to the test's engine until it is cut.
fn door(at: &Path) -> Arc<std::sync::atomic::AtomicBool> {
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::sync::atomic::AtomicBool;
    let open = Arc::new(AtomicBool::new(true));
    let (listener, flag) = (UnixListener::bind(at).unwrap(), open.clone());
    let engine = engine_address().trim_start_matches("unix://").to_owned();
    std::thread::spawn(move || {
        for inner in listener.incoming() {
            let Ok(inner) = inner else { return };
            if !flag.load(Ordering::Relaxed) {
                continue;
            }
            let outer = UnixStream::connect(&engine).unwrap();
            for (from, to) in [(&inner, &outer), (&outer, &inner)] {
                let (mut from, mut to, flag) =
                    (from.try_clone().unwrap(), to.try_clone().unwrap(), flag.clone());
                from.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
                std::thread::spawn(move || {
                    let mut buffer = [0; 65_536];
                    while flag.load(Ordering::Relaxed) {
                        match std::io::Read::read(&mut from, &mut buffer) {
                            Ok(0) => break,
                            Ok(length) => std::io::Write::write_all(&mut to, &buffer[..length]).unwrap(),
                            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                            Err(_) => break,
                        }
                    }
                    let _ = from.shutdown(std::net::Shutdown::Both);
                    let _ = to.shutdown(std::net::Shutdown::Both);
                });
            }
        }
    });
    open
}

#[tokio::test]
async fn an_engine_that_goes_away_loses_the_step_and_says_what_may_be_left() {
    let mut bench = bench();
    let socket = bench.temporary.path().join("door.sock");
    let open = door(&socket);
    let mut options = DockerOptions::new("conformance".into(), bench.temporary.path().join("cache"));
    options.host = Some(format!("unix://{}", socket.display()));
    options.patience = Duration::from_secs(1);
    let real = std::mem::replace(&mut bench.executor, Arc::new(DockerExecutor::new(options)));
    let job = bench.job();
    let place = bench.open(&job).await;
    let running = start(&place, script("echo ready; exec sleep 1000")).await;
    open.store(false, Ordering::Relaxed);
    docker()
        .stop_container(&job.key.resource_name(), None)
        .await
        .unwrap();
    let error = finish(running).await.0.unwrap_err();
    assert!(matches!(error, ExecutorError::Lost { .. }), "{error}");
    assert!(!error.to_string().contains("legacy"), "{error}");
    let left = place.close().await.unwrap_err();
    assert!(
        left.may_leave() && left.to_string().contains(&job.key.resource_name()),
        "{left}"
    );
    assert!(!left.to_string().contains("legacy"), "{left}");
    real.reclaim(&job.key).await.unwrap();
    bench.nothing_is_left(&job).await;
}
