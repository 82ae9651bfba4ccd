//! Several servers as one studio, on a real Redis.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper of a test fails the test by panicking"
)]
#![expect(dead_code, reason = "not all that other tests need is needed here")]

mod engine;
mod front;
mod refusals;
#[path = "../several/mod.rs"]
pub(crate) mod several;
mod storm;
#[path = "../integration/support.rs"]
pub(crate) mod support;

crate::several::all_cases!(crate::engine::Engine::start());
