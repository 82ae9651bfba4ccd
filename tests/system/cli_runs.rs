//! `run` as a person uses it: of a folder, with a page at its end, listed before it begins.

use crate::harness::Project;

const CI: &str = "name: ci\non: [push, pull_request]\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo from-ci\n";
const LINT: &str = "name: lint\non: push\njobs:\n  lint:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo before\n      - run: echo from-lint; exit 3\n      - run: echo never\n";
const SHIP: &str = "name: ship\non: { release: { types: [published] } }\njobs:\n  ship:\n    runs-on: ubuntu-latest\n    steps: [{ run: echo from-ship }]\n";

fn project() -> Project {
    let project = Project::new();
    project
        .file(".github/workflows/ci.yml", CI)
        .file(".github/workflows/lint.yml", LINT)
        .file(".github/workflows/ship.yml", SHIP);
    project
}

#[test]
fn of_a_folder_every_workflow_runs_that_the_event_starts_and_the_gravest_counts() {
    let project = project();
    let all = project.loom(&["run", "--executor", "host"]).run().exits(1);
    let all = all.prints("from-ci").prints("from-lint").never_says("from-ship");
    all.says("workflow 1 of 2: ci")
        .says("ship.yml does not run: the event `push`")
        .says("2 workflows: ci success, lint failure");
    project
        .loom(&[
            "run",
            "--executor",
            "host",
            "--event",
            "pull_request",
            ".github/workflows",
        ])
        .run()
        .exits(0)
        .prints("from-ci")
        .never_says("from-lint");
}

#[test]
fn an_event_that_no_workflow_takes_is_a_mistake_but_a_file_that_is_named_runs() {
    let project = project();
    project
        .loom(&["run", "--executor", "host", "--event", "issues"])
        .run()
        .exits(2)
        .says("no workflow takes the event `issues`")
        .says("pull_request, push, release");
    project
        .loom(&[
            "run",
            "--executor",
            "host",
            "--event",
            "issues",
            ".github/workflows/ship.yml",
        ])
        .run()
        .exits(0)
        .prints("from-ship")
        .says("GitHub would not start");
}

#[test]
fn the_end_of_a_run_that_failed_is_a_page() {
    let project = project();
    let ended = project
        .loom(&["run", "--executor", "host", ".github/workflows/lint.yml"])
        .run()
        .exits(1);
    let ended = ended
        .prints("failed: lint, step 2/3 `Run echo from-lint; exit 3`: exit code 3")
        .prints("\n  | from-lint\n")
        .prints("lint, step 3/3: an earlier step failed")
        .prints("exit code 1: the workflow failed");
    assert!(!ended.stdout.contains("  | before"), "{ended}");
    project
        .loom(&["runs", "show"])
        .run()
        .exits(0)
        .prints("\n  | from-lint\n");
}

#[test]
fn a_program_that_is_missing_is_named() {
    let project = Project::with("jobs:\n  a:\n    steps:\n      - run: no-such-program-here\n");
    project
        .loom(&["run", "--executor", "host"])
        .run()
        .exits(1)
        .prints("`no-such-program-here` is not on this machine's PATH");
}

#[test]
fn what_would_run_is_listed_and_nothing_starts() {
    let project = project();
    project.file(
        ".github/workflows/matrix.yml",
        "on: push\njobs:\n  touch:\n    runs-on: ubuntu-latest\n    strategy: { matrix: { v: [1, 2] } }\n    steps: [{ run: touch started }]\n  late:\n    needs: touch\n    if: false\n    runs-on: macos-latest\n    steps: [{ name: Last, run: 'true' }]\n",
    );
    let listed = project.loom(&["run", "--list"]).run().exits(0);
    let listed = listed.prints("ci (.github/workflows/ci.yml), on push\n  build  ubuntu:latest\n");
    let listed = listed.prints("  touch  ×2\n    touch (1)  ubuntu:latest\n    touch (2)  ubuntu:latest\n");
    listed
        .prints("needs touch; skipped: its `if` does not hold")
        .never_says("1. Last");
    let dry = project
        .loom(&["run", "-n", "--executor", "host", "--matrix", "v:2"])
        .run()
        .exits(0);
    let dry = dry
        .prints("    touch (2)  host\n")
        .prints("    1. Last\n")
        .says("nothing was started");
    dry.never_says("touch (1)");
    let json = project
        .loom(&["run", "-l", "--format", "json", ".github/workflows/matrix.yml"])
        .run()
        .exits(0);
    assert!(
        json.stdout.contains("\"id\":\"late\",\"needs\":[\"touch\"]"),
        "{json}"
    );
    assert!(!project.path().join("started").exists());
    assert!(!project.state().exists(), "a list makes no state directory");
}

#[test]
fn watch_runs_again_when_what_is_named_changes_and_cancels_what_is_stale() {
    let project = Project::with(
        "name: w\njobs:\n  a:\n    steps:\n      - run: cat src/text; while [ -e src/wait ]; do sleep 0.05; done\n",
    );
    project.file("src/text", "first-text\n");
    let mut watching = project
        .loom(&["watch", "--executor", "host", "--paths", "src/**"])
        .start();
    watching.until_stdout("first-text");
    watching.until_stderr("waiting for changes");
    project.file("src/wait", "").file("src/text", "second-text\n");
    watching.until_stdout("second-text");
    std::fs::remove_file(project.path().join("src/wait")).expect("it is there");
    project.file("src/text", "third-text\n");
    watching.until_stdout("third-text");
    watching.signal(rustix::process::Signal::INT);
    watching.end();
}

#[test]
fn doctor_says_what_stands_in_the_way() {
    let project = project();
    let found = project
        .loom(&["doctor"])
        .env("DOCKER_HOST", "unix:///none/there.sock")
        .run()
        .exits(3)
        .prints("FAIL  engine")
        .prints("--executor host")
        .prints("ok    state directory")
        .prints("ok    workflows       3 files");
    assert!(!found.stdout.contains("FAIL  agent"), "{found}");
}
