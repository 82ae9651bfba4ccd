//! The studio over HTTP: the URL tree, one file per resource, and the guard before all of them.

mod actors;
pub(crate) mod api_v1;
mod error;
mod events;
mod extract;
mod guard;
mod health;
mod hurry;
mod known;
mod metrics;
mod openapi;
mod origin;
mod params;
mod prometheus;
mod records;
mod report;
mod routes;
mod sections;
mod session;
mod shown;
mod socket;
mod unanswered;

pub use error::{ApiError, ApiResult};
pub(crate) use extract::configure_extractors;
pub use guard::Guard;
pub(crate) use guard::guard;
pub(crate) use hurry::hurry;
pub use known::Known;
pub use openapi::document;
pub use origin::{InvalidOrigin, Origin};
pub use params::link_to_next;
pub(crate) use routes::configure;
pub use routes::routes;
pub(crate) use session::session_of;
pub(crate) use unanswered::name_the_unanswered;
