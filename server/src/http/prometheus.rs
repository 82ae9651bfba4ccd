//! `GET /metrics`: numbers for Prometheus, in its text format. Never an actor's id as a label, and few labels at all.

use std::fmt::Write;

use actix_web::{HttpResponse, web};

use super::guard::Guard;
use crate::app::Services;

/// Combinations of type and status at most; the rest counts as `other`.
const MAX_SERIES: usize = 500;

/// The metrics page.
#[utoipa::path(
    get, path = "/metrics", tag = "studio",
    responses((status = 200, description = "Prometheus text", body = String, content_type = "text/plain")),
)]
pub(super) async fn page(services: web::Data<Services>, guard: web::Data<Guard>) -> HttpResponse {
    let text = write_page(&services, &guard).unwrap_or_default();
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(text)
}

fn write_page(services: &Services, guard: &Guard) -> Result<String, std::fmt::Error> {
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
    for series in services.directory.by_type_and_status(MAX_SERIES) {
        let (kind, status) = (escaped(&series.kind), escaped(&series.status));
        let count = series.count;
        writeln!(
            text,
            "loom_actors{{actor_type=\"{kind}\",state=\"{status}\"}} {count}"
        )?;
    }
    let queues = services.directory.metrics().message_queues;
    let live = services.hub.stats();
    let seconds = services.uptime() / 1000;
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
            "loom_studio_refused_requests_total",
            "counter",
            "Requests refused by host, origin or token.",
            guard.refused(),
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
    Ok(text)
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
