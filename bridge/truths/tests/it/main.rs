//! One suite for all systems that Loom has an adapter for.

#![expect(clippy::panic, reason = "workers of tests panic on purpose")]

mod actix;
mod ractor;
mod tokio;
