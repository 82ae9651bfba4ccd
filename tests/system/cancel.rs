//! Ctrl-C and SIGTERM, on the host.

use rustix::process::Signal;

use crate::harness::{Project, until};

/// Tells its process id, then would go on for long; its child outlives a careless runner.
const LONG: &str = "name: long
jobs:
  long:
    steps:
      - run: |
          sleep 600 &
          echo $! > child
          echo $$ > parent
          echo it-runs
          wait
  next:
    needs: long
    steps:
      - run: touch next
";

/// Whether a process runs.
pub(crate) fn alive(pid: &str) -> bool {
    // A zombie that nobody has waited for yet does not run any more.
    std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .trim_start()
            .starts_with('Z')
    })
}

fn cancelled_by(signal: Signal) {
    let project = Project::with(LONG);
    let mut running = project.loom(&["run", "--executor", "host"]).start();
    running.until_stdout("it-runs");
    let pids = [project.read("child"), project.read("parent")];
    assert!(pids.iter().all(|pid| alive(pid)), "the step runs");
    running.signal(signal);
    running.end().exits(130);
    for pid in &pids {
        until("no process outlives the run", || (!alive(pid)).then_some(()));
    }
    assert!(
        !project.path().join("next").exists(),
        "nothing starts after a cancel"
    );
    let id = project.newest_run();
    project
        .loom(&["runs", "show", &id])
        .run()
        .exits(0)
        .prints("cancelled");
}

#[test]
fn ctrl_c_ends_the_run_with_130_and_leaves_no_process() {
    cancelled_by(Signal::INT);
}

#[test]
fn sigterm_ends_the_run_with_130_and_leaves_no_process() {
    cancelled_by(Signal::TERM);
}

#[test]
fn a_step_may_end_in_peace() {
    let project = Project::with(
        "jobs:
  polite:
    steps:
      - run: |
          trap 'echo goodbye; exit 0' INT TERM
          echo it-runs
          while :; do sleep 0.05; done
",
    );
    let mut running = project.loom(&["run", "--executor", "host"]).start();
    running.until_stdout("it-runs");
    running.signal(Signal::INT);
    running.end().exits(130).prints("goodbye");
}
