//! `loom-runtime actors`: a studio is asked from the command line.

use serde_json::{Value, json};

use crate::harness::{Project, Studio};

fn studio() -> Studio {
    let studio = Studio::of(Project::new());
    for (id, kind, status, queue) in [
        ("order-1", "Order", "active", 2),
        ("order-2", "Order", "failed", 7),
        ("till-1", "Till", "idle", 0),
    ] {
        let record =
            json!({"id": id, "type": kind, "status": status, "queueDepth": queue, "messageCount": 40});
        studio.post("/api/actor/register").json(&record).send().is(201);
    }
    studio
}

#[test]
fn actors_are_listed_as_the_filter_says() {
    let studio = studio();
    let url = studio.url();
    let asked = |words: &[&str]| {
        let words = [&["actors", "--studio", &url], words].concat();
        studio.project.loom(&words).run()
    };
    let outcome = asked(&["type:Order", "--sort=-queueDepth"]).exits(0);
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{outcome}");
    let starts = ["ID", "order-2", "order-1"];
    let is_so = lines
        .iter()
        .zip(starts)
        .all(|(line, start)| line.starts_with(start));
    assert!(is_so, "{outcome}");
    assert!(
        lines[1].contains("failed") && lines[1].contains(" 7 "),
        "{outcome}"
    );
    let outcome = asked(&["state:failed", "order", "--format", "json"]).exits(0);
    let actors: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert_eq!(actors[0]["id"], "order-2", "{outcome}");
    assert_eq!(actors.as_array().map(Vec::len), Some(1), "{outcome}");
    asked(&["type:Order", "--limit", "1"]).exits(0).says("1 of 2");
    asked(&["type:Nobody"]).exits(0).says("no such actor");
    // What serves is plumbing.
    let plain = asked(&[]).exits(0);
    assert!(!plain.stdout.contains("watcher"), "{plain}");
}

#[test]
fn what_cannot_be_asked_is_said_with_what_to_do() {
    let studio = studio();
    let url = studio.url();
    let asked = |words: &[&str]| {
        let words = [&["actors", "--studio", &url], words].concat();
        studio.project.loom(&words).run()
    };
    asked(&["wait:>soon"]).exits(2).says("^");
    asked(&["--sort", "beauty"]).exits(2).says("sort");
    let elsewhere = |url: &str| studio.project.loom(&["actors", "--studio", url]).run();
    elsewhere("http://127.0.0.1:9")
        .exits(3)
        .says("loom-runtime serve");
    elsewhere("https://studio").exits(2).says("ssh tunnel");
    elsewhere(&format!("{url}/elsewhere")).exits(3).says("version");
}

#[test]
fn a_studio_with_a_token_wants_it_and_nobody_sees_it() {
    let studio = Studio::with(Project::new(), |serve| serve.env("STUDIO_TOKEN", "open-sesame-1"));
    let url = studio.url();
    let asked = |token: &str| {
        let loom = studio.project.loom(&["actors", "--studio", &url]);
        loom.env("STUDIO_TOKEN", token).run()
    };
    asked("wrong-word-2")
        .exits(2)
        .says("STUDIO_TOKEN")
        .never_says("wrong-word-2");
    asked("open-sesame-1").exits(0);
}
