//! Warnings of runs: what failed, until it goes well again.

use serde_json::{Value, json};

use crate::harness::{Project, Studio, until};

#[test]
fn a_run_that_fails_is_warned_of_until_one_succeeds() {
    let flow = |command: &str| format!("name: nightly\njobs:\n  only:\n    steps:\n      - run: {command}\n");
    let project = Project::with(&flow("exit 3"));
    let studio = Studio::of(project);
    let of_runs = |state: &str| -> Vec<Value> {
        let list = studio.value("/api/warnings");
        let all = list[state].as_array().unwrap().iter();
        all.filter(|warning| warning["rule"] == "r-failed")
            .cloned()
            .collect()
    };
    let failed = studio.start_workflow("nightly");
    assert_eq!(studio.end_of(&failed), "failure");
    let firing = until("the warning", || of_runs("firing").pop());
    assert_eq!(
        (&firing["about"], &firing["subject"]),
        (&json!("work"), &json!("nightly"))
    );
    assert_eq!(firing["sentence"], "run nightly failed");
    assert_eq!(firing["link"], format!("/runs/{failed}"));
    studio.project.file(".loom.yml", &flow("echo well"));
    let again = until("a run that succeeds", || {
        let run = studio.start_workflow("nightly");
        (studio.end_of(&run) == "success").then_some(run)
    });
    assert!(!again.is_empty());
    let resolved = until("its end", || of_runs("resolved").pop());
    assert_eq!(resolved["id"], firing["id"]);
    assert_eq!(of_runs("firing"), [Value::Null; 0]);
}
