//! Loom as an ordinary user who may talk to the engine.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use loom_runtime::executor::docker::{DockerExecutor, DockerOptions, StepsBy};
use loom_runtime::executor::{ContainerSpec, Executor as _, ExecutorError, ExitStatus, RoomSpec};

use super::actions::action;
use super::bench::{BUSYBOX, STRANGER, bench, bench_with, caller, docker, engine_address, temporary};
use crate::conformance::{run, script};

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
    // By another process: a program that was open for writing here cannot be started while a child of another test's, which
    // was forked meanwhile, has it open too.
    let mut copying = Command::new("cp");
    let copied = copying
        .arg(std::env::current_exe().unwrap())
        .arg(&binary)
        .status();
    assert!(copied.unwrap().success());
    let output = Command::new(&binary)
        .args([&*format!("ordinary_users::{test}"), "--exact", "--nocapture"])
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
