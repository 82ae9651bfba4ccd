//! An engine that does not see the files of this machine: it is sent the project, and nothing of it changes here.

use std::time::Duration;

use rustix::process::Signal;

use super::{loom, run};
use crate::crash::LONG;
use crate::harness::{Engine, Gate, Project};

/// Within this a connection that says nothing any more is given up, all that follows included.
const GIVEN_UP: Duration = Duration::from_secs(120);

const WHOLE: &str = r#"jobs:
  one:
    runs-on: loom-test/debian
    outputs: { v: '${{ steps.o.outputs.v }}' }
    services:
      s:
        image: loom-test/busybox
        options: --entrypoint sleep
        command: '600'
    steps:
      - uses: actions/checkout@v4
      - run: |
          cat there
          echo made > made
          mkdir local
          printf 'runs:\n  using: composite\n  steps:\n  - run: echo composite-$((6*7)) with $FROM_FILE\n    shell: bash\n' > local/action.yml
          echo FROM_FILE=env-file >> "$GITHUB_ENV"
          grep -c '"after"' "$GITHUB_EVENT_PATH"
      - id: o
        run: echo "v=made-is-${{ hashFiles('made') }}" >> "$GITHUB_OUTPUT"
      - uses: ./local
      - uses: docker://loom-test/busybox
        with: { entrypoint: sh, args: '-c "cat /github/workspace/made && echo by-an-action > by"' }
      - run: cat by
      - run: for i in $(seq 50000); do echo "line $i"; done
  two:
    needs: one
    runs-on: loom-test/debian
    container: loom-test/debian
    steps:
      - run: |
          echo '${{ needs.one.outputs.v }}'
          test ! -e made
          echo "home: $(ls -d /github/home /github/workflow/event.json)"
          exit 7
"#;

/// The hash over the hash of `made\n`.
const OF_MADE: &str = "adbcbb4cd6f117e45a53c79a64425396ffe02e28d760c7c9aa3fd3e314e29dad";

#[test]
fn an_engine_that_does_not_see_our_files_runs_what_a_workflow_has() {
    let Some(engine) = Engine::apart() else { return };
    let project = Project::with(WHOLE);
    project.file("there", "was-there\n");
    let outcome = run(&engine, &project, &["--pull", "never"])
        .run()
        .exits(1)
        .prints("does not see the files of this machine")
        .prints("was-there")
        .prints("composite-42 with env-file")
        .prints(&format!("made-is-{OF_MADE}"))
        .prints("by-an-action")
        .prints("line 50000")
        .prints("exit code 7");
    let said = outcome.stdout.matches("does not see the files").count();
    assert_eq!(said, 2, "once a job\n{outcome}");
    let numbers = outcome
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix("one | line "));
    assert!(
        numbers.map(str::to_owned).eq((1..=50_000).map(|i| i.to_string())),
        "lines are missing"
    );
    assert!(!project.path().join("made").exists() && !project.path().join("by").exists());
    let left = std::fs::read_dir(project.state().join("jobs")).expect("the jobs");
    assert_eq!(left.count(), 0);
    engine.holds_nothing_new();
}

