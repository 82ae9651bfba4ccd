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
