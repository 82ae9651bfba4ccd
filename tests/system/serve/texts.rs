//! The calls behind the editor: a workflow's text, and what is wrong in one that is not in a file yet.

use serde_json::{Value, json};

use super::{PROJECT, project};
use crate::harness::{Project, Studio};

fn check(studio: &Studio, name: &str, text: &str) -> Value {
    let body = json!({"name": name, "text": text});
    studio
        .post("/api/workflows/check")
        .json(&body)
        .send()
        .is(200)
        .value()
}

#[test]
fn a_text_is_checked_as_validate_checks_the_file() {
    let texts = [
        PROJECT,
        "jobs:\n  a: {needs: b, steps: [{run: x}]}\n",
        "jobs: {a: {steps: [{run: x}]}, b: {needs: [a, a], steps: [{run: x}]}}\n",
        "jobs: [\n",
        "",
    ];
    let studio = Studio::of(project());
    for name in [".loom.yml", ".github/workflows/new.yml"] {
        for text in texts {
            let checked = check(&studio, name, text);
            let printed = Project::new();
            printed.file(name, text);
            let outcome = printed.loom(&["validate", "--format", "json", name]).run();
            let said: Value = serde_json::from_str(&outcome.stdout).expect("one object");
            assert_eq!(checked["valid"], said["valid"], "{name}: {text}");
            let (here, there) = (&checked["diagnostics"], &said["diagnostics"]);
            let (here, there) = (here.as_array().unwrap(), there.as_array().unwrap());
            assert_eq!(here.len(), there.len(), "{checked} {said}");
            for (here, there) in here.iter().zip(there) {
                // The command may tell more of one.
                for (key, value) in here.as_object().unwrap() {
                    assert_eq!(value, &there[key], "{name}: {text}: {key}");
                }
            }
        }
    }
    assert_eq!(studio.value("/api/runs"), json!([]), "nothing has run");
    assert!(
        !studio.project.path().join(".github/workflows/new.yml").exists(),
        "nothing is written"
    );
}

#[test]
fn the_jobs_of_a_text_are_told_with_their_needs() {
    let studio = Studio::of(Project::new());
    let checked = check(&studio, ".loom.yml", PROJECT);
    let jobs = checked["graph"]["jobs"].as_array().expect("jobs");
    let needs: Vec<_> = jobs
        .iter()
        .map(|job| (job["id"].as_str().unwrap(), &job["needs"]))
        .collect();
    assert_eq!(needs, [("first", &json!([])), ("second", &json!(["first"]))]);
    assert_eq!(check(&studio, ".loom.yml", "jobs: [").get("graph"), None);
}

#[test]
fn what_cannot_be_checked_is_refused() {
    let studio = Studio::of(project());
    let post = || studio.post("/api/workflows/check");
    for name in ["", "../other.yml", "/etc/passwd"] {
        let answer = post()
            .json(&json!({"name": name, "text": ""}))
            .send()
            .is(400)
            .value();
        assert_eq!(answer["code"], "invalid_name", "{name}");
    }
    for body in [
        json!({"name": "a.yml"}),
        json!({"name": "a.yml", "text": "", "run": true}),
        json!([]),
    ] {
        assert_eq!(
            post().json(&body).send().is(400).value()["code"],
            "invalid_json",
            "{body}"
        );
    }
    post().send().is(415);
    let large = "#".repeat(3 * 1024 * 1024);
    let answer = post()
        .json(&json!({"name": "a.yml", "text": large}))
        .send()
        .is(413)
        .value();
    assert_eq!(answer["code"], "body_too_large");
    // A page of somebody else learns nothing either.
    let body = json!({"name": "a.yml", "text": ""});
    post()
        .header("Origin", "https://evil.example")
        .json(&body)
        .send()
        .is(403);
}

#[test]
fn the_text_of_a_listed_workflow_is_given_and_no_other_file() {
    let studio = Studio::of(project());
    for name in ["quick", ".loom.yml"] {
        let source = studio.value(&format!("/api/workflows/{name}/source"));
        assert_eq!(source, json!({"file": ".loom.yml", "text": PROJECT}));
    }
    let source = studio.value("/api/workflows/.github%2Fworkflows%2Fendless.yml/source");
    assert_eq!(source["file"], ".github/workflows/endless.yml");
    studio.project.file("secret.txt", "s");
    for name in ["secret.txt", "nobody", "..%2F.loom.yml", "%2Fetc%2Fpasswd"] {
        studio
            .get(&format!("/api/workflows/{name}/source"))
            .send()
            .is(404);
    }
}
