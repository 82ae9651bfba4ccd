//! `GET /api/history`: how it was, from ten minutes ago by the second to a week ago by the minute.

use actix_web::web;
use loom_history::{By, Metric};
use loom_protocol::{Problem, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::error::{ApiError, ApiResult};
use super::params;
use crate::memory::Asked;
use crate::workspaces::Here;

/// Milliseconds that are told when no beginning is given.
const DEFAULT_RANGE: i64 = 600_000;
/// Points that are told when no number is given, and at most.
const DEFAULT_POINTS: usize = 300;
const MOST_POINTS: usize = 2_000;
/// The same of series.
const DEFAULT_LIMIT: usize = 20;
const MOST_LIMIT: usize = 100;

/// Letters of a moment at most, as the description says.
const LONGEST_MOMENT: usize = 64;

/// Who asks for a range that ends no longer ago than this, in milliseconds, looks at what is now.
const LOOKS: i64 = 15_000;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
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

/// What is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryParams {
    /// What a series is of; `all` when absent.
    #[serde(default)]
    #[param(inline, default = "all")]
    by: HistoryBy,
    /// What they tell, with commas between: `rate`, `errors`, `queue`, `waitP50`, `waitP95`, `waitP99`, `handleP50`, `handleP95`,
    /// `handleP99`, `actors`; by process `cpu`, `memory`, `files`, `load`. The first of them when absent.
    #[param(max_length = 200)]
    metric: Option<String>,
    /// Only types or actors for which all of these words hold, as in lists of actors. A type is taken when an actor of it is; of those
    /// that have gone nothing is known but the name: `type:` and `id:` find them.
    #[param(max_length = 2000)]
    filter: Option<String>,
    /// The beginning, in milliseconds since 1970 or as RFC 3339; ten minutes before the end when absent.
    #[param(max_length = 64)]
    from: Option<String>,
    /// The end, in the same form; now when absent.
    #[param(max_length = 64)]
    to: Option<String>,
    /// How it was at a moment, in the same form: nothing is told that came after it, and the range ends there when `to` is absent.
    #[param(max_length = 64)]
    at: Option<String>,
    /// Points of a series at most, from 1 to 2000; 300 when absent.
    #[param(minimum = 1, maximum = 2000)]
    points: Option<usize>,
    /// Series of each metric at most, from 1 to 100; 20 when absent. Those with the most of the first metric come first.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// How it was in a range of time.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MetricHistory {
    /// When the first step begins, in milliseconds since 1970.
    pub(crate) from: i64,
    /// When the last step ends.
    pub(crate) to: i64,
    /// Milliseconds of a step.
    pub(crate) step: i64,
    /// What was asked for, for each name one series a metric.
    pub(crate) series: Vec<MetricSeries>,
    /// Names that fit and were left out, for there may be no more than `limit`.
    pub(crate) more: usize,
    /// Names of this kind that were refused because there is no room to keep them, since the studio began.
    pub(crate) left_out: u64,
    /// The oldest moment that is kept; null where nothing is.
    pub(crate) since: Option<i64>,
}

/// One metric of one name.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct MetricSeries {
    /// What it is of.
    pub(crate) by: HistoryBy,
    /// The type, the id of the actor, or the process as `application@node:pid`; `all` where it is of all.
    pub(crate) name: String,
    /// What it tells.
    pub(crate) metric: HistoryMetric,
    /// What its values are counted in.
    pub(crate) unit: HistoryUnit,
    /// The value of each step: a rate is the mean, a quantile is that of all times in the step. Null is a gap: nobody was heard, or
    /// nothing was measured.
    pub(crate) values: Vec<Option<f64>>,
    /// The greatest that it was within each step.
    pub(crate) max: Vec<Option<f64>>,
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

    fn of(by: HistoryBy) -> &'static [Self] {
        match by {
            HistoryBy::Process => &Self::OF_PROCESSES,
            HistoryBy::All | HistoryBy::Type | HistoryBy::Actor => &Self::OF_ACTORS,
        }
    }

    /// Whether it is measured only while somebody looks.
    fn is_of_times(self) -> bool {
        self.unit() == HistoryUnit::Ms
    }

    fn unit(self) -> HistoryUnit {
        match self {
            Self::Rate | Self::Errors => HistoryUnit::PerSecond,
            Self::Queue | Self::Actors | Self::Files => HistoryUnit::Count,
            Self::Cpu => HistoryUnit::Cores,
            Self::Memory => HistoryUnit::Bytes,
            Self::Load => HistoryUnit::Share,
            _ => HistoryUnit::Ms,
        }
    }

    fn name(self) -> &'static str {
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

