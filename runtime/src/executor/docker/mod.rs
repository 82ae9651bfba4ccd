//! Runs jobs in containers, whose main process is the agent. The only place that knows the engine's API.
//!
//! Everything that a job has in the engine (its room, its services, a room for each container action, their network, images
//! it built) is named after the job and labelled with it, its run and its owner, so that any process of the same state
//! directory can find and remove what a dead one left, and nobody else's. Steps go through the agent; where it cannot
//! start (another architecture) they go by `exec`, which is slower and said in the job's log.

mod archive;
mod bridge;
mod build;
mod companions;
mod container;
mod credentials;
mod dockerfile;
mod endpoint;
mod engine;
mod exec;
mod executor;
mod failure;
mod forwards;
mod give;
mod ignore;
mod image;
mod images;
mod kept;
mod layers;
mod marks;
mod network;
mod opening;
mod options;
mod place;
mod ports;
mod pull;
mod reclaim;
mod report;
mod room;
mod service;
mod settings;
mod shell;
mod start;
mod transfer;
mod unpack;
mod upload;
mod volume;
mod words;

pub(in crate::executor) use companions::Companions;
pub use executor::DockerExecutor;
pub(in crate::executor) use executor::runner_architecture;
pub use kept::Woken;
pub(crate) use marks::NAME as NAME_LABEL;
pub use report::{EngineReport, Sees};
pub use settings::{DockerOptions, StepsBy};
pub use shell::{ShellSession, ShellSpec};
