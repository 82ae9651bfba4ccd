//! The agent as a program of its own: what is mounted into a job's container.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(loom_agent::run(std::env::args_os().skip(1)))
}
