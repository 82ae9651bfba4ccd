//! What the tests stand on: the binaries under test, a project directory of a test's own, an engine, HTTP.

mod engine;
mod events;
mod gate;
mod http;
mod poll;
mod project;
mod running;
mod setup;
mod socket;
mod studio;

pub(crate) use engine::Engine;
pub(crate) use events::Events;
pub(crate) use gate::Gate;
pub(crate) use http::Address;
pub(crate) use poll::until;
pub(crate) use project::Project;
pub(crate) use running::{Loom, Outcome, Running, Stderr};
pub(crate) use setup::{binary, registry};
pub(crate) use socket::Socket;
pub(crate) use studio::Studio;
