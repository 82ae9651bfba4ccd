//! `GET /api/health`: whether the server and what is plugged into it do their work. Open to everybody.

use std::collections::BTreeMap;

use actix_web::web;
use loom_protocol::{Health, HealthStatus, PartHealth};

use crate::app::Services;

/// The health as of now; `degraded` when any part is.
#[utoipa::path(get, path = "/api/health", tag = "studio", responses((status = 200, body = Health)), security(()))]
pub(super) async fn health(services: web::Data<Services>) -> web::Json<Health> {
    let ok = |message: String| PartHealth {
        status: HealthStatus::Ok,
        message: Some(message),
    };
    let mut parts = BTreeMap::from([
        (
            "directory".to_owned(),
            ok(format!("{} actors", services.directory.len())),
        ),
        (
            "live".to_owned(),
            ok(format!("{} viewers", services.hub.stats().viewers)),
        ),
    ]);
    if let Some(replica) = services.door.replica() {
        parts.insert("servers".to_owned(), replica.health());
    }
    for extension in &services.extensions {
        parts.extend(extension.health());
    }
    let worst = parts.values().map(|part| part.status).max();
    web::Json(Health {
        status: worst.unwrap_or(HealthStatus::Ok),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        uptime: services.uptime(),
        parts,
    })
}
