//! Panics of Loom's own actors, injected. Only debug builds, which these tests try, take `LOOM_FAULT`.

use crate::harness::{Events, Project};
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
