//! Runs jobs in containers: one a job, whose main process is the agent. The only place that knows the engine's API.
//!
//! A container is named after its job and labelled with its run and owner, so that any process of the same state
//! directory can find and remove what a dead one left, and nobody else's. Steps go through the agent; where it cannot
//! start (another architecture) they go by `exec`, which is slower and said in the job's log.

mod container;
mod credentials;
mod endpoint;
mod engine;
mod exec;
mod executor;
mod failure;
mod give;
mod image;
mod reclaim;
mod session;

pub use executor::{DockerExecutor, DockerOptions, StepsBy};
