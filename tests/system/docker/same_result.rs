//! The same file gives the same result in Docker and on the host.

use super::run;
use crate::harness::{Engine, Events, Project};
use crate::order::wait_for;

fn same(project: &Project, code: i32) {
    let engine = Engine::mine();
    let docker = Events::of(&run(&engine, project, &["--format", "json"]).run().exits(code));
    engine.holds_nothing_new();
    let host = Events::of(
        &project
            .loom(&["run", "--executor", "host", "--format", "json"])
            .run()
            .exits(code),
    );
    assert_eq!(docker.result(), host.result());
}

#[test]
fn the_diamond() {
    same(&Project::with_example("diamond.loom.yml"), 0);
}

#[test]
fn a_failure_with_its_skipped_dependents() {
    let project = Project::with(
        "jobs:
  broken:
    runs-on: alpine:latest
    steps:
      - run: exit 7
      - run: 'true'
  next:
    runs-on: alpine:latest
    needs: broken
    steps: [{ run: 'true' }]
  independent:
    runs-on: ubuntu-latest
    steps: [{ run: 'true' }]
",
    );
    same(&project, 1);
}

#[test]
fn a_step_that_a_signal_ends() {
    same(
        &Project::with("jobs:\n  a:\n    runs-on: alpine:latest\n    steps:\n      - run: kill -9 $$\n"),
        1,
    );
}

#[test]
fn jobs_run_at_the_same_time_in_containers_too() {
    let project = Project::with(&format!(
        "jobs:
  left:
    runs-on: alpine:latest
    steps:
      - run: touch left
      - run: {}
  right:
    runs-on: ubuntu-latest
    steps:
      - run: touch right
      - run: {}
",
        wait_for("right"),
        wait_for("left"),
    ));
    let engine = Engine::mine();
    run(&engine, &project, &[]).run().exits(0);
    assert!(project.path().join("left").exists() && project.path().join("right").exists());
    engine.holds_nothing_new();
}

#[test]
fn output_arrives_in_order_and_whole() {
    let project =
        Project::with("jobs:\n  many:\n    runs-on: alpine:latest\n    steps:\n      - run: seq 1 20000\n");
    let engine = Engine::mine();
    let outcome = run(&engine, &project, &[]).run().exits(0);
    let live: Vec<&str> = outcome
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix("many | "))
        .collect();
    let expected: Vec<String> = (1..=20000).map(|number| number.to_string()).collect();
    assert!(live == expected, "{} lines of 20000, or out of order", live.len());
    let kept = project.loom(&["runs", "logs", "--job", "many"]).run().exits(0);
    assert!(
        kept.stdout
            .lines()
            .filter(|line| line.parse::<u32>().is_ok())
            .eq(&expected),
        "kept otherwise than shown"
    );
    engine.holds_nothing_new();
}

#[test]
fn a_line_is_shown_while_its_step_still_runs() {
    // The step ends only when the test has seen its line.
    let project = Project::with(&format!(
        "jobs:\n  live:\n    runs-on: alpine:latest\n    steps:\n      - run: |\n          echo live-line\n          {}\n",
        wait_for("seen")
    ));
    let engine = Engine::mine();
    let mut running = run(&engine, &project, &[]).start();
    running.until_stdout("live-line");
    project.file("seen", "");
    running.end().exits(0);
    engine.holds_nothing_new();
}

#[test]
fn eight_jobs_that_talk_lose_no_line() {
    let engine = Engine::mine();
    crate::talkers::lose_no_line(&|project, arguments| run(&engine, project, arguments));
    engine.holds_nothing_new();
}
