//! Search in logs: of a run, and of all runs. The answer is one JSON object that is written while the search goes on; each turn of
//! the search is taken when the client has taken the one before, so that nobody searches for one that has gone.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::web::{self, Bytes};
use actix_web::{HttpResponse, Responder};
use futures_util::stream;
use loom_protocol::Problem;
use loom_studio::{ApiError, ApiResult};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use utoipa::{IntoParams, ToSchema};

use super::history;
use super::params::{DEFAULT_LIMIT, Limited, word};
use super::runs::load;
use crate::event::RunState;
use crate::id::{JobId, RunId};
use crate::journal::RunQuery;
use crate::logs::search::{Case, Kind, Only, Pattern, Place, Scope, Search, TURN_HITS};
use crate::search::{LogHit, steps, targets};
use crate::serve::catalog::Found;
use crate::serve::runtime::Runtime;

/// How long a search goes on at most; another request goes on behind it.
const MOST_TIME: Duration = Duration::from_secs(10);
/// How a [`FoundLines`] begins.
const HEAD: &str = r#"{"hits":["#;

/// What to search for in the logs of a run, and where it goes on.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RunSearchParams {
    /// What to search for, in each line by itself.
    #[param(min_length = 1, max_length = 1000)]
    q: String,
    /// Whether it is a regular expression; else it means itself.
    #[serde(default)]
    regex: bool,
    /// `smart` (capital letters count if the pattern has one), `sensitive` or `insensitive`; `smart` when absent.
    case: Option<String>,
    /// Only the log of this job, and of those that it brought.
    job: Option<String>,
    /// Only lines of the steps with this name or id, and of those that they brought.
    step: Option<String>,
    /// Only this attempt at a job, from 1; all when absent.
    attempt: Option<u32>,
    /// Only lines from this one on, from 1.
    from: Option<u64>,
    /// Hits at most, from 1 to 10000; 1000 when absent.
    #[param(minimum = 1, maximum = 10_000)]
    limit: Option<usize>,
    /// Where the answer before stopped, as it was given there.
    cursor: Option<String>,
}

/// What to search for in all logs, and where it goes on.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SearchParams {
    /// What to search for, in each line by itself.
    #[param(min_length = 1, max_length = 1000)]
    q: String,
    /// Whether it is a regular expression; else it means itself.
    #[serde(default)]
    regex: bool,
    /// `smart` (capital letters count if the pattern has one), `sensitive` or `insensitive`; `smart` when absent.
    case: Option<String>,
    /// Only runs of this workflow: the stem of its file, its `name:`, or its file.
    workflow: Option<String>,
    /// Only runs in this state.
    state: Option<String>,
    /// Only logs of this job, and of those that it brought.
    job: Option<String>,
    /// Hits at most, from 1 to 10000; 1000 when absent.
    #[param(minimum = 1, maximum = 10_000)]
    limit: Option<usize>,
    /// Where the answer before stopped, as it was given there.
    cursor: Option<String>,
}

impl Limited for RunSearchParams {
    fn asked(&self) -> Option<usize> {
        self.limit
    }
}

impl Limited for SearchParams {
    fn asked(&self) -> Option<usize> {
        self.limit
    }
}

/// What a search found.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct FoundLines {
    /// Lines that match; runs newest first, the lines of a log from its first one on.
    hits: Vec<LogHit>,
    /// Whether the search stopped before it had seen all: there may be more.
    truncated: bool,
    /// Why it stopped; absent when it has seen all.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<SearchBound>,
    /// The `cursor` with which it goes on; absent when it has seen all.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// Logs that were searched.
    logs: u64,
    /// Bytes of text that were searched.
    bytes: u64,
    /// Logs that could not be read; the server's own log says why.
    unreadable: usize,
}

/// Why a search stopped before it had seen all.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum SearchBound {
    /// It found as many lines as were asked for.
    Limit,
    /// It took as long as a search may take.
    Time,
}

