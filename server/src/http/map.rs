//! `GET /api/map`: who sends to whom, as nodes and edges.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use actix_web::web;
use loom_protocol::Problem;
use loom_protocol::filter::Filter;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::error::{ApiError, ApiResult};
use super::seen::{Beside, Seen};
use super::traffic::window;
use crate::Intake;
use crate::directory::ActorQuery;
use crate::traffic::{Plumbing, TypeRow};

/// Seconds of the window when none are given.
const DEFAULT_WINDOW: i64 = 60;
/// Nodes that a map of actors may have; of more, it is one of types.
const MAX_NODES: usize = 200;
/// Combinations of type and status that are told apart.
const MAX_STATUSES: usize = 2_000;

/// Which map.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct MapParams {
    /// Seconds of the window, from 1 to 600; 60 when absent.
    #[param(minimum = 1, maximum = 600)]
    window: Option<i64>,
    /// `type` (the default) or `actor`: what the nodes are.
    #[param(pattern = "^(type|actor)$")]
    group: Option<String>,
    /// Only actors for which all of these words hold, as in `GET /api/actors`; of a map of types, the types of those.
    #[param(max_length = 2000)]
    filter: Option<String>,
}

/// Who sends to whom.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MapOfTraffic {
    /// What the nodes are: `type` or `actor`.
    group: &'static str,
    /// Actors, or types of them.
    nodes: Vec<MapNode>,
    /// Between them.
    edges: Vec<MapEdge>,
    /// Actors were asked for, and are too many: these are their types.
    grouped: bool,
}

/// An actor, or all of one type.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MapNode {
    /// The actor's id, or the type.
    id: String,
    /// The type.
    #[serde(rename = "type")]
    kind: String,
    /// How many actors it stands for.
    count: u64,
    /// Messages handled per second in the window; null where nobody was heard in it.
    rate: Option<f64>,
    /// Errors per second in the window; null where nobody was heard in it.
    errors: Option<f64>,
    /// Messages that wait.
    queue: u64,
    /// What 95 % of the times in the queue did not exceed, in milliseconds; null where not measured.
    wait_ms: Option<f64>,
    /// How many of its actors have each status.
    status: BTreeMap<String, u64>,
}

/// Messages from one node to another.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MapEdge {
    /// The sender; absent when it is outside of all actors.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// The receiver.
    to: String,
    /// Messages per second in the window.
    rate: f64,
    /// Messages since counting began.
    count: u64,
    /// By type of message.
    messages: Vec<MapMessage>,
}

/// One type of message on an edge.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MapMessage {
    /// The type.
    #[serde(rename = "type")]
    kind: String,
    /// Messages per second in the window.
    rate: f64,
}

