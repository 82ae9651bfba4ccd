//! What the host's executor is told.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::executor::docker::DockerExecutor;

/// What jobs on the host need from their surroundings.
#[derive(Clone, Debug)]
pub struct HostOptions {
    /// How the agent is started.
    pub agent: AgentProgram,
    /// A directory in which agents are written down; one for a state directory.
    pub register: PathBuf,
    /// The environment of every step. See [`HostOptions::inherited_environment`].
    pub environment: Vec<(OsString, OsString)>,
    /// How long a step's streams stay open after its main process has ended.
    pub drain: Duration,
    /// How long an agent may keep silent when it is told to end; one that is frozen is killed then.
    pub patience: Duration,
    /// What runs services and container actions; it connects when it is first needed.
    pub docker: Option<Arc<DockerExecutor>>,
}

/// A program that is the agent when called with the agent's arguments after its own.
#[derive(Clone, Debug)]
pub struct AgentProgram {
    /// The program.
    pub program: PathBuf,
    /// What comes before the agent's arguments.
    pub arguments: Vec<OsString>,
}

impl AgentProgram {
    /// This very program's hidden subcommand, also when its file has been replaced since it started.
    pub fn this_program(subcommand: &str) -> Self {
        let own = Path::new("/proc/self/exe");
        let program = if own.exists() {
            own.to_owned()
        } else {
            std::env::current_exe().unwrap_or_else(|_| PathBuf::from("loom-runtime"))
        };
        Self {
            program,
            arguments: vec![subcommand.into()],
        }
    }
}

impl HostOptions {
    /// Options with the caller's environment and the usual patience.
    pub fn new(agent: AgentProgram, register: PathBuf) -> Self {
        Self {
            agent,
            register,
            environment: Self::inherited_environment(),
            drain: Duration::from_secs(5),
            patience: Duration::from_secs(10),
            docker: None,
        }
    }

    /// This process's environment without what configures Loom itself: tokens and addresses of databases are not the
    /// steps' to read.
    pub fn inherited_environment() -> Vec<(OsString, OsString)> {
        std::env::vars_os()
            .filter(|(name, _)| {
                let name = name.to_string_lossy();
                !name.starts_with("LOOM_") && !name.starts_with("STUDIO_")
            })
            .collect()
    }
}
