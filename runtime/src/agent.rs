//! This program as the agent of jobs on the host.
//!
//! The host executor starts the program it is part of once more, as `… __agent …`, so that jobs on the host run under the
//! same agent as jobs in containers. Every program that runs jobs on the host begins with [`run_if_asked`].

use std::process::ExitCode;

/// The hidden first argument.
pub(crate) const ARGUMENT: &str = "__agent";

/// Is the agent, when the process was started to be one; `None` when not. Call it before anything else in `main`.
pub fn run_if_asked() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let asked = arguments.next().is_some_and(|first| first == ARGUMENT);
    asked.then(|| ExitCode::from(loom_agent::run(arguments)))
}
