//! Runs jobs on this machine, without a container: the same agent, as a child process.
//!
//! Steps run in the project directory as the caller, with the caller's environment. Nothing isolates them; what they
//! leave running is ended with the job all the same, also by a step that kills its agent: a second process stays behind
//! each agent for that. Every agent that was started is written down first, so that another process can end it when this
//! one dies. An agent whose job left nothing behind takes the next job of the same run. Services and container actions run in a container engine, where one is given.

mod attaching;
mod directories;
mod executor;
mod minder;
mod options;
mod place;
mod process;
mod register;
mod warm;

pub use executor::HostExecutor;
pub use options::{AgentProgram, HostOptions};
pub(crate) use process::MARK;
