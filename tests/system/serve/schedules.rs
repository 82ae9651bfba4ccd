//! Workflows that start by the clock.

use std::process::Command;

use serde_json::json;

use crate::harness::{Project, Studio, until};

/// A workflow whose only time, year for year, was so many minutes ago, in a project whose state says that nobody looked since an
/// hour before.
fn project_due(minutes: u32) -> Project {
    let ago = |minutes: u32, form: &str| {
        let date = format!("{minutes} minutes ago");
        let output = Command::new("date").args(["-u", "-d", &date, form]).output();
        let output = output.expect("date of coreutils");
        String::from_utf8(output.stdout).expect("plain").trim().to_owned()
    };
    let cron = ago(minutes, "+%M %H %d %m *");
    let project = Project::with(&format!(
        "name: night\non:\n  schedule:\n    - cron: '{cron}'\n    - cron: '0 4 * * 1'\n      timezone: Europe/Berlin\njobs:\n  \
         a:\n    steps:\n      - run: echo 'began by ${{{{ github.event_name }}}} at ${{{{ github.event.schedule }}}}'\n"
    ));
    std::fs::create_dir_all(project.state()).expect("a state directory");
    let record = json!({ "schedules": [
        { "project": project.path().canonicalize().expect("there"), "file": ".loom.yml", "cron": cron, "until": ago(minutes + 60, "+%Y-%m-%dT%H:%M:%SZ") },
    ]});
    std::fs::write(project.state().join("schedules.json"), record.to_string()).expect("written");
    project
}

/// The schedules of the only workflow, once they were looked at.
fn schedules(studio: &Studio) -> Vec<serde_json::Value> {
    until("schedules are shown", || {
        let workflows = studio.value("/api/workflows");
        workflows[0]["schedules"].as_array().cloned()
    })
}

fn runs(studio: &Studio) -> usize {
    studio.value("/api/runs").as_array().map_or(0, Vec::len)
}

#[test]
fn a_time_that_passed_a_moment_ago_begins_one_run_whoever_serves_then() {
    let studio = Studio::of(project_due(2));
    let run = until("the run of the clock", || {
        let last = schedules(&studio)[0]["last"].clone();
        last["runId"].as_str().map(str::to_owned)
    });
    assert_eq!(studio.end_of(&run), "success");
    let logs = studio.project.loom(&["runs", "logs", &run]).run().exits(0);
    let cron = schedules(&studio)[0]["cron"].as_str().expect("a cron").to_owned();
    logs.prints(&format!("began by schedule at {cron}"));
    let (project, _) = studio.stop();
    let studio = Studio::of(project);
    let shown = schedules(&studio);
    assert_eq!(shown[0]["last"]["runId"], run.as_str(), "{shown:?}");
    assert_eq!(runs(&studio), 1, "it began once");
    // The other has times of its zone, a week apart but where its clocks change.
    assert_eq!(shown[1]["timezone"], "Europe/Berlin");
    assert_eq!(shown[1]["next"].as_array().map(Vec::len), Some(3), "{shown:?}");
}

#[test]
fn what_is_too_late_is_told_as_missed_and_begins_nothing() {
    let studio = Studio::of(project_due(20));
    let shown = schedules(&studio);
    assert_eq!(shown[0]["missed"]["count"], 1, "{shown:?}");
    assert_eq!(shown[0]["last"], serde_json::Value::Null, "{shown:?}");
    assert_eq!(runs(&studio), 0);
}

#[test]
fn an_event_with_its_payload_starts_what_its_filters_let_through() {
    let project = Project::with(
        "name: main\non:\n  push:\n    branches: [main]\njobs:\n  a:\n    steps:\n      - run: echo \"${{ github.event.head_commit.message }}\"\n",
    );
    let studio = Studio::of(project);
    let start = |reference: &str| {
        let payload = json!({ "ref": reference, "head_commit": { "message": "mend-it" } });
        let body = json!({ "event": "push", "payload": payload });
        studio.post("/api/workflows/main/start").json(&body).send()
    };
    let refused = start("refs/heads/other").is(409).value();
    assert_eq!(refused["code"], "filtered", "{refused}");
    let detail = refused["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("other") && detail.contains("main"), "{detail}");
    let run = start("refs/heads/main").is(202).value()["runId"].clone();
    let run = run.as_str().expect("a run").to_owned();
    assert_eq!(studio.end_of(&run), "success");
    studio
        .project
        .loom(&["runs", "logs", &run])
        .run()
        .prints("mend-it");
}
