//! How fast workflows are read, checked and planned: megabytes a second, and the ratio to GitHub's own parser on
//! Node.js over the same files in the same minute. `make bench` installs that parser and says where it is. It finds
//! what GitHub refuses, which is one of the figures here; the lints, which it does not have, come on top in the others.
//!
//! | variable | is |
//! | --- | --- |
//! | `LOOM_BENCH_CORPUS` | a directory with workflows to read instead of 1,500 made ones |
//! | `LOOM_BENCH_PEER` | a directory with `parse.mjs` and the parser installed; without it, no ratio is given |

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use loom_workflow::expression::Object;
use loom_workflow::{Dialect, Event, Level, NoReferences, Source};

/// The one that `loom-runtime` has.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Anyhow<T> = Result<T, Box<dyn Error>>;

/// Rounds over all files; the median counts.
const ROUNDS: usize = 7;
/// How many workflows are made.
const MADE: u32 = 1500;

fn main() -> Anyhow<()> {
    let directory = std::env::temp_dir().join(format!("loom-bench-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let outcome = measure(&directory);
    std::fs::remove_dir_all(&directory)?;
    std::io::stdout().write_all(outcome?.as_bytes())?;
    Ok(())
}

fn measure(directory: &Path) -> Anyhow<String> {
    let files = match std::env::var_os("LOOM_BENCH_CORPUS") {
        Some(corpus) => found(Path::new(&corpus))?,
        None => made(directory)?,
    };
    let texts = files
        .iter()
        .map(std::fs::read_to_string)
        .collect::<Result<Vec<_>, _>>()?;
    let bytes: usize = texts.iter().map(String::len).sum();
    let megabytes = f64::from(u32::try_from(bytes)?) / 1e6;
    let cores = std::thread::available_parallelism()?.get();
    let invalid = round(&texts, Level::Schema);
    let taken = [
        (
            "read, check as GitHub does, and plan",
            median(|| {
                round(&texts, Level::Schema);
            })?,
        ),
        (
            "the same with all lints",
            median(|| {
                round(&texts, Level::Lint);
            })?,
        ),
        (
            "the same with all lints, on all cores as `loom-runtime validate` does",
            median(|| on_cores(&texts, cores))?,
        ),
    ];
    let theirs = match std::env::var_os("LOOM_BENCH_PEER") {
        Some(peer) => Some(github(&PathBuf::from(peer), directory, &files)?),
        None => None,
    };
    let mut report = String::new();
    writeln!(
        report,
        "{} workflows, {megabytes:.2} MB, {invalid} invalid, {cores} cores",
        texts.len()
    )?;
    for (what, seconds) in taken {
        let ratio = theirs.map_or(String::new(), |(theirs, _)| {
            format!("{:5.1} x GitHub's parser   ", theirs / seconds)
        });
        writeln!(
            report,
            "{ratio}{:6.1} MB/s {:7.1} ms   {what}",
            megabytes / seconds,
            seconds * 1e3
        )?;
    }
    if let Some((theirs, invalid)) = theirs {
        writeln!(
            report,
            "GitHub's own parser on Node.js, which reads and does not plan: {:.1} ms, {invalid} invalid",
            theirs * 1e3
        )?;
    }
    Ok(report)
}

/// The middle of several rounds, in seconds.
fn median(mut what: impl FnMut()) -> Anyhow<f64> {
    let mut taken: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let started = Instant::now();
            what();
            started.elapsed()
        })
        .collect();
    taken.sort();
    Ok(taken.get(ROUNDS / 2).ok_or("no round")?.as_secs_f64())
}

/// One round with the files dealt out to so many threads.
fn on_cores(texts: &[String], cores: usize) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(text) = texts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    round(std::slice::from_ref(text), Level::Lint);
                }
            });
        }
    });
}

/// Reads, checks up to a level and plans all of them; gives how many have mistakes.
fn round(texts: &[String], level: Level) -> usize {
    texts
        .iter()
        .filter(|text| {
            let source = Source::new(".github/workflows/bench.yml", text.as_str());
            let loaded = match level {
                Level::Lint => loom_workflow::load_with(&source, Dialect::GitHub, &NoReferences),
                _ => loom_workflow::load_unlinted(&source, Dialect::GitHub, &NoReferences),
            };
            let planned = loaded
                .workflow
                .as_ref()
                .map(|workflow| loom_workflow::plan_for_event(workflow, &Event::new("push"), &Object::new()));
            std::hint::black_box(planned);
            loaded.diagnostics.is_blocking()
        })
        .count()
}

