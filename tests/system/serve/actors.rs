//! The calls about actors, as documented, field for field.

use serde_json::{Value, json};

use super::project;
use crate::harness::{Project, Studio, until};

/// The record of the documents.
fn record(id: &str) -> Value {
    json!({"id": id, "type": "CounterActor", "status": "idle", "workerId": "worker-1", "messageCount": 0, "queueDepth": 0,
        "lastHeartbeat": "2025-12-13T03:33:58.077Z", "uptime": 0})
}

#[test]
fn a_program_in_any_language_reports_its_actors() {
    let studio = Studio::of(Project::new());
    let made = studio
        .post("/api/actor/register")
        .json(&record("my-actor-1"))
        .send()
        .is(201)
        .value();
    assert_eq!(made["id"], "my-actor-1");
    assert_eq!(made["type"], "CounterActor");
    // Idempotent: the second time it is known.
    studio
        .post("/api/actor/register")
        .json(&record("my-actor-1"))
        .send()
        .is(200);

    let update = json!({"id": "my-actor-1", "status": "active", "messageCount": 5});
    let updated = studio
        .post("/api/actor/update")
        .json(&update)
        .send()
        .is(200)
        .value();
    assert_eq!(updated["status"], "active");
    assert_eq!(updated["messageCount"], 5);
    assert_eq!(updated["workerId"], "worker-1", "an update merges");

    let one = studio.value("/api/actors/my-actor-1");
    assert_eq!(one["status"], "active");
    let of_type = studio.value("/api/actors/type/CounterActor");
    assert_eq!(of_type.as_array().expect("a bare array").len(), 1);
    assert_eq!(studio.value("/api/actors/type/Nobody"), json!([]));

    studio
        .post("/api/actor/unregister")
        .json(&json!({"id": "my-actor-1"}))
        .send()
        .is(204);
    studio
        .post("/api/actor/unregister")
        .json(&json!({"id": "my-actor-1"}))
        .send()
        .is(204);
    studio.get("/api/actors/my-actor-1").send().is(404);
    studio.post("/api/actor/update").json(&update).send().is(404);
}

#[test]
fn what_nobody_reported_is_absent() {
    let studio = Studio::of(Project::new());
    let made = studio
        .post("/api/actor/register")
        .json(&json!({"id": "bare", "type": "Bare"}))
        .send()
        .is(201)
        .value();
    for field in ["messageCount", "queueDepth", "workerId"] {
        assert!(
            made.get(field).is_none(),
            "{field} is unknown, never zero: {made}"
        );
    }
}

#[test]
fn an_update_is_a_beat_by_the_servers_clock() {
    let studio = Studio::of(Project::new());
    studio
        .post("/api/actor/register")
        .json(&record("beat"))
        .send()
        .is(201);
    let update = json!({"id": "beat", "lastHeartbeat": "2001-01-01T00:00:00.000Z"});
    let updated = studio
        .post("/api/actor/update")
        .json(&update)
        .send()
        .is(200)
        .value();
    assert!(
        updated["lastHeartbeat"]
            .as_str()
            .is_some_and(|beat| beat > "2026"),
        "{updated}"
    );
}

#[test]
fn mistakes_are_problems_with_a_code() {
    let studio = Studio::of(Project::new());
    for request in [
        studio.get("/api/actors/nobody"),
        studio.post("/api/actor/update").json(&json!({"id": "nobody"})),
        studio.post("/api/actor/register").json(&json!({"type": "NoId"})),
    ] {
        let answer = request.send();
        assert!((400..500).contains(&answer.status), "{}", answer.status);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        let problem = answer.value();
        assert_eq!(problem["status"], answer.status, "{problem}");
        assert!(
            problem["code"].is_string() && problem["title"].is_string(),
            "{problem}"
        );
    }
}

#[test]
fn a_batch_says_what_it_took_and_what_not() {
    let studio = Studio::of(Project::new());
    let batch = json!({"boot": "b1", "seq": 1, "register": [{"id": "one", "type": "T"}], "update": [{"id": "nobody"}],
        "unregister": []});
    let answer = studio
        .post("/api/actor/batch")
        .json(&batch)
        .send()
        .is(200)
        .value();
    assert_eq!(answer["accepted"], 1, "{answer}");
    assert_eq!(answer["rejected"][0]["index"], 1, "{answer}");
    studio.get("/api/actors/one").send().is(200);
}

#[test]
fn metrics_and_health_have_their_documented_fields() {
    let studio = Studio::of(project());
    let metrics = studio.value("/api/metrics");
    assert!(metrics["timestamp"].is_string(), "{metrics}");
    for field in ["totalActors", "activeActors", "idleActors"] {
        assert!(metrics["actorPools"][field].is_u64(), "{field}: {metrics}");
    }
    assert!(metrics["actorPools"]["byType"].is_object(), "{metrics}");
    for field in ["totalMessages", "pendingMessages"] {
        assert!(metrics["messageQueues"][field].is_u64(), "{field}: {metrics}");
    }
    let health = studio.value("/api/health");
    assert_eq!(health["status"], "ok", "{health}");
    assert!(
        health["version"].is_string() && health["uptime"].is_u64(),
        "{health}"
    );
    assert!(health["parts"].is_object(), "{health}");
}

#[test]
fn a_run_is_seen_as_actors_that_beat_and_count_and_go_away() {
    let studio = Studio::of(project());
    let run = studio.start_workflow("endless");
    let job = until("an actor of the run's job", || {
        let actors = studio.value("/api/actors");
        let found = actors.as_array()?.iter().find(|actor| {
            actor["type"]
                .as_str()
                .is_some_and(|kind| kind.contains("JobActor"))
        });
        found.cloned()
    });
    for field in ["status", "messageCount", "lastHeartbeat", "uptime"] {
        assert!(job.get(field).is_some(), "{field}: {job}");
    }
    assert!(
        job["parentId"].is_string(),
        "a job's actor has the run's as its parent: {job}"
    );
    studio.post("/api/workflows/endless/stop").send().is(202);
    assert_eq!(studio.end_of(&run), "cancelled");
    let id = job["id"].as_str().expect("an id").to_owned();
    until("the job's actor goes away", || {
        let answer = studio.get(&format!("/api/actors/{id}")).send();
        (answer.status == 404 || answer.value()["status"] == "stopped").then_some(())
    });
}
