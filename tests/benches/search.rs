//! Search in stored logs, beside ripgrep.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::loom::Loom;
use super::measure::{Anyhow, finish, timed};

const WORD: &str = "needle-in-the-hay";

/// A workflow whose one job prints so many bytes, and the word at their end.
pub(crate) fn logs(bytes: usize) -> String {
    format!(
        "on: push\njobs:\n  talker:\n    runs-on: alpine:latest\n    steps:\n      - shell: sh\n        run: |\n          \
         yes 'compiling something 12:00:01 with warnings, errors and 3 notes of no importance' | head -c {bytes}\n          \
         echo\n          echo {WORD}\n"
    )
}

/// All runs, which is one.
pub(crate) fn by_loom(loom: &Loom) -> Anyhow<Duration> {
    let mut command = loom.command(&loom.directory.join("project"));
    command.args(["runs", "search", WORD]);
    timed(|| finish(&mut command))
}

/// With line numbers, which Loom says too; all files, as no list says which are logs.
pub(crate) fn by_ripgrep(logs: &Path) -> Anyhow<Duration> {
    let mut command = Command::new("rg");
    command
        .args([
            "--fixed-strings",
            "--smart-case",
            "--line-number",
            "--glob",
            "*.log",
            WORD,
        ])
        .arg(logs);
    timed(|| finish(&mut command))
}
