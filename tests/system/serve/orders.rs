//! What may be ordered of the actors of runs and jobs, over the wire.

use serde_json::{Value, json};

use super::ENDLESS;
use crate::harness::{Project, Studio, until};

/// The actor of this type, once its job runs, and the run that it is about.
fn actor_of(studio: &Studio, kind: &str) -> String {
    until(&format!("a {kind} is seen"), || {
        let actors = studio.value("/api/actors");
        let found = actors.as_array()?.iter().find(|actor| actor["type"] == kind)?;
        found["controls"]["orders"]
            .as_array()
            .is_some_and(|orders| orders.contains(&json!("snapshot")))
            .then(|| found["id"].as_str().map(str::to_owned))?
    })
}

fn started() -> (Studio, String) {
    let project = Project::new();
    project.file(".github/workflows/endless.yml", ENDLESS);
    let studio = Studio::of(project);
    let run = studio.start_workflow("endless");
    (studio, run)
}

fn order(studio: &Studio, actor: &str, order: &str, body: &Value) -> Value {
    let answer = studio
        .post(&format!("/api/actors/{actor}/{order}"))
        .json(body)
        .send()
        .is(200)
        .value();
    assert_eq!(answer["outcome"], "done", "{answer}");
    answer["value"].clone()
}

/// Waits for the journal of the actor to say who ordered the cancel.
fn journal_names_the_order(studio: &Studio, actor: &str) {
    let line = until("the order is in the journal", || {
        let lines = studio.value(&format!("/api/journal/{actor}"));
        let found = lines
            .as_array()?
            .iter()
            .find(|line| line["data"]["message"] == "Cancel")?;
        Some(found.clone())
    });
    assert_eq!(line["kind"], "order", "{line}");
    assert!(
        line["data"]["by"].as_str().is_some_and(|by| !by.is_empty()),
        "{line}"
    );
}

#[test]
fn the_actor_of_a_run_shows_how_it_stands_and_cancels_it() {
    let (studio, run) = started();
    let actor = actor_of(&studio, "RunActor");
    let state = until("the step runs", || {
        let state = order(&studio, &actor, "snapshot", &json!({}));
        let step = &state["underWay"][0]["steps"][0];
        step["startedAt"].is_string().then_some(state)
    });
    assert_eq!(state["run"], run, "{state}");
    assert_eq!(state["state"], "running", "{state}");
    assert_eq!(state["underWay"][0]["job"], "long", "{state}");
    order(&studio, &actor, "message", &json!({"message": "Cancel"}));
    assert_eq!(studio.end_of(&run), "cancelled");
    journal_names_the_order(&studio, &actor);
    let orders = studio.value(&format!("/api/orders?actor={actor}"));
    assert_eq!(orders[0]["message"], "Cancel", "{orders}");
}

#[test]
fn the_actor_of_a_job_shows_how_it_stands_and_cancels_it() {
    let (studio, run) = started();
    let actor = actor_of(&studio, "JobActor");
    let state = until("the step runs", || {
        let state = order(&studio, &actor, "snapshot", &json!({}));
        let running = state["steps"][0]["does"] == "runs";
        running.then_some(state)
    });
    assert_eq!(state["job"], "long", "{state}");
    assert_eq!(state["phase"], "steps", "{state}");
    order(&studio, &actor, "message", &json!({"message": "Cancel"}));
    assert_eq!(studio.end_of(&run), "cancelled");
    journal_names_the_order(&studio, &actor);
    let detail = studio.value(&format!("/api/runs/{run}"));
    assert_eq!(detail["jobs"][0]["state"], "cancelled", "{detail}");
}
