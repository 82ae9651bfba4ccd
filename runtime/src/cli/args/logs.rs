//! How `runs logs` is called.

use clap::Args;
use loom_protocol::Timestamp;

use super::{DataFormat, OUTPUT, whole};
use crate::world::{SystemWorld, World as _};

const LINES: &str = "Which lines";

#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct LogsArgs {
    /// The run: its number, its id, a part of it, or `latest`
    #[arg(value_name = "RUN", default_value = "latest")]
    pub(in crate::cli) run: String,
    /// Only this job
    #[arg(short, long = "job", value_name = "JOB", help_heading = LINES)]
    pub(in crate::cli) job: Option<String>,
    /// Only lines of the steps with this name or id
    #[arg(long, value_name = "STEP", help_heading = LINES)]
    pub(in crate::cli) step: Option<String>,
    /// Only the last so many lines of each log, and what follows
    #[arg(long, value_name = "N", value_parser = whole(0, 1_000_000_usize), help_heading = LINES)]
    pub(in crate::cli) tail: Option<usize>,
    /// Only lines from this time on, or of a stretch up to now, as `10m`
    ///
    /// A time is like 2026-01-31T12:00:00Z, a stretch like `30s`, `10m`, `2h` or `1d`.
    #[arg(long, value_name = "TIME", value_parser = since, help_heading = LINES)]
    pub(in crate::cli) since: Option<Timestamp>,
    /// Go on until the run has ended, and end as it did
    ///
    /// Whichever process has the run.
    #[arg(short, long, help_heading = LINES)]
    pub(in crate::cli) follow: bool,
    /// Text, or one JSON object a line
    #[arg(long, value_enum, default_value_t = DataFormat::Text, help_heading = OUTPUT)]
    pub(in crate::cli) format: DataFormat,
}

fn since(text: &str) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    ago(text)
        .map(|ago| Timestamp::from_millis(SystemWorld.now().as_millis().saturating_sub(ago)))
        .ok_or_else(|| "it has to be a time like 2026-01-31T12:00:00Z, or a stretch like 10m".to_owned())
}

/// Milliseconds of a number with a unit.
fn ago(text: &str) -> Option<i64> {
    let units = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400)];
    let (number, unit) = units
        .into_iter()
        .find_map(|(letter, seconds)| Some((text.strip_suffix(letter)?, seconds)))?;
    let number: u32 = number.parse().ok()?;
    i64::from(number).checked_mul(unit * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_moment_or_a_stretch_up_to_now() {
        for (text, millis) in [
            ("30s", 30_000),
            ("10m", 600_000),
            ("2h", 7_200_000),
            ("1d", 86_400_000),
        ] {
            assert_eq!(ago(text), Some(millis), "{text}");
        }
        for wrong in ["", "m", "-1m", "1w", "10 m", "1.5h"] {
            assert_eq!(ago(wrong), None, "{wrong}");
        }
        let at = since("2026-01-31T12:00:00Z").unwrap();
        assert_eq!(at.to_string().get(..10), Some("2026-01-31"));
        assert!(since("yesterday").unwrap_err().contains("like 10m"));
    }
}
