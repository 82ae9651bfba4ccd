//! The flags of `runs rerun`: those of `run` that may be chosen anew.

use std::path::PathBuf;

use clap::Args;

use super::run::{Kept, Mode, action_override, hidden};
use super::{ExecutorChoice, FAILS, Format, OUTPUT, Pull, VALUES, WHAT, platform, whole};
use crate::secret::Secret;

/// How `runs rerun` is called.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct RerunArgs {
    /// The run: its number, its id, a part of it, or `latest`
    #[arg(value_name = "RUN")]
    pub(in crate::cli) run: String,
    /// Only what failed, and the jobs that need it
    ///
    /// What was cancelled or lost counts as failed. The other jobs are reused, with their outputs.
    #[arg(long, conflicts_with = "jobs", help_heading = WHAT)]
    pub(in crate::cli) failed: bool,
    /// Only this job, and those that need it
    ///
    /// Its id or its name; may be given more than once.
    #[arg(short, long = "job", value_name = "JOB", help_heading = WHAT)]
    pub(in crate::cli) jobs: Vec<String>,
    /// Read the workflow's files as they are now
    ///
    /// Else the texts are taken that the run was made from.
    #[arg(long = "current-files", help_heading = WHAT)]
    pub(in crate::cli) current_files: bool,

    /// A secret; may be given more than once
    ///
    /// No run keeps its value. Without a value it is taken from the environment, or asked for.
    #[arg(short, long = "secret", value_name = "NAME[=VALUE]", value_parser = hidden, help_heading = VALUES)]
    pub(in crate::cli) secrets: Vec<Secret>,
    /// A file of NAME=value lines with secrets
    ///
    /// [default: .secrets of the project, if there is one]
    #[arg(long = "secret-file", value_name = "FILE", help_heading = VALUES)]
    pub(in crate::cli) secret_file: Option<PathBuf>,

    /// Where jobs run
    #[arg(long, value_enum, help_heading = ANEW)]
    pub(in crate::cli) executor: Option<ExecutorChoice>,
    /// The image for a `runs-on` label, or `host` for this machine
    #[arg(
        short = 'P',
        long = "platform",
        value_name = "LABEL=IMAGE",
        value_parser = platform,
        help_heading = ANEW
    )]
    pub(in crate::cli) platforms: Vec<(String, String)>,
    /// How jobs see the project
    #[arg(long = "workspace-mode", value_enum, value_name = "MODE", help_heading = ANEW)]
    pub(in crate::cli) workspace_mode: Option<Mode>,
    /// When to pull images
    #[arg(long, value_enum, help_heading = ANEW)]
    pub(in crate::cli) pull: Option<Pull>,
    /// Jobs that run at the same time, at most
    #[arg(long, value_name = "N", value_parser = whole(1, u32::MAX), help_heading = ANEW)]
    pub(in crate::cli) parallel: Option<u32>,
    /// Use a directory instead of an action of another repository
    ///
    /// Or instead of a called workflow of another one.
    #[arg(
        long = "action-override",
        value_name = "OWNER/NAME[@REF]=DIR",
        value_parser = action_override,
        help_heading = ANEW
    )]
    pub(in crate::cli) action_overrides: Vec<(String, PathBuf)>,
    /// Fetch no actions: what was fetched before is used
    #[arg(long, help_heading = ANEW)]
    pub(in crate::cli) offline: bool,
    /// Use the commits of the lock file, and refuse other actions
    #[arg(long, help_heading = ANEW)]
    pub(in crate::cli) frozen: bool,
    /// Whose place is kept when its job is done
    ///
    /// `shell` opens a command line in it, `runs clean` removes it.
    #[arg(long, value_enum, value_name = "WHICH", help_heading = ANEW)]
    pub(in crate::cli) keep: Option<Kept>,

    /// Stop at a step that fails, as with `run`
    #[arg(long = "pause-on-failure", help_heading = FAILS)]
    pub(in crate::cli) pause_on_failure: bool,
    /// What is printed, as with `run`
    #[arg(long, value_enum, help_heading = OUTPUT)]
    pub(in crate::cli) format: Option<Format>,
    /// Print the end page alone, as with `run`
    #[arg(short, long, help_heading = OUTPUT)]
    pub(in crate::cli) quiet: bool,
    /// The studio that shows this run's actors, as with `run`
    #[arg(long, value_name = "URL", help_heading = OUTPUT)]
    pub(in crate::cli) studio: Option<String>,
}

impl RerunArgs {
    /// What is printed, as far as that was said.
    pub(in crate::cli) fn shown(&self) -> Option<Format> {
        Format::shown(self.format, self.quiet)
    }
}

const ANEW: &str = "Chosen anew (else as the run had it)";
