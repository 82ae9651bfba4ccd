//! The small process that lives where a job runs, and runs its steps.
//!
//! In Docker it is the main process of the job's container, a static binary mounted read-only; on the host it is a
//! hidden subcommand of `loom-runtime`. It starts each step in its own session, writes what the step says into a spool
//! file, and tells a runtime over a unix socket that there is something to read. **The spool is the truth**: the agent
//! never waits for a reader, and carries on when its runtime dies.
//!
//! The library is what both ends share: [`wire`] (commands and reports), [`spool`] (records of a step's output),
//! [`files`] (its command files) and [`layout`] (the files of a job's directory). It must never depend on more than std and libc; the only unsafe code is
//! in `sys`. Design note: design.md section 4, "Steps in Docker, fast".

mod accounts;
mod clear;
mod clients;
mod close;
mod codec;
mod connect;
pub mod files;
mod forward;
mod git;
mod give;
mod guard;
mod kept;
mod kernel;
pub mod layout;
mod leftovers;
mod memory;
mod options;
mod process;
mod program;
mod serve;
pub mod spool;
mod stay;
mod steps;
mod sys;
pub mod wire;

use std::ffi::OsString;

/// Runs the agent with the arguments that follow the program's name; returns the process's exit code.
///
/// `serve --dir DIR …` is the agent itself; `give --dir DIR --workspace DIR` hands files of a job whose agent is gone
/// to its caller; `connect --dir DIR` is the way to an agent for a runtime that does not see its files; `clear --dir PATH` empties a folder of the room that it is started in. Talks to no terminal: what goes wrong at start is written to [`layout::TROUBLE`] in the job's
/// directory and to standard error.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let outcome = options::parse(arguments).and_then(|command| match command {
        options::Command::Serve(options) if options.guard => guard::run(options),
        options::Command::Serve(options) => {
            stay::client_of(&options).and_then(|client| stay::run(options, client, None))
        }
        options::Command::Give(options) => give::run(&options),
        options::Command::Connect(directory) => connect::run(&directory),
        options::Command::Clear(path) => clear::run(&path),
    });
    match outcome {
        Ok(code) => code,
        Err(message) => {
            sys::complain(&format!("loom-agent: {message}\n"));
            2
        }
    }
}
