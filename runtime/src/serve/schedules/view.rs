//! How schedules are shown to the outside.

use std::sync::PoisonError;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::due::Missed;
use super::record::{Begun, Outcome, Record};
use super::{Board, Plan};

/// How many of the next times are shown.
const NEXT: usize = 3;

/// A time of the week, month or year at which a workflow starts by itself.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScheduleView {
    /// Minute, hour, day of the month, month and day of the week, as its file has them.
    cron: String,
    /// The time zone of these, by its IANA name.
    timezone: String,
    /// The next times; none of 31 February.
    #[schema(value_type = Vec<String>, format = DateTime)]
    next: Vec<Timestamp>,
    /// The last time that was due, and what came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<LastTime>,
    /// The last times that were missed: nothing that serves the project looked in time.
    #[serde(skip_serializing_if = "Option::is_none")]
    missed: Option<MissedTimes>,
    /// Why it is never due.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// A time that was due.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LastTime {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The run that began; left out when none did, and while it begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<String>,
    /// Why no run began.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// Times that passed without a run.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MissedTimes {
    /// How many; from a thousand on there may be more.
    count: u64,
    #[schema(value_type = String, format = DateTime)]
    first: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last: Timestamp,
}

impl ScheduleView {
    fn new(plan: &Plan, record: &Record, now: Timestamp) -> Self {
        let kept = record.schedules.iter().find(|kept| kept.key == plan.key);
        let times = plan.times.as_ref().ok();
        let first = times.and_then(|times| times.after(now));
        Self {
            cron: plan.key.cron.clone(),
            timezone: plan.key.timezone.clone().unwrap_or_else(|| "UTC".to_owned()),
            next: std::iter::successors(first, |time| times?.after(*time))
                .take(NEXT)
                .collect(),
            last: kept.and_then(|kept| kept.begun.as_ref()).map(LastTime::from),
            missed: kept.and_then(|kept| kept.missed).map(MissedTimes::from),
            problem: plan.times.as_ref().err().cloned(),
        }
    }
}

impl From<&Begun> for LastTime {
    fn from(begun: &Begun) -> Self {
        let (run_id, problem) = match &begun.outcome {
            Outcome::Begins => (None, None),
            Outcome::Run { run } => (Some(run.0.clone()), None),
            Outcome::Failed { why } => (None, Some(why.clone())),
        };
        Self {
            at: begun.at,
            run_id,
            problem,
        }
    }
}

impl From<Missed> for MissedTimes {
    fn from(missed: Missed) -> Self {
        Self {
            count: missed.count,
            first: missed.first,
            last: missed.last,
        }
    }
}

impl Board {
    /// The schedules of a workflow's file, in its order.
    pub(in crate::serve) fn of_file(&self, file: &str) -> Vec<ScheduleView> {
        let shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Timestamp::now();
        let plans = shown.plans.iter().filter(|plan| plan.key.file == file);
        plans
            .map(|plan| ScheduleView::new(plan, &shown.record, now))
            .collect()
    }
}
