//! The application: one factory for the server and for tests.

use std::sync::Arc;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::{App, Error, web};
use loom_bridge::ActorRegistry;
use loom_protocol::Timestamp;

use crate::extension::{Extension, StudioHandle, UiSection, WorkReports};
use crate::http::{self, Guard};
use crate::live::Sockets;
use crate::otlp::Receiver;
use crate::recording::Recordings;
use crate::replication::Door;
use crate::warnings::Warnings;
use crate::windows::Windows;
use crate::{Directory, Hub, Intake};

/// What all requests share.
#[derive(Clone)]
pub struct Services {
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
    /// Who may talk to us.
    pub guard: Arc<Guard>,
    /// Where the studio's own actors are registered.
    pub registry: ActorRegistry,
    /// What is plugged in.
    pub extensions: Vec<Arc<dyn Extension>>,
    /// The time that a request has to bring its body.
    pub body_within: Duration,
    /// What is warned of.
    pub(crate) warnings: Arc<Warnings>,
    /// What is recorded.
    pub(crate) recordings: Arc<Recordings>,
    /// When the server started.
    pub started: Timestamp,
}

impl Services {
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

/// The whole application, as it runs on each serving thread.
pub fn create_app(
    services: &Services,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    let extensions = services.extensions.clone();
    App::new()
        .app_data(web::Data::from(services.directory.clone()))
        .app_data(web::Data::from(services.intake.clone()))
        .app_data(web::Data::new(services.door.clone()))
        .app_data(web::Data::from(services.guard.clone()))
        .app_data(web::Data::new(services.hub.clone()))
        .app_data(web::Data::new(services.sockets.clone()))
        .app_data(web::Data::new(services.clone()))
        .configure(http::configure_extractors)
        // Before the studio's own, whose last word is the page for every path that nobody claimed.
        .configure(|config| {
            for extension in &extensions {
                extension.configure(config);
            }
        })
        .configure(http::configure)
        // The last one added runs first: headers go on refusals too, and nothing runs before the guard.
        .wrap(from_fn(http::guard))
        .wrap(
            DefaultHeaders::new()
                .add(("X-Content-Type-Options", "nosniff"))
                .add(("Referrer-Policy", "no-referrer"))
                // No other site may take an answer as its script, image or style.
                .add(("Cross-Origin-Resource-Policy", "same-origin"))
                .add(("Cache-Control", "no-store")),
        )
}
