//! `GET /api/lints`: what is not as it should be.

use actix_web::web;

use crate::Intake;
use crate::lints::Lint;

/// What is not as it should be among the actors, gravest first.
#[utoipa::path(
    get, path = "/api/lints", operation_id = "lints", tag = "studio",
    responses((status = 200, body = Vec<Lint>)),
)]
pub(super) async fn lints(intake: web::Data<Intake>) -> web::Json<Vec<Lint>> {
    web::Json(intake.lints().list())
}
