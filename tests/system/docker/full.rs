//! Full disks outside of the job, with an engine: those of `full.rs`, and the engine's own.

use super::run;
use crate::full::{self, Disk};
use crate::harness::{Engine, OwnEngine, Project};

#[test]
fn the_disk_is_filled_by_what_a_step_says() {
    let engine = Engine::mine();
    full::by_what_a_step_says(&|project, arguments| run(&engine, project, arguments));
    engine.holds_nothing_new();
}

#[test]
fn the_disk_is_filled_by_somebody_else() {
    let engine = Engine::mine();
    full::by_somebody_else(&|project, arguments| run(&engine, project, arguments));
    engine.holds_nothing_new();
}

#[test]
fn the_disk_is_full_from_the_beginning() {
    let engine = Engine::mine();
    full::from_the_beginning(&|project, arguments| run(&engine, project, arguments));
    engine.holds_nothing_new();
}

/// An image cannot be built: the machine is to blame, not the workflow. With room again, it can.
#[test]
fn the_engines_own_disk_is_full() {
    let mut disk = None;
    let Some(engine) = OwnEngine::start_on(|data| {
        disk = Disk::of_file(data, 500);
        disk.is_some()
    }) else {
        return;
    };
    let disk = disk.expect("it was made");
    let project = Project::new();
    project.file(
        ".github/workflows/w.yml",
        "on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: |
          echo in-$((40+2))
          until [ -e go ]; do sleep 0.05; done
          if echo x > /written; then exit 1; fi
          echo x > in-the-workspace
      - uses: ./built
",
    );
    project.file(
        "built/action.yml",
        "name: built\nruns:\n  using: docker\n  image: Dockerfile\n",
    );
    project.file(
        "built/Dockerfile",
        "FROM loom-test/busybox\nRUN echo x >/made\nENTRYPOINT [\"/bin/sh\", \"-c\", \"echo built-$((6*7))\"]\n",
    );
    let start = || {
        let arguments = ["run", "--executor", "docker", "--pull", "never"];
        project.loom(&arguments).env("DOCKER_HOST", engine.host())
    };
    let mut running = start().start();
    running.until_stdout("in-42");
    disk.fill();
    project.file("go", "");
    let outcome = running.end().exits(3).prints("no space left on device");
    assert!(!outcome.stdout.contains("built-42"), "{outcome}");
    disk.make_room();
    project.file(
        ".github/workflows/w.yml",
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: ./built\n",
    );
    start().run().exits(0).prints("built-42");
    let left = engine.count("/containers/json?all=true")
        + engine.count("/networks?filters=%7B%22type%22%3A%5B%22custom%22%5D%7D");
    assert_eq!(left, 0, "containers and networks");
}
