//! Jobs in containers that pause at a step that fails.

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{Engine, Loom, Project, Terminal, until};
use crate::pausing::owner;

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
fn a_shell_takes_much_and_says_much_at_once() {
    let (engine, project) = (Engine::mine(), Project::with(TEXT));
    pause(&engine, &project);
    // More than all pipes on the way hold, in both directions at once.
    let line = format!("echo {}\n", "x".repeat(1000));
    let script = format!("{}echo all-$((6*7))\n", line.repeat(3000));
    let shell = loom(&engine, &project, &["shell", "latest"])
        .run_with(&script)
        .exits(0);
    assert_eq!(shell.stdout.lines().count(), 3001);
    assert!(shell.stdout.ends_with("all-42\n"));
    loom(&engine, &project, &["end", "latest"]).run().exits(1);
    until("nothing is left", || {
        engine.new_containers().is_empty().then_some(())
    });
}

#[test]
fn a_shell_that_is_told_to_end_gives_the_terminal_back() {
    let (engine, project) = (Engine::mine(), Project::with(TEXT));
    pause(&engine, &project);
    let terminal = Terminal::new();
    let shown = |terminal: &Terminal| {
        let modes = rustix::termios::tcgetattr(terminal.other_end())
            .expect("a terminal")
            .local_modes;
        modes.contains(rustix::termios::LocalModes::ICANON | rustix::termios::LocalModes::ECHO)
    };
    assert!(shown(&terminal));
    let mut child = loom(&engine, &project, &["shell", "latest"])
        .env("TERM", "xterm")
        .at_terminal([terminal.other_end(), terminal.other_end(), terminal.other_end()]);
    until("a terminal that hands on every key", || {
        (!shown(&terminal)).then_some(())
    });
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::TERM).expect("it is there");
    let status = until("its end", || child.try_wait().expect("ours"));
    assert_eq!(status.code(), Some(130));
    assert!(shown(&terminal), "the terminal is still raw");
    loom(&engine, &project, &["end", "latest"]).run().exits(1);
    until("nothing is left", || {
        engine.new_containers().is_empty().then_some(())
    });
}

#[test]
fn a_killed_owner_leaves_nothing_after_the_next_start() {
    let (engine, project) = (Engine::mine(), Project::with(TEXT));
    pause(&engine, &project);
    kill_process(owner(&project), Signal::KILL).expect("it is there");
    project.file(
        "other.loom.yml",
        "jobs:\n  a:\n    runs-on: alpine:latest\n    steps: [{ run: 'true' }]\n",
    );
    until("its end is known", || {
        let retry = loom(&engine, &project, &["retry", "latest"]).run();
        (retry.status.code() == Some(2) && retry.stderr.contains("lost")).then_some(())
    });
    loom(&engine, &project, &["run", "other.loom.yml"]).run().exits(0);
    engine.holds_nothing_new();
    let left = std::fs::read_dir(project.state().join("jobs")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "directories of jobs");
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
