//! Ctrl-C and SIGTERM, on the host.

use std::os::unix::net::UnixListener;
use std::time::Duration;

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
    // Nothing stands in the file of a script that was ended as it wrote it, and `/proc//stat` is there for good.
    if pid.trim().parse::<u32>().is_err() {
        return false;
    }
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
fn signals_that_would_end_a_program_at_once_clean_up_too() {
    for signal in [Signal::HUP, Signal::QUIT, Signal::USR1, Signal::USR2] {
        cancelled_by(signal);
    }
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

/// Sends Ctrl-C to one that waits before its run has begun.
fn stopped_early(project: &Project, running: crate::harness::Running) {
    running.signal(Signal::INT);
    let outcome = running
        .end()
        .exits(130)
        .says("stopped before anything was started");
    assert!(outcome.took < Duration::from_secs(20), "{outcome}");
    let list = project.loom(&["runs", "list"]).run().exits(0);
    assert_eq!(list.stdout, "", "nothing was begun");
}

#[test]
fn ctrl_c_is_heeded_while_files_are_read() {
    let project = Project::with("jobs:\n  a:\n    steps: [{ run: 'true' }]\n");
    let pipe = project.path().join("loom.toml");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo starts").success());
    let mut running = project.loom(&["run", "--executor", "host"]).start();
    // Opening a pipe for writing waits for its reader: then it is being read.
    let writer = pipe.clone();
    let opening = std::thread::spawn(move || std::fs::OpenOptions::new().write(true).open(writer));
    running.until("it reads the pipe", || opening.is_finished().then_some(()));
    let _pipe = opening.join().expect("no panic").expect("it is open");
    std::fs::remove_file(pipe).expect("others need not wait for it");
    stopped_early(&project, running);
}

#[test]
fn ctrl_c_is_heeded_while_the_engine_does_not_answer() {
    let project = Project::with("jobs:\n  a:\n    runs-on: alpine:latest\n    steps: [{ run: 'true' }]\n");
    let socket = project.path().join("docker.sock");
    let engine = UnixListener::bind(&socket).expect("a socket");
    let running = project
        .loom(&["run"])
        .env("DOCKER_HOST", format!("unix://{}", socket.display()))
        .start();
    // It has asked; nobody answers.
    let (_asking, _) = engine.accept().expect("a connection");
    stopped_early(&project, running);
}

#[test]
fn a_run_that_cannot_be_followed_any_more_still_heeds_ctrl_c() {
    let project = Project::with(LONG);
    let mut running = project.loom(&["run", "--executor", "host"]).start();
    running.until_stdout("it-runs");
    let pids = [project.read("child"), project.read("parent")];
    // Something that nobody can read, where the next event would stand.
    let damaged = project.journal().execute(
        "INSERT INTO event SELECT run, max(seq) + 1, 0, '{}' FROM event GROUP BY run",
        [],
    );
    assert_eq!(damaged.expect("it is written"), 1);
    // Only a writer wakes the reader of the journal.
    drop(
        project
            .journal()
            .execute("UPDATE run SET change = change + 1", []),
    );
    running.until_stderr("cannot be followed");
    running.signal(Signal::INT);
    running.end().exits(3).says("history is incomplete");
    for pid in &pids {
        until("no process outlives the run", || (!alive(pid)).then_some(()));
    }
}