/// Seconds that GitHub's parser takes for all files, and how many it finds invalid.
fn github(peer: &Path, directory: &Path, files: &[PathBuf]) -> Anyhow<(f64, u64)> {
    let list = directory.join("files");
    let lines: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    std::fs::write(&list, lines.join("\n"))?;
    let output = Command::new("node")
        .arg(peer.join("parse.mjs"))
        .arg(&list)
        .arg(ROUNDS.to_string())
        .output()?;
    let answer = String::from_utf8(output.stdout)?;
    let wrong = || {
        format!(
            "GitHub's parser did not answer: {}",
            String::from_utf8_lossy(&output.stderr)
        )
    };
    let (_, rest) = answer.split_once('[').ok_or_else(wrong)?;
    let (rounds, rest) = rest.split_once(']').ok_or_else(wrong)?;
    let mut rounds = rounds
        .split(',')
        .map(str::parse::<f64>)
        .collect::<Result<Vec<_>, _>>()?;
    rounds.sort_by(f64::total_cmp);
    let median = rounds.get(rounds.len() / 2).ok_or_else(wrong)?;
    let invalid = rest
        .trim_end()
        .trim_end_matches('}')
        .rsplit(':')
        .next()
        .ok_or_else(wrong)?;
    Ok((median / 1e3, invalid.parse()?))
}

/// The workflows in a directory and those below it.
fn found(directory: &Path) -> Anyhow<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next)? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "yml" || e == "yaml")
                && path.components().any(|part| part.as_os_str() == "workflows")
                && std::fs::read_to_string(&path).is_ok()
            {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Workflows of the usual kind, none like another: of one job to eight, with matrices, services and expressions.
fn made(directory: &Path) -> Anyhow<Vec<PathBuf>> {
    (0..MADE)
        .map(|number| {
            let path = directory.join(format!("{number}.yml"));
            std::fs::write(&path, workflow(number)?)?;
            Ok(path)
        })
        .collect()
}

fn workflow(number: u32) -> Anyhow<String> {
    let mut text = format!(
        "name: CI {number}\n\n# Runs on every change.\non:\n  push:\n    branches: [main, 'release/**']\n    \
         paths-ignore: ['docs/**', '*.md']\n  pull_request:\n    types: [opened, synchronize]\n  \
         workflow_dispatch:\n    inputs:\n      level:\n        type: choice\n        options: [info, debug]\n        \
         default: info\n\npermissions:\n  contents: read\n\nenv:\n  LEVEL: ${{{{ inputs.level || 'info' }}}}\n\njobs:\n"
    );
    let jobs = 1 + number % 8;
    for job in 0..jobs {
        write!(
            text,
            "  job{job}:\n    name: Job {job}\n    runs-on: ubuntu-latest\n"
        )?;
        if job > 0 {
            write!(
                text,
                "    needs: [job{}]\n    if: ${{{{ success() && github.ref != 'refs/heads/x{number}' }}}}\n",
                job - 1
            )?;
        }
        if (number + job).is_multiple_of(3) {
            text.push_str(
                "    strategy:\n      fail-fast: false\n      matrix:\n        os: [ubuntu-latest, windows-latest]\n        \
                 version: [18, 20, 22]\n        include:\n          - os: ubuntu-latest\n            extra: true\n",
            );
        }
        if (number + job).is_multiple_of(5) {
            text.push_str(
                "    services:\n      redis:\n        image: redis:7\n        ports: ['6379:6379']\n",
            );
        }
        text.push_str("    timeout-minutes: 30\n    steps:\n      - uses: actions/checkout@v4\n        with:\n          fetch-depth: 0\n");
        for step in 0..=(number + job) % 6 {
            write!(
                text,
                "      - name: Step {step} of ${{{{ github.workflow }}}}\n        id: s{step}\n        env:\n          \
                 TOKEN: ${{{{ secrets.TOKEN_{number} }}}}\n        run: |\n          set -euo pipefail\n          \
                 echo \"building {number} in $LEVEL\"\n          make -j4 target-{step} FLAGS=\"--color always\"\n          \
                 echo \"done={step}\" >> \"$GITHUB_OUTPUT\"\n"
            )?;
        }
    }
    Ok(text)
}
