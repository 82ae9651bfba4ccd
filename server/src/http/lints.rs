//! `GET /api/lints`: what is not as it should be.

use actix_web::web;

use super::seen::Seen;
use crate::lints::Lint;

/// What is not as it should be among the actors, gravest first.
#[utoipa::path(
    get, path = "/api/lints", operation_id = "lints", tag = "studio",
    responses((status = 200, body = Vec<Lint>)),
)]
pub(super) async fn lints(seen: Seen) -> web::Json<Vec<Lint>> {
    web::Json(seen.intake().lints().list())
}
