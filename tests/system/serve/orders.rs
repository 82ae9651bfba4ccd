//! What may be ordered of the actors of runs and jobs, over the wire.

use serde_json::{Value, json};

use super::ENDLESS;
use crate::harness::{Loom, Project, Studio, binary, until};

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

/// A studio whose callers have names, and a run of it that a third one started.
struct Named {
    studio: Studio,
    run: String,
    viewer: String,
    operator: String,
}

impl Named {
    fn started() -> Self {
        let project = Project::new();
        project.file(".github/workflows/endless.yml", ENDLESS);
        let file = project.path().join("tokens.json");
        let file = file.to_str().expect("a path").to_owned();
        let token = |name: &str, role: &str| {
            let add = Loom::program(&binary("loom-studio"));
            let made = add
                .args(&["token", "add", name, "--role", role, "--tokens", &file])
                .run()
                .exits(0);
            let token = made.stdout.lines().next().expect("a token");
            format!("Bearer {token}")
        };
        let (viewer, operator, starter) = (
            token("vera", "view"),
            token("olga", "operate"),
            token("sam", "operate"),
        );
        let studio = Studio::with(project, |serve| serve.env("STUDIO_TOKENS", &file));
        let answer = studio
            .post("/api/workflows/endless/start")
            .header("authorization", &starter)
            .send()
            .is(202)
            .value();
        Self {
            run: answer["runId"].as_str().expect("a run").to_owned(),
            studio,
            viewer,
            operator,
        }
    }

    fn seen(&self, path: &str) -> Value {
        let request = self.studio.get(path).header("authorization", &self.viewer);
        request.send().is(200).value()
    }

    /// The actor of this type, once its job's step runs.
    fn actor(&self, kind: &str) -> String {
        until("the step runs", || {
            let run = self.seen(&format!("/api/runs/{}", self.run));
            (run["jobs"][0]["steps"][0]["state"] == "running").then_some(())
        });
        until(&format!("a {kind} is seen"), || {
            let actors = self.seen("/api/actors");
            let found = actors.as_array()?.iter().find(|actor| actor["type"] == kind)?;
            found["controls"]["orders"].is_array().then_some(())?;
            found["id"].as_str().map(str::to_owned)
        })
    }

    /// Orders a cancel as who may only look, then as who may; answers with the event of it.
    fn cancelled(&self, kind: &str, event: &str) -> Value {
        let actor = self.actor(kind);
        let cancel = |token: &str| {
            let order = self.studio.post(&format!("/api/actors/{actor}/message"));
            order
                .header("authorization", token)
                .json(&json!({"message": "Cancel"}))
                .send()
        };
        cancel(&self.viewer).is(403);
        let answer = cancel(&self.operator).is(200).value();
        assert_eq!(answer["outcome"], "done", "{answer}");
        until("the run ends", || {
            let run = self.seen(&format!("/api/runs/{}", self.run));
            (run["state"] == "cancelled").then_some(())
        });
        let journal = self.studio.project.journal();
        let body: String = journal
            .query_row(
                "SELECT body FROM event WHERE run = ?1 AND body ->> 'type' = ?2",
                [self.run.as_str(), event],
                |row| row.get(0),
            )
            .expect("the event");
        serde_json::from_str(&body).expect("JSON")
    }
}

#[test]
fn who_may_operate_cancels_a_run_by_its_actor_and_its_history_names_them() {
    let event = Named::started().cancelled("RunActor", "cancelRequested");
    assert_eq!(event["by"], "olga", "{event}");
}

#[test]
fn who_may_operate_cancels_a_job_by_its_actor_and_its_history_names_them() {
    let event = Named::started().cancelled("JobActor", "jobCancelRequested");
    assert_eq!(event["by"], "olga", "{event}");
    assert_eq!(event["reason"]["code"], "cancelled", "{event}");
}

#[test]
fn who_has_no_name_cancels_as_the_api() {
    let (studio, run) = started();
    let actor = actor_of(&studio, "RunActor");
    order(&studio, &actor, "message", &json!({"message": "Cancel"}));
    assert_eq!(studio.end_of(&run), "cancelled");
    let body: String = studio
        .project
        .journal()
        .query_row(
            "SELECT body FROM event WHERE run = ?1 AND body ->> 'type' = 'cancelRequested'",
            [&run],
            |row| row.get(0),
        )
        .expect("the event");
    let event: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(event["by"], "api", "{event}");
}
