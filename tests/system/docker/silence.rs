//! An engine that stops answering in the middle of things: an error that says so, and never a hang.

use std::time::Duration;

use super::run;
use crate::harness::{Engine, Gate, Outcome, Project};

/// Far below any limit of a request, far above the time in which silence is noticed.
const SOON: Duration = Duration::from_secs(45);

fn check(project: &Project, engine: &Engine, outcome: &Outcome, state: &str) {
    assert!(outcome.took < SOON, "{outcome}");
    let id = project.newest_run();
    project.loom(&["runs", "show", &id]).run().exits(0).prints(state);
    assert!(
        !engine.new_containers().is_empty(),
        "what could not be removed is there\n{outcome}"
    );
    // Once it answers again, the next start removes it.
    project.file(
        "other.loom.yml",
        "jobs:\n  a:\n    runs-on: alpine:latest\n    steps: [{ run: 'true' }]\n",
    );
    run(engine, project, &["other.loom.yml"]).run().exits(0);
    engine.holds_nothing_new();
    let left = std::fs::read_dir(project.state().join("jobs")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "directories of jobs");
}

/// The error says what is wrong, and what is left where.
fn is_told(outcome: Outcome) -> Outcome {
    outcome
        .prints("has stopped answering")
        .prints("loom-")
        .prints("the next start")
}

#[test]
fn while_a_container_is_made() {
    let project = Project::with("jobs:\n  a:\n    runs-on: alpine:latest\n    steps: [{ run: sleep 600 }]\n");
    let engine = Engine::mine();
    let gate = Gate::before(&engine.host, Some("/containers/create"));
    let outcome = project.loom(&["run"]).env("DOCKER_HOST", gate.host()).run();
    check(&project, &engine, &is_told(outcome.exits(3)), "lost");
}

#[test]
fn while_a_container_is_removed() {
    let project = Project::with(
        "jobs:
  a:
    runs-on: alpine:latest
    steps:
      - run: |
          echo it-runs
          until [ -e go ]; do sleep 0.05; done
",
    );
    let engine = Engine::mine();
    let gate = Gate::before(&engine.host, None);
    let mut running = project.loom(&["run"]).env("DOCKER_HOST", gate.host()).start();
    running.until_stdout("it-runs");
    gate.shut();
    project.file("go", "");
    check(&project, &engine, &is_told(running.end().exits(3)), "lost");
}

#[test]
fn a_cancel_is_heeded_meanwhile() {
    let project = Project::with("jobs:\n  a:\n    runs-on: alpine:latest\n    steps: [{ run: sleep 600 }]\n");
    let engine = Engine::mine();
    let gate = Gate::before(&engine.host, Some("/containers/create"));
    let mut running = project
        .loom(&["run", "--format", "json"])
        .env("DOCKER_HOST", gate.host())
        .start();
    running.until("a container", || {
        (!engine.new_containers().is_empty()).then_some(())
    });
    running.signal(rustix::process::Signal::INT);
    check(&project, &engine, &running.end().exits(130), "cancelled");
}
