//! stdout is data, stderr is talk.

use crate::harness::Project;

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
