//! How a `serve` ends.

use crate::harness::{Project, Studio, until};

#[test]
fn a_file_that_is_saved_while_it_stops_begins_nothing() {
    let slow = "name: slow
jobs:
  long:
    steps:
      - run: |
          trap 'touch asked; sleep 2; exit 0' INT TERM
          touch begun
          while :; do sleep 0.05; done
";
    let project = Project::with(slow);
    let studio = Studio::with(project, |serve| serve.args(&["--watch"]));
    studio.start_workflow("slow");
    let there = |name: &str| {
        let path = studio.project.path().join(name);
        until(name, || path.exists().then_some(()));
    };
    there("begun");
    studio.ask_to_stop();
    there("asked");
    studio
        .project
        .file(".loom.yml", &slow.replace("sleep 2", "sleep 3"));
    let (project, outcome) = studio.end();
    outcome.exits(0).never_says("was not started");
    let list = project.loom(&["runs", "list"]).run().exits(0);
    assert_eq!(list.stdout.lines().count(), 1, "{list}");
}
