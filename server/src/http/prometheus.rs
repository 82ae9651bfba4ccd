//! `GET /metrics`: numbers for Prometheus, in its text format. Never an actor's id as a label, and few labels at all.

use std::fmt::Write;

use actix_web::{HttpResponse, web};

use super::guard::Guard;
use crate::traffic::{Percentiles, Plumbing, TypeRow};
use crate::workspaces::{Here, Workspace};

/// Combinations of type and status at most; the rest counts as `other`.
const MAX_SERIES: usize = 500;
/// Seconds over which times are told.
const TYPES_WINDOW: i64 = 60;

/// The metrics page.
#[utoipa::path(
    get, path = "/metrics", tag = "studio",
    responses((status = 200, description = "Prometheus text", body = String, content_type = "text/plain")),
)]
pub(super) async fn page(workspace: Here, guard: web::Data<Guard>) -> HttpResponse {
    let text = write_page(&workspace, &guard).unwrap_or_default();
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(text)
}

fn write_page(workspace: &Workspace, guard: &Guard) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    head(
        &mut text,
        "loom_build_info",
        "gauge",
        "The version of this server.",
    )?;
    writeln!(
        text,
        "loom_build_info{{version=\"{}\"}} 1",
        env!("CARGO_PKG_VERSION")
    )?;
    head(&mut text, "loom_actors", "gauge", "Actors by type and status.")?;
    for series in workspace.directory.by_type_and_status(MAX_SERIES) {
        let (kind, status) = (escaped(&series.kind), escaped(&series.status));
        let count = series.count;
        writeln!(
            text,
            "loom_actors{{actor_type=\"{kind}\",state=\"{status}\"}} {count}"
        )?;
    }
    write_types(&mut text, workspace)?;
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
        head(&mut text, name, kind, help)?;
        writeln!(text, "{name} {value}")?;
    }
    // Of the server as a whole.
    if workspace.name.is_main() {
        let name = "loom_studio_refused_requests_total";
        head(
            &mut text,
            name,
            "counter",
            "Requests refused by host, origin or token.",
        )?;
        writeln!(text, "{name} {}", guard.refused())?;
    }
    write_servers(&mut text, workspace)?;
    Ok(text)
}

/// How this server stands to the others, where there are several.
fn write_servers(text: &mut String, workspace: &Workspace) -> std::fmt::Result {
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
        head(text, name, kind, help)?;
        writeln!(text, "{name} {value}")?;
    }
    Ok(())
}

/// What each type of actor handled. Types beyond so many are left out: they are few, or somebody makes names of ids.
fn write_types(text: &mut String, workspace: &Workspace) -> std::fmt::Result {
    let mut rows = workspace
        .intake
        .traffic()
        .types(workspace.intake.now(), TYPES_WINDOW, Plumbing::Shown);
    rows.truncate(MAX_SERIES);
    type Of = fn(&TypeRow) -> u64;
    let totals: [(&str, &str, &str, Of); 3] = [
        (
            "loom_type_messages_total",
            "counter",
            "Messages handled by actors of a type, those that are gone included.",
            |row| row.handled,
        ),
        (
            "loom_type_errors_total",
            "counter",
            "Panics and reported errors of actors of a type.",
            |row| row.errors,
        ),
        (
            "loom_type_mailbox_depth",
            "gauge",
            "Messages that wait for actors of a type.",
            |row| row.queued,
        ),
    ];
    for (name, kind, help, of) in totals {
        head(text, name, kind, help)?;
        for row in &rows {
            writeln!(
                text,
                "{name}{{actor_type=\"{}\"}} {}",
                escaped(&row.kind),
                of(row)
            )?;
        }
    }
    for (name, help, of) in [
        (
            "loom_type_wait_p95_seconds",
            "What 95 % of the times in the queue did not exceed, in the last minute, where measured.",
            (|row| row.wait_ms) as fn(&TypeRow) -> Option<Percentiles>,
        ),
        (
            "loom_type_handle_p95_seconds",
            "What 95 % of the times from delivery to the end of handling did not exceed, in the last minute, where measured.",
            |row| row.handle_ms,
        ),
    ] {
        head(text, name, "gauge", help)?;
        for row in &rows {
            if let Some(times) = of(row) {
                let (kind, seconds) = (escaped(&row.kind), times.p95 / 1e3);
                writeln!(text, "{name}{{actor_type=\"{kind}\"}} {seconds}")?;
            }
        }
    }
    let lints = workspace.intake.lints().list();
    let name = "loom_lints";
    head(
        text,
        name,
        "gauge",
        "Things that are not as they should be, by rule.",
    )?;
    let mut by_code: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    for lint in &lints {
        *by_code.entry(lint.code).or_default() += 1;
    }
    for (code, count) in by_code {
        writeln!(text, "{name}{{code=\"{code}\"}} {count}")?;
    }
    Ok(())
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) -> std::fmt::Result {
    writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}")
}

fn escaped(label: &str) -> String {
    label
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
