//! Images of all kinds, and how steps run in them.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::Command;
use std::sync::Arc;

use futures_util::StreamExt as _;
use loom_runtime::executor::docker::StepsBy;
use loom_runtime::executor::{ExecutorError, ExitStatus, Fault, Program, PullPolicy, RoomSpec};

use super::bench::{BUSYBOX, bench, bench_with, docker};
use crate::conformance::{Bench, Heard, finish, run, script, start};

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

/// An image like busybox with one more instruction.
pub(crate) async fn commit_with(bench: &Bench, name: &str, change: &str) {
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

pub(crate) async fn remove_image(name: &str) {
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
async fn an_actions_image_that_no_registry_answers_for_is_tried_three_times_in_all() {
    let bench = bench();
    let mut job = bench.job();
    job.pull = PullPolicy::Missing;
    let heard = Arc::new(Heard::default());
    let place = bench.executor.open(job.clone(), heard.clone()).await.unwrap();
    let image = "localhost:1/no/action";
    let early = place.pull(image, heard.clone()).await.unwrap_err();
    assert_eq!(early.fault(), Fault::Machine, "{early}");
    let tried = || {
        let lines = heard.lines();
        lines
            .iter()
            .filter(|line| line.contains("trying again in"))
            .count()
    };
    assert_eq!(tried(), 2);
    let begin = || {
        let mut step = script("");
        step.program = Program::Container {
            image: image.into(),
            pull: true,
            entrypoint: None,
            arguments: Vec::new(),
        };
        place.run(step, Box::new(crate::conformance::Recorder::default()))
    };
    let error = begin().await.unwrap_err();
    assert_eq!((error.to_string(), tried()), (early.to_string(), 2));
    // Whoever tries the step again means it.
    begin().await.unwrap_err();
    assert_eq!(tried(), 4);
    place.close().await.unwrap();
    bench.nothing_is_left(&job).await;
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
