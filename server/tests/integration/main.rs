//! The studio from outside: over its application and over real sockets.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper of a test fails the test by panicking"
)]

#[cfg(feature = "bin")]
mod asyncapi;
mod binary;
mod body_deadline;
mod bridge;
mod collector;
mod described;
mod directory;
mod docs;
mod events;
mod extension;
mod guard;
mod history;
mod journal;
mod last_minute;
mod lints;
mod live;
mod openapi;
mod orders;
mod orders_at_once;
mod orders_end;
mod otlp;
mod packed;
mod prometheus;
mod recording;
mod rest;
mod roles;
mod schema;
mod seeds;
mod session;
#[path = "../several/mod.rs"]
pub(crate) mod several;
mod several_in_memory;
mod sources;
mod start;
mod support;
mod tls;
mod tokens;
mod traffic;
mod tree;
mod ui;
mod warnings;
mod workspaces;
mod workspaces_apart;
