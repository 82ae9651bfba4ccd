//! What runs when: the graph of the jobs, on the host.

use std::collections::BTreeMap;

use crate::harness::{Events, Project};

/// Waits in a step until another job has left a file, for 20 s at most. Only a run that does what the test claims gets
/// past it.
pub(crate) fn wait_for(file: &str) -> String {
    format!(
        "for i in $(seq 200); do [ -e {file} ] && exit 0; sleep 0.1; done; echo '{file} never came'; exit 1"
    )
}

#[test]
fn the_diamond_runs_and_every_job_succeeds() {
    let project = Project::with_example("diamond.loom.yml");
    let outcome = project
        .loom(&["run", "--executor", "host", "--format", "json"])
        .run()
        .exits(0);
    let events = Events::of(&outcome);
    assert_eq!(events.run_state(), "success");
    let states = events.job_states();
    assert!(states.len() >= 4, "a diamond has four jobs: {states:?}");
    assert!(states.values().all(|state| state == "success"), "{states:?}");
}

#[test]
fn jobs_without_needs_between_them_run_at_the_same_time() {
    let project = Project::with(&format!(
        "jobs:
  left:
    runs-on: alpine:latest
    steps:
      - run: touch left
      - run: {}
  right:
    runs-on: alpine:latest
    steps:
      - run: touch right
      - run: {}
",
        wait_for("right"),
        wait_for("left"),
    ));
    project.loom(&["run", "--executor", "host"]).run().exits(0);
    assert!(project.path().join("left").exists() && project.path().join("right").exists());
}

#[test]
fn a_job_starts_when_its_own_needs_are_done_and_waits_for_no_other() {
    // `slow` ends only after `after-quick` has run, which a runner that works in stages would hold back until `slow` ends.
    let project = Project::with(&format!(
        "jobs:
  quick:
    runs-on: alpine:latest
    steps:
      - run: touch quick
  slow:
    runs-on: alpine:latest
    steps:
      - run: {}
  after-quick:
    runs-on: alpine:latest
    needs: quick
    steps:
      - run: test -e quick
      - run: touch after-quick
",
        wait_for("after-quick"),
    ));
    let outcome = project
        .loom(&["run", "--executor", "host", "--format", "json"])
        .run()
        .exits(0);
    let events = Events::of(&outcome);
    assert!(events.place("jobFinished", "after-quick") < events.place("jobFinished", "slow"));
    assert!(events.place("jobFinished", "quick") < events.place("jobStarted", "after-quick"));
}

#[test]
fn a_failed_job_skips_its_dependents_and_fails_the_run() {
    let project = Project::with(
        "jobs:
  broken:
    steps:
      - run: exit 7
      - run: touch second-step
  next:
    needs: broken
    steps:
      - run: touch next
  after-next:
    needs: [next]
    steps:
      - run: touch after-next
  independent:
    steps:
      - run: touch independent
",
    );
    let outcome = project
        .loom(&["run", "--executor", "host", "--format", "json"])
        .run()
        .exits(1);
    let events = Events::of(&outcome);
    let states: BTreeMap<String, String> = events.job_states();
    let state = |job: &str| states.get(job).map(String::as_str);
    assert_eq!(state("broken"), Some("failure"));
    assert_eq!(state("next"), Some("skipped"));
    assert_eq!(state("after-next"), Some("skipped"));
    assert_eq!(state("independent"), Some("success"));
    assert_eq!(events.run_state(), "failure");
    assert!(
        events
            .typed("stepFinished")
            .any(|step| step["job"] == "broken" && step["exitCode"] == 7)
    );
    for (file, there) in [
        ("second-step", false),
        ("next", false),
        ("after-next", false),
        ("independent", true),
    ] {
        assert_eq!(project.path().join(file).exists(), there, "{file}");
    }
}

#[test]
fn events_are_numbered_without_holes_and_say_their_version() {
    let project = Project::with("jobs:\n  only:\n    steps:\n      - run: 'true'\n");
    let outcome = project
        .loom(&["run", "--executor", "host", "--format", "json"])
        .run()
        .exits(0);
    let events = Events::of(&outcome);
    for (at, event) in events.0.iter().enumerate() {
        assert_eq!(event["seq"], at + 1, "{event}");
        assert_eq!(event["v"], 1, "{event}");
        assert_eq!(event["runId"], events.run_id(), "{event}");
        assert!(
            event["time"].as_str().is_some_and(|time| time.ends_with('Z')),
            "{event}"
        );
    }
    assert_eq!(events.0[0]["type"], "runCreated");
}
