//! How `runs search` is called.

use clap::Args;

use super::{DataFormat, OUTPUT, whole};
use crate::event::RunState;

const PATTERN: &str = "What matches";
const WHERE: &str = "Which lines";

#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct SearchArgs {
    /// What to search for, in each line by itself
    #[arg(value_name = "PATTERN", allow_hyphen_values = true)]
    pub(in crate::cli) pattern: String,
    /// The run, by number or id; `latest` [default: all runs]
    ///
    /// Runs are searched from the newest to the oldest.
    #[arg(value_name = "RUN", conflicts_with_all = ["workflow", "state"])]
    pub(in crate::cli) run: Option<String>,
    /// PATTERN is a regular expression; else it means itself
    #[arg(short = 'e', long, help_heading = PATTERN)]
    pub(in crate::cli) regex: bool,
    /// Small and capital letters are the same
    ///
    /// They are, too, when PATTERN has no capital letter.
    #[arg(short, long, help_heading = PATTERN)]
    pub(in crate::cli) ignore_case: bool,
    /// Small and capital letters are never the same
    #[arg(short = 's', long, conflicts_with = "ignore_case", help_heading = PATTERN)]
    pub(in crate::cli) case_sensitive: bool,
    /// Only the logs of this job, and of those that it brought
    #[arg(short, long, value_name = "JOB", help_heading = WHERE)]
    pub(in crate::cli) job: Option<String>,
    /// Only lines of the steps of RUN with this name or id
    #[arg(long, value_name = "STEP", requires = "run", help_heading = WHERE)]
    pub(in crate::cli) step: Option<String>,
    /// Only this attempt at each job of RUN, from 1 [default: all]
    #[arg(long, value_name = "N", requires = "run", value_parser = whole(1, u32::MAX), help_heading = WHERE)]
    pub(in crate::cli) attempt: Option<u32>,
    /// Only runs of this workflow, by its name or its file
    #[arg(short, long, value_name = "WORKFLOW", help_heading = WHERE)]
    pub(in crate::cli) workflow: Option<String>,
    /// Only runs in this state
    #[arg(long, value_name = "STATE", value_parser = state, help_heading = WHERE)]
    pub(in crate::cli) state: Option<RunState>,
    /// At most so many lines [default: all]
    #[arg(long, value_name = "N", value_parser = whole(1, usize::MAX), help_heading = OUTPUT)]
    pub(in crate::cli) limit: Option<usize>,
    /// Text, or one JSON object a line
    #[arg(long, value_enum, default_value_t = DataFormat::Text, help_heading = OUTPUT)]
    pub(in crate::cli) format: DataFormat,
}

fn state(text: &str) -> Result<RunState, String> {
    let found = RunState::ALL.iter().find(|state| state.as_str() == text);
    found.copied().ok_or_else(|| {
        let known: Vec<&str> = RunState::ALL.iter().map(|state| state.as_str()).collect();
        format!("it has to be one of: {}", known.join(", "))
    })
}
