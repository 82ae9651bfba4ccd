//! A panic of Loom's own, with containers.

use super::run;
use crate::fault::{check, check_run, two_jobs};
use crate::harness::{Engine, Project};

#[test]
fn after_a_panic_in_a_jobs_actor_no_container_stays() {
    let project = two_jobs();
    let engine = Engine::mine();
    check(
        run(&engine, &project, &["--format", "json"])
            .env("LOOM_FAULT", "panic-job:doomed")
            .run(),
    );
    engine.holds_nothing_new();
}

#[test]
fn after_a_panic_while_a_container_is_made_none_stays() {
    let engine = Engine::mine();
    // When exactly the container comes to be depends on the machine, so it is tried a few times.
    for _ in 0..5 {
        let project =
            Project::with("jobs:\n  doomed:\n    runs-on: alpine:latest\n    steps: [{ run: sleep 600 }]\n");
        let outcome = run(&engine, &project, &["--format", "json"])
            .env("LOOM_FAULT", "panic-opening:doomed")
            .run()
            .exits(3);
        engine.holds_nothing_new();
        outcome.prints("panic");
        let jobs = std::fs::read_dir(project.state().join("jobs")).map_or(0, Iterator::count);
        assert_eq!(jobs, 0, "directories of jobs");
    }
}

#[test]
fn after_a_panic_in_a_runs_actor_no_container_stays() {
    let project = two_jobs();
    let engine = Engine::mine();
    check_run(
        &project,
        run(&engine, &project, &[]).env("LOOM_FAULT", "panic-run:two"),
    );
    engine.holds_nothing_new();
}
