//! Steps run by the agent, in one container a job, whatever the image holds.

use super::run;
use crate::harness::{Engine, Events, Project};
use crate::order::wait_for;

/// Runs one job on this image and makes sure that the agent ran its step, not `docker exec`.
fn with_the_agent(image: &str, step: &str, code: i32) -> crate::harness::Outcome {
    let project = Project::with(&format!(
        "jobs:\n  only:\n    runs-on: {image}\n    steps:\n      - run: {step}\n"
    ));
    let engine = Engine::mine();
    let mark = engine.mark();
    let outcome = run(&engine, &project, &[]).run().exits(code);
    let actions = engine.container_actions_since(&mark);
    assert_eq!(
        actions.iter().filter(|action| *action == "create").count(),
        1,
        "one container a job: {actions:?}"
    );
    assert!(
        !actions.iter().any(|action| action.starts_with("exec")),
        "steps ran by `docker exec`: {actions:?}\n{outcome}"
    );
    engine.holds_nothing_new();
    outcome
}

#[test]
fn alpine_has_no_bash_and_runs_with_sh() {
    with_the_agent(
        "alpine:latest",
        "echo \"in-$(cat /etc/os-release)-${BASH_VERSION:-no-bash}\"",
        0,
    )
    .prints("in-ID=loom-busybox-no-bash");
}

#[test]
fn debian_runs_with_bash() {
    with_the_agent("loom-test/debian", "echo \"in-${BASH_VERSION:-no-bash}\"", 0)
        .prints("in-")
        .never_says("in-no-bash");
}

#[test]
fn an_empty_image_says_that_it_has_no_shell() {
    // The agent is static: it starts where there is nothing, and tells what is missing.
    let outcome = with_the_agent("loom-test/empty", "echo never", 1);
    let both = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(
        both.contains("sh") && both.contains("bash"),
        "it names the shells it looked for\n{outcome}"
    );
}

#[test]
fn a_job_has_one_container_for_all_its_steps() {
    let project = Project::with(&format!(
        "name: one
jobs:
  only:
    runs-on: alpine:latest
    steps:
      - run: echo kept > /tmp/kept
      - run: cat /tmp/kept
      - run: |
          touch /workspace/ready
          {}
",
        wait_for("go")
    ));
    let engine = Engine::mine();
    let mut running = run(&engine, &project, &[]).start();
    let containers = running.until("the last step", || {
        project
            .path()
            .join("ready")
            .exists()
            .then(|| engine.new_containers())
    });
    assert_eq!(containers.len(), 1, "{containers:?}");
    let name = containers.first().expect("one");
    assert!(name.starts_with("loom-"), "{name}");
    let inspected = engine.inspect(name);
    assert!(
        inspected["Path"]
            .as_str()
            .is_some_and(|path| path.contains("agent")),
        "{}",
        inspected["Path"]
    );
    assert_eq!(
        inspected["HostConfig"]["LogConfig"]["Type"], "none",
        "Loom keeps the log, not the engine"
    );
    assert_eq!(
        inspected["HostConfig"]["AutoRemove"], false,
        "an exit code is known before its container goes"
    );
    assert!(
        inspected["HostConfig"]["PidsLimit"]
            .as_i64()
            .is_some_and(|limit| limit > 0),
        "a fork bomb has a limit"
    );
    let mounts = inspected["Mounts"].as_array().expect("mounts");
    let at = |place: &str| mounts.iter().find(|mount| mount["Destination"] == place);
    assert!(
        at("/workspace").is_some_and(|mount| mount["RW"] == true),
        "{mounts:#?}"
    );
    project.file("go", "");
    running.end().exits(0).prints("kept");
    engine.holds_nothing_new();
}

#[test]
fn each_job_has_its_own_container() {
    let project = Project::with(
        "jobs:
  first:
    runs-on: alpine:latest
    steps: [{ run: echo secret > /tmp/first }]
  second:
    runs-on: alpine:latest
    needs: first
    steps: [{ run: 'test ! -e /tmp/first && echo second-sees-nothing' }]
",
    );
    let engine = Engine::mine();
    run(&engine, &project, &[])
        .run()
        .exits(0)
        .prints("second-sees-nothing");
    engine.holds_nothing_new();
}

#[test]
fn the_project_is_the_workspace_and_what_steps_write_stays() {
    let project = Project::with(
        "jobs:\n  only:\n    runs-on: alpine:latest\n    steps:\n      - run: |\n          pwd\n          cat given\n          echo made > made\n",
    );
    project.file("given", "given-content\n");
    let engine = Engine::mine();
    run(&engine, &project, &[])
        .run()
        .exits(0)
        .prints("/workspace")
        .prints("given-content");
    assert_eq!(project.read("made"), "made\n");
    engine.holds_nothing_new();
}

#[test]
fn what_a_step_leaves_running_is_ended_with_the_job_and_named() {
    let project = Project::with(
        "jobs:\n  only:\n    runs-on: alpine:latest\n    steps:\n      - run: sleep 600 >/dev/null 2>&1 &\n      - run: echo after\n",
    );
    let engine = Engine::mine();
    let outcome = run(&engine, &project, &["--format", "json"]).run().exits(0);
    let events = Events::of(&outcome);
    let named: Vec<String> = events
        .typed("leftoversKilled")
        .map(|event| event["processes"].to_string())
        .collect();
    assert!(
        named.iter().any(|processes| processes.contains("sleep")),
        "{outcome}"
    );
    engine.holds_nothing_new();
}
