//! What a rule raised, and how it is said.

use loom_protocol::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use super::rule::{Rule, Side};
use crate::lints::Severity;
use crate::memory::{HistoryBy, HistoryMetric, HistoryUnit};

/// Letters of a name in a sentence.
const LONGEST: usize = 200;

/// What a rule raised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Warning {
    /// Its name for programs.
    pub(crate) id: String,
    /// The rule.
    pub(crate) rule: String,
    /// What the rule is called.
    pub(crate) rule_name: String,
    /// How grave it is.
    pub(crate) severity: Severity,
    /// How it stands.
    pub(crate) state: WarningState,
    /// What the subject is.
    pub(crate) about: About,
    /// What it is of; `all` where it is of all.
    pub(crate) subject: String,
    /// What is wrong, as a sentence.
    pub(crate) sentence: String,
    /// What was measured last while it was not well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<f64>,
    /// From where on it is not well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) threshold: Option<f64>,
    /// What both are counted in, where it is a metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<HistoryUnit>,
    /// Since when it has not been well.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) since: Timestamp,
    /// When it fired.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) fired: Option<Timestamp>,
    /// When it was resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) resolved: Option<Timestamp>,
    /// The silence that holds for it now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) silenced_by: Option<String>,
    /// Where there is more to see, as a path of the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) link: Option<String>,
}

/// How a warning stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum WarningState {
    /// It is not well, and not for long enough to be said.
    Pending,
    /// It is said.
    Firing,
    /// It is well again.
    Resolved,
}

/// What a warning is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum About {
    /// All actors together.
    All,
    /// The actors of a type.
    Type,
    /// One actor.
    Actor,
    /// A process.
    Process,
    /// What work is done on.
    Work,
}

impl From<HistoryBy> for About {
    fn from(by: HistoryBy) -> Self {
        match by {
            HistoryBy::All => Self::All,
            HistoryBy::Type => Self::Type,
            HistoryBy::Actor => Self::Actor,
            HistoryBy::Process => Self::Process,
        }
    }
}

impl Warning {
    /// One that begins.
    pub(crate) fn new(rule: &Rule, about: About, subject: &str, since: Timestamp) -> Self {
        let named = format!("{}\n{about:?}\n{subject}\n{since}", rule.id);
        let digest = Sha256::digest(named.as_bytes());
        let id: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self {
            id: format!("w-{id}"),
            rule: rule.id.clone(),
            rule_name: rule.name.clone(),
            severity: rule.severity,
            state: WarningState::Pending,
            about,
            subject: subject.to_owned(),
            sentence: String::new(),
            value: None,
            threshold: None,
            unit: None,
            since,
            fired: None,
            resolved: None,
            silenced_by: None,
            link: None,
        }
    }
}

/// What is wrong with a metric.
pub(crate) fn of_metric(
    metric: HistoryMetric,
    (about, subject): (About, &str),
    value: Option<f64>,
    (side, threshold): (Side, f64),
) -> String {
    let unit = metric.unit();
    let what = format!("{} of {}", words(metric), named(about, subject));
    let Some(value) = value else {
        return format!("{what}: nothing was measured");
    };
    let than = match side {
        Side::Above => "more than",
        Side::Below => "less than",
    };
    format!(
        "{what}: {}, {than} {}",
        amount(value, unit),
        amount(threshold, unit)
    )
}

/// A thing in a sentence.
pub(crate) fn named(about: About, subject: &str) -> String {
    let short: String = subject.chars().take(LONGEST).collect();
    match about {
        About::All => "all actors".to_owned(),
        About::Type => format!("type {short}"),
        About::Actor => format!("actor {short}"),
        About::Process => format!("process {short}"),
        About::Work => short,
    }
}

/// Seconds as somebody would say them.
pub(crate) fn duration(millis: u64) -> String {
    let seconds = millis / 1_000;
    match seconds {
        0 => format!("{millis} ms"),
        1..60 => format!("{seconds}.{} s", millis % 1_000 / 100),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

fn words(metric: HistoryMetric) -> &'static str {
    match metric {
        HistoryMetric::Rate => "messages handled",
        HistoryMetric::Errors => "errors",
        HistoryMetric::Queue => "messages that wait",
        HistoryMetric::WaitP50 => "wait (p50)",
        HistoryMetric::WaitP95 => "wait (p95)",
        HistoryMetric::WaitP99 => "wait (p99)",
        HistoryMetric::HandleP50 => "handling time (p50)",
        HistoryMetric::HandleP95 => "handling time (p95)",
        HistoryMetric::HandleP99 => "handling time (p99)",
        HistoryMetric::Actors => "living actors",
        HistoryMetric::Cpu => "processor cores in use",
        HistoryMetric::Memory => "memory",
        HistoryMetric::Files => "open files",
        HistoryMetric::Load => "load of arbiters",
    }
}

fn amount(value: f64, unit: HistoryUnit) -> String {
    let short = |value: f64| {
        let text = format!("{value:.2}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        text.to_owned()
    };
    match unit {
        HistoryUnit::PerSecond => format!("{}/s", short(value)),
        HistoryUnit::Count | HistoryUnit::Cores => short(value),
        HistoryUnit::Ms => format!("{} ms", short(value)),
        HistoryUnit::Bytes => format!("{} MiB", short(value / 1_048_576.0)),
        HistoryUnit::Share => format!("{} %", short(value * 100.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_have_the_unit_and_the_side() {
        let say = |metric, value, side, threshold| {
            of_metric(metric, (About::Type, "Order"), value, (side, threshold))
        };
        let above = Side::Above;
        assert_eq!(
            say(HistoryMetric::Errors, Some(12.5), above, 5.0),
            "errors of type Order: 12.5/s, more than 5/s"
        );
        assert_eq!(
            say(HistoryMetric::Memory, Some(5e8), above, 1_048_576.0),
            "memory of type Order: 476.84 MiB, more than 1 MiB"
        );
        assert_eq!(
            say(HistoryMetric::Load, Some(0.251), Side::Below, 0.5),
            "load of arbiters of type Order: 25.1 %, less than 50 %"
        );
        assert_eq!(
            say(HistoryMetric::Rate, None, above, 5.0),
            "messages handled of type Order: nothing was measured"
        );
        let durations = [7, 1_550, 61_000, 7_320_000].map(duration);
        assert_eq!(durations, ["7 ms", "1.5 s", "1 min 1 s", "2 h 2 min"]);
    }
}
