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
    fn a_pair_keeps_further_equal_signs() {
        assert_eq!(pair("A=b=c"), Ok(("A".into(), "b=c".into())));
        assert!(pair("=x").is_err() && pair("A").is_err());
    }
}
