//! `GET /api/health`: whether the server and what is plugged into it do their work. Open to everybody.

use std::collections::BTreeMap;

use actix_web::web;
use loom_protocol::{Health, HealthStatus, PartHealth};

use crate::workspaces::{Workspace, Workspaces};
use loom_history::{HistoryHealth, Place};

/// The health as of now; `degraded` when any part is. Where there are several workspaces, of all of them, without a word on why.
#[utoipa::path(get, path = "/api/health", tag = "studio", responses((status = 200, body = Health)), security(()))]
pub(super) async fn health(workspaces: web::Data<Workspaces>) -> web::Json<Health> {
    let all = workspaces.all();
    let mut parts = parts(workspaces.main());
    if all.len() > 1 {
        // Anybody may ask, so that what a part says would tell of actors to those who may not see them.
        for (name, part) in all.iter().skip(1).flat_map(|workspace| self::parts(workspace)) {
            let known = parts.entry(name).or_insert_with(|| part.clone());
            known.status = known.status.max(part.status);
        }
        for part in parts.values_mut() {
            part.message = None;
        }
    }
    let worst = parts.values().map(|part| part.status).max();
    web::Json(Health {
        status: worst.unwrap_or(HealthStatus::Ok),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        uptime: workspaces.main().uptime(),
        parts,
    })
}

/// The parts of one workspace.
fn parts(workspace: &Workspace) -> BTreeMap<String, PartHealth> {
    let ok = |message: String| PartHealth {
        status: HealthStatus::Ok,
        message: Some(message),
    };
    let mut parts = BTreeMap::from([
        (
            "directory".to_owned(),
            ok(format!("{} actors", workspace.directory.len())),
        ),
        (
            "live".to_owned(),
            ok(format!("{} viewers", workspace.hub.stats().viewers)),
        ),
        (
            "history".to_owned(),
            history(&workspace.intake.history().health()),
        ),
        ("warnings".to_owned(), workspace.warnings.health()),
    ]);
    if let Some(replica) = workspace.door.replica() {
        parts.insert("servers".to_owned(), replica.health());
    }
    if let Some(exporter) = &workspace.exporter {
        parts.insert("collector".to_owned(), exporter.health());
    }
    for extension in &workspace.extensions {
        parts.extend(extension.health());
    }
    parts
}

/// How the history does. That it is in memory is no fault where nobody wanted it elsewhere.
fn history(health: &HistoryHealth) -> PartHealth {
    let series = health.series;
    let left_out: u64 = health.left_out.iter().map(|(_, names)| names).sum();
    let mut message = match (health.place, &health.trouble) {
        (Place::File, None) => format!("{series} series, kept over restarts"),
        (Place::Memory, _) => format!(
            "{series} series, in memory; LOOM_STATE_DIR names a directory that keeps them over restarts"
        ),
        (Place::File | Place::Refused, trouble) => {
            let trouble = trouble.as_deref().unwrap_or("the file is not used");
            format!("{series} series, in memory only: {trouble}")
        }
    };
    if left_out > 0 {
        message.push_str(&format!("; {left_out} names found no room"));
    }
    if health.forgotten > 0 {
        message.push_str(&format!(
            "; {} pieces of the past were forgotten before their time for want of room",
            health.forgotten
        ));
    }
    let is_well = health.place == Place::Memory || health.trouble.is_none();
    PartHealth {
        status: if is_well {
            HealthStatus::Ok
        } else {
            HealthStatus::Degraded
        },
        message: Some(message),
    }
}