#[test]
fn links_mean_the_same_there() {
    let Some(engine) = Engine::apart() else { return };
    let text = "jobs:
  a:
    runs-on: loom-test/debian
    steps:
      - run: |
          mkdir -p other local named folder/deep
          echo made > other/file
          ln -s ../other/file folder/relative
          ln -s ../other folder/leads-to-a-folder
          ln -s ../relative folder/deep/inside
          printf 'runs:\\n  using: composite\\n  steps:\\n  - run: echo composite-$((6*7))\\n    shell: bash\\n' > named/act.yml
          ln -s ../named/act.yml local/action.yml
          ln -s other/file link
      - run: |
          echo 'folder-is-${{ hashFiles('folder/**') }}'
          echo 'link-is-${{ hashFiles('link') }}'
      - uses: ./local
";
    let shared = Engine::other_host();
    let hashes = |host: &str| {
        let project = Project::with(text);
        let outcome = project
            .loom(&["run", "--pull", "never"])
            .env("DOCKER_HOST", host)
            .run()
            .exits(0)
            .prints("composite-42");
        let line = |word: &str| {
            let found = outcome.stdout.lines().find(|line| line.contains(word));
            found.unwrap_or_default().to_owned()
        };
        (line("folder-is-"), line("link-is-"))
    };
    let there = hashes(&engine.host);
    assert!(there.0.len() > 64 && there.1.len() > 64, "{there:?}");
    assert_eq!(there, hashes(&shared));
    engine.holds_nothing_new();
}

#[test]
fn nothing_is_left_there_after_a_cancel() {
    let Some(engine) = Engine::apart() else { return };
    let project = Project::with(LONG);
    let mut running = run(&engine, &project, &[]).start();
    running.until_stdout("it-runs");
    running.signal(Signal::INT);
    running.end().exits(130);
    engine.holds_nothing_new();
}

#[test]
fn the_next_start_removes_what_a_killed_run_left_there() {
    let Some(engine) = Engine::apart() else { return };
    let project = Project::with(LONG);
    let mut running = run(&engine, &project, &[]).start();
    running.until_stdout("it-runs");
    running.signal(Signal::KILL);
    drop(running);
    let id = project.newest_run();
    project.file(
        "other.loom.yml",
        "jobs:\n  a:\n    runs-on: alpine:latest\n    steps: [{ run: 'true' }]\n",
    );
    run(&engine, &project, &["other.loom.yml"]).run().exits(0);
    engine.holds_nothing_new();
    loom(&engine, &project, &["runs", "show", &id])
        .run()
        .exits(0)
        .prints("lost");
}

/// A step that is silent for long.
const SILENT: &str = "jobs:
  a:
    runs-on: alpine:latest
    steps:
      - run: |
          echo it-$((6*7))
          sleep 600
";

fn once_more(engine: &Engine, project: &Project) {
    project.file(
        "other.loom.yml",
        "jobs:\n  a:\n    runs-on: alpine:latest\n    steps: [{ run: 'true' }]\n",
    );
    run(engine, project, &["other.loom.yml"]).run().exits(0);
    engine.holds_nothing_new();
}

#[test]
fn a_network_that_is_lost_without_a_word_loses_the_job() {
    let Some(engine) = Engine::apart() else { return };
    let project = Project::with(SILENT);
    let gate = Gate::before(&engine.host, None);
    let mut running = project.loom(&["run"]).env("DOCKER_HOST", gate.host()).start();
    running.until_stdout("it-42");
    gate.shut();
    let outcome = running.end().exits(3).prints("has stopped answering");
    assert!(outcome.took < GIVEN_UP, "{outcome}");
    drop(gate);
    once_more(&engine, &project);
}

#[test]
fn so_does_a_connection_that_is_dropped_alone() {
    let Some(engine) = Engine::apart() else { return };
    let project = Project::with(SILENT);
    // As a firewall does with a connection that it has forgotten.
    let gate = Gate::that_mutes(&engine.host, "/exec/");
    let mut running = project.loom(&["run"]).env("DOCKER_HOST", gate.host()).start();
    running.until_stdout("it-42");
    gate.mute();
    let outcome = running
        .end()
        .exits(3)
        .prints("nothing has come from the job's agent");
    assert!(outcome.took < GIVEN_UP, "{outcome}");
    engine.holds_nothing_new();
}

#[test]
fn an_engine_that_goes_away_while_files_are_on_their_way_loses_the_job_whatever_its_step_says() {
    let Some(engine) = Engine::apart() else { return };
    for (asks, at) in [
        ("uses: ./local", "path=%2Fworkspace"),
        ("run: \"echo ${{ hashFiles('made') }}\"", "path=%2Fworkspace"),
        (
            "uses: actions/checkout@v4\n        with: { path: sub }",
            "\"clear\"",
        ),
    ] {
        let text = "jobs:
  a:
    runs-on: alpine:latest
    steps:
      - run: mkdir local; echo made > made
      - continue-on-error: true
        ASKS
";
        let project = Project::with(&text.replace("ASKS", asks));
        let gate = Gate::before(&engine.host, Some(at));
        let outcome = project
            .loom(&["run"])
            .env("DOCKER_HOST", gate.host())
            .run()
            .exits(3);
        assert!(outcome.took < GIVEN_UP, "{asks}\n{outcome}");
        let id = project.newest_run();
        loom(&engine, &project, &["runs", "show", &id])
            .run()
            .prints("has stopped answering");
        drop(gate);
        once_more(&engine, &project);
    }
}
