//! What the tests stand on: the binaries under test, a project directory of a test's own, an engine, HTTP.

mod engine;
mod http;
mod poll;
mod project;
mod running;
mod setup;

pub(crate) use engine::{Engine, Held};
pub(crate) use http::{Address, Answer, Request};
pub(crate) use poll::{LIMIT, until};
pub(crate) use project::Project;
pub(crate) use running::{Loom, Outcome, Running};
pub(crate) use setup::{binary, registry, user};
