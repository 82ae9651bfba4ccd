//! Panics of Loom's own actors, injected. Only debug builds, which these tests try, take `LOOM_FAULT`.

use crate::cancel::alive;
use crate::harness::{Events, Loom, Project, until};
use crate::order::wait_for;

/// Two jobs at once; the second ends only after the first one's actor is long gone.
pub(crate) fn two_jobs() -> Project {
    Project::with(&format!(
        "name: two
jobs:
  doomed:
    runs-on: alpine:latest
    steps:
      - run: |
          touch doomed
          sleep 600
  other:
    runs-on: alpine:latest
    steps:
      - run: {}
      - run: echo other-is-done
",
        wait_for("doomed")
    ))
}

/// What such a run must have come to.
pub(crate) fn check(outcome: crate::harness::Outcome) {
    let outcome = outcome.exits(3);
    let events = Events::of(&outcome);
    let states = events.job_states();
    assert_eq!(states["doomed"], "lost", "{outcome}");
    assert_eq!(
        states["other"], "success",
        "a panic takes nothing else down\n{outcome}"
    );
    assert_eq!(events.run_state(), "lost");
    let end = &events.0[events.place("jobFinished", "doomed")];
    assert!(
        end["reason"]["message"]
            .as_str()
            .is_some_and(|message| message.contains("panic")),
        "{end}"
    );
}

#[test]
fn a_panic_in_one_jobs_actor_shows_and_takes_nothing_else_down() {
    let project = two_jobs();
    let loom = project.loom(&["run", "--executor", "host", "--format", "json"]);
    check(loom.env("LOOM_FAULT", "panic-job:doomed").run());
}

/// What a run whose actor panicked must have come to: its end is in the history, and said.
pub(crate) fn check_run(project: &Project, loom: Loom) {
    let outcome = loom.run().exits(3);
    let id = project.newest_run();
    let shown = project.loom(&["runs", "show", &id]).run().exits(0).prints("lost");
    assert!(shown.stdout.contains("panic"), "{outcome}\n{shown}");
}

#[test]
fn a_panic_in_a_runs_actor_ends_the_run_as_lost_and_leaves_no_process() {
    let project = Project::with(
        "name: doomed\njobs:\n  a:\n    steps:\n      - run: |\n          echo $$ > pid\n          sleep 600\n",
    );
    let loom = project.loom(&["run", "--executor", "host"]);
    check_run(&project, loom.env("LOOM_FAULT", "panic-run:doomed"));
    if let Ok(pid) = std::fs::read_to_string(project.path().join("pid")) {
        until("no process of the lost run", || (!alive(&pid)).then_some(()));
    }
}
