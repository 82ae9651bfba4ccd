//! A run in containers that is run again.

use super::{loom, run};
use crate::harness::{Engine, Project};
use crate::rerun::{TEXT, what_failed_runs_again};

#[test]
fn what_failed_runs_again_in_containers_and_the_others_are_reused_with_what_they_gave() {
    let engine = Engine::mine();
    let project = Project::with(TEXT);
    run(&engine, &project, &[]).run().exits(1);
    let first = project.newest_run();
    project.file("good", "");
    let again = loom(&engine, &project, &["runs", "rerun", "latest", "--failed"]).run();
    what_failed_runs_again(&project, &first, again.exits(0));
}
