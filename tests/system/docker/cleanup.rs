//! Nothing of Loom's stays in the engine: not after a cancel, not after a kill and the next start.

use rustix::process::Signal;

use super::{loom, run};
use crate::crash::LONG;
use crate::harness::{Engine, Project};

fn cancelled_by(signal: Signal) {
    let project = Project::with(LONG);
    let engine = Engine::mine();
    let mut running = run(&engine, &project, &[]).start();
    running.until_stdout("it-runs");
    assert!(!engine.new_containers().is_empty(), "it runs in a container");
    running.signal(signal);
    running.end().exits(130);
    engine.holds_nothing_new();
    let id = project.newest_run();
    project
        .loom(&["runs", "show", &id])
        .run()
        .exits(0)
        .prints("cancelled");
}

#[test]
fn nothing_after_ctrl_c() {
    cancelled_by(Signal::INT);
}

#[test]
fn nothing_after_sigterm() {
    cancelled_by(Signal::TERM);
}

#[test]
fn nothing_after_a_cancel_as_early_as_can_be() {
    let project = Project::with(
        "jobs:\n  a:\n    runs-on: alpine:latest\n    steps: [{ run: sleep 600 }]\n  b:\n    runs-on: ubuntu:latest\n    steps: [{ run: sleep 600 }]\n",
    );
    let engine = Engine::mine();
    // A container whose making is under way when the cancel comes is the one to be forgotten: the engine goes on to make
    // it. When exactly that is depends on the machine, so several moments are tried.
    for round in 0..10 {
        let mut running = run(&engine, &project, &["--format", "json"]).start();
        if round % 2 == 0 {
            running.until_stdout("\"jobStarting\"");
        } else {
            running.until("a container", || {
                (!engine.new_containers().is_empty()).then_some(())
            });
        }
        running.signal(Signal::INT);
        running.end().exits(130);
        engine.holds_nothing_new();
    }
}

#[test]
fn the_next_start_removes_what_a_killed_run_left() {
    let project = Project::with(LONG);
    let engine = Engine::mine();
    let mut running = run(&engine, &project, &[]).start();
    running.until_stdout("it-runs");
    running.signal(Signal::KILL);
    drop(running);
    let id = project.newest_run();
    let before = loom(&engine, &project, &["runs", "show", &id]).run().exits(0);
    assert!(
        before.stdout.contains("done") && before.stdout.contains("success"),
        "what had ended is known\n{before}"
    );

    project.file(
        "other.loom.yml",
        "name: other\njobs:\n  a:\n    runs-on: alpine:latest\n    steps: [{ run: 'true' }]\n",
    );
    run(&engine, &project, &["other.loom.yml"]).run().exits(0);
    engine.holds_nothing_new();

    let after = loom(&engine, &project, &["runs", "show", &id])
        .run()
        .exits(0)
        .prints("lost");
    project.delete_projections();
    let folded = loom(&engine, &project, &["runs", "show", &id]).run().exits(0);
    assert_eq!(after.stdout, folded.stdout, "the events are all that counts");
}

/// An action whose image is built in steps, the last of which is this.
fn built(last: &str) -> Project {
    let project =
        Project::with("on: push\njobs:\n  a:\n    runs-on: alpine:latest\n    steps: [{ uses: ./built }]\n");
    project.file(
        "built/action.yml",
        "name: built\nruns: { using: docker, image: Dockerfile }\n",
    );
    // Of no other test's cache.
    let own = project.path().display().to_string();
    project.file(
        "built/Dockerfile",
        &format!(
            "FROM alpine:latest AS one\nRUN echo {own} >/made\nCOPY . /all\nFROM alpine:latest\nCOPY --from=one /all /all\n\
             RUN echo {own} >/other\n{last}\nENTRYPOINT [\"true\"]\n"
        ),
    );
    project.file(
        "next.loom.yml",
        "jobs:\n  a:\n    runs-on: alpine:latest\n    steps: [{ run: 'true' }]\n",
    );
    project
}

#[test]
fn no_layer_of_a_build_that_is_broken_off() {
    for (signal, code) in [(Signal::INT, Some(130)), (Signal::KILL, None)] {
        let project = built("RUN echo in-$((40+2))-build; sleep 600");
        let engine = Engine::mine();
        let mut running = run(&engine, &project, &["--pull", "never"]).start();
        running.until_stdout("in-42-build");
        running.signal(signal);
        let outcome = running.end();
        assert_eq!(outcome.status.code(), code, "{outcome}");
        run(&engine, &project, &["--pull", "never", "next.loom.yml"])
            .run()
            .exits(0);
        engine.holds_nothing_new();
    }
}

#[test]
fn no_layer_of_a_build_that_fails() {
    let project = built("RUN echo in-$((40+2))-build; exit 3");
    let engine = Engine::mine();
    let outcome = run(&engine, &project, &["--pull", "never"]).run().exits(1);
    assert!(outcome.stdout.contains("in-42-build"), "{outcome}");
    engine.holds_nothing_new();
}

#[test]
fn another_state_directory_leaves_a_living_run_alone() {
    let project = Project::with(LONG);
    let engine = Engine::mine();
    let mut running = run(&engine, &project, &[]).start();
    running.until_stdout("it-runs");
    // A job that is done is cleared away beside those that run.
    let living = running.until("one container", || {
        Some(engine.new_containers()).filter(|living| living.len() == 1)
    });
    for other in [&Project::new(), &project] {
        // Another project's Loom, and another Loom of the same state directory.
        other.file(
            "other.loom.yml",
            "jobs:\n  a:\n    runs-on: alpine:latest\n    steps: [{ run: 'true' }]\n",
        );
        run(&engine, other, &["other.loom.yml"]).run().exits(0);
        assert_eq!(engine.new_containers(), living);
    }
    running.signal(Signal::INT);
    running.end().exits(130);
    engine.holds_nothing_new();
}
