//! The calls about workflows, runs and logs, as documented, field for field.

use serde_json::json;

use super::{PROJECT, project};
use crate::harness::{Studio, until};

#[test]
fn a_workflow_is_started_without_body_and_content_type() {
    let studio = Studio::of(project());
    let run = studio.start_workflow("quick");
    assert_eq!(studio.end_of(&run), "success");

    let workflows = studio.value("/api/workflows");
    let quick = workflows
        .as_array()
        .expect("a bare array")
        .iter()
        .find(|w| w["name"] == "quick")
        .expect("listed");
    assert_eq!(quick["file"], ".loom.yml");
    assert_eq!(quick["state"], "idle");
    assert_eq!(quick["lastRun"]["runId"], run);
    assert_eq!(quick["lastRun"]["state"], "success");
    assert!(
        quick["lastRun"]["startedAt"].is_string() && quick["lastRun"]["finishedAt"].is_string(),
        "{quick}"
    );

    // What the studio ran, the command line knows.
    studio
        .project
        .loom(&["runs", "show", &run])
        .run()
        .exits(0)
        .prints("success");
}

#[test]
fn logs_of_a_job_are_lines_with_their_place() {
    let studio = Studio::of(project());
    let run = studio.start_workflow("quick");
    assert_eq!(studio.end_of(&run), "success");
    let logs = studio.value("/api/jobs/first/logs");
    let line = logs
        .as_array()
        .expect("a bare array")
        .iter()
        .find(|l| l["message"] == "first-line")
        .unwrap_or_else(|| panic!("{logs}"));
    assert_eq!(line["runId"], run);
    assert_eq!(line["job"], "first");
    assert_eq!(line["stream"], "stdout");
    assert!(line["timestamp"].is_string() && line["line"].is_u64(), "{line}");
    assert!(line.get("step").is_some(), "{line}");
    assert_eq!(studio.value(&format!("/api/jobs/first/logs?run={run}")), logs);
    let window = studio.value(&format!("/api/runs/{run}/jobs/first/logs"));
    assert_eq!(window["lines"], logs, "a window of the log: {window}");
    studio.get("/api/jobs/nobody/logs").send().is(404);
}

#[test]
fn a_workflow_is_stopped() {
    let studio = Studio::of(project());
    let run = studio.start_workflow("endless");
    until("it runs", || {
        (studio.value("/api/status")["jobs"]["running"] == 1).then_some(())
    });
    let listed = studio.value("/api/workflows");
    assert!(
        listed
            .as_array()
            .expect("a list")
            .iter()
            .any(|w| w["name"] == "endless" && w["state"] == "running"),
        "{listed}"
    );
    let stopped = studio.post("/api/workflows/endless/stop").send().is(202).value();
    assert_eq!(stopped, json!({"runIds": [run]}));
    assert_eq!(studio.end_of(&run), "cancelled");
}

#[test]
fn status_counts_runs_and_jobs_by_state() {
    let studio = Studio::of(project());
    let status = studio.value("/api/status");
    assert!(
        status["status"].is_string() && status["version"].is_string() && status["uptime"].is_u64(),
        "{status}"
    );
    assert!(
        status["runs"]["queued"].is_u64() && status["runs"]["running"].is_u64(),
        "{status}"
    );
    assert!(status["jobs"].is_object(), "{status}");
}

#[test]
fn an_unknown_workflow_is_404_and_two_of_a_name_are_409() {
    let project = project();
    project.file(
        ".github/workflows/other.yml",
        "name: endless\non: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps: [{ run: 'true' }]\n",
    );
    let studio = Studio::of(project);
    studio.post("/api/workflows/nobody/start").send().is(404);
    let answer = studio.post("/api/workflows/endless/start").send().is(409);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    // A file's stem is a name too.
    assert!(answer.value()["code"].is_string());
    studio.post("/api/workflows/other/start").send().is(202);
}

#[test]
fn a_workflow_that_only_others_call_is_not_started_and_says_why() {
    let project = project();
    let text =
        "on: workflow_call\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo called\n";
    project.file(".github/workflows/called.yml", text);
    let studio = Studio::of(project);
    let listed = studio.value("/api/workflows");
    let listed = listed.as_array().expect("a bare array");
    let only = |name: &str| {
        let found = listed.iter().find(|workflow| workflow["name"] == name);
        found.expect("listed").get("onlyCalled").cloned()
    };
    assert_eq!((only("called"), only("quick")), (Some(json!(true)), None));
    let answer = studio.post("/api/workflows/called/start").send().is(409);
    let problem = answer.value();
    assert_eq!(problem["code"], "only_called", "{problem}");
    assert!(
        problem["detail"].to_string().contains("workflow_dispatch"),
        "{problem}"
    );
}

