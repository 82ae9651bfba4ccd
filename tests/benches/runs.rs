//! How much a run costs, as ratios against a peer that is measured in the same minute on the same machine: bare seconds
//! say more about the machine than about Loom. `make bench` builds the binary, starts an engine, and runs this.
//!
//! Arguments are the rows to measure, all when there are none. `LOOM_BENCH_ROUNDS=1` and `LOOM_BENCH_DIVISOR=100` make it
//! a look at whether the rows work. A line is: what, how often its peer (median of the pairs), lowest and highest of
//! them, the medians of both in milliseconds.

mod logs;
mod loom;
mod measure;
mod page;
mod peers;
mod search;

use std::path::PathBuf;
use std::process::Command;

use loom::Loom;
use measure::{Anyhow, Pairs, Sizes, finish, row, shells, timed};
use peers::Engine;

/// Steps that the long job has more than the short one.
const STEPS: usize = 100;

/// Measures some rows and prints them.
type Rows = fn(&Bench) -> Anyhow<()>;

const ROWS: &[(&str, Rows)] = &[
    ("step", step),
    ("steps", steps),
    ("run", run),
    ("chain", chain),
    ("wide", wide),
    ("matrix", matrix),
    ("many", many),
    ("deep", deep),
    ("lines", lines),
    ("talkers", talkers),
    ("search", search),
    ("page", page),
    ("copy", copy),
];

fn main() -> Anyhow<()> {
    // Cargo says `--bench` of its own accord.
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    if let Some(unknown) = wanted
        .iter()
        .find(|name| !ROWS.iter().any(|(row, _)| row == name))
    {
        let known: Vec<_> = ROWS.iter().map(|(name, _)| *name).collect();
        return Err(format!("there is no row `{unknown}`; there are {}", known.join(", ")).into());
    }
    let directory = tempfile::tempdir()?;
    let host = variable("LOOM_TEST_DOCKER_HOST")?;
    let bench = Bench {
        loom: Loom {
            program: PathBuf::from(variable("LOOM_TEST_BIN_DIR")?).join("loom-runtime"),
            host: host.clone(),
            directory: directory.path().to_owned(),
        },
        engine: Engine::new(&host)?,
        sizes: Sizes::read()?,
    };
    let mut failed = Vec::new();
    for (name, rows) in ROWS {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == name) {
            continue;
        }
        if let Err(error) = rows(&bench) {
            measure::say(&format!("{name}: {error}"))?;
            failed.push(*name);
        }
        bench.loom.forget()?;
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(format!("rows that could not be measured: {}", failed.join(", ")).into())
    }
}

struct Bench {
    loom: Loom,
    engine: Engine,
    sizes: Sizes,
}

impl Bench {
    /// What so many steps take, in one run, beyond what the first takes.
    fn step_of(&self, executor: &str, text: impl Fn(usize) -> Anyhow<String>) -> Anyhow<std::time::Duration> {
        let run = |count| {
            self.loom
                .run_with(executor, &text(count)?, &["--secret", "BENCH_TOKEN"])
        };
        let short = run(1)?;
        Ok(run(1 + STEPS)?.saturating_sub(short))
    }
}

/// One step in a place that is there already.
fn step(bench: &Bench) -> Anyhow<()> {
    let rounds = bench.sizes.rounds;
    let bare = |count: usize| Ok(loom::steps(count));
    let all = [("docker", "in a warm container"), ("host", "on the host")];
    for (executor, place) in all {
        let full = Pairs::measure(
            rounds,
            || bench.step_of(executor, loom::full_steps),
            || shells(STEPS),
        )?;
        row(
            &format!("a step `true` {place}, with `if`, contexts, command files and masks in force"),
            "`sh -c true` on this machine",
            &full.each(STEPS),
            "2 x and 2 ms",
        )?;
        let plain = Pairs::measure(rounds, || bench.step_of(executor, bare), || shells(STEPS))?;
        row(
            &format!("a step `true` {place}"),
            "`sh -c true` on this machine",
            &plain.each(STEPS),
            "",
        )?;
    }
    let execs = bench.engine.beside(|container| {
        Pairs::measure(
            rounds,
            || bench.step_of("docker", bare).map(|taken| taken / 20),
            || bench.engine.execs(container, STEPS / 20),
        )
    })?;
    row(
        "a step `true` in a warm container",
        "`docker exec`",
        &execs.each(STEPS / 20),
        "0.05 x",
    )?;
    Ok(())
}

/// A whole run of many steps.
fn steps(bench: &Bench) -> Anyhow<()> {
    let pairs = Pairs::measure(
        bench.sizes.rounds,
        || bench.loom.run("docker", &loom::steps(STEPS)),
        || {
            let by_hand = format!("i=0; while [ $i -lt {STEPS} ]; do sh -c true; i=$((i+1)); done");
            bench.engine.container(&["sh", "-c", &by_hand])
        },
    )?;
    row(
        &format!("a whole run of {STEPS} steps in Docker"),
        "a container by the raw API that runs `sh -c true` as often",
        &pairs,
        "",
    )?;
    Ok(())
}

