//! What is measured, and how it is told: two things in turn, round for round, and how often the one is the other.

use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) type Anyhow<T> = Result<T, Box<dyn Error>>;

/// How much is measured; smaller for a look at whether a row works at all.
pub(crate) struct Sizes {
    pub(crate) rounds: usize,
    divisor: usize,
}

impl Sizes {
    /// `LOOM_BENCH_ROUNDS` and `LOOM_BENCH_DIVISOR`, where they are set.
    pub(crate) fn read() -> Anyhow<Self> {
        let number = |name: &str, usual: usize| match std::env::var(name) {
            Ok(text) => text
                .parse::<usize>()
                .ok()
                .filter(|number| *number > 0)
                .ok_or_else(|| format!("{name} is `{text}`: it is to be a number from 1")),
            Err(_) => Ok(usual),
        };
        Ok(Self {
            rounds: number("LOOM_BENCH_ROUNDS", 5)?,
            divisor: number("LOOM_BENCH_DIVISOR", 1)?,
        })
    }

    /// So many, or a part of them, but some.
    pub(crate) fn of(&self, count: usize) -> usize {
        (count / self.divisor).max(count.min(4))
    }

    /// Rounds of what takes long.
    pub(crate) fn few(&self) -> usize {
        self.rounds.min(3)
    }
}

/// What Loom and its peer took, in the same rounds.
pub(crate) struct Pairs {
    loom: Vec<Duration>,
    peer: Vec<Duration>,
}

impl Pairs {
    /// Measures both in turn. The first round warms up and is not counted.
    pub(crate) fn measure(
        rounds: usize,
        mut loom: impl FnMut() -> Anyhow<Duration>,
        mut peer: impl FnMut() -> Anyhow<Duration>,
    ) -> Anyhow<Self> {
        let mut pairs = Self {
            loom: Vec::new(),
            peer: Vec::new(),
        };
        for round in 0..=rounds {
            let (ours, theirs) = (loom()?, peer()?);
            if round > 0 {
                pairs.loom.push(ours);
                pairs.peer.push(theirs);
            }
        }
        Ok(pairs)
    }

    /// The same, of one of so many.
    pub(crate) fn each(mut self, count: usize) -> Self {
        let count = u32::try_from(count.max(1)).unwrap_or(u32::MAX);
        for taken in self.loom.iter_mut().chain(&mut self.peer) {
            *taken /= count;
        }
        self
    }
}

/// Prints a row: medians, the ratio of each pair, and what it is to be.
pub(crate) fn row(what: &str, peer: &str, pairs: &Pairs, target: &str) -> Anyhow<()> {
    let mut ratios: Vec<f64> = pairs
        .loom
        .iter()
        .zip(&pairs.peer)
        .map(|(ours, theirs)| ours.as_secs_f64() / theirs.as_secs_f64().max(f64::EPSILON))
        .collect();
    ratios.sort_by(f64::total_cmp);
    let of = |place: usize| ratios.get(place).copied().unwrap_or(f64::NAN);
    let (low, middle, high) = (of(0), of(ratios.len() / 2), of(ratios.len().saturating_sub(1)));
    let milliseconds = |taken: &[Duration]| {
        let mut taken = taken.to_vec();
        taken.sort();
        taken
            .get(taken.len() / 2)
            .map_or(f64::NAN, |taken| taken.as_secs_f64() * 1e3)
    };
    let (ours, theirs) = (milliseconds(&pairs.loom), milliseconds(&pairs.peer));
    let target = match target {
        "" => String::new(),
        target => format!("; target {target}"),
    };
    say(&format!(
        "{what}: {middle:.2} x {peer}   ({low:.2}–{high:.2}; {ours:.2} ms, {theirs:.2} ms{target})"
    ))
}

/// Prints a line at once: rows take minutes.
pub(crate) fn say(line: &str) -> Anyhow<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

/// Runs a command to its end, which is to be a good one; what it prints is read and thrown away.
pub(crate) fn finish(command: &mut Command) -> Anyhow<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
    .into())
}

/// How long something takes.
pub(crate) fn timed(mut what: impl FnMut() -> Anyhow<()>) -> Anyhow<Duration> {
    let started = Instant::now();
    what()?;
    Ok(started.elapsed())
}

/// How long something takes, so many times.
pub(crate) fn times(count: usize, mut what: impl FnMut() -> Anyhow<()>) -> Anyhow<Duration> {
    timed(|| (0..count).try_for_each(|_| what()))
}

/// `sh -c true`, so many times, one after the other, each with a write that survives a power cut: what bounds whatever runs
/// steps one after the other and keeps what it knows.
pub(crate) fn written_shells(count: usize, file: &Path) -> Anyhow<Duration> {
    let mut file = std::fs::File::create(file)?;
    times(count, || {
        shell()?;
        file.write_all(&[b'x'; 4096])?;
        Ok(file.sync_data()?)
    })
}

/// `sh -c true`, so many times, one after the other.
pub(crate) fn shells(count: usize) -> Anyhow<Duration> {
    times(count, shell)
}

fn shell() -> Anyhow<()> {
    let status = Command::new("sh")
        .args(["-c", "true"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err("sh failed".into())
    }
}
