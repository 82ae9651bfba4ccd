//! Jobs in containers that pause at a step that fails.

use crate::harness::{Engine, Loom, Project, until};

const TEXT: &str = "name: paused
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    container: alpine:latest
    steps:
      - run: |
          echo kept > /tmp/kept
          echo TOLD=before >> \"$GITHUB_ENV\"
      - name: check
        run: |
          echo \"told $TOLD $(cat /tmp/kept)\"
          exit 3
      - run: echo behind
";

fn loom(engine: &Engine, project: &Project, words: &[&str]) -> Loom {
    project.loom(words).env("DOCKER_HOST", &engine.host)
}

fn pause(engine: &Engine, project: &Project) {
    loom(engine, project, &["run", "--pause-on-failure"])
        .run()
        .exits(77)
        .prints("told before kept");
    assert_eq!(engine.new_containers().len(), 1, "its place is kept");
}

#[test]
fn a_retry_goes_on_in_the_same_container() {
    let (engine, project) = (Engine::mine(), Project::with(TEXT));
    pause(&engine, &project);
    project.file(".loom.yml", &TEXT.replace("exit 3", "echo mended"));
    let again = loom(&engine, &project, &["retry", "latest"]).run().exits(0);
    assert!(
        again.stdout.contains("told before kept") && again.stdout.contains("behind"),
        "{again}"
    );
    until("nothing is left", || {
        engine.new_containers().is_empty().then_some(())
    });
    engine.holds_nothing_new();
}

#[test]
fn a_shell_is_in_the_container() {
    let (engine, project) = (Engine::mine(), Project::with(TEXT));
    pause(&engine, &project);
    let script = "echo \"$TOLD $(cat /tmp/kept) $HOME $GITHUB_JOB\"; pwd; exit 4\n";
    let shell = loom(&engine, &project, &["shell", "latest"])
        .run_with(script)
        .exits(1);
    assert!(
        shell
            .stdout
            .contains("before kept /github/home build\n/workspace\n"),
        "{shell}"
    );
    loom(&engine, &project, &["end", "latest"]).run().exits(1);
    until("nothing is left", || {
        engine.new_containers().is_empty().then_some(())
    });
    engine.holds_nothing_new();
}

#[test]
fn an_end_and_a_skip_leave_nothing() {
    let (engine, project) = (Engine::mine(), Project::with(TEXT));
    pause(&engine, &project);
    loom(&engine, &project, &["skip", "latest"])
        .run()
        .exits(0)
        .prints("| behind");
    until("nothing is left", || {
        engine.new_containers().is_empty().then_some(())
    });
    pause(&engine, &project);
    loom(&engine, &project, &["end", "latest"]).run().exits(1);
    until("nothing is left", || {
        engine.new_containers().is_empty().then_some(())
    });
    engine.holds_nothing_new();
}
