//! Runs of the real binary.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::measure::{Anyhow, finish, timed};

/// The binary, and directories of the benches' own.
pub(crate) struct Loom {
    pub(crate) program: PathBuf,
    pub(crate) host: String,
    pub(crate) directory: PathBuf,
}

impl Loom {
    /// One run of a workflow, process start to exit.
    pub(crate) fn run(&self, executor: &str, workflow: &str) -> Anyhow<Duration> {
        self.run_with(executor, workflow, &[])
    }

    pub(crate) fn run_with(&self, executor: &str, workflow: &str, more: &[&str]) -> Anyhow<Duration> {
        let file = self.directory.join("bench.loom.yml");
        std::fs::write(&file, workflow)?;
        let project = self.directory.join("project");
        std::fs::create_dir_all(&project)?;
        let mut command = self.command(&project);
        command
            .args(["run", "--executor", executor])
            .args(more)
            .arg(&file);
        timed(|| finish(&mut command))
    }

    /// The binary in a directory, with the benches' state and engine.
    pub(crate) fn command(&self, project: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command
            .current_dir(project)
            .env("LOOM_STATE_DIR", self.state())
            .env("DOCKER_HOST", &self.host)
            .env("BENCH_TOKEN", "a-word-that-is-masked");
        command
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.directory.join("state")
    }

    /// Begins with nothing again: what 10,000 jobs leave behind is not to be another row's matter.
    pub(crate) fn forget(&self) -> Anyhow<()> {
        match std::fs::remove_dir_all(self.state()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}

const HEAD: &str = "on: push\njobs:\n";

/// A job with so many steps `true`.
pub(crate) fn steps(count: usize) -> String {
    let mut text = format!("{HEAD}  only:\n    runs-on: alpine:latest\n    steps:\n");
    for _ in 0..count {
        text.push_str("      - { run: 'true', shell: sh }\n");
    }
    text
}

/// The same with all in force that real steps have: conditions, contexts, command files that were written, a secret.
pub(crate) fn full_steps(count: usize) -> Anyhow<String> {
    let mut text = format!(
        "{HEAD}  only:\n    runs-on: alpine:latest\n    env:\n      TOKEN: ${{{{ secrets.BENCH_TOKEN }}}}\n      \
         COMMIT: ${{{{ github.sha }}}}\n    steps:\n      - id: first\n        shell: sh\n        run: |\n          \
         echo value=yes >> \"$GITHUB_OUTPUT\"\n          echo FROM=first >> \"$GITHUB_ENV\"\n"
    );
    for number in 0..count {
        writeln!(
            text,
            "      - id: step-{number}\n        if: ${{{{ success() && steps.first.outputs.value == 'yes' }}}}\n        \
             shell: sh\n        env:\n          SEEN: ${{{{ env.FROM }}}} of ${{{{ github.workflow }}}}\n        run: 'true'"
        )?;
    }
    Ok(text)
}

/// Jobs of one step `true`, beside each other.
pub(crate) fn wide(count: usize) -> Anyhow<String> {
    jobs(count, false)
}

/// Such jobs, each of which needs the one before.
pub(crate) fn deep(count: usize) -> Anyhow<String> {
    jobs(count, true)
}

fn jobs(count: usize, chain: bool) -> Anyhow<String> {
    let mut text = HEAD.to_owned();
    for number in 0..count {
        writeln!(text, "  job{number}:\n    runs-on: alpine:latest")?;
        if let Some(before) = number.checked_sub(1).filter(|_| chain) {
            writeln!(text, "    needs: job{before}")?;
        }
        text.push_str("    steps: [{ run: 'true', shell: sh }]\n");
    }
    Ok(text)
}

/// A matrix of so many combinations, a square at most.
pub(crate) fn matrix(count: usize) -> Anyhow<String> {
    let numbers = (0..count).map(|number| number.to_string()).collect::<Vec<_>>();
    Ok(format!(
        "{HEAD}  many:\n    runs-on: alpine:latest\n    strategy:\n      matrix:\n        number: [{}]\n    \
         steps: [{{ run: 'test \"${{{{ matrix.number }}}}\" -ge 0', shell: sh }}]\n",
        numbers.join(", ")
    ))
}

/// Jobs that print numbered lines.
pub(crate) fn talkers(jobs: usize, lines: usize) -> Anyhow<String> {
    let mut text = HEAD.to_owned();
    for number in 0..jobs {
        writeln!(
            text,
            "  job{number}:\n    runs-on: alpine:latest\n    steps: [{{ run: seq {lines}, shell: sh }}]"
        )?;
    }
    Ok(text)
}
