//! What `/api/v1` answers differently: lists are objects that say whether there is more.

use actix_web::web;
use loom_protocol::{ActorRecord, Problem};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::ApiResult;
use super::params::ListParams;
use crate::directory::{ActorQuery, Directory};

/// Items of a page when no `limit` is given.
const DEFAULT_LIMIT: usize = 1000;

/// One page of a list of actors.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActorPage {
    /// The actors of this page.
    items: Vec<ActorRecord>,
    /// The `cursor` of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// How many the filter matched, on all pages.
    total: usize,
    /// Whether there are more than this page holds.
    truncated: bool,
}

/// Actors, a page at a time.
#[utoipa::path(
    get, path = "/api/v1/actors", operation_id = "v1_list", tag = "v1", params(ListParams),
    responses(
        (status = 200, body = ActorPage),
        (status = 400, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    params: web::Query<ListParams>,
    directory: web::Data<Directory>,
) -> ApiResult<web::Json<ActorPage>> {
    page(&directory, &params.into_inner().query(Some(DEFAULT_LIMIT))?)
}

/// Actors of one type, a page at a time.
#[utoipa::path(
    get, path = "/api/v1/actors/type/{type}", operation_id = "v1_list_of_type", tag = "v1",
    params(("type" = String, Path, description = "the type"), ListParams),
    responses(
        (status = 200, body = ActorPage),
        (status = 400, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list_of_type(
    kind: web::Path<String>,
    params: web::Query<ListParams>,
    directory: web::Data<Directory>,
) -> ApiResult<web::Json<ActorPage>> {
    let mut query = params.into_inner().query(Some(DEFAULT_LIMIT))?;
    query.kind = Some(kind.into_inner());
    page(&directory, &query)
}

fn page(directory: &Directory, query: &ActorQuery) -> ApiResult<web::Json<ActorPage>> {
    let page = directory.list(query)?;
    Ok(web::Json(ActorPage {
        truncated: page.next.is_some(),
        items: page.records,
        next: page.next,
        total: page.total,
    }))
}
