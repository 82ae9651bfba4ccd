//! What can be asked of the history, by the names that the interface has for it.

use loom_history::{By, Metric};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a series is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum HistoryBy {
    /// One series, of all actors.
    #[default]
    All,
    /// A series a type of actors.
    Type,
    /// A series an actor, of those that are kept.
    Actor,
    /// A series a process.
    Process,
}

/// What a series tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum HistoryMetric {
    /// Messages handled per second.
    Rate,
    /// Errors per second.
    Errors,
    /// Messages that wait.
    Queue,
    /// What half of the times in the queue did not exceed.
    WaitP50,
    /// The same of 95 %.
    WaitP95,
    /// The same of 99 %.
    WaitP99,
    /// What half of the times from delivery to the end of handling did not exceed.
    HandleP50,
    /// The same of 95 %.
    HandleP95,
    /// The same of 99 %.
    HandleP99,
    /// Actors that have not ended.
    Actors,
    /// Processor time a process uses, in cores.
    Cpu,
    /// Memory of a process, resident.
    Memory,
    /// Files that a process has open, sockets among them.
    Files,
    /// The share of their time in which a process's arbiters ran, from 0 to 1.
    Load,
}

/// What the values of a series are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum HistoryUnit {
    /// So many a second.
    PerSecond,
    /// So many.
    Count,
    /// Milliseconds.
    Ms,
    /// Bytes.
    Bytes,
    /// Processor cores.
    Cores,
    /// A share, from 0 to 1.
    Share,
}

impl HistoryMetric {
    const OF_ACTORS: [Self; 10] = [
        Self::Rate,
        Self::Errors,
        Self::Queue,
        Self::WaitP50,
        Self::WaitP95,
        Self::WaitP99,
        Self::HandleP50,
        Self::HandleP95,
        Self::HandleP99,
        Self::Actors,
    ];
    const OF_PROCESSES: [Self; 4] = [Self::Cpu, Self::Memory, Self::Files, Self::Load];

    pub(crate) fn of(by: HistoryBy) -> &'static [Self] {
        match by {
            HistoryBy::Process => &Self::OF_PROCESSES,
            HistoryBy::All | HistoryBy::Type | HistoryBy::Actor => &Self::OF_ACTORS,
        }
    }

    /// Whether it is measured only while somebody looks.
    pub(crate) fn is_of_times(self) -> bool {
        self.unit() == HistoryUnit::Ms
    }

    pub(crate) fn unit(self) -> HistoryUnit {
        match self {
            Self::Rate | Self::Errors => HistoryUnit::PerSecond,
            Self::Queue | Self::Actors | Self::Files => HistoryUnit::Count,
            Self::Cpu => HistoryUnit::Cores,
            Self::Memory => HistoryUnit::Bytes,
            Self::Load => HistoryUnit::Share,
            _ => HistoryUnit::Ms,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Errors => "errors",
            Self::Queue => "queue",
            Self::WaitP50 => "waitP50",
            Self::WaitP95 => "waitP95",
            Self::WaitP99 => "waitP99",
            Self::HandleP50 => "handleP50",
            Self::HandleP95 => "handleP95",
            Self::HandleP99 => "handleP99",
            Self::Actors => "actors",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Files => "files",
            Self::Load => "load",
        }
    }
}

impl From<HistoryBy> for By {
    fn from(by: HistoryBy) -> Self {
        match by {
            HistoryBy::All => Self::All,
            HistoryBy::Type => Self::Type,
            HistoryBy::Actor => Self::Actor,
            HistoryBy::Process => Self::Process,
        }
    }
}

impl From<HistoryMetric> for Metric {
    fn from(metric: HistoryMetric) -> Self {
        match metric {
            HistoryMetric::Rate => Self::Rate,
            HistoryMetric::Errors => Self::Errors,
            HistoryMetric::Queue => Self::Queue,
            HistoryMetric::WaitP50 => Self::Wait(0.5),
            HistoryMetric::WaitP95 => Self::Wait(0.95),
            HistoryMetric::WaitP99 => Self::Wait(0.99),
            HistoryMetric::HandleP50 => Self::Handle(0.5),
            HistoryMetric::HandleP95 => Self::Handle(0.95),
            HistoryMetric::HandleP99 => Self::Handle(0.99),
            HistoryMetric::Actors => Self::Actors,
            HistoryMetric::Cpu => Self::Cpu,
            HistoryMetric::Memory => Self::Memory,
            HistoryMetric::Files => Self::Files,
            HistoryMetric::Load => Self::Load,
        }
    }
}
