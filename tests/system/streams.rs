//! stdout is data, stderr is talk.

use rustix::process::Signal;

use crate::harness::{Project, Stderr};

const TWO_STREAMS: &str = "name: streams
jobs:
  talk:
    steps:
      - name: both
        run: |
          echo to-stdout
          echo to-stderr >&2
";

#[test]
fn what_steps_print_is_data() {
    let project = Project::with(TWO_STREAMS);
    let outcome = project
        .loom(&["run", "--executor", "host"])
        .run()
        .exits(0)
        .prints("to-stdout")
        .prints("to-stderr");
    assert!(
        !outcome.stderr.contains("to-stdout"),
        "the log is data\n{outcome}"
    );
}

#[test]
fn without_a_terminal_there_are_no_escapes() {
    let project = Project::with(TWO_STREAMS);
    project
        .loom(&["run", "--executor", "host"])
        .run()
        .exits(0)
        .never_says("\u{1b}[");
}

#[test]
fn json_is_all_that_stdout_holds() {
    let project = Project::with(TWO_STREAMS);
    let outcome = project
        .loom(&["run", "--executor", "host", "--format", "json"])
        .run()
        .exits(0);
    for line in outcome.stdout.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert!(value["type"].is_string(), "{line}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    // `loom-runtime run | head -1`: the pipe breaks in the middle.
    let project = Project::with("jobs:\n  many:\n    steps:\n      - run: seq 20000\n");
    let outcome = project
        .loom_in_shell("\"$LOOM\" run --executor host | head -n 1 >/dev/null; echo ${PIPESTATUS[0]}")
        .run();
    assert_eq!(outcome.stdout.trim(), "0", "{outcome}");
    outcome.never_says("panicked");
}

#[test]
fn the_log_is_kept_and_read_back_by_job() {
    let project = Project::with(TWO_STREAMS);
    project.loom(&["run", "--executor", "host"]).run().exits(0);
    let runs = project
        .loom(&["runs", "list"])
        .run()
        .exits(0)
        .prints("streams")
        .prints("success");
    assert!(!runs.stdout.contains("running"), "{runs}");
    let id = project.newest_run();
    project
        .loom(&["runs", "logs", &id])
        .run()
        .exits(0)
        .prints("to-stdout")
        .prints("to-stderr");
    project
        .loom(&["runs", "show", &id])
        .run()
        .exits(0)
        .prints("talk")
        .prints("success");
}

#[test]
fn a_line_without_an_end_and_bytes_that_are_no_text_arrive() {
    let project = Project::with(
        "jobs:\n  odd:\n    steps:\n      - run: printf 'bad-\\377-byte\\n'\n      - run: printf 'no newline'\n",
    );
    project
        .loom(&["run", "--executor", "host"])
        .run()
        .exits(0)
        .prints("bad-")
        .prints("-byte")
        .prints("no newline");
}

/// One job prints far more than a pipe holds.
const FLOOD: &str = "jobs:\n  flood:\n    steps:\n      - run: seq 1 400000\n";

/// The state of the newest run, once there is one.
fn state(project: &Project) -> Option<String> {
    let list = project.loom(&["runs", "list", "--format", "json"]).run().exits(0);
    let runs: serde_json::Value = serde_json::from_str(&list.stdout).expect("JSON");
    Some(runs.get(0)?.get("state")?.as_str()?.to_owned())
}

#[test]
fn a_reader_that_pauses_holds_back_neither_the_run_nor_ctrl_c() {
    for (format, stderr) in [
        ("plain", Stderr::Nowhere),
        ("plain", Stderr::Same),
        ("pretty", Stderr::Same),
    ] {
        let project = Project::with(FLOOD);
        let mut running = project
            .loom(&["run", "--executor", "host", "--format", format])
            .start_unread(stderr);
        running.until("the run ends in the journal", || {
            state(&project).filter(|state| state == "success")
        });
        running.signal(Signal::INT);
        running.signal(Signal::INT);
        assert_eq!(running.end(), Some(0), "it had succeeded");
        project
            .loom(&["runs", "logs"])
            .run()
            .exits(0)
            .prints("| 400000\n");
    }
}

#[test]
fn ctrl_c_ends_a_step_while_nobody_reads_what_it_prints() {
    let project =
        Project::with("jobs:\n  flood:\n    steps:\n      - run: seq 1 400000; touch flooded; sleep 600\n");
    let mut running = project
        .loom(&["run", "--executor", "host", "--format", "plain"])
        .start_unread(Stderr::Same);
    running.until("all is printed", || {
        project.path().join("flooded").exists().then_some(())
    });
    running.signal(Signal::INT);
    running.signal(Signal::INT);
    assert_eq!(running.end(), Some(130));
    assert_eq!(state(&project).as_deref(), Some("cancelled"));
}

#[test]
fn one_that_reads_late_gets_all_of_it() {
    let project = Project::with(FLOOD);
    let outcome = project
        .loom_in_shell("\"$LOOM\" run --executor host --format plain | { sleep 1; tail -n 8; }")
        .run()
        .exits(0);
    assert!(outcome.stdout.contains("| 400000\n"), "{outcome}");
}

#[test]
fn control_sequences_of_a_job_are_kept_where_no_terminal_obeys_them() {
    let project = Project::with("jobs:\n  a:\n    steps:\n      - run: printf 'x\\033[2Jy\\033[31mz\\n'\n");
    project
        .loom(&["run", "--executor", "host", "--format", "plain"])
        .run()
        .exits(0)
        .prints("| x\u{1b}[2Jy\u{1b}[31mz\n");
}