/// A whole run of one step.
fn run(bench: &Bench) -> Anyhow<()> {
    let pairs = Pairs::measure(
        bench.sizes.rounds,
        || bench.loom.run("docker", &loom::steps(1)),
        || bench.engine.container(&["true"]),
    )?;
    row(
        "a whole run of one step in Docker",
        "create, start, wait, remove by the raw API",
        &pairs,
        "1.1 x",
    )?;
    Ok(())
}

/// Jobs one after the other.
fn chain(bench: &Bench) -> Anyhow<()> {
    let count = bench.sizes.of(20);
    let text = loom::deep(count)?;
    let docker = Pairs::measure(
        bench.sizes.few(),
        || bench.loom.run("docker", &text),
        || measure::times(count, || bench.engine.container(&["true"]).map(drop)),
    )?;
    row(
        &format!("{count} jobs in a chain in Docker"),
        &format!("{count} containers by the raw API, one after the other"),
        &docker,
        "0.5 x",
    )?;
    let bound = Pairs::measure(
        bench.sizes.few(),
        || bench.engine.containers_at_once(count),
        || measure::times(count, || bench.engine.container(&["true"]).map(drop)),
    )?;
    row(
        "    what bounds that, where the engine is busy all the time: as many containers at once",
        "one after the other",
        &bound,
        "",
    )?;
    let host = Pairs::measure(
        bench.sizes.rounds,
        || bench.loom.run("host", &text),
        || shells(count),
    )?;
    row(
        &format!("{count} jobs in a chain on the host"),
        &format!("{count} times `sh -c true`"),
        &host,
        "",
    )?;
    Ok(())
}

/// Jobs beside each other.
fn wide(bench: &Bench) -> Anyhow<()> {
    let count = bench.sizes.of(20);
    let text = loom::wide(count)?;
    let docker = Pairs::measure(
        bench.sizes.few(),
        || bench.loom.run("docker", &text),
        || bench.engine.containers_at_once(count),
    )?;
    row(
        &format!("{count} jobs beside each other in Docker"),
        &format!("{count} containers by the raw API at once"),
        &docker,
        "",
    )?;
    let host = Pairs::measure(
        bench.sizes.rounds,
        || bench.loom.run("host", &text),
        || shells(count),
    )?;
    row(
        &format!("{count} jobs beside each other on the host"),
        &format!("{count} times `sh -c true`"),
        &host,
        "",
    )?;
    Ok(())
}

/// The largest matrix that GitHub takes.
fn matrix(bench: &Bench) -> Anyhow<()> {
    let count = bench.sizes.of(256);
    let text = loom::matrix(count)?;
    let pairs = Pairs::measure(
        bench.sizes.rounds,
        || bench.loom.run("host", &text),
        || shells(count),
    )?;
    row(
        &format!("a matrix of {count} on the host"),
        &format!("{count} times `sh -c true`"),
        &pairs,
        "",
    )?;
    Ok(())
}

/// More jobs than anybody has, beside each other.
fn many(bench: &Bench) -> Anyhow<()> {
    let count = bench.sizes.of(10_000);
    let text = loom::wide(count)?;
    let pairs = Pairs::measure(
        bench.sizes.few(),
        || {
            bench.loom.forget()?;
            bench.loom.run("host", &text)
        },
        || shells(count),
    )?;
    row(
        &format!("a job of {count} beside each other on the host"),
        "`sh -c true`",
        &pairs.each(count),
        "1.15 x",
    )?;
    Ok(())
}

/// As many, each of which needs the one before.
fn deep(bench: &Bench) -> Anyhow<()> {
    let count = bench.sizes.of(10_000);
    let text = loom::deep(count)?;
    let pairs = Pairs::measure(
        bench.sizes.few(),
        || {
            bench.loom.forget()?;
            bench.loom.run("host", &text)
        },
        || shells(count),
    )?;
    row(
        &format!("a job of {count} in a chain on the host"),
        "`sh -c true`",
        &pairs.each(count),
        "1 ms",
    )?;
    let some = count.min(500);
    let bound = measure::written_shells(some, &bench.loom.directory.join("written"))?;
    measure::say(&format!(
        "    what bounds that on this machine: `sh -c true` and a durable write of 4 kB, {:.2} ms each",
        bound.as_secs_f64() * 1e3 / some.max(1) as f64
    ))
}

