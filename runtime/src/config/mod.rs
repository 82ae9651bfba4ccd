//! Configuration: one loader for flags, environment and files.
//!
//! Flags beat environment beat `loom.toml` in the project beat `config.toml` of the user. clap reads flags and
//! environment; this module reads the files and fills in what neither says.

mod file;
mod paths;

pub use file::{ConfigError, FileConfig, RunDefaults, ServerConfig};
pub use paths::{default_state_directory, user_config_file};
