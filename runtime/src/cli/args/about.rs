//! How the commands that tell of the command line itself are called: `completions` and `man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// How `completions` is called.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    pub(in crate::cli) shell: Shell,
}

/// How `man` is called.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct ManArgs {
    /// The folder to write the pages into, one for each command
    ///
    /// It is made when it is not there. Without it, or with `-`, the page of loom-runtime itself is printed.
    #[arg(value_name = "DIR", default_value = "-")]
    pub(in crate::cli) to: PathBuf,
}
