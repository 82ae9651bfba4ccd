//! What `/api/v1` answers differently: lists are objects that say whether there is more.

use actix_web::{HttpResponse, web};
use loom_protocol::{ActorRecord, Problem};
use serde_json::json;
use utoipa::ToSchema;

use super::error::ApiResult;
use super::params::ListParams;
use super::records;
use super::seen::{Beside, Seen};
use crate::directory::ActorQuery;

/// Items of a page when no `limit` is given.
const DEFAULT_LIMIT: usize = 1000;

/// One page of a list of actors.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `page` writes around the records")]
pub(crate) struct ActorPage {
    /// The actors of this page.
    items: Vec<ActorRecord>,
    /// The `cursor` of the next page; absent on the last one.
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
pub(super) async fn list(Beside(params): Beside<ListParams>, seen: Seen) -> ApiResult<HttpResponse> {
    page(&seen, params.query(Some(DEFAULT_LIMIT))?).await
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
    Beside(params): Beside<ListParams>,
    seen: Seen,
) -> ApiResult<HttpResponse> {
    let mut query = params.query(Some(DEFAULT_LIMIT))?;
    query.kind = Some(kind.into_inner());
    page(&seen, query).await
}

async fn page(seen: &Seen, query: ActorQuery) -> ApiResult<HttpResponse> {
    let found = records::find(seen.directory(), query).await?;
    let mut tail = "],".to_owned();
    if let Some(next) = &found.next {
        tail.push_str(&format!(r#""next":{},"#, json!(next)));
    }
    let (total, truncated) = (found.total, found.next.is_some());
    tail.push_str(&format!(r#""total":{total},"truncated":{truncated}}}"#));
    let mut response = HttpResponse::Ok();
    Ok(records::answer(
        &mut response,
        seen.directory().clone(),
        found.ids,
        r#"{"items":["#,
        tail,
    ))
}
