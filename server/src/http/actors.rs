//! `GET /api/actors…`: reading actors, as bare JSON arrays.

use actix_web::{HttpRequest, HttpResponse, web};
use loom_protocol::{ActorRecord, Problem};

use super::error::{ApiError, ApiResult};
use super::params::{ListParams, link_to_next};
use super::records;
use super::seen::{Beside, Seen};
use crate::directory::ActorQuery;

/// All actors; all of them unless `limit` is given.
#[utoipa::path(
    get, path = "/api/actors", tag = "actors", params(ListParams),
    responses(
        (status = 200, body = Vec<ActorRecord>, headers(
            ("X-Total-Count" = u64, description = "how many the filter matched, on all pages"),
            ("Link" = Option<String>, description = "the next page, `rel=\"next\"`, when there is one"),
        )),
        (status = 400, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    request: HttpRequest,
    Beside(params): Beside<ListParams>,
    seen: Seen,
) -> ApiResult<HttpResponse> {
    answer(&request, &seen, params.query(None)?).await
}

/// All actors of one type.
#[utoipa::path(
    get, path = "/api/actors/type/{type}", tag = "actors",
    params(("type" = String, Path, description = "the type"), ListParams),
    responses(
        (status = 200, body = Vec<ActorRecord>, headers(
            ("X-Total-Count" = u64, description = "how many the filter matched, on all pages"),
            ("Link" = Option<String>, description = "the next page, `rel=\"next\"`, when there is one"),
        )),
        (status = 400, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list_of_type(
    request: HttpRequest,
    kind: web::Path<String>,
    Beside(params): Beside<ListParams>,
    seen: Seen,
) -> ApiResult<HttpResponse> {
    let mut query = params.query(None)?;
    query.kind = Some(kind.into_inner());
    answer(&request, &seen, query).await
}

/// One actor.
#[utoipa::path(
    get, path = "/api/actors/{id}", tag = "actors",
    params(("id" = String, Path, description = "its id; `/` in it is written `%2F`")),
    responses(
        (status = 200, body = ActorRecord),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn one(id: web::Path<String>, seen: Seen) -> ApiResult<web::Json<ActorRecord>> {
    let id = id.into_inner();
    match seen.directory().get(&id) {
        Some(record) => Ok(web::Json(record)),
        None => Err(ApiError::unknown_actor(&id)),
    }
}

async fn answer(request: &HttpRequest, seen: &Seen, query: ActorQuery) -> ApiResult<HttpResponse> {
    let found = records::find(seen.directory(), query).await?;
    let mut response = HttpResponse::Ok();
    response.insert_header(("X-Total-Count", found.total.to_string()));
    if let Some(cursor) = &found.next {
        response.insert_header(("Link", link_to_next(request, cursor)));
    }
    Ok(records::answer(
        &mut response,
        seen.directory().clone(),
        found.ids,
        "[",
        "]".to_owned(),
    ))
}
