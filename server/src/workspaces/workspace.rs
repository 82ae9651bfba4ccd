//! One workspace: a studio of its own.

use std::sync::Arc;
use std::time::Duration;

use loom_bridge::ActorRegistry;
use loom_protocol::Timestamp;

use super::WorkspaceName;
use crate::collector::Exporter;
use crate::extension::{Extension, StudioHandle, UiSection, WorkReports};
use crate::http::{Guard, SeriesNames};
use crate::live::Sockets;
use crate::otlp::Receiver;
use crate::recording::Recordings;
use crate::replication::Door;
use crate::warnings::Warnings;
use crate::windows::Windows;
use crate::{Directory, Hub, Intake};

/// What all requests about one workspace share.
#[derive(Clone)]
pub struct Workspace {
    /// What it is called.
    pub name: WorkspaceName,
    /// The actors.
    pub directory: Arc<Directory>,
    /// The one way by which reports change what is known.
    pub intake: Arc<Intake>,
    /// Spans that come in.
    pub(crate) otlp: Arc<Receiver>,
    /// Where all of that comes in.
    pub door: Door,
    /// The live side.
    pub hub: Hub,
    /// The sockets that are open.
    pub sockets: Sockets,
    /// The stretches of lists that viewers look at.
    pub(crate) windows: Windows,
    /// Who may talk to us; the same in all workspaces.
    pub guard: Arc<Guard>,
    /// Where the studio's own actors are registered.
    pub registry: ActorRegistry,
    /// What is plugged in.
    pub extensions: Vec<Arc<dyn Extension>>,
    /// The time that a request has to bring its body.
    pub body_within: Duration,
    /// What is warned of.
    pub(crate) warnings: Arc<Warnings>,
    /// Metrics for a collector, where one is named.
    pub(crate) exporter: Option<Arc<Exporter>>,
    /// Names with series of their own for Prometheus.
    pub(crate) series: Arc<SeriesNames>,
    /// What is recorded.
    pub(crate) recordings: Arc<Recordings>,
    /// When the server started.
    pub started: Timestamp,
}

impl Workspace {
    /// Milliseconds since the server started.
    pub(crate) fn uptime(&self) -> u64 {
        self.directory.clock().now().millis_since(self.started)
    }

    /// Looks for what time alone changes, as a running studio does each second.
    pub fn sweep(&self) {
        self.otlp.sweep();
        self.intake.sweep();
        self.warnings.turn(&self.intake);
    }

    /// Sends what is to be sent of warnings now, each message once, and waits for that, as a running studio does each second.
    pub async fn send_warnings(&self) {
        let due = self.warnings.due();
        let sent = due.into_iter().map(|message| self.warnings.send(message));
        futures_util::future::join_all(sent).await;
    }

    /// Sends metrics to the collector, where one is named, and waits for that, as a running studio does now and then.
    pub async fn send_metrics(&self) {
        if let Some(exporter) = &self.exporter {
            exporter.send().await;
        }
    }

    /// Tells those who wait or listen that it ends, so that nobody waits for them.
    pub(crate) fn stopping(&self) {
        for extension in &self.extensions {
            extension.stopping();
        }
        self.hub.close();
        self.directory.orders().polls().close();
    }

    /// Hands every extension what it needs to publish and to report.
    pub(crate) fn attach_extensions(&self) {
        let studio = StudioHandle {
            hub: self.hub.clone(),
            directory: self.directory.clone(),
            wants_token: self.guard.wants_token(),
            work: WorkReports::new(self.warnings.clone()),
        };
        for extension in &self.extensions {
            extension.attach(&studio);
            tracing::debug!(extension = extension.name(), "plugged in");
        }
    }

    pub(crate) fn sections(&self) -> Vec<UiSection> {
        sections(&self.extensions)
    }
}

/// The sections of the page: the studio's own and those plugged in.
pub(crate) fn sections(extensions: &[Arc<dyn Extension>]) -> Vec<UiSection> {
    let own = UiSection {
        id: "actors".to_owned(),
        title: "Actors".to_owned(),
        path: "/actors".to_owned(),
    };
    let plugged = extensions.iter().flat_map(|extension| extension.sections());
    std::iter::once(own).chain(plugged).collect()
}
