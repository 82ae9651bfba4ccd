//! `loom-runtime`, the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    loom_runtime::cli::main()
}
