//! What a user sees who got something wrong: the place, the reason, the exit code.

use crate::harness::Project;

#[test]
fn a_cycle_names_its_jobs_with_place_and_source_line() {
    let project = Project::with(
        "name: round
jobs:
  first:
    needs: third
    steps: [{ run: 'true' }]
  second:
    needs: first
    steps: [{ run: 'true' }]
  third:
    needs: second
    steps: [{ run: 'true' }]
",
    );
    let outcome = project
        .loom(&["run", "--executor", "host"])
        .run()
        .exits(2)
        .says(".loom.yml:")
        .says("needs: third");
    for job in ["first", "second", "third"] {
        assert!(outcome.stderr.contains(job), "{job} is in the cycle\n{outcome}");
    }
    assert_eq!(outcome.stdout, "", "nothing ran, so there is no data");
}

#[test]
fn an_unknown_need_is_shown_in_its_line_with_a_guess() {
    let project = Project::with(
        "jobs:
  build:
    steps: [{ run: 'true' }]
  test:
    needs: biuld
    steps: [{ run: 'true' }]
",
    );
    project
        .loom(&["run", "--executor", "host"])
        .run()
        .exits(2)
        .says(".loom.yml:5:12")
        .says("    needs: biuld")
        .says("`build`");
}

#[test]
fn broken_yaml_is_shown_with_line_column_and_source() {
    let project = Project::with("jobs:\n  build:\n    steps:\n      - run: [unclosed\n");
    project
        .loom(&["run", "--executor", "host"])
        .run()
        .exits(2)
        .says(".loom.yml:")
        .says("- run: [unclosed");
}

#[test]
fn a_missing_file_is_named() {
    let project = Project::new();
    project
        .loom(&["run", "--executor", "host", "absent.loom.yml"])
        .run()
        .exits(2)
        .says("absent.loom.yml");
}

#[test]
fn a_project_without_a_workflow_hears_what_was_looked_for() {
    let project = Project::new();
    project
        .loom(&["run", "--executor", "host"])
        .run()
        .exits(2)
        .says(".loom.yml")
        .says(".github/workflows");
}

#[test]
fn an_unknown_flag_is_wrong_usage() {
    let project = Project::with("jobs:\n  a:\n    steps: [{ run: 'true' }]\n");
    project
        .loom(&["run", "--no-such-flag"])
        .run()
        .exits(2)
        .says("--no-such-flag");
}

#[test]
fn all_mistakes_of_a_file_are_shown_at_once() {
    let project = Project::with(
        "jobs:
  a:
    needs: nobody
    steps: [{ run: 'true' }]
  b:
    needs: noone
    steps: [{ run: 'true' }]
",
    );
    project
        .loom(&["run", "--executor", "host"])
        .run()
        .exits(2)
        .says("nobody")
        .says("noone");
}

#[test]
fn what_has_no_effect_here_warns_and_goes_on() {
    let project =
        Project::with("permissions: { contents: read }\njobs:\n  a:\n    steps:\n      - run: touch ran\n");
    project
        .loom(&["run", "--executor", "host"])
        .run()
        .exits(0)
        .says("permissions");
    assert!(project.path().join("ran").exists());
}

#[test]
fn an_engine_that_does_not_answer_is_the_machines_fault_and_says_what_to_do() {
    let project = Project::with("jobs:\n  a:\n    runs-on: alpine:latest\n    steps: [{ run: 'true' }]\n");
    project
        .loom(&["run", "--executor", "docker"])
        .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
        .run()
        .exits(3)
        .says("/nowhere/docker.sock")
        .says("--executor host");
}

#[test]
fn what_is_planned_is_named_as_such() {
    Project::new()
        .loom(&["worker"])
        .run()
        .exits(2)
        .says("`worker` is planned and not there yet")
        .says("help:");
}

#[test]
fn a_file_that_is_no_text_is_refused_with_its_place() {
    let project = Project::new();
    std::fs::write(project.path().join("bad.yml"), b"jobs:\n  \xc3\xa9: \xff\n").expect("written");
    project
        .loom(&["run", "bad.yml"])
        .run()
        .exits(2)
        .says("bad.yml:2:6")
        .says("save the file as UTF-8");
}

#[test]
fn an_unknown_job_is_refused_with_those_that_are_there() {
    let project =
        Project::with("jobs:\n  build: { steps: [{ run: 'true' }] }\n  test: { steps: [{ run: 'true' }] }\n");
    project
        .loom(&["run", "--executor", "host", "-j", "zzz"])
        .run()
        .exits(2)
        .says("its jobs are `build`, `test`");
}

#[test]
fn what_a_run_cannot_have_is_named_once_also_where_nothing_can_begin() {
    let project = Project::new();
    project.file(
        ".github/workflows/ci.yml",
        "on: push
permissions: {}
jobs:
  a:
    runs-on: ubuntu-latest
    permissions: { contents: read }
    steps:
      - uses: actions/cache@v4
        with: { path: x, key: y }
      - uses: actions/cache/save@v4
        with: { path: x, key: y }
  b:
    runs-on: windows-latest
    steps: [{ run: dir }]
",
    );
    let outcome = project
        .loom(&["run"])
        .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
        .run()
        .exits(3)
        .says("/nowhere/docker.sock");
    for named in [
        "`permissions` has no effect here (2 places)",
        "2 steps (`actions/cache`, `actions/cache/save`) need a cache service",
        "no image is known for the label `windows-latest` (job `b`); such jobs are skipped",
    ] {
        assert_eq!(outcome.stderr.matches(named).count(), 1, "{named}\n{outcome}");
    }
    assert!(
        !outcome.stderr.contains("and here"),
        "one place is enough\n{outcome}"
    );
}

#[test]
fn missing_inputs_are_all_named_with_how_to_give_them() {
    let project = Project::new();
    project.file(
        ".github/workflows/ship.yml",
        "on:
  workflow_dispatch:
    inputs:
      target: { type: string, required: true }
      count: { type: number, required: true }
jobs:
  a: { runs-on: ubuntu-latest, steps: [{ run: 'echo [${{ inputs.target }}]' }] }
",
    );
    let run = |arguments: &[&str]| {
        project
            .loom(&[&["run", "--executor", "host"], arguments].concat())
            .run()
    };
    run(&["--event", "workflow_dispatch"])
        .exits(2)
        .says("the input `target` is missing")
        .says("the input `count` is missing")
        .says("`--input NAME=VALUE`");
    run(&[])
        .exits(0)
        .prints("[]")
        .says("`--event workflow_dispatch` runs it as GitHub does on that event; `--input NAME=VALUE`");
    run(&[
        "--event",
        "workflow_dispatch",
        "--input",
        "target=x",
        "--input",
        "count=2",
    ])
    .exits(0)
    .prints("[x]")
    .never_says("runs it as GitHub does");
}

#[test]
fn a_group_of_runners_is_named_and_can_be_mapped() {
    let project = Project::new();
    project.file(
        ".github/workflows/group.yml",
        "on: push\njobs:\n  a: { runs-on: { group: large }, steps: [{ run: echo here }] }\n",
    );
    project
        .loom(&["run"])
        .run()
        .exits(3)
        .says("no image is known for the label `large` (job `a`)");
    project
        .loom(&["run", "-P", "large=host"])
        .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
        .run()
        .exits(0)
        .prints("here");
}
