//! Runs jobs on this machine, without a container: the same agent, as a child process.
//!
//! Steps run in the project directory as the caller, with the caller's environment. Nothing isolates them; what they
//! leave running is ended with the job all the same. Every agent that was started is written down first, so that
//! another process can end it when this one dies.

mod executor;
mod process;
mod register;
mod session;

pub use executor::{AgentProgram, HostExecutor, HostOptions};
