//! Images with a `USER`, and callers who are not root.

use std::os::unix::fs::MetadataExt;

use super::run;
use crate::harness::{Engine, Project};

fn id_on(image: &str) -> Project {
    Project::with(&format!(
        "jobs:\n  only:\n    runs-on: {image}\n    steps:\n      - run: echo \"uid=$(id -u)\"\n      - run: echo second-step\n"
    ))
}

#[test]
fn steps_run_as_the_user_of_the_image() {
    let engine = Engine::mine();
    for (image, uid) in [
        ("loom-test/user", "uid=1000"),
        ("loom-test/user-name", "uid=1000"),
        ("loom-test/user-unknown", "uid=1234"),
        ("alpine:latest", "uid=0"),
    ] {
        run(&engine, &id_on(image), &[])
            .run()
            .exits(0)
            .prints(uid)
            .prints("second-step");
    }
    engine.holds_nothing_new();
}

#[test]
fn an_ordinary_user_of_the_group_docker_runs_on_any_image() {
    let engine = Engine::mine();
    for (image, uid) in [
        ("loom-test/user", "uid=1000"),
        ("loom-test/debian", "uid=0"),
        ("alpine:latest", "uid=0"),
    ] {
        let project = id_on(image).owned_by_ordinary_user();
        run(&engine, &project, &[])
            .run()
            .exits(0)
            .prints(uid)
            .prints("second-step");
    }
    engine.holds_nothing_new();
}

#[test]
fn what_roots_steps_made_belongs_to_the_caller_afterwards() {
    let project = Project::with(
        "jobs:
  only:
    runs-on: alpine:latest
    steps:
      - run: |
          mkdir -p deep/er
          echo made > deep/er/made
          ln -s /etc/passwd link
",
    )
    .owned_by_ordinary_user();
    let engine = Engine::mine();
    run(&engine, &project, &[]).run().exits(0);
    let caller = std::fs::metadata(project.path()).expect("the project").uid();
    for made in ["deep", "deep/er", "deep/er/made", "link"] {
        let owner = std::fs::symlink_metadata(project.path().join(made))
            .unwrap_or_else(|e| panic!("{made}: {e}"))
            .uid();
        assert_eq!(owner, caller, "{made}");
    }
    // The link itself was given away, not what it points to.
    assert_eq!(std::fs::metadata("/etc/passwd").expect("passwd").uid(), 0);
    engine.holds_nothing_new();
}
