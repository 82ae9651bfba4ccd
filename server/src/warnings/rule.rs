//! A rule: when something is to be said, and where.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::lints::Severity;
use crate::memory::{HistoryBy, HistoryMetric};

/// How many times the usual work takes before it is slow, unless the rule says.
pub(crate) const FACTOR: f64 = 2.0;

/// A rule as it is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RuleAsked {
    /// What it is called, of 1 to 100 letters.
    #[schema(min_length = 1, max_length = 100)]
    pub(crate) name: String,
    /// Whether it is looked at.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub(crate) enabled: bool,
    /// How grave it is.
    #[serde(default = "warning")]
    #[schema(default = "warning")]
    pub(crate) severity: Severity,
    /// When it is said.
    pub(crate) when: Condition,
    /// Seconds that it must hold before it fires, and be well before it is resolved; does not count for work.
    #[serde(rename = "for", default = "minute")]
    #[schema(default = 60, minimum = 0, maximum = 86400)]
    pub(crate) seconds: u32,
    /// Where it is sent: ids of channels.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub(crate) channels: Vec<String>,
    /// Whether it is sent, too, that all is well again.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub(crate) send_resolved: bool,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rule {
    /// Its name for programs.
    pub(crate) id: String,
    /// What it is called.
    pub(crate) name: String,
    /// Whether it is looked at.
    pub(crate) enabled: bool,
    /// How grave it is.
    pub(crate) severity: Severity,
    /// When it is said.
    pub(crate) when: Condition,
    /// Seconds that it must hold before it fires, and be well before it is resolved; does not count for work.
    #[serde(rename = "for")]
    pub(crate) seconds: u32,
    /// Where it is sent: ids of channels.
    pub(crate) channels: Vec<String>,
    /// Whether it is sent, too, that all is well again.
    pub(crate) send_resolved: bool,
}

/// When something is said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum Condition {
    /// A metric of the history is too much, or too little.
    #[serde(rename_all = "camelCase")]
    Metric {
        /// Which one.
        metric: HistoryMetric,
        /// What is looked at, each by itself.
        #[serde(default)]
        #[schema(default = "all")]
        by: HistoryBy,
        /// Only those for which all of these words hold, as in `GET /api/history`.
        #[serde(default)]
        #[schema(max_length = 2000)]
        filter: String,
        /// On which side of the threshold it is not well.
        #[serde(default)]
        #[schema(default = "above")]
        is: Side,
        /// From where on, in the unit of the metric. The threshold itself is well.
        threshold: f64,
        /// Where it is well again; the threshold when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        clear: Option<f64>,
        /// What it means that nothing was measured.
        #[serde(default)]
        #[schema(default = "keep")]
        no_data: NoData,
    },
    /// Something was found not to be as it should, as in `GET /api/lints`.
    Lint {
        /// What; any of them when empty.
        #[serde(default)]
        #[schema(max_items = 50)]
        codes: Vec<String>,
        /// Only of actors, or types, for which all of these words hold.
        #[serde(default)]
        #[schema(max_length = 2000)]
        filter: String,
    },
    /// A piece of work ended so, as products report it.
    Work {
        /// How.
        event: WorkEvent,
        /// The kind of work; any when empty.
        #[serde(default)]
        #[schema(max_length = 100)]
        work: String,
        /// What the work is on; `*` stands for any letters, and nothing for all.
        #[serde(default)]
        #[schema(max_length = 200)]
        subject: String,
        /// For `slower`: how many times as long as usual; twice when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(minimum = 1, maximum = 1000)]
        factor: Option<f64>,
    },
}

/// A side of a threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Side {
    /// More than it.
    #[default]
    Above,
    /// Less than it.
    Below,
}

/// What it means that nothing was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum NoData {
    /// Nothing: it neither fires nor is resolved.
    #[default]
    Keep,
    /// It is not well.
    Fire,
    /// It is well.
    Resolve,
}

/// How work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum WorkEvent {
    /// It failed; resolved once it succeeds.
    Failed,
    /// It succeeded, for the first time after it had failed.
    Fixed,
    /// It succeeded, and took longer than usual; resolved once it does not.
    Slower,
}

impl RuleAsked {
    /// The rule of this id.
    pub(crate) fn named(self, id: String) -> Rule {
        Rule {
            id,
            name: self.name,
            enabled: self.enabled,
            severity: self.severity,
            when: self.when,
            seconds: self.seconds,
            channels: self.channels,
            send_resolved: self.send_resolved,
        }
    }
}

impl Condition {
    /// Whether it needs times that are measured only while somebody looks.
    pub(crate) fn is_of_times(&self) -> bool {
        matches!(self, Self::Metric { metric, .. } if metric.is_of_times())
    }
}

/// What there is where nobody made rules: they send nothing before they have a channel.
pub(crate) fn defaults() -> Vec<Rule> {
    let rule = |id: &str, name: &str, severity, seconds, when| Rule {
        id: id.to_owned(),
        name: name.to_owned(),
        enabled: true,
        severity,
        when,
        seconds,
        channels: Vec::new(),
        send_resolved: true,
    };
    let lint = Condition::Lint {
        codes: Vec::new(),
        filter: String::new(),
    };
    let errors = Condition::Metric {
        metric: HistoryMetric::Errors,
        by: HistoryBy::Type,
        filter: String::new(),
        is: Side::Above,
        threshold: 1.0,
        clear: Some(0.1),
        no_data: NoData::Keep,
    };
    let failed = Condition::Work {
        event: WorkEvent::Failed,
        work: String::new(),
        subject: String::new(),
        factor: None,
    };
    vec![
        rule("r-lints", "Not as it should be", Severity::Warning, 60, lint),
        rule("r-errors", "Errors", Severity::Warning, 60, errors),
        rule("r-failed", "Work that failed", Severity::Problem, 0, failed),
    ]
}

fn yes() -> bool {
    true
}

fn warning() -> Severity {
    Severity::Warning
}

fn minute() -> u32 {
    60
}
