//! Other programs in the studio: the examples.

use std::collections::BTreeSet;

use crate::harness::{Loom, Project, Studio, binary, until};

#[test]
fn the_actor_demo_appears_by_itself_and_lives() {
    let studio = Studio::of(Project::new());
    let demo = Loom::program(&binary("examples/actors_demo"))
        .env("STUDIO_ENABLED", "true")
        .env("STUDIO_URL", studio.url())
        .start();
    let before = until("three actors of two types", || {
        let actors = studio.value("/api/actors");
        let guests: Vec<_> = actors
            .as_array()?
            .iter()
            .filter(|a| !a["type"].as_str().unwrap_or_default().starts_with("loom"))
            .cloned()
            .collect();
        let types: BTreeSet<String> = guests.iter().map(|actor| actor["type"].to_string()).collect();
        (guests.len() >= 3 && types.len() >= 2).then_some(guests)
    });
    let total = |actors: &[serde_json::Value]| {
        actors
            .iter()
            .filter_map(|a| a["messageCount"].as_u64())
            .sum::<u64>()
    };
    let first = total(&before);
    until("their messages are counted", || {
        let actors = studio.value("/api/actors");
        (total(actors.as_array()?) > first).then_some(())
    });
    drop(demo);
}

#[test]
fn the_runtime_is_a_library_too() {
    let project = Project::with_example("diamond.loom.yml");
    Loom::program(&binary("examples/embed_runtime"))
        .args(&[".loom.yml"])
        .within(&project.path())
        .run()
        .exits(0)
        .prints("ready at first: build")
        .prints("ready after those: test, lint")
        .prints("the word is loom-")
        .prints("deploy | shipped from");
}

const ENDLESS: &str =
    "name: away\njobs:\n  long:\n    steps:\n      - run: |\n          echo it-runs\n          sleep 600\n";

/// Waits until the studio shows the actor of a job.
fn until_a_job_is_seen(studio: &Studio) {
    until("the actor of the run's job", || {
        let actors = studio.value("/api/actors");
        let is_job = |actor: &serde_json::Value| {
            actor["type"]
                .as_str()
                .is_some_and(|kind| kind.contains("JobActor"))
        };
        actors.as_array()?.iter().any(is_job).then_some(())
    });
}

#[test]
fn a_run_ships_its_actors_to_the_studio_that_it_is_told() {
    let studio = Studio::of(Project::new());
    for said in ["by flag", "by environment"] {
        let project = Project::with(ENDLESS);
        let loom = project.loom(&["run", "--executor", "host"]);
        let loom = match said {
            "by flag" => loom.args(&["--studio", &studio.url()]),
            _ => loom.env("STUDIO_ENABLED", "true").env("STUDIO_URL", studio.url()),
        };
        let mut running = loom.start();
        running.until_stdout("it-runs");
        until_a_job_is_seen(&studio);
        running.signal(rustix::process::Signal::INT);
        running.end().exits(130);
        until("they say goodbye", || {
            let actors = studio.value("/api/actors");
            let left = actors
                .as_array()?
                .iter()
                .any(|a| a["type"].as_str().is_some_and(|t| t.contains("JobActor")));
            (!left).then_some(())
        });
    }
}

#[test]
fn a_run_finds_the_studio_of_its_state_directory_by_itself() {
    let studio = Studio::of(Project::with(ENDLESS));
    let mut running = studio.project.loom(&["run", "--executor", "host"]).start();
    running.until_stdout("it-runs");
    until_a_job_is_seen(&studio);
    running.signal(rustix::process::Signal::INT);
    running.end().exits(130);
}

#[test]
fn a_studio_that_does_not_answer_holds_no_run_up() {
    let project = Project::with("jobs:\n  a:\n    steps:\n      - run: echo it-ran\n");
    project
        .loom(&["run", "--executor", "host"])
        .env("STUDIO_ENABLED", "true")
        .env("STUDIO_URL", "http://127.0.0.1:9")
        .run()
        .exits(0)
        .prints("it-ran");
}
