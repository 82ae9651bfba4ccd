//! `POST /api/tree`: actors by who started them, as much of the tree as is looked at.

use std::collections::BTreeMap;

use actix_web::web;
use loom_protocol::filter::Filter;
use loom_protocol::{ActorRecord, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{ApiError, ApiResult};
use super::seen::Seen;
use crate::directory::{Branch, Directory, TreeQuery, Unfold, Uprooted};

/// Lines that may be asked for at once.
const MAX_COUNT: usize = 500;
/// Lines when no `count` is given.
const DEFAULT_COUNT: usize = 100;
/// Actors that may be named as open or closed.
const MAX_EXCEPT: usize = 1_000;

/// Which part of which tree.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TreeAsked {
    /// Only actors for which all of these words hold, as in `GET /api/actors`, and those above them.
    #[serde(default)]
    #[schema(max_length = 2000)]
    filter: String,
    /// Who is open.
    #[serde(default)]
    unfold: Unfolded,
    /// The actors that are the other way; 1000 at most.
    #[serde(default)]
    except: Vec<String>,
    /// The first line, counted from 0.
    #[serde(default)]
    from: usize,
    /// Lines at most, from 1 to 500; 100 when absent.
    #[schema(minimum = 1, maximum = 500, default = 100)]
    count: Option<usize>,
}

/// Who is open, but for those that are named.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Unfolded {
    /// Nobody.
    #[default]
    Roots,
    /// Everybody.
    All,
}

/// A part of a tree.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActorTree {
    /// From the first that was asked for.
    lines: Vec<TreeLine>,
    /// Lines of the whole tree as it is folded out.
    total: usize,
    /// How many actors the filter finds.
    found: usize,
    /// Of how many of them, the first by id, the tree is made: 5000 at most.
    taken: usize,
}

/// An actor in its place.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TreeLine {
    /// The actor.
    actor: ActorRecord,
    /// How deep it stands, from 1.
    level: usize,
    /// Its place among those with the same parent, from 1.
    position: usize,
    /// How many have the same parent.
    siblings: usize,
    /// The line of its parent, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    above: Option<usize>,
    /// How many it started that are in the tree.
    children: usize,
    /// Whether these follow.
    open: bool,
    /// Whether the filter finds it; else it is there for those below.
    matches: bool,
    /// Why it stands at the top although it has a parent: `orphan` when that is not known, `cycle` when that is below it, `left_out`
    /// when there is no room for it in the tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, pattern = "^(orphan|cycle|left_out)$")]
    uprooted: Option<&'static str>,
    /// Of those below, however deep, that the filter finds: how many have which status.
    below: BTreeMap<String, u64>,
}

/// Actors by who started them, as it is folded out. It is posted because ids may be long; it changes nothing.
#[utoipa::path(
    post, path = "/api/tree", operation_id = "tree", tag = "actors", request_body = TreeAsked,
    responses(
        (status = 200, body = ActorTree),
        (status = 400, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn tree(asked: web::Json<TreeAsked>, seen: Seen) -> ApiResult<web::Json<ActorTree>> {
    let query = query(asked.into_inner())?;
    let directory = seen.directory().clone();
    // A pass over all actors: not on a thread that serves.
    let tree = web::block(move || draw(&directory, query)).await;
    let tree = tree
        .map_err(|_| ApiError::unavailable("busy", "the tree could not be made at the moment; try again"))?;
    Ok(web::Json(tree))
}

fn query(asked: TreeAsked) -> ApiResult<TreeQuery> {
    let invalid = |detail: String| ApiError::bad_request("invalid_query", detail);
    let filter: Filter = asked.filter.parse()?;
    let count = asked.count.unwrap_or(DEFAULT_COUNT);
    if !(1..=MAX_COUNT).contains(&count) {
        return Err(invalid(format!(
            "`count` is {count}; it must be from 1 to {MAX_COUNT}"
        )));
    }
    let named = asked.except.len();
    if named > MAX_EXCEPT {
        return Err(invalid(format!(
            "`except` names {named} actors; there may be {MAX_EXCEPT}"
        )));
    }
    Ok(TreeQuery {
        filter,
        unfold: match asked.unfold {
            Unfolded::Roots => Unfold::Roots,
            Unfolded::All => Unfold::All,
        },
        except: asked.except.into_iter().collect(),
        from: asked.from,
        count,
    })
}

fn draw(directory: &Directory, query: TreeQuery) -> ActorTree {
    let part = directory.tree(query);
    let lines = part.lines.into_iter();
    ActorTree {
        // One that went meanwhile is left out.
        lines: lines
            .filter_map(|branch| Some(TreeLine::of(directory.get(&branch.id)?, branch)))
            .collect(),
        total: part.total,
        found: part.found,
        taken: part.taken,
    }
}

impl TreeLine {
    fn of(actor: ActorRecord, branch: Branch) -> Self {
        Self {
            actor,
            level: branch.level,
            position: branch.position,
            siblings: branch.siblings,
            above: branch.above,
            children: branch.children,
            open: branch.is_open,
            matches: branch.matches,
            uprooted: branch.uprooted.map(|uprooted| match uprooted {
                Uprooted::Orphan => "orphan",
                Uprooted::Cycle => "cycle",
                Uprooted::LeftOut => "left_out",
            }),
            below: branch
                .below
                .into_iter()
                .map(|(status, count)| (status.to_string(), count))
                .collect(),
        }
    }
}
