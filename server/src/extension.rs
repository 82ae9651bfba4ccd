//! The extension point: how a product adds its routes, live topics, health and pages to a studio that knows nothing of it.

use std::sync::Arc;

use actix_web::web::ServiceConfig;
use loom_protocol::PartHealth;
use serde::Serialize;
use utoipa::ToSchema;

use crate::live::LiveDescription;
use crate::{Directory, Hub};

/// A product that is plugged into a studio server.
///
/// Its routes stand behind the same guard, body limits and error answers as the studio's own. They must be registered by
/// their whole path (best as [`crate::Known`], which names its methods to those who try another), below `/api` or
/// `/socket`; never as a scope of `/api`, which would hide the studio's routes. Handlers return [`crate::ApiError`] for
/// problems.
pub trait Extension: Send + Sync {
    /// Its name, for the log.
    fn name(&self) -> &str;

    /// Registers its routes and data. Called once per serving thread, so what they share is made before.
    fn configure(&self, config: &mut ServiceConfig);

    /// The description of its routes, merged into `/api/openapi.json`.
    fn openapi(&self) -> Option<utoipa::openapi::OpenApi> {
        None
    }

    /// The description of what it sends and takes over sockets, merged into `/api/asyncapi.json`.
    fn live(&self) -> LiveDescription {
        LiveDescription::default()
    }

    /// Its parts for `/api/health`, by name. Shown to everybody, so no secret may be in it. Must not wait.
    fn health(&self) -> Vec<(String, PartHealth)> {
        Vec::new()
    }

    /// What it adds to the page. The page is served at each section's path and below.
    fn sections(&self) -> Vec<UiSection> {
        Vec::new()
    }

    /// Called once, before the server listens: keep what is needed to publish frames or to report actors.
    fn attach(&self, studio: &StudioHandle) {
        let _unused = studio;
    }

    /// Called once when the server is about to stop: close long connections now, for they are waited for.
    fn stopping(&self) {}
}

/// A part of the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UiSection {
    /// Its stable name.
    pub id: String,
    /// Its title, as shown.
    pub title: String,
    /// Its path in the page, e.g. `/actors`.
    pub path: String,
}

/// What a studio offers to what is plugged into it.
#[derive(Clone)]
pub struct StudioHandle {
    /// Publishes live frames.
    pub hub: Hub,
    /// Takes and lists actors.
    pub directory: Arc<Directory>,
    /// Whether callers must show a token.
    pub wants_token: bool,
}
