//! The bridge as an application uses it.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers and actors of tests, outside of test functions"
)]

mod asks;
mod chains;
mod common;
mod counting;
mod discovery;
mod journal;
mod keeper;
mod levers;
mod lives;
#[cfg(feature = "tracing")]
mod log;
mod measured;
#[cfg(feature = "uplink")]
mod newcomer;
mod observe;
#[cfg(feature = "otlp")]
mod otlp;
mod soak;
mod status;
mod studio;
mod supervised;
mod sync;
#[cfg(feature = "uplink")]
mod uplink;
mod work;
