//! The queries of the runtime's lists. A parameter that is none of theirs is an error: a filter that is misspelt must not
//! answer everything.

use jiff::Zoned;
use jiff::tz::TimeZone;
use loom_protocol::Timestamp;
use loom_studio::{ApiError, ApiResult};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::id::RunId;
use crate::journal::{Place, RunFilter};
use crate::runs::Asked;

/// The most items that a page may be asked for.
const MAX_LIMIT: usize = 10_000;
/// Items of a page of `/api/v1` when no `limit` is given.
pub(super) const DEFAULT_LIMIT: usize = 1000;

/// A list's answer to how many items it may have; the one place where that is judged.
pub(super) trait Limited {
    /// What was asked for.
    fn asked(&self) -> Option<usize>;

    /// Items at most; nothing when nothing was said.
    fn limit(&self) -> ApiResult<Option<usize>> {
        match self.asked() {
            Some(limit) if !(1..=MAX_LIMIT).contains(&limit) => {
                let detail = format!("`limit` is {limit}; it must be from 1 to {MAX_LIMIT}");
                Err(ApiError::bad_request("invalid_query", detail))
            }
            fine => Ok(fine),
        }
    }
}

/// Filters and page of the list of runs.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RunParams {
    /// Only runs of this workflow: the stem of its file, its `name:`, or its file.
    pub(super) workflow: Option<String>,
    /// Only runs in this state: `queued`, `running`, `paused` (it runs, and waits for somebody), `success`, `failure`,
    /// `cancelled`, `skipped` or `lost`.
    state: Option<String>,
    /// Only runs of this branch or tag, by its short name.
    branch: Option<String>,
    /// Only runs that this event triggered.
    event: Option<String>,
    /// Only runs that this person started.
    actor: Option<String>,
    /// Only runs created from then on: a day of UTC (`today`, `yesterday`, `2026-11-30`), a time (RFC 3339), or how long ago it
    /// was (`30m`, `2h`, `3d`, `1w`).
    since: Option<String>,
    /// Only runs created until then, in the same forms; days with their whole length.
    until: Option<String>,
    /// Only runs with this in their id, workflow's name or file, branch or title; `#138` is a run's number.
    text: Option<String>,
    /// Items at most, from 1 to 10000.
    #[param(minimum = 1, maximum = 10_000)]
    limit: Option<usize>,
    /// Where the page before ended, as it was given there.
    pub(super) cursor: Option<String>,
}

/// State and page of the list of workflows.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WorkflowParams {
    /// Only workflows in this state: `idle`, `running` or `invalid`.
    state: Option<String>,
    /// Items at most, from 1 to 10000.
    #[param(minimum = 1, maximum = 10_000)]
    limit: Option<usize>,
    /// Where the page before ended, as it was given there.
    pub(super) cursor: Option<String>,
}

/// Run and page of a job's log.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LogParams {
    /// The run; the newest that has the job when absent.
    pub(super) run: Option<String>,
    /// The attempt at the job, from 1; the newest when absent.
    pub(super) attempt: Option<u32>,
    /// Lines at most, from 1 to 10000.
    #[param(minimum = 1, maximum = 10_000)]
    limit: Option<usize>,
    /// Where the page before ended, as it was given there: the number of its last line.
    cursor: Option<String>,
}

/// A window of a job's log.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WindowParams {
    /// The number of the first line, from 1.
    pub(super) from: Option<u64>,
    /// The attempt at the job, from 1; the newest when absent.
    pub(super) attempt: Option<u32>,
    /// Lines at most, from 1 to 10000; 1000 when absent.
    #[param(minimum = 1, maximum = 10_000)]
    limit: Option<usize>,
}

impl RunParams {
    /// What is asked for. Days are those of UTC.
    pub(super) fn filter(&self) -> ApiResult<RunFilter> {
        let asked = Asked {
            state: self.state.as_deref(),
            branch: self.branch.as_deref(),
            event: self.event.as_deref(),
            actor: self.actor.as_deref(),
            since: self.since.as_deref(),
            until: self.until.as_deref(),
            text: self.text.as_deref(),
        };
        let now = Zoned::now().with_time_zone(TimeZone::UTC);
        asked
            .read(&now)
            .map_err(|wrong| ApiError::bad_request("invalid_query", wrong.to_string()))
    }

    /// The place behind which the page begins.
    pub(super) fn after(&self) -> ApiResult<Option<Place>> {
        let Some(cursor) = &self.cursor else {
            return Ok(None);
        };
        let place = cursor.split_once('.').and_then(|(millis, id)| {
            Some(Place {
                created_at: Timestamp::from_millis(millis.parse().ok()?),
                id: RunId(id.to_owned()),
            })
        });
        place.map(Some).ok_or_else(|| {
            ApiError::bad_request(
                "invalid_cursor",
                format!("`{cursor}` is no cursor of this list; begin again without one"),
            )
        })
    }
}

/// Where a page ends, for the next one's [`RunParams::after`].
pub(super) fn cursor_of(place: &Place) -> String {
    format!("{}.{}", place.created_at.as_millis(), place.id)
}

impl WorkflowParams {
    pub(super) fn state(&self) -> ApiResult<Option<&'static str>> {
        word(self.state.as_deref(), &["idle", "running", "invalid"], |state| {
            state
        })
    }
}

impl LogParams {
    /// The number of the first line.
    pub(super) fn from(&self) -> ApiResult<u64> {
        let Some(cursor) = &self.cursor else { return Ok(1) };
        let last: Result<u64, _> = cursor.parse();
        last.map(|last| last.saturating_add(1)).map_err(|_| {
            ApiError::bad_request(
                "invalid_cursor",
                format!("`{cursor}` is no cursor of this list; begin again without one"),
            )
        })
    }
}

impl Limited for RunParams {
    fn asked(&self) -> Option<usize> {
        self.limit
    }
}

impl Limited for WorkflowParams {
    fn asked(&self) -> Option<usize> {
        self.limit
    }
}

impl Limited for LogParams {
    fn asked(&self) -> Option<usize> {
        self.limit
    }
}

impl Limited for WindowParams {
    fn asked(&self) -> Option<usize> {
        self.limit
    }
}

/// One of the words that a state may be.
pub(super) fn word<T: Copy>(
    asked: Option<&str>,
    known: &[T],
    name: impl Fn(T) -> &'static str,
) -> ApiResult<Option<T>> {
    let Some(asked) = asked else { return Ok(None) };
    match known.iter().find(|state| name(**state) == asked) {
        Some(state) => Ok(Some(*state)),
        None => {
            let known: Vec<&str> = known.iter().map(|state| name(*state)).collect();
            let detail = format!("`state` is `{asked}`; it must be one of: {}", known.join(", "));
            Err(ApiError::bad_request("invalid_query", detail))
        }
    }
}
