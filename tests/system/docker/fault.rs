//! A panic of Loom's own, with containers.

use super::run;
use crate::fault::{check, two_jobs};
use crate::harness::Engine;

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
