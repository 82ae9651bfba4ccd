//! The guide's examples that need an engine, and the workflow of the README.

use crate::guide::{project, shown};
use crate::harness::{Engine, Outcome, Project};

#[track_caller]
fn in_docker(engine: &Engine, project: &Project, command: &str, says: &[&str]) -> Outcome {
    let outcome = shown(project, command)
        .env("DOCKER_HOST", &engine.host)
        .run()
        .exits(0);
    for text in says {
        assert!(outcome.stdout.contains(text), "{text}\n{outcome}");
    }
    engine.holds_nothing_new();
    outcome
}

#[test]
fn images_and_labels() {
    let engine = Engine::mine();
    let command = "run -P ubuntu-latest=alpine:latest .github/workflows/images.yml";
    in_docker(&engine, &project(), command, &["| in alpine"]);
}

#[test]
fn services() {
    let engine = Engine::mine();
    in_docker(
        &engine,
        &project(),
        "run .github/workflows/services.yml",
        &["ask | hello"],
    );
}

#[test]
fn some_jobs_on_this_machine() {
    let engine = Engine::mine();
    let command = "run -P ubuntu-latest=alpine:latest -P macos-latest=host .github/workflows/host.yml";
    in_docker(&engine, &project(), command, &["| in a container", "| on "]);
}

#[test]
fn the_workflow_of_the_readme() {
    let root = crate::guide::root();
    let readme = std::fs::read_to_string(root.join("README.md")).expect("the README");
    let workflow =
        std::fs::read_to_string(root.join("examples/workflows/readme/ci.yml")).expect("the example");
    assert!(
        readme.contains(&format!("```yaml\n{workflow}```")),
        "the README shows another workflow"
    );
    let action = std::fs::read_to_string(root.join("examples/workflows/readme/report/action.yml"))
        .expect("the action");
    let project = Project::new();
    project
        .file(".github/workflows/ci.yml", &workflow)
        .file("report/action.yml", &action);
    let engine = Engine::mine();
    let outcome = super::run(&engine, &project, &["-P", "ubuntu-latest=alpine:latest"])
        .run()
        .exits(0);
    for line in ["fast: the store says ready", "careful: the store says ready"] {
        assert!(outcome.stdout.contains(line), "{line}\n{outcome}");
    }
    engine.holds_nothing_new();
}
