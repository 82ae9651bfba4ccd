//! What needs an engine. Every test has it alone, and leaves it as it found it.

mod agent;
mod apart;
mod cases;
mod cleanup;
mod compatibility;
mod fault;
mod full;
mod guide;
mod image;
mod keeping;
mod kills;
mod pausing;
mod pull;
mod rerun;
mod same_result;
mod silence;
mod studio_image;
mod user;
mod workspace;

use crate::harness::{Engine, Loom, Project};

/// A Loom of the project on this engine.
fn loom(engine: &Engine, project: &Project, arguments: &[&str]) -> Loom {
    project.loom(arguments).env("DOCKER_HOST", &engine.host)
}

/// The same, for `run --executor docker` and what follows.
fn run(engine: &Engine, project: &Project, arguments: &[&str]) -> Loom {
    loom(engine, project, &["run", "--executor", "docker"]).args(arguments)
}
