//! `GET /api/metrics`: sums over all actors.

use actix_web::web;
use loom_protocol::Metrics;

use super::seen::Seen;

/// The metrics.
#[utoipa::path(get, path = "/api/metrics", tag = "studio", responses((status = 200, body = Metrics)))]
pub(super) async fn metrics(seen: Seen) -> web::Json<Metrics> {
    web::Json(seen.directory().metrics())
}
