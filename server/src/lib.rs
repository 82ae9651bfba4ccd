//! The studio server: shows every actor of a running system, live.
//!
//! Owns the directory of actors, the live hub, the REST and WebSocket interface and the embedded page. Knows no workflow, no
//! job, no step: products plug in through [`Extension`]. See `directory` for what is known of actors, `live` for the contract of
//! a live connection, `ingest` for the one way in, `http` for the routes and the guard before them.
//!
//! ```no_run
//! # async fn start() -> Result<(), loom_studio::StartError> {
//! let studio = loom_studio::Studio::builder(loom_studio::StudioOptions::default()).start().await?;
//! println!("open {}", studio.url());
//! studio.stop().await;
//! # Ok(())
//! # }
//! ```

mod access;
mod app;
mod certificate;
mod chain;
mod clock;
mod collector;
pub mod directory;
mod extension;
mod http;
pub mod ingest;
mod journal;
mod lints;
mod listen;
pub mod live;
mod logging;
mod memory;
mod options;
mod orders;
mod otlp;
mod places;
mod recording;
pub mod replication;
mod secret;
mod sessions;
mod studio;
mod traffic;
mod tries;
pub mod ui;
mod warnings;
mod windows;
mod workspaces;

pub use access::{Caller, NamedToken, Role, TokenFile, TokenFileError, TokenWorkspaces, UnknownRole};
pub use app::{Services, create_app};
pub use certificate::CertificateError;
pub use clock::{Clock, SystemClock};
pub use collector::{CollectorHeaders, CollectorOptions, CollectorUrl, InvalidCollector};
pub use directory::{Directory, DirectoryOptions};
pub use extension::{Extension, StudioHandle, UiSection, WorkReports};
pub use http::{
    ApiError, ApiResult, Guard, InvalidOrigin, Known, LONG_POLL, LONG_POLL_SESSION, Origin,
    asyncapi_document, document as openapi_document, link_to_next, routes as studio_routes,
};
pub use ingest::Intake;
pub use live::{
    Admission, Cursor, Draft, Hub, LiveChannel, LiveDescription, MessageType, Pulse, Sockets, Subscription,
    bounded_frames, close_reason,
};
pub use logging::log_filter;
pub use options::{DEFAULT_PORT, RecorderOptions, StudioOptions, TlsFiles, Token};
pub use recording::RecordingError;
pub use replication::{Door, MemoryLog};
pub use studio::{RunningStudio, StartError, Studio, StudioBuilder};
pub use warnings::{WorkOutcome, WorkResult};
pub use workspaces::{InvalidWorkspace, Workspace, WorkspaceName};