/// Who sends to whom in the window, by type of actor or actor by actor.
#[utoipa::path(
    get, path = "/api/map", operation_id = "map", tag = "traffic", params(MapParams),
    responses(
        (status = 200, body = MapOfTraffic),
        (status = 400, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn map(
    Beside(params): Beside<MapParams>,
    seen: Seen,
) -> Result<web::Json<MapOfTraffic>, actix_web::Error> {
    let window = window(params.window, DEFAULT_WINDOW)?;
    let by_actor = match params.group.as_deref() {
        None | Some("type") => false,
        Some("actor") => true,
        Some(other) => {
            let detail = format!("`group` is `{other}`; it is `type` or `actor`");
            return Err(ApiError::bad_request("invalid_query", detail).into());
        }
    };
    let filter = params.filter.as_deref().map(str::parse::<Filter>).transpose();
    let filter = filter.map_err(ApiError::from)?;
    seen.look(|intake| intake.lookers().looked_at_traffic(intake.now()));
    let intake = seen.intake().clone();
    // A pass over all actors: not on a thread that serves.
    let map = web::block(move || draw(&intake, filter, by_actor, window)).await??;
    Ok(web::Json(map))
}

fn draw(intake: &Intake, filter: Option<Filter>, by_actor: bool, window: i64) -> ApiResult<MapOfTraffic> {
    if by_actor {
        let query = ActorQuery {
            filter: filter.clone().unwrap_or_default(),
            limit: Some(MAX_NODES),
            ..ActorQuery::default()
        };
        let found = intake.directory().find(&query)?;
        if found.total <= MAX_NODES {
            return Ok(of_actors(intake, &found.ids, window));
        }
    }
    let chosen = filter.map(|filter| intake.directory().types_of(&filter));
    Ok(of_types(intake, chosen.as_ref(), window, by_actor))
}

fn of_types(intake: &Intake, chosen: Option<&HashSet<Arc<str>>>, window: i64, grouped: bool) -> MapOfTraffic {
    let is_chosen = |kind: &str| chosen.is_none_or(|chosen| chosen.contains(kind));
    let mut statuses: HashMap<String, BTreeMap<String, u64>> = HashMap::new();
    for count in intake.directory().by_type_and_status(MAX_STATUSES) {
        statuses
            .entry(count.kind)
            .or_default()
            .insert(count.status, count.count);
    }
    let rows = intake.traffic().types(intake.now(), window, Plumbing::Shown);
    let nodes = rows.into_iter().filter(|row| is_chosen(&row.kind));
    let nodes = nodes.filter_map(|row: TypeRow| {
        let status = statuses.remove(&row.kind);
        // Gone, and silent in this window.
        if status.is_none() && row.rate.unwrap_or(0.0) == 0.0 {
            return None;
        }
        let status = status.unwrap_or_default();
        Some(MapNode {
            id: row.kind.clone(),
            kind: row.kind,
            count: status.values().sum(),
            rate: row.rate,
            errors: row.error_rate,
            queue: row.queued,
            wait_ms: row.wait_ms.map(|wait| wait.p95),
            status,
        })
    });
    let nodes: Vec<MapNode> = nodes.collect();
    let edges = intake
        .traffic()
        .edges(intake.now(), window)
        .into_iter()
        .filter_map(|passed| {
            let from = match passed.from {
                None => None,
                Some(_) => Some(passed.kinds.0?),
            };
            Some((from, passed.kinds.1?, passed.message, passed.count, passed.rate))
        });
    MapOfTraffic {
        group: "type",
        edges: merged(edges, &nodes),
        nodes,
        grouped,
    }
}

fn of_actors(intake: &Intake, ids: &[Arc<str>], window: i64) -> MapOfTraffic {
    let now = intake.now();
    let nodes = ids.iter().filter_map(|id| {
        let record = intake.directory().get(id)?;
        let numbers = intake.traffic().actor_numbers(id, now, window);
        let status = record
            .status
            .map_or("unknown".to_owned(), |status| status.to_string());
        Some(MapNode {
            id: id.to_string(),
            kind: record.kind,
            count: 1,
            rate: numbers.rate,
            errors: numbers.errors,
            queue: record.queue_depth.unwrap_or(0),
            wait_ms: numbers.wait_ms,
            status: BTreeMap::from([(status, 1)]),
        })
    });
    let nodes: Vec<MapNode> = nodes.collect();
    let edges = intake.traffic().edges(now, window).into_iter();
    let edges = edges.map(|passed| (passed.from, passed.to, passed.message, passed.count, passed.rate));
    MapOfTraffic {
        group: "actor",
        edges: merged(edges, &nodes),
        nodes,
        grouped: false,
    }
}

/// Who sends, who gets.
type Ends = (Option<Arc<str>>, Arc<str>);

/// One edge for all messages between two of the nodes, the busiest first.
fn merged(
    edges: impl Iterator<Item = (Option<Arc<str>>, Arc<str>, Arc<str>, u64, f64)>,
    nodes: &[MapNode],
) -> Vec<MapEdge> {
    let known: HashSet<&str> = nodes.iter().map(|node| node.id.as_str()).collect();
    let mut sums: BTreeMap<Ends, BTreeMap<Arc<str>, (u64, f64)>> = BTreeMap::new();
    for (from, to, message, count, rate) in edges {
        if known.contains(&*to) && from.as_ref().is_none_or(|from| known.contains(&**from)) {
            let sum = sums.entry((from, to)).or_default().entry(message).or_default();
            sum.0 = sum.0.saturating_add(count);
            sum.1 += rate;
        }
    }
    let mut edges: Vec<MapEdge> = sums
        .into_iter()
        .map(|((from, to), messages)| MapEdge {
            from: from.map(|from| from.to_string()),
            to: to.to_string(),
            rate: messages.values().map(|(_, rate)| rate).sum(),
            count: messages
                .values()
                .fold(0, |sum, (count, _)| sum.saturating_add(*count)),
            messages: messages
                .into_iter()
                .map(|(kind, (_, rate))| MapMessage {
                    kind: kind.to_string(),
                    rate,
                })
                .collect(),
        })
        .collect();
    edges.sort_by(|a, b| b.rate.total_cmp(&a.rate));
    edges
}
