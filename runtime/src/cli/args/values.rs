//! The values that flags take.

use std::fmt::Display;
use std::str::FromStr;

use clap::ValueEnum;

use crate::executor::PullPolicy;
use crate::machine::Choice;
use crate::prepare::UnmappedLabel;

/// Reads a whole number within bounds, both included.
pub(super) fn whole<N>(
    least: N,
    most: N,
) -> impl Fn(&str) -> Result<N, String> + Clone + Send + Sync + 'static
where
    N: FromStr + PartialOrd + Display + Clone + Send + Sync + 'static,
{
    move |text| {
        let number = text.parse().ok();
        number
            .filter(|number| (&least..=&most).contains(&number))
            .ok_or_else(|| format!("it has to be a whole number from {least} to {most}"))
    }
}

/// Reads a size: `500MB`, `2GB`, in units of 1024.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let units = [("kB", 10), ("KB", 10), ("MB", 20), ("GB", 30), ("TB", 40)];
    let unit = units
        .iter()
        .find_map(|(unit, power)| Some((text.strip_suffix(unit)?, *power)));
    let (number, power) = unit.unwrap_or((text.strip_suffix('B').unwrap_or(text), 0));
    let number: Option<u64> = number.trim_end().parse().ok();
    number
        .and_then(|number| number.checked_mul(1 << power))
        .ok_or_else(|| "it has to be a size, a whole number with a unit: 500MB, 2GB".to_owned())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ExecutorChoice {
    /// In containers
    Docker,
    /// On this machine
    Host,
    /// In containers if an engine answers, else on this machine
    Auto,
}

impl From<ExecutorChoice> for Choice {
    fn from(choice: ExecutorChoice) -> Self {
        match choice {
            ExecutorChoice::Docker => Self::Docker,
            ExecutorChoice::Host => Self::Host,
            ExecutorChoice::Auto => Self::Auto,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Pull {
    Missing,
    Always,
    Never,
}

impl From<Pull> for PullPolicy {
    fn from(pull: Pull) -> Self {
        match pull {
            Pull::Missing => Self::Missing,
            Pull::Always => Self::Always,
            Pull::Never => Self::Never,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Unmapped {
    /// It is skipped, with a warning
    Skip,
    /// The run is refused
    Fail,
}

impl From<Unmapped> for UnmappedLabel {
    fn from(unmapped: Unmapped) -> Self {
        match unmapped {
            Unmapped::Skip => Self::Skip,
            Unmapped::Fail => Self::Fail,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Format {
    /// Live progress and log
    Pretty,
    /// Plain lines
    Plain,
    /// The run's events, one a line
    Json,
    /// The end page alone: `--quiet`
    #[value(skip)]
    Quiet,
}

impl Format {
    /// What is printed when `--quiet` was said or not: events stay whole, they are for programs.
    pub(super) fn shown(format: Option<Self>, quiet: bool) -> Option<Self> {
        match format {
            Some(Self::Json) => format,
            _ if quiet => Some(Self::Quiet),
            _ => format,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum DataFormat {
    Text,
    Json,
}

pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    split(text, "NAME=VALUE")
}

pub(super) fn platform(text: &str) -> Result<(String, String), String> {
    let (label, image) = split(text, "LABEL=IMAGE, or LABEL=host")?;
    match image.trim() {
        "" => {
            Err("no image is named for the label: it has to look like LABEL=IMAGE, or LABEL=host".to_owned())
        }
        image => Ok((label, image.to_owned())),
    }
}

pub(super) fn split(text: &str, form: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("it has to look like {form}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_and_what_is_none_is_refused() {
        for (text, size) in [
            ("0", 0),
            ("12B", 12),
            ("3kB", 3072),
            ("500MB", 500 << 20),
            ("2 GB", 2 << 30),
        ] {
            assert_eq!(bytes(text), Ok(size), "{text}");
        }
        for text in ["", "GB", "-1", "1.5GB", "many", "99999999999TB"] {
            assert!(bytes(text).unwrap_err().contains("500MB"), "{text}");
        }
    }

    #[test]
    fn a_pair_keeps_further_equal_signs() {
        assert_eq!(pair("A=b=c"), Ok(("A".into(), "b=c".into())));
        assert!(pair("=x").is_err() && pair("A").is_err());
    }
}