#[test]
fn the_list_of_workflows_follows_their_files() {
    let studio = Studio::of(project());
    let state_of = |name: &str| {
        let list = studio.value("/api/workflows");
        list.as_array()?
            .iter()
            .find(|w| w["name"] == name)
            .map(|w| w["state"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(state_of("quick").as_deref(), Some("idle"));
    studio
        .project
        .file(".loom.yml", &PROJECT.replace("name: quick", "name: renamed"));
    until("the new name", || {
        state_of("renamed").filter(|state| state == "idle")
    });
    assert_eq!(state_of("quick"), None);
    studio.project.file(
        ".loom.yml",
        "name: renamed\njobs:\n  a:\n    needs: nobody\n    steps: [{ run: 'true' }]\n",
    );
    // What a broken file calls itself may not be known: it is told by its path.
    let broken = until("a broken file is told", || {
        let list = studio.value("/api/workflows");
        list.as_array()?
            .iter()
            .find(|w| w["file"] == ".loom.yml" && w["state"] == "invalid")
            .cloned()
    });
    assert!(
        broken["diagnostics"][0]["line"].is_u64(),
        "with the place of its mistake: {broken}"
    );
    studio.project.file(".loom.yml", PROJECT);
    until("it is whole again", || {
        state_of("quick").filter(|state| state == "idle")
    });
}

#[test]
fn a_run_of_the_command_line_is_seen_and_can_be_cancelled_from_the_studio() {
    let studio = Studio::of(project());
    let mut running = studio
        .project
        .loom(&["run", "--executor", "host", ".github/workflows/endless.yml"])
        .start();
    running.until_stdout("it-runs");
    let run = until("the studio sees the run", || {
        let runs = studio.value("/api/runs");
        let found = runs.as_array()?.iter().find(|run| run["state"] == "running")?;
        found
            .get("id")
            .or_else(|| found.get("runId"))?
            .as_str()
            .map(str::to_owned)
    });
    studio.post(&format!("/api/runs/{run}/cancel")).send().is(202);
    running.end().exits(130);
    assert_eq!(studio.end_of(&run), "cancelled");
}

#[test]
fn a_studio_that_is_told_to_stop_cancels_what_it_runs() {
    let studio = Studio::of(project());
    let run = studio.start_workflow("endless");
    until("it runs", || {
        (studio.value("/api/status")["jobs"]["running"] == 1).then_some(())
    });
    let (project, end) = studio.stop();
    assert!(matches!(end.status.code(), Some(0 | 130)), "{end}");
    project
        .loom(&["runs", "show", &run])
        .run()
        .exits(0)
        .prints("cancelled");
}

#[test]
fn with_watch_a_change_of_a_workflow_starts_it() {
    let project = project();
    let studio = Studio::with(project, |serve| serve.args(&["--watch"]));
    studio
        .project
        .file(".loom.yml", &PROJECT.replace("first-line", "changed-line"));
    let run = until("a run that nobody asked for", || {
        studio.value("/api/runs")[0]["runId"].as_str().map(str::to_owned)
    });
    assert_eq!(studio.end_of(&run), "success");
    let log = studio.value("/api/jobs/first/logs");
    assert!(log.to_string().contains("changed-line"), "{log}");
}

#[test]
fn an_actor_of_a_run_that_panics_shows_in_the_studio_and_takes_nothing_else_down() {
    let project = crate::fault::two_jobs();
    let studio = Studio::with(project, |serve| serve.env("LOOM_FAULT", "panic-job:doomed"));
    let run = studio.start_workflow("two");
    assert_eq!(studio.end_of(&run), "lost");
    let jobs = studio.value(&format!("/api/runs/{run}"))["jobs"].clone();
    let state = |id: &str| {
        jobs.as_array()
            .and_then(|jobs| jobs.iter().find(|job| job["id"] == id))
            .map(|job| job["state"].clone())
    };
    assert_eq!(state("doomed"), Some(json!("lost")));
    assert_eq!(state("other"), Some(json!("success")));
    studio.get("/api/health").send().is(200);
}

#[test]
fn what_a_workflow_takes_is_told_and_nothing_else_starts_it() {
    let project = project();
    project.file(
        ".github/workflows/deploy.yml",
        "name: deploy\non:\n  workflow_dispatch:\n    inputs:\n      where: { required: true, type: choice, options: [staging, production] }\n      \
         count: { type: number, default: 3 }\njobs:\n  go:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo \"to ${{ inputs.where }} ${{ inputs.count }}\"\n",
    );
    let studio = Studio::of(project);
    let workflows = studio.value("/api/workflows");
    let deploy = workflows
        .as_array()
        .and_then(|all| all.iter().find(|one| one["name"] == "deploy"))
        .unwrap_or_else(|| panic!("{workflows}"));
    assert_eq!(
        deploy["inputs"],
        json!([
            {"name": "where", "type": "choice", "required": true, "options": ["staging", "production"]},
            {"name": "count", "type": "number", "required": false, "default": "3"},
        ])
    );
    let start = |body: serde_json::Value| studio.post("/api/workflows/deploy/start").json(&body).send();
    for (body, code, word) in [
        (json!({}), "invalid_inputs", "where"),
        (json!({"inputs": {"where": "home"}}), "invalid_inputs", "where"),
        (
            json!({"inputs": {"where": "staging", "wher": "x"}}),
            "invalid_inputs",
            "`wher`",
        ),
        (json!({"event": "nope"}), "unknown_event", "`workflow_dispatch`"),
        (json!({"event": "push"}), "unknown_event", "`workflow_dispatch`"),
    ] {
        let problem = start(body.clone()).is(400).value();
        assert_eq!(problem["code"], code, "{body}: {problem}");
        assert!(
            problem["detail"].as_str().unwrap_or_default().contains(word),
            "{problem}"
        );
    }
    let answer = start(json!({"inputs": {"where": "staging"}})).is(202).value();
    let run = answer["runId"].as_str().expect("a run").to_owned();
    assert_eq!(studio.end_of(&run), "success");
    let window = studio.value(&format!("/api/runs/{run}/jobs/go/logs"));
    assert_eq!(window["lines"][0]["message"], "to staging 3", "{window}");
}