impl HistoryParams {
    /// What is asked for, and the metrics by their names.
    fn asked(&self, now: Timestamp) -> ApiResult<(Asked, Vec<HistoryMetric>)> {
        let end = moment("at", self.at.as_deref())?.unwrap_or(now.as_millis());
        let to = moment("to", self.to.as_deref())?.unwrap_or(end);
        let to = if self.at.is_some() { to.min(end) } else { to };
        let from = moment("from", self.from.as_deref())?.unwrap_or_else(|| to.saturating_sub(DEFAULT_RANGE));
        if from >= to {
            let detail =
                format!("`from` ({from}) is not before `to` ({to}); both are in milliseconds since 1970");
            return Err(ApiError::bad_request("invalid_query", detail));
        }
        let points = self.points.unwrap_or(DEFAULT_POINTS);
        if !(1..=MOST_POINTS).contains(&points) {
            let detail = format!("`points` is {points}; it must be from 1 to {MOST_POINTS}");
            return Err(ApiError::bad_request("invalid_query", detail));
        }
        let named = metrics(self.by, self.metric.as_deref())?;
        let asked = Asked {
            by: self.by.into(),
            metrics: named.iter().map(|metric| (*metric).into()).collect(),
            filter: self.filter.as_deref().unwrap_or_default().parse()?,
            from,
            to,
            points,
            limit: params::limit(self.limit, MOST_LIMIT)?.unwrap_or(DEFAULT_LIMIT),
        };
        Ok((asked, named))
    }
}

/// The metrics that are named, each once.
fn metrics(by: HistoryBy, names: Option<&str>) -> ApiResult<Vec<HistoryMetric>> {
    let known = HistoryMetric::of(by);
    let Some(names) = names else {
        return Ok(known.iter().take(1).copied().collect());
    };
    let mut metrics = Vec::new();
    for name in names.split(',').map(str::trim) {
        let Some(metric) = known.iter().find(|metric| metric.name() == name) else {
            let list: Vec<_> = known.iter().map(|metric| metric.name()).collect();
            let detail = format!(
                "there is no metric `{name}` here; it must be one of {}",
                list.join(", ")
            );
            return Err(ApiError::bad_request("unknown_metric", detail));
        };
        if !metrics.contains(metric) {
            metrics.push(*metric);
        }
    }
    Ok(metrics)
}

fn moment(name: &str, text: Option<&str>) -> ApiResult<Option<i64>> {
    let Some(text) = text else { return Ok(None) };
    let millis = text.parse::<i64>().ok().map(Timestamp::from_millis);
    let read = millis.or_else(|| text.parse::<Timestamp>().ok());
    let at = read.filter(|_| text.len() <= LONGEST_MOMENT).ok_or_else(|| {
        let detail = format!(
            "`{name}` is `{text}`; it must be in milliseconds since 1970, or as RFC 3339 (2025-12-13T03:33:58Z)"
        );
        ApiError::bad_request("invalid_query", detail)
    })?;
    Ok(Some(at.as_millis()))
}

/// How it was: rates, errors, queues, times and living actors, of all, by type or by actor; and what processes used.
#[utoipa::path(
    get, path = "/api/history", operation_id = "history", tag = "history", params(HistoryParams),
    responses(
        (status = 200, body = MetricHistory),
        (status = 400, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn history(
    params: web::Query<HistoryParams>,
    workspace: Here,
) -> Result<web::Json<MetricHistory>, actix_web::Error> {
    let intake = workspace.intake.clone();
    let (by, now) = (params.by, intake.now());
    let (asked, named) = params.asked(now)?;
    let is_of_now = asked.to.saturating_add(LOOKS) >= now.as_millis();
    if is_of_now && named.iter().any(|metric| metric.is_of_times()) {
        intake.lookers().looked_at_traffic(now);
        intake.watched_changed();
    }
    let answer = move || {
        let past = asked.answer(&intake, now);
        (past, asked.left_out(&intake))
    };
    let (past, left_out) = web::block(answer).await?;
    let lines = past.lines.into_iter().zip(named.iter().cycle());
    let series = lines.map(|(line, metric)| MetricSeries {
        by,
        name: line.key.name.to_string(),
        metric: *metric,
        unit: metric.unit(),
        values: line.values.into_iter().map(rounded).collect(),
        max: line.most.into_iter().map(rounded).collect(),
    });
    Ok(web::Json(MetricHistory {
        from: past.from,
        to: past.to,
        step: past.step,
        series: series.collect(),
        more: past.more,
        left_out,
        since: past.since,
    }))
}

/// What is kept is no finer.
fn rounded(value: Option<f64>) -> Option<f64> {
    value.map(|value| (value * 1e6).round() / 1e6)
}
