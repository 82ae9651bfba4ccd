//! How `eval` is called.

use std::path::PathBuf;

use clap::Args;

/// How `eval` is called.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct EvalArgs {
    /// The expression, with or without ${{ }}
    ///
    /// hashFiles reads the files of the workspace.
    #[arg(
        value_name = "EXPR",
        required_unless_present = "batch",
        allow_hyphen_values = true
    )]
    pub(in crate::cli) expression: Option<String>,
    /// A JSON object with the value of each context
    #[arg(long, value_name = "FILE", conflicts_with = "batch")]
    pub(in crate::cli) context: Option<PathBuf>,
    /// Evaluate the lines of this file, or of stdin for `-`
    ///
    /// {"id","expr","contexts"} comes in, {"id","kind","value"} or {"id","error":{"kind","message"}} goes out.
    #[arg(long, value_name = "FILE", conflicts_with = "expression")]
    pub(in crate::cli) batch: Option<PathBuf>,
}