/// One job that prints much.
fn lines(bench: &Bench) -> Anyhow<()> {
    let count = bench.sizes.of(1_000_000);
    let text = loom::talkers(1, count)?;
    let number = count.to_string();
    let out = bench.loom.directory.join("piped");
    let docker = Pairs::measure(
        bench.sizes.rounds,
        || bench.loom.run_with("docker", &text, &["--format", "plain"]),
        || bench.engine.piped(&["seq", &number], &out),
    )?;
    row(
        &format!("{count} lines of a job in Docker, to disk and printed"),
        "the same container piped to a file by the raw API",
        &docker,
        "1.25 x",
    )?;
    Ok(())
}

/// A word that stands once in logs of a gigabyte, looked for from the start of the process to its end.
fn search(bench: &Bench) -> Anyhow<()> {
    let bytes = bench.sizes.of(1 << 30);
    bench.loom.run("host", &search::logs(bytes))?;
    let pairs = Pairs::measure(
        bench.sizes.rounds,
        || search::by_loom(&bench.loom),
        || search::by_ripgrep(&bench.loom.state().join("logs")),
    )?;
    row(
        &format!("a word in {bytes} bytes of logs"),
        "ripgrep on the same files",
        &pairs,
        "",
    )
}

/// Jobs that print much beside each other: complete and in order.
fn talkers(bench: &Bench) -> Anyhow<()> {
    const JOBS: usize = 8;
    let count = bench.sizes.of(5_000_000) / JOBS;
    let text = loom::talkers(JOBS, count)?;
    let out = bench.loom.directory.join("talkers");
    let pairs = Pairs::measure(
        bench.sizes.few(),
        || {
            bench.loom.forget()?;
            let took = bench.loom.run("host", &text)?;
            logs::are_numbered(&bench.loom.state().join("logs"), JOBS, count)?;
            Ok(took)
        },
        || {
            timed(|| {
                let pipes: String = (0..JOBS)
                    .map(|job| format!("seq {count} | cat > '{}.{job}' & ", out.display()))
                    .collect();
                finish(Command::new("sh").args(["-c", &format!("{pipes} wait")]))
            })
        },
    )?;
    row(
        &format!(
            "{} numbered lines of {JOBS} jobs, complete and in order,",
            count * JOBS
        ),
        "as many `seq | cat` into files at once",
        &pairs,
        "",
    )?;
    Ok(())
}

/// What a page hears of a run of many jobs.
fn page(bench: &Bench) -> Anyhow<()> {
    let jobs = bench.sizes.of(2_000);
    let heard = page::watch(&bench.loom, jobs)?;
    let largest = heard.whole.last().copied().unwrap_or_default();
    let total: usize = heard.deltas.iter().sum();
    let (frames, middle) = (
        heard.deltas.len(),
        heard.deltas.get(heard.deltas.len() / 2).copied(),
    );
    let middle = middle.unwrap_or_default();
    let ratio = middle as f64 / largest.max(1) as f64;
    measure::say(&format!(
        "a frame to a page that watches {jobs} jobs: {ratio:.4} x the whole run   ({middle} bytes of {largest}; {frames} \
         deltas, the largest of {} bytes, {total} bytes in all in {:.1} s; {} whole; target: deltas)",
        heard.deltas.last().copied().unwrap_or_default(),
        heard.took.as_secs_f64(),
        heard.whole.len(),
    ))?;
    if jobs > 50 && heard.whole.len() > 2 {
        return Err(format!("the page was told {} times all of the run", heard.whole.len()).into());
    }
    Ok(())
}

/// What a run takes longer for working in a copy of its project, beside what `cp` and `rm` take for the same.
fn copy(bench: &Bench) -> Anyhow<()> {
    let project = bench.loom.directory.join("files");
    for folder in 0..60 {
        let path = project.join(format!("d{}/e{folder}", folder % 7));
        std::fs::create_dir_all(&path)?;
        for file in 0..40 {
            std::fs::write(path.join(format!("f{file}")), vec![b'x'; 300 * file + 7])?;
        }
    }
    let workspace = project.to_str().ok_or("a path of letters")?;
    let text = "jobs:\n  only:\n    steps:\n      - run: 'true'\n";
    let in_mode = |mode: &str| {
        bench.loom.run_with(
            "host",
            text,
            &["--workspace-mode", mode, "--workspace", workspace],
        )
    };
    let other = bench.loom.directory.join("copy");
    let pairs = Pairs::measure(
        bench.sizes.rounds,
        || {
            let bound = in_mode("bind")?;
            Ok(in_mode("copy")?.saturating_sub(bound))
        },
        || {
            timed(|| {
                finish(Command::new("cp").arg("-a").args([&project, &other]))?;
                finish(Command::new("rm").arg("-r").arg(&other))
            })
        },
    )?;
    row(
        "a job's copy of 2,400 files, made and removed",
        "`cp -a` and `rm -r`",
        &pairs,
        "",
    )?;
    Ok(())
}

fn variable(name: &str) -> Anyhow<String> {
    std::env::var(name).map_err(|_| format!("{name} is not set: run through `make bench`").into())
}
