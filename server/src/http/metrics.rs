//! `GET /api/metrics`: sums over all actors.

use actix_web::web;
use loom_protocol::Metrics;

use crate::directory::Directory;

/// The metrics as of now.
#[utoipa::path(get, path = "/api/metrics", tag = "studio", responses((status = 200, body = Metrics)))]
pub(super) async fn metrics(directory: web::Data<Directory>) -> web::Json<Metrics> {
    web::Json(directory.metrics())
}
