//! The queries of the runtime's lists. A parameter that is none of theirs is an error: a filter that is misspelt must not
//! answer everything.

use loom_studio::{ApiError, ApiResult};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::event::RunState;

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
    /// Only runs in this state.
    state: Option<String>,
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
    pub(super) fn state(&self) -> ApiResult<Option<RunState>> {
        word(self.state.as_deref(), RunState::ALL, RunState::as_str)
    }
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
