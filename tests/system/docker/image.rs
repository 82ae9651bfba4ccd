//! Which image a job gets, and what happens when it is not there.

use super::run;
use crate::harness::{Engine, Events, Project, registry};

fn on(image: &str) -> Project {
    Project::with(&format!(
        "jobs:\n  only:\n    runs-on: {image}\n    steps:\n      - run: echo it-ran\n"
    ))
}

#[test]
fn a_missing_image_is_pulled_with_a_word_about_it() {
    let image = format!("{}/loom-test/pulled:latest", registry());
    let engine = Engine::mine();
    engine.remove_image(&image);
    assert!(!engine.has_image(&image));
    run(&engine, &on(&image), &[])
        .run()
        .exits(0)
        .prints("it-ran")
        .prints("pull");
    assert!(engine.has_image(&image));
    engine.holds_nothing_new();
    engine.remove_image(&image);
}

#[test]
fn an_image_that_nobody_has_fails_its_job_and_is_named() {
    let image = format!("{}/loom-test/absent:latest", registry());
    let project = on(&image);
    let engine = Engine::mine();
    let outcome = run(&engine, &project, &["--format", "json"]).run().exits(1);
    let events = Events::of(&outcome);
    let end = &events.0[events.place("jobFinished", "only")];
    assert_eq!(end["state"], "failure");
    assert!(
        end["reason"]["message"]
            .as_str()
            .is_some_and(|message| message.contains("loom-test/absent")),
        "{end}"
    );
    engine.holds_nothing_new();
}

/// The image that a run's only job runs in.
fn image_of(events: &Events) -> String {
    let queued = events.0.iter().find(|event| event["type"] == "jobQueued");
    queued.unwrap()["terms"]["image"].as_str().unwrap().to_owned()
}

#[test]
fn a_label_of_the_table_picks_its_image() {
    let engine = Engine::mine();
    for (label, image) in [
        ("ubuntu-latest", "ubuntu:latest"),
        ("ubuntu-22.04", "ubuntu:22.04"),
        ("node-20", "node:20"),
        ("python-3.12", "python:3.12"),
        ("go-1.23", "golang:1.23"),
        ("alpine:latest", "alpine:latest"),
    ] {
        let outcome = run(&engine, &on(label), &["--format", "json"]).run().exits(0);
        assert_eq!(image_of(&Events::of(&outcome)), image, "{label}");
    }
    engine.holds_nothing_new();
}

#[test]
fn without_runs_on_a_job_gets_ubuntu() {
    let project = Project::with("jobs:\n  only:\n    steps:\n      - run: echo it-ran\n");
    let engine = Engine::mine();
    let outcome = run(&engine, &project, &["--format", "json"]).run().exits(0);
    assert_eq!(image_of(&Events::of(&outcome)), "ubuntu:latest");
    engine.holds_nothing_new();
}

#[test]
fn pull_never_takes_what_is_there_and_nothing_else() {
    let image = format!("{}/loom-test/pulled:latest", registry());
    let engine = Engine::mine();
    engine.remove_image(&image);
    run(&engine, &on(&image), &["--pull", "never"]).run().exits(1);
    assert!(!engine.has_image(&image));
    run(&engine, &on("alpine:latest"), &["--pull", "never"])
        .run()
        .exits(0)
        .prints("it-ran");
    engine.holds_nothing_new();
}

#[test]
fn pull_always_asks_the_registry_again() {
    let image = format!("{}/loom-test/pulled:latest", registry());
    let engine = Engine::mine();
    for _ in 0..2 {
        run(&engine, &on(&image), &["--pull", "always"])
            .run()
            .exits(0)
            .prints("pull")
            .prints("it-ran");
    }
    engine.holds_nothing_new();
    engine.remove_image(&image);
}

#[test]
fn a_label_is_mapped_to_an_image() {
    let engine = Engine::mine();
    let outcome = run(
        &engine,
        &on("ubuntu-latest"),
        &["-P", "ubuntu-latest=loom-test/busybox", "--format", "json"],
    )
    .run()
    .exits(0);
    assert_eq!(image_of(&Events::of(&outcome)), "loom-test/busybox");
    engine.holds_nothing_new();
}
