//! Attempts that others followed: of a job, and of a step.

use loom_protocol::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::StepDetail;
use crate::event::{JobState, Reason};
use crate::state::{EarlierAttempt, EarlierTry};

/// An attempt at a job that another one followed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttemptSummary {
    /// From 1.
    attempt: u32,
    /// How it ended: `failure` or `lost`; absent when that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<JobState>,
    /// Why, when the steps do not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    finished_at: Timestamp,
}

/// An attempt at a job that another one followed, with what its steps did.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttemptDetail {
    #[serde(flatten)]
    summary: AttemptSummary,
    steps: Vec<StepDetail>,
}

/// An attempt at a step that another one followed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TryDetail {
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    /// Why it failed, when the exit code does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    finished_at: Timestamp,
}

impl From<&EarlierAttempt> for AttemptSummary {
    fn from(earlier: &EarlierAttempt) -> Self {
        Self {
            attempt: earlier.attempt,
            state: earlier.state,
            reason: earlier.reason.clone(),
            started_at: earlier.started_at,
            finished_at: earlier.finished_at,
        }
    }
}

impl From<&EarlierAttempt> for AttemptDetail {
    fn from(earlier: &EarlierAttempt) -> Self {
        Self {
            summary: earlier.into(),
            steps: StepDetail::all(&earlier.steps),
        }
    }
}

impl From<&EarlierTry> for TryDetail {
    fn from(earlier: &EarlierTry) -> Self {
        Self {
            exit_code: earlier.exit_code,
            reason: earlier.reason.clone(),
            started_at: earlier.started_at,
            finished_at: earlier.finished_at,
        }
    }
}
