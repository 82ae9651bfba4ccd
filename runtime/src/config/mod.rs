//! Configuration: one loader for flags, environment and files.
//!
//! Flags beat environment beat `loom.toml` in the project beat `config.toml` of the user. clap reads flags and
//! environment; this module reads the files and fills in what neither says.

mod choices;
mod file;
mod lint;
mod paths;

pub use choices::{Keep, WorkspaceMode};
pub use file::{ActionsConfig, ConfigError, FileConfig, LONGEST_GRACE, RunDefaults, ServerConfig};
pub use lint::LintConfig;
pub use paths::{default_action_cache, default_state_directory, user_config_file};
