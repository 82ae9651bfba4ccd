//! Pulls from a registry that wants a login, is slow, breaks off, or is not there.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::run;
use crate::harness::{Engine, Events, Ills, Outcome, Project, Proxy, locked_registry, registry};

/// Far below what the slow pull takes.
const SOON: Duration = Duration::from_secs(5);

/// Slow enough for a test to come in between, for the image of 4 MB.
const SLOW: Ills = Ills {
    bytes_per_second: Some(200_000),
    cut_after: None,
    cuts: 0,
};

fn on(image: &str, more: &str) -> Project {
    Project::with(&format!(
        "jobs:\n  only:\n    runs-on: ubuntu-latest\n    container:\n      image: {image}\n{more}    steps:\n      - run: echo \
         it-ran-$((6*7))\n"
    ))
}

const CREDENTIALS: &str =
    "      credentials:\n        username: ann\n        password: ${{ secrets.PASSWORD }}\n";

/// Insists on how the only job ended, and on a sentence about it.
#[track_caller]
fn job_is(outcome: &Outcome, state: &str, says: &[&str]) {
    let events = Events::of(outcome);
    let end = &events.0[events.place("jobFinished", "only")];
    assert_eq!(end["state"], state, "{outcome}");
    let message = end["reason"]["message"].as_str().unwrap_or_default();
    for part in says {
        assert!(message.contains(part), "no `{part}` in `{message}`");
    }
}

#[test]
fn a_login_of_the_workflow_opens_the_registry() {
    let image = format!("{}/loom-test/pulled:latest", locked_registry());
    let engine = Engine::mine();
    engine.remove_image(&image);
    run(&engine, &on(&image, CREDENTIALS), &["-s", "PASSWORD=open-sesame"])
        .run()
        .exits(0)
        .prints("it-ran-42")
        .never_says("open-sesame");
    engine.remove_image(&image);
    engine.holds_nothing_new();
}

#[test]
fn the_login_that_docker_keeps_opens_it_too() {
    let image = format!("{}/loom-test/pulled:latest", locked_registry());
    let engine = Engine::mine();
    engine.remove_image(&image);
    let project = on(&image, "");
    // ann:open-sesame
    let config = format!(
        "{{\"auths\":{{\"{}\":{{\"auth\":\"YW5uOm9wZW4tc2VzYW1l\"}}}}}}",
        locked_registry()
    );
    project.file("docker/config.json", &config);
    run(&engine, &project, &[])
        .env("DOCKER_CONFIG", project.path().join("docker"))
        .run()
        .exits(0)
        .prints("it-ran-42");
    engine.remove_image(&image);
    engine.holds_nothing_new();
}

#[test]
fn a_wrong_login_and_none_fail_the_job_with_what_to_do() {
    let registry = locked_registry();
    let image = format!("{registry}/loom-test/pulled:latest");
    let engine = Engine::mine();
    engine.remove_image(&image);
    let wrong = run(&engine, &on(&image, CREDENTIALS), &["-s", "PASSWORD=shut-sesame"])
        .args(&["--format", "json"])
        .run()
        .exits(1)
        .never_says("shut-sesame");
    job_is(&wrong, "failure", &["`credentials` of the workflow", "secrets"]);
    let none = run(&engine, &on(&image, ""), &["--format", "json"])
        .run()
        .exits(1);
    let login = format!("docker login {registry}");
    job_is(&none, "failure", &[&login, "`credentials`"]);
    engine.holds_nothing_new();
}

#[test]
fn an_image_or_a_tag_that_is_missing_fails_the_job_with_what_to_do() {
    let registry = registry();
    let engine = Engine::mine();
    for name in ["loom-test/absent:latest", "loom-test/pulled:absent"] {
        let image = format!("{registry}/{name}");
        let outcome = run(&engine, &on(&image, ""), &["--format", "json"])
            .run()
            .exits(1);
        job_is(&outcome, "failure", &[name, "check its name and tag"]);
    }
    engine.holds_nothing_new();
}

#[test]
fn a_registry_that_is_not_there_loses_the_job_after_some_tries() {
    let engine = Engine::mine();
    // Nobody listens at port 1.
    let outcome = run(&engine, &on("127.0.0.1:1/loom-test/pulled:latest", ""), &[])
        .args(&["--format", "json"])
        .run()
        .exits(3);
    job_is(&outcome, "lost", &["connection refused", "look at the network"]);
    run(&engine, &on("127.0.0.1:1/loom-test/pulled:latest", ""), &[])
        .run()
        .exits(3)
        .prints("trying again in 1 s");
    engine.holds_nothing_new();
}

#[test]
fn a_slow_registry_is_waited_for() {
    let ills = Ills {
        bytes_per_second: Some(1_500_000),
        ..Ills::default()
    };
    let proxy = Proxy::before(&registry(), ills);
    let image = format!("{}/loom-test/fat:latest", proxy.address());
    let engine = Engine::mine();
    let outcome = run(&engine, &on(&image, ""), &[])
        .run()
        .exits(0)
        .prints("pulling the image")
        .prints("it-ran-42");
    assert!(outcome.took > Duration::from_secs(1), "it was slow\n{outcome}");
    engine.remove_image(&image);
    engine.holds_nothing_new();
}

#[test]
fn ctrl_c_in_the_middle_of_a_slow_pull_ends_at_once() {
    let proxy = Proxy::before(&registry(), SLOW);
    let image = format!("{}/loom-test/fat:latest", proxy.address());
    let engine = Engine::mine();
    for signal in [Signal::INT, Signal::TERM] {
        let project = on(&image, "");
        let mut running = run(&engine, &project, &[]).start();
        running.until_stdout("pulling the image");
        let asked = Instant::now();
        running.signal(signal);
        let outcome = running.end().exits(130).never_says("it-ran-42");
        assert!(asked.elapsed() < SOON, "{outcome}");
    }
    engine.remove_image(&image);
    engine.holds_nothing_new();
}

#[test]
fn a_layer_that_breaks_off_once_is_fetched_again() {
    let ills = Ills {
        cut_after: Some(500_000),
        cuts: 1,
        ..Ills::default()
    };
    let proxy = Proxy::before(&registry(), ills);
    let image = format!("{}/loom-test/fat:latest", proxy.address());
    let engine = Engine::mine();
    run(&engine, &on(&image, ""), &[])
        .run()
        .exits(0)
        .prints("it-ran-42");
    assert_eq!(proxy.cuts(), 1);
    engine.remove_image(&image);
    engine.holds_nothing_new();
}

#[test]
fn a_layer_that_always_breaks_off_loses_the_job() {
    let ills = Ills {
        cut_after: Some(200_000),
        cuts: u32::MAX,
        ..Ills::default()
    };
    let proxy = Proxy::before(&registry(), ills);
    let image = format!("{}/loom-test/fat:latest", proxy.address());
    let engine = Engine::mine();
    let outcome = run(&engine, &on(&image, ""), &["--format", "json"])
        .run()
        .exits(3);
    job_is(&outcome, "lost", &["fat", "registry"]);
    assert!(proxy.cuts() > 0);
    engine.remove_image(&image);
    engine.holds_nothing_new();
}
