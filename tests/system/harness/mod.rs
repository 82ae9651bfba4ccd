//! What the tests stand on: the binaries under test, a project directory of a test's own, an engine, HTTP.

mod engine;
mod events;
mod gate;
mod http;
mod own_engine;
mod poll;
mod project;
mod proxy;
mod running;
mod setup;
mod socket;
mod studio;
mod terminal;

pub(crate) use engine::Engine;
pub(crate) use events::Events;
pub(crate) use gate::Gate;
pub(crate) use http::{Address, Answer};
pub(crate) use own_engine::OwnEngine;
pub(crate) use poll::{LIMIT, until};
pub(crate) use project::Project;
pub(crate) use proxy::{Ills, Proxy};
pub(crate) use running::{Loom, Outcome, Running, Stderr};
pub(crate) use setup::{binary, locked_registry, registry, required};
pub(crate) use socket::Socket;
pub(crate) use studio::{Studio, free_port};
pub(crate) use terminal::Terminal;
