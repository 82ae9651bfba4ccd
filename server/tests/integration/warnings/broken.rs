//! Files that can't be read: nothing is overwritten, and what to do is said.

use std::fs;

use serde_json::json;

use super::{World, errors_of_types};
use crate::support::{TestClock, get, post};

#[actix_web::test]
async fn a_file_that_is_broken_is_left_as_it_is_and_said() {
    let state = tempfile::tempdir().unwrap();
    let clock = TestClock::new();
    let first = World::at(Some(state.path()), clock.clone(), "one");
    let made = first.post("/api/warnings/rules", errors_of_types(0, &[])).await;
    drop(first);
    let path = state.path().join("warnings/settings.json");
    let whole = fs::read_to_string(&path).unwrap();
    let broken = whole.replacen("\"rules\"", "rules", 1);
    fs::write(&path, &broken).unwrap();

    let mut second = World::at(Some(state.path()), clock.clone(), "two");
    let health = second.get("/api/health").await["parts"]["warnings"].clone();
    let message = health["message"].as_str().unwrap();
    assert_eq!(health["status"], "degraded");
    assert!(
        message.contains("settings.json") && message.contains("line 3"),
        "{message}"
    );
    assert!(message.contains("mend it, or move it away"), "{message}");
    let refused = post(&second.services, "/api/warnings/rules", errors_of_types(0, &[])).await;
    assert_eq!(refused.problem(), (503, "warnings_broken".into()));
    second.seconds(40, 5);
    assert_eq!(get(&second.services, "/api/warnings").await.status, 200);
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        broken,
        "nothing is overwritten"
    );
    drop(second);

    fs::write(&path, whole).unwrap();
    let third = World::at(Some(state.path()), clock, "three");
    let rules = third.get("/api/warnings/rules").await;
    assert!(rules.as_array().unwrap().contains(&made), "nothing is lost");
}

#[actix_web::test]
async fn a_change_that_can_not_be_written_down_does_not_hold() {
    let state = tempfile::tempdir().unwrap();
    fs::write(
        state.path().join("warnings"),
        "a file where a directory should be",
    )
    .unwrap();
    let world = World::new(Some(state.path()));
    let health = world.get("/api/health").await["parts"]["warnings"].clone();
    assert_eq!(health["status"], "degraded", "{health}");
    let refused = post(&world.services, "/api/warnings/rules", errors_of_types(0, &[])).await;
    assert_eq!(refused.problem(), (503, "warnings_broken".into()));
    assert_eq!(world.get("/api/warnings/rules").await, json!([]));
}
