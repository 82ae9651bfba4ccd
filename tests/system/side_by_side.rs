//! Several Looms on one state directory.

use crate::harness::{Outcome, Project, Running};

#[test]
fn runs_of_one_state_directory_go_on_beside_each_other() {
    // Each waits until the others are there too: they pass only together.
    let project = Project::new();
    let names = ["one", "two", "three", "four"];
    for name in names {
        let all = names.map(|other| format!("[ -e {other} ]")).join(" && ");
        project.file(
            &format!("{name}.loom.yml"),
            &format!(
                "name: {name}\njobs:\n  meet:\n    steps:\n      - run: |\n          touch {name}\n          for i in $(seq 200); do {all} && exit 0; sleep 0.1; done\n          exit 1\n"
            ),
        );
    }
    let running: Vec<Running> = names
        .iter()
        .map(|name| {
            project
                .loom(&["run", "--executor", "host", &format!("{name}.loom.yml")])
                .start()
        })
        .collect();
    // All of them first: what one waits for in vain, another may tell.
    let ends: Vec<Outcome> = running.into_iter().map(Running::end).collect();
    let said = ends
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n\n");
    assert!(ends.iter().all(|end| end.status.success()), "{said}");
    let list = project.loom(&["runs", "list"]).run().exits(0);
    for name in names {
        assert!(list.stdout.contains(name), "{name}\n{list}");
    }
    assert_eq!(list.stdout.matches("success").count(), names.len(), "{list}");
}
