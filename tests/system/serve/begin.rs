//! The beginning: what a studio says when it starts, where others find it, and how many runs it begins.

use serde_json::{Value, json};

use super::project;
use crate::harness::{Socket, Studio, until};

#[test]
fn files_with_mistakes_are_named_with_their_places() {
    let project = project();
    project.file(
        ".github/workflows/broken.yml",
        "name: broken\non: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    needs: nobody\n    steps: [{ run: 'true' }]\n",
    );
    let studio = Studio::of(project);
    let (_, end) = studio.stop();
    let end = end
        .says("broken.yml has mistakes")
        .says("broken.yml:6:12: ")
        .says("loom-runtime validate .github/workflows/broken.yml");
    assert!(!end.stderr.contains("endless.yml"), "{end}");
}

#[test]
fn what_listens_everywhere_names_an_address_that_can_be_opened() {
    let studio = Studio::with(project(), |serve| {
        serve.env("LOOM_BIND", "0.0.0.0").env("STUDIO_TOKEN", "secret")
    });
    let address = format!("http://localhost:{}, and at every other address", studio.port);
    let (_, end) = studio.stop();
    let end = end.says(&address);
    assert!(!end.stderr.contains("0.0.0.0"), "{end}");
}

#[test]
fn beyond_the_limit_runs_are_queued_and_say_why() {
    let project = project();
    project.file("loom.toml", "[server]\nruns = 1\n");
    let studio = Studio::of(project);
    let mut socket: Socket = studio.socket("/ws");
    let first = studio.start_workflow("endless");
    until("it runs", || {
        (studio.value("/api/status")["jobs"]["running"] == 1).then_some(())
    });
    let second = studio.start_workflow("quick");
    let third = studio.start_workflow("endless");
    let said = socket.until("why it waits", |event| {
        let waits = event["type"] == "run:update"
            && event["data"]["runId"] == second
            && event["data"]["waitsFor"].is_string();
        waits.then(|| event["data"].clone())
    });
    let of = |run: &str| -> Value { studio.value(&format!("/api/runs/{run}")) };
    let shown = of(&second);
    assert_eq!(
        (&shown["state"], &said["state"]),
        (&json!("queued"), &json!("queued"))
    );
    let why = shown["waitsFor"].as_str().unwrap_or_default();
    assert!(
        why.contains("1 runs are under way") && why.contains("[server]"),
        "{shown}"
    );
    assert_eq!(
        studio.value("/api/status")["runs"],
        json!({"queued": 2, "running": 1})
    );
    // One that waits can be cancelled; it needs no place for that.
    studio.post(&format!("/api/runs/{third}/cancel")).send().is(202);
    assert_eq!(studio.end_of(&third), "cancelled");
    assert_eq!(of(&second)["state"], "queued");
    studio.post(&format!("/api/runs/{first}/cancel")).send().is(202);
    assert_eq!(studio.end_of(&first), "cancelled");
    assert_eq!(studio.end_of(&second), "success");
    assert_eq!(of(&second).get("waitsFor"), None);
}

#[test]
fn a_limit_of_none_is_a_mistake() {
    let project = project();
    project.file("loom.toml", "[server]\nruns = 0\n");
    project
        .loom(&["serve", "--executor", "host"])
        .run()
        .exits(2)
        .says("runs");
}
