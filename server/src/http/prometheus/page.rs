//! The page as a whole.

use std::collections::BTreeMap;
use std::fmt::{Result, Write as _};

use actix_web::{HttpResponse, web};

use super::text::{head, single};
use super::{types, warnings};
use crate::http::guard::Guard;
use crate::workspaces::{Here, Workspace};

/// The metrics page.
#[utoipa::path(
    get, path = "/metrics", tag = "studio",
    responses((status = 200, description = "Prometheus text", body = String, content_type = "text/plain")),
)]
pub(in crate::http) async fn page(workspace: Here, guard: web::Data<Guard>) -> HttpResponse {
    let mut text = String::new();
    // Writing into a text does not fail.
    let _never = write_page(&mut text, &workspace, &guard);
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(text)
}

fn write_page(text: &mut String, workspace: &Workspace, guard: &Guard) -> Result {
    head(text, "loom_build_info", "gauge", "The version of this server.")?;
    writeln!(
        text,
        "loom_build_info{{version=\"{}\"}} 1",
        env!("CARGO_PKG_VERSION")
    )?;
    types::write(text, workspace)?;
    write_lints(text, workspace)?;
    warnings::write(text, workspace)?;
    write_studio(text, workspace)?;
    // Of the server as a whole.
    if workspace.name.is_main() {
        single(
            text,
            "loom_studio_refused_requests_total",
            "counter",
            "Requests refused by host, origin or token.",
            guard.refused(),
        )?;
    }
    write_servers(text, workspace)
}

fn write_lints(text: &mut String, workspace: &Workspace) -> Result {
    let name = "loom_lints";
    head(
        text,
        name,
        "gauge",
        "Things that are not as they should be, by rule.",
    )?;
    let mut by_code: BTreeMap<&str, u64> = BTreeMap::new();
    for lint in workspace.intake.lints().list() {
        *by_code.entry(lint.code).or_default() += 1;
    }
    for (code, count) in by_code {
        writeln!(text, "{name}{{code=\"{code}\"}} {count}")?;
    }
    Ok(())
}

fn write_studio(text: &mut String, workspace: &Workspace) -> Result {
    let queues = workspace.directory.metrics().message_queues;
    let live = workspace.hub.stats();
    let seconds = workspace.uptime() / 1000;
    for (name, kind, help, value) in [
        (
            "loom_actor_messages",
            "gauge",
            "Messages handled by the actors known now.",
            queues.total_messages,
        ),
        (
            "loom_actor_mailbox_depth",
            "gauge",
            "Messages that wait for the actors known now.",
            queues.pending_messages,
        ),
        (
            "loom_studio_viewers",
            "gauge",
            "Viewers connected now.",
            live.viewers as u64,
        ),
        (
            "loom_studio_frames_total",
            "counter",
            "Frames published.",
            live.frames,
        ),
        (
            "loom_studio_frames_left_out_total",
            "counter",
            "Frames not sent to a viewer that was too slow.",
            live.left_out,
        ),
        (
            "loom_studio_uptime_seconds",
            "gauge",
            "Time since the server started.",
            seconds,
        ),
    ] {
        single(text, name, kind, help, value)?;
    }
    Ok(())
}

/// How this server stands to the others, where there are several.
fn write_servers(text: &mut String, workspace: &Workspace) -> Result {
    let Some(replica) = workspace.door.replica() else {
        return Ok(());
    };
    for (name, kind, help, value) in [
        (
            "loom_studio_servers",
            "gauge",
            "Servers of this studio that were heard lately.",
            replica.names().len() as u64,
        ),
        (
            "loom_studio_follows",
            "gauge",
            "Whether this server takes reports and knows what the others know.",
            u64::from(replica.follows()),
        ),
        (
            "loom_studio_restored_total",
            "counter",
            "How often this server began with what the others know.",
            replica.restored(),
        ),
    ] {
        single(text, name, kind, help, value)?;
    }
    Ok(())
}
