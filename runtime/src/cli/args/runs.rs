//! How the commands of `runs` are called.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::FilterArgs;
use super::run::hidden;
use super::{DataFormat, Format, LogsArgs, OUTPUT, RerunArgs, SearchArgs, VALUES, bytes, whole};
use crate::secret::Secret;

/// The heading of what makes a run one too many.
const RULES: &str = "What is removed";

#[derive(Clone, Debug, Subcommand)]
pub(in crate::cli) enum RunsCommand {
    /// List runs, newest first
    List(ListArgs),
    /// Show one run with its jobs and steps
    Show(ShowArgs),
    /// Print the log of a run, or of one of its jobs
    Logs(LogsArgs),
    /// Search the logs of all runs, or of one
    Search(SearchArgs),
    /// Remove the places that `run --keep` has kept
    Clean(CleanArgs),
    /// Remove old runs with their logs, by age, count or size
    Prune(PruneArgs),
    /// Run a run that has ended again, as another attempt: all of it, what failed, or some jobs
    Rerun(Box<RerunArgs>),
    /// Go on with a run whose process has died: jobs that have ended stay as they are
    Resume(Box<ResumeArgs>),
    /// Cancel a run, whichever process has it; once more ends its steps at once
    Cancel(CancelArgs),
}

#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct ResumeArgs {
    /// The run: its number, its id, a part of it, or `latest`
    #[arg(value_name = "RUN")]
    pub(in crate::cli) run: String,
    /// A secret that the run had; may be given more than once
    ///
    /// No run keeps its value. Without a value it is taken from the environment, or asked for.
    #[arg(short, long = "secret", value_name = "NAME[=VALUE]", value_parser = hidden, help_heading = VALUES)]
    pub(in crate::cli) secrets: Vec<Secret>,
    /// A file of NAME=value lines with secrets
    ///
    /// [default: .secrets of the project, if there is one]
    #[arg(long = "secret-file", value_name = "FILE", help_heading = VALUES)]
    pub(in crate::cli) secret_file: Option<PathBuf>,
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

impl ResumeArgs {
    /// What is printed, as far as that was said.
    pub(in crate::cli) fn shown(&self) -> Option<Format> {
        Format::shown(self.format, self.quiet)
    }
}

#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct CancelArgs {
    /// The run: its number, its id, a part of it, or `latest`
    #[arg(value_name = "RUN")]
    pub(in crate::cli) run: String,
}

#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct ListArgs {
    #[command(flatten)]
    pub(in crate::cli) filter: FilterArgs,
    /// At most so many
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = whole(0, usize::MAX), help_heading = OUTPUT)]
    pub(in crate::cli) limit: usize,
    /// Text, or a JSON array
    #[arg(long, value_enum, default_value_t = DataFormat::Text, help_heading = OUTPUT)]
    pub(in crate::cli) format: DataFormat,
}

#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct ShowArgs {
    /// The run: its number, its id, a part of it, or `latest`
    #[arg(value_name = "RUN", default_value = "latest")]
    pub(in crate::cli) run: String,
    /// Text, or a JSON object
    #[arg(long, value_enum, default_value_t = DataFormat::Text)]
    pub(in crate::cli) format: DataFormat,
}

#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct CleanArgs {
    /// The run: its number, its id, a part of it, or `latest`
    #[arg(value_name = "RUN", required_unless_present = "all", conflicts_with = "all")]
    pub(in crate::cli) run: Option<String>,
    /// That job alone
    #[arg(value_name = "JOB")]
    pub(in crate::cli) job: Option<String>,
    /// The kept places of all runs
    #[arg(long)]
    pub(in crate::cli) all: bool,
    /// Give up places of which something stays
    ///
    /// For an engine that is gone for good: what stays there is named, and nothing of it is looked for any more.
    #[arg(long)]
    pub(in crate::cli) force: bool,
}

/// At least one of the rules has to be given; each holds by itself.
#[derive(Clone, Debug, Args)]
#[group(id = "rules", required = true, multiple = true, args = ["older_than", "keep", "max_size"])]
pub(in crate::cli) struct PruneArgs {
    /// Remove runs that ended longer ago: `30d`, `2w`, or a day
    #[arg(long, value_name = "TIME", help_heading = RULES)]
    pub(in crate::cli) older_than: Option<String>,
    /// Remove all but the newest so many
    #[arg(long, value_name = "N", value_parser = whole(0, usize::MAX), help_heading = RULES)]
    pub(in crate::cli) keep: Option<usize>,
    /// Remove the oldest until all logs take less: `500MB`, `2GB`
    #[arg(long, value_name = "SIZE", value_parser = bytes, help_heading = RULES)]
    pub(in crate::cli) max_size: Option<u64>,
    /// Name the runs that would go, and remove none
    #[arg(long, help_heading = OUTPUT)]
    pub(in crate::cli) dry_run: bool,
}