/// Lines of the logs of a run that match.
#[utoipa::path(
    get, path = "/api/runs/{id}/logs/search", operation_id = "search_run_logs", tag = "runs",
    params(("id" = String, Path, description = "the run's id"), RunSearchParams),
    responses(
        (status = 200, body = FoundLines),
        (status = 400, description = "what is asked for is no pattern (`invalid_pattern`), or the query is wrong",
         body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn of_run(
    runtime: web::Data<Runtime>,
    id: web::Path<String>,
    params: web::Query<RunSearchParams>,
) -> ApiResult<impl Responder> {
    let params = params.into_inner();
    let limit = params.limit()?;
    let pattern = pattern(&params.q, params.regex, params.case.as_deref())?;
    let run = load(&runtime, &RunId(id.into_inner())).await?;
    if let Some(job) = &params.job
        && !run.jobs.keys().any(|id| id.is_of(job))
    {
        let detail = format!("run `{}` has no job `{job}`", run.id);
        return Err(ApiError::not_found("unknown_job", detail));
    }
    let steps = match &params.step {
        None => None,
        Some(named) => Some(steps(&run, named).ok_or_else(|| {
            let detail = format!("run `{}` has no step `{named}`", run.id);
            ApiError::not_found("unknown_step", detail)
        })?),
    };
    let only = Only {
        job: params.job,
        steps,
        from: params.from.unwrap_or(1),
    };
    let workflows = HashMap::from([(run.id.clone(), run.workflow.name.clone())]);
    let scope = Scope::Logs(targets(&run, params.attempt));
    let search = Search::new(runtime.engine.logs().clone(), pattern, scope, only);
    answer(&runtime, search, workflows, limit, params.cursor).await
}

/// Lines of the logs of all runs that match, the newest run first.
#[utoipa::path(
    get, path = "/api/logs/search", operation_id = "search_logs", tag = "runs", params(SearchParams),
    responses(
        (status = 200, body = FoundLines),
        (status = 400, description = "what is asked for is no pattern (`invalid_pattern`), or the query is wrong",
         body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn of_all(
    runtime: web::Data<Runtime>,
    params: web::Query<SearchParams>,
) -> ApiResult<impl Responder> {
    let params = params.into_inner();
    let limit = params.limit()?;
    let pattern = pattern(&params.q, params.regex, params.case.as_deref())?;
    let state = word(params.state.as_deref(), RunState::ALL, RunState::as_str)?;
    let mut query = RunQuery {
        limit: usize::MAX,
        ..RunQuery::default()
    };
    if let Some(workflow) = &params.workflow {
        match runtime.catalog.find(workflow) {
            Found::One(entry) => query.file = Some(entry.file.clone()),
            // Perhaps one that is not there any more, or its file.
            Found::None | Found::Several(_) => query.workflow = Some(workflow.clone()),
        }
    }
    let runs = runtime.engine.journal().runs(query).await;
    let mut runs = runs.map_err(|error| history(&error))?;
    runs.retain(|run| state.is_none_or(|state| run.state == state));
    let scope = Scope::Runs(runs.iter().map(|run| run.id.clone()).collect());
    let workflows = runs.into_iter().map(|run| (run.id, run.workflow.name)).collect();
    let only = Only {
        job: params.job,
        ..Only::default()
    };
    let search = Search::new(runtime.engine.logs().clone(), pattern, scope, only);
    answer(&runtime, search, workflows, limit, params.cursor).await
}

fn pattern(text: &str, regex: bool, case: Option<&str>) -> ApiResult<Pattern> {
    let cases = [
        ("smart", Case::Smart),
        ("sensitive", Case::Sensitive),
        ("insensitive", Case::Insensitive),
    ];
    let case = match case {
        None => Case::default(),
        Some(asked) => match cases.iter().find(|(name, _)| *name == asked) {
            Some((_, case)) => *case,
            None => {
                let detail = format!("`case` is `{asked}`; it must be one of: smart, sensitive, insensitive");
                return Err(ApiError::bad_request("invalid_query", detail));
            }
        },
    };
    let kind = if regex { Kind::Regex } else { Kind::Literal };
    Pattern::new(text, kind, case)
        .map_err(|error| ApiError::bad_request("invalid_pattern", error.to_string()))
}

async fn answer(
    runtime: &Runtime,
    mut search: Search,
    workflows: HashMap<RunId, String>,
    limit: Option<usize>,
    cursor: Option<String>,
) -> ApiResult<HttpResponse> {
    let io = runtime.engine.io().clone();
    if let Some(cursor) = cursor {
        let unknown = || {
            ApiError::bad_request(
                "invalid_cursor",
                format!("`{cursor}` is no place in these logs; begin again without one"),
            )
        };
        let place = read_cursor(&cursor).ok_or_else(unknown)?;
        let moved = io.spawn_blocking(move || search.go_to(&place).then_some(search));
        search = moved
            .await
            .map_err(|error| ApiError::internal(&error))?
            .ok_or_else(unknown)?;
    }
    let body = Body {
        search,
        workflows,
        left: limit.unwrap_or(DEFAULT_LIMIT),
        until: Instant::now() + MOST_TIME,
        head: Some(HEAD),
        unreadable: 0,
    };
    let state = (Some(body), io, Arc::clone(&runtime.searches));
    let pieces = stream::unfold(state, |(body, io, turns)| async move {
        let body = body?;
        let (piece, rest) = body.next(&io, &turns).await;
        Some((piece, (rest, io, turns)))
    });
    let mut response = HttpResponse::Ok();
    response.content_type("application/json");
    Ok(response.streaming(Box::pin(pieces)))
}

/// A search whose hits are written as they come.
struct Body {
    search: Search,
    /// What the workflows of the runs are called.
    workflows: HashMap<RunId, String>,
    /// Hits that are still wanted.
    left: usize,
    until: Instant,
    /// What comes before the first hit, until it was written.
    head: Option<&'static str>,
    unreadable: usize,
}

impl Body {
    /// The next piece, and what comes after it.
    async fn next(mut self, io: &Handle, turns: &Arc<Semaphore>) -> (std::io::Result<Bytes>, Option<Self>) {
        // Searches take turns, so that many of them leave threads and disks to the others.
        let turn = tokio::time::timeout_at(self.until.into(), Arc::clone(turns).acquire_owned());
        let turn = match turn.await {
            Ok(Ok(turn)) => turn,
            Ok(Err(_)) => return (Err(std::io::Error::other("the studio is about to end")), None),
            Err(_) => return (self.end(Vec::new(), Some(SearchBound::Time)), None),
        };
        let done = io.spawn_blocking(move || {
            let _turn = turn;
            let piece = self.piece();
            (piece, self)
        });
        match done.await {
            Ok((Ok((piece, true)), _)) => (Ok(piece), None),
            Ok((Ok((piece, false)), rest)) => (Ok(piece), Some(rest)),
            Ok((Err(error), _)) => (Err(error), None),
            Err(broken) => (Err(std::io::Error::other(broken)), None),
        }
    }

    /// A turn of the search as text, and whether it was the last.
    fn piece(&mut self) -> std::io::Result<(Bytes, bool)> {
        let found = self.search.turn(self.left.min(TURN_HITS));
        self.left = self.left.saturating_sub(found.hits.len());
        for error in &found.unreadable {
            tracing::warn!(%error, "a search left out a log");
        }
        self.unreadable += found.unreadable.len();
        let mut piece = Vec::new();
        for hit in found.hits {
            piece.extend_from_slice(self.head.take().unwrap_or(",").as_bytes());
            piece.push(b'\n');
            let workflow = self.workflows.get(&hit.target.run);
            let hit = LogHit::new(hit, workflow.map_or("", String::as_str));
            serde_json::to_writer(&mut piece, &hit)?;
        }
        let stopped = match found.is_last {
            true => None,
            false if self.left == 0 => Some(SearchBound::Limit),
            false if Instant::now() >= self.until => Some(SearchBound::Time),
            false => {
                // Space between two tokens: who does not listen any more is found out by it.
                piece.push(b'\n');
                return Ok((Bytes::from(piece), false));
            }
        };
        Ok((self.end(piece, stopped)?, true))
    }

    /// What is behind the last hit.
    fn end(&mut self, mut piece: Vec<u8>, stopped: Option<SearchBound>) -> std::io::Result<Bytes> {
        let head = self.head.take().unwrap_or_default();
        piece.extend_from_slice(head.as_bytes());
        piece.push(b'\n');
        let searched = self.search.searched();
        let end = FoundLines {
            hits: Vec::new(),
            truncated: stopped.is_some(),
            stopped,
            next: self.search.place().as_ref().map(cursor_of),
            logs: searched.logs,
            bytes: searched.bytes,
            unreadable: self.unreadable,
        };
        // Behind the hits, which are written.
        let end = serde_json::to_vec(&end)?;
        piece.extend_from_slice(end.get(HEAD.len()..).unwrap_or_default());
        Ok(Bytes::from(piece))
    }
}

/// `line/attempt/run`, and the job behind another `/` where there is one.
fn cursor_of(place: &Place) -> String {
    let Place { run, line, .. } = place;
    match &place.job {
        Some((job, attempt)) => format!("{line}/{attempt}/{run}/{job}"),
        None => format!("{line}/1/{run}"),
    }
}

fn read_cursor(text: &str) -> Option<Place> {
    let mut parts = text.splitn(4, '/');
    let line = parts.next()?.parse().ok()?;
    let attempt = parts.next()?.parse().ok()?;
    let run = RunId(parts.next()?.to_owned());
    let job = parts.next().map(|job| (JobId(job.to_owned()), attempt));
    Some(Place { run, job, line })
}

#[cfg(test)]
mod tests {
    use loom_protocol::Timestamp;

    use super::*;
    use crate::executor::Stream;
    use crate::id::StepId;
    use crate::logs::LogStore;

    fn body(store: &LogStore, left: usize, until: Instant) -> Body {
        let pattern = Pattern::new("hit", Kind::Literal, Case::Smart).unwrap();
        let scope = Scope::Runs(vec![RunId("r".into())]);
        Body {
            search: Search::new(store.clone(), pattern, scope, Only::default()),
            workflows: HashMap::from([(RunId("r".into()), "CI".to_owned())]),
            left,
            until,
            head: Some(HEAD),
            unreadable: 0,
        }
    }

    fn whole(mut body: Body) -> (serde_json::Value, usize) {
        let (mut text, mut pieces) = (Vec::new(), 0);
        loop {
            let (piece, last) = body.piece().unwrap();
            assert!(!piece.is_empty());
            text.extend_from_slice(&piece);
            pieces += 1;
            if last {
                return (serde_json::from_slice(&text).unwrap(), pieces);
            }
        }
    }

    fn logs(lines: usize) -> (tempfile::TempDir, LogStore) {
        let directory = tempfile::tempdir().unwrap();
        let store = LogStore::new(directory.path().to_owned());
        let log = store.create(&RunId("r".into()), &JobId("j".into()), 1).unwrap();
        let mut step = log.step(&StepId("0".into()));
        let text = "a hit\n".repeat(lines);
        step.write(Stream::Stdout, Timestamp::from_millis(0), text.as_bytes())
            .unwrap();
        (directory, store)
    }

    fn later() -> Instant {
        Instant::now() + Duration::from_secs(3600)
    }

    #[test]
    fn hits_come_in_pieces_of_one_object_that_says_whether_there_may_be_more() {
        let (_directory, store) = logs(TURN_HITS * 2 + 5);
        let (all, pieces) = whole(body(&store, usize::MAX, later()));
        assert_eq!(all["hits"].as_array().unwrap().len(), TURN_HITS * 2 + 5);
        assert_eq!(pieces, 3);
        assert_eq!((&all["truncated"], all.get("next")), (&false.into(), None));
        assert_eq!(all["hits"][0]["workflow"], "CI");
        let (some, _) = whole(body(&store, 3, later()));
        assert_eq!(some["hits"].as_array().unwrap().len(), 3);
        assert_eq!(
            (some["stopped"].as_str(), some["next"].as_str()),
            (Some("limit"), Some("4/1/r/j"))
        );
        let (late, _) = whole(body(&store, usize::MAX, Instant::now()));
        assert_eq!(late["stopped"], "time");
        let (_directory, empty) = logs(0);
        let (nothing, _) = whole(body(&empty, 3, later()));
        assert_eq!(nothing["hits"], serde_json::json!([]));
    }

    #[test]
    fn a_cursor_survives_a_round_trip_and_what_is_none_is_refused() {
        let place = |job: Option<&str>| Place {
            run: RunId("0199".into()),
            job: job.map(|job| (JobId(job.into()), 2)),
            line: 7,
        };
        let of_job = place(Some("deploy#1/test"));
        assert_eq!(read_cursor(&cursor_of(&of_job)), Some(of_job));
        let of_run = place(None);
        assert_eq!(read_cursor(&cursor_of(&of_run)), Some(of_run));
        for wrong in ["", "x", "1", "1/2", "x/1/r", "1/x/r/j"] {
            assert_eq!(read_cursor(wrong), None, "{wrong}");
        }
    }
}
