//! The table of workflows once more, in containers.

use super::run;
use crate::cases::{Case, all, run_all};
use crate::harness::Engine;

/// It has bash, the usual tools and Node.js.
const IMAGE: &str = "loom-test/node";

#[test]
fn workflows_end_in_containers_as_on_github() {
    let engine = Engine::mine();
    let here: Vec<Case> = all()
        .into_iter()
        .filter(|case| case.only.as_deref() != Some("host"))
        .collect();
    let label = format!("ubuntu-latest={IMAGE}");
    run_all(here, &|project| {
        run(&engine, project, &["--pull", "never", "-P", &label])
    });
    engine.holds_nothing_new();
}
