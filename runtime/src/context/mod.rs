//! What a run knows of the world around it: the repository at hand, the event, the values that a user gives.
//!
//! ```text
//! git ──────┐
//! flags ────┼─> RunFacts (plain data, never a secret) ──> github context ──> GITHUB_* variables of a step
//! event file┘                                       └──> loom_workflow::Event, which decides what starts
//! files, flags, prompt ──> Values (secrets, vars, env, inputs)
//! ```
//!
//! Reading ([`git::read`], [`values::read`], [`event::payload_file`]) waits for programs and files and belongs on a thread
//! that may. All else is pure: the same facts give the same context, whenever it is asked for again.

mod dotenv;
mod environment;
pub mod event;
pub mod git;
mod github;
mod payload;
pub mod values;

pub use environment::{RunnerFacts, default_environment, is_fixed, runner};
pub use event::{Given, RunFacts};
pub use git::GitFacts;
pub use github::{Moment, github, run_id_number};
use std::path::Path;
pub use values::{Values, ValuesError};

/// What a run in this folder is about, as far as nobody said otherwise. Waits for git.
#[must_use]
pub fn facts_of(folder: &Path, given: Given) -> RunFacts {
    let git = git::read(folder);
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
    RunFacts::gather(&git, given, &name.unwrap_or_default(), |branch| {
        git::compare(folder, branch)
    })
}
