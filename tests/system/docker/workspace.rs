//! Workspaces of layers over the project: the project stays as it is, each job has its own view, and nothing is left.

use std::os::unix::fs::MetadataExt;

use rustix::process::Signal;

use super::run;
use crate::harness::{Engine, Project};

const LAYERED: &str = r#"jobs:
  own:
    runs-on: loom-test/debian
    steps:
      - run: |
          echo made > made
          echo changed >> there
          rm gone
          mkdir -p local dockered
          printf 'runs:\n  using: composite\n  steps:\n  - run: echo composite-$((6*7)) in $GITHUB_ACTION_PATH\n    shell: bash\n' > local/action.yml
          printf 'FROM loom-test/busybox\nENTRYPOINT ["grep","-c","there","/github/workspace/there"]\n' > dockered/Dockerfile
          echo '{"problemMatcher":[{"owner":"x","pattern":[{"regexp":"^E (.*)$","message":1}]}]}' > matcher.json
          echo '::add-matcher::matcher.json'
      - run: |
          echo 'one=${{ hashFiles('made') }}.'
          echo 'all=${{ hashFiles('**/made', 'gone') }}.'
          echo 'none=${{ hashFiles('gone') }}.'
      - uses: ./local
      - uses: ./dockered
      - uses: actions/checkout@v4
        with: { path: other/tree }
      - run: |
          echo "checked-out: $(cat other/tree/there)"
          test ! -e other/tree/made
          echo 'E matched'
  beside:
    runs-on: loom-test/debian
    steps:
      - run: test ! -e made && cat gone
"#;

/// The hash over the hash of `made\n`.
const OF_MADE: &str = "adbcbb4cd6f117e45a53c79a64425396ffe02e28d760c7c9aa3fd3e314e29dad";

const OVERLAY: [&str; 4] = ["--workspace-mode", "overlay", "--pull", "never"];

fn layered() -> Project {
    let project = Project::with(LAYERED);
    project.file("there", "there\n");
    project.file("gone", "not-gone\n");
    project
}

fn is_untouched(project: &Project) {
    let mut names: Vec<String> = std::fs::read_dir(project.path())
        .expect("the project")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    assert_eq!(names, [".loom.yml", "gone", "there"]);
    assert_eq!(project.read("there"), "there\n");
}

/// Nothing that a job had is left below the state directory.
fn holds_no_job(project: &Project) {
    let left = std::fs::read_dir(project.state().join("jobs")).expect("the jobs");
    assert_eq!(left.count(), 0);
}

#[test]
fn a_layered_workspace_is_the_jobs_own_view_of_the_project() {
    let project = layered();
    let engine = Engine::mine();
    run(&engine, &project, &OVERLAY)
        .run()
        .exits(0)
        .prints("composite-42 in /workspace/local")
        .prints(&format!("one={OF_MADE}."))
        .prints(&format!("all={OF_MADE}."))
        .prints("none=.")
        .prints("not-gone")
        .prints("checked-out: there")
        .prints("matched")
        .never_says("instead of layers");
    is_untouched(&project);
    holds_no_job(&project);
    engine.holds_nothing_new();
}

#[test]
fn layers_that_root_wrote_to_go_with_the_job_of_an_ordinary_user() {
    let project = layered().owned_by_ordinary_user();
    let owner = std::fs::metadata(project.path()).expect("the project").uid();
    project.file(
        "owner.loom.yml",
        "jobs:\n  a:\n    runs-on: alpine:latest\n    steps: [{ run: 'echo \"top=$(stat -c %u .)\" && mkdir -m 700 deep && echo x > deep/er' }]\n",
    );
    let engine = Engine::mine();
    let arguments = [&["owner.loom.yml"], &OVERLAY[..]].concat();
    run(&engine, &project, &arguments)
        .run()
        .exits(0)
        .prints(&format!("top={owner}"))
        .never_says("instead of layers");
    assert!(!project.path().join("deep").exists());
    holds_no_job(&project);
    engine.holds_nothing_new();
}

#[test]
fn the_next_start_removes_the_layers_of_a_killed_run() {
    let project = Project::with(
        "jobs:\n  a:\n    runs-on: alpine:latest\n    steps:\n      - run: echo x > made && echo it-runs && sleep 600\n",
    );
    project.file(
        "other.loom.yml",
        "jobs:\n  a:\n    runs-on: alpine:latest\n    steps: [{ run: test ! -e made }]\n",
    );
    let engine = Engine::mine();
    let mut running = run(&engine, &project, &OVERLAY).start();
    running.until_stdout("it-runs");
    running.signal(Signal::KILL);
    drop(running);
    run(&engine, &project, &["other.loom.yml"]).run().exits(0);
    assert!(!project.path().join("made").exists());
    holds_no_job(&project);
    engine.holds_nothing_new();
}

#[test]
fn a_copy_stands_in_for_layers_that_cannot_be() {
    let project = Project::with(
        "jobs:
  volume:
    runs-on: alpine:latest
    services:
      s:
        image: alpine:latest
        volumes: ['./data:/data']
        options: --entrypoint sleep
        command: '600'
    steps: [{ run: echo a > made }]
  host:
    runs-on: machine
    steps: [{ run: echo a > made }]
",
    );
    project.file("data/x", "x\n");
    let engine = Engine::mine();
    run(&engine, &project, &OVERLAY)
        .args(&["-P", "machine=host"])
        .run()
        .exits(0)
        .prints("instead of layers over it: the volume")
        .prints("instead of layers over it: there are no layers on the host");
    assert!(!project.path().join("made").exists());
    holds_no_job(&project);
    engine.holds_nothing_new();
}
