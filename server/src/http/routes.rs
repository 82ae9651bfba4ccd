//! The URL tree of the studio itself. What each path does stands beside its handler.
//!
//! Resources are registered by their whole path and never by a scope: a scope answers for everything below it and would
//! hide the routes that extensions add beside.

use actix_web::Route;
use actix_web::guard::{Any, Get, Head};
use actix_web::web::{self, ServiceConfig, delete, get, post, resource};

use super::extract::{MAX_BATCH, json};
use super::{actors, api_v1, health, metrics, openapi, prometheus, report, sections, session, socket};

/// Registers all routes of the studio.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config
        .service(resource("/api/actors").route(read().to(actors::list)))
        .service(resource("/api/actors/type/{type}").route(read().to(actors::list_of_type)))
        .service(resource("/api/v1/actors").route(read().to(api_v1::list)))
        .service(resource("/api/v1/actors/type/{type}").route(read().to(api_v1::list_of_type)))
        .service(resource("/metrics").route(read().to(prometheus::page)))
        .service(resource("/ws").route(get().to(socket::open)));
    for base in ["/api", "/api/v1"] {
        let at = |path: &str| resource(format!("{base}{path}"));
        config
            .service(at("/actors/{id}").route(read().to(actors::one)))
            .service(at("/actor/register").route(post().to(report::register)))
            .service(at("/actor/update").route(post().to(report::update)))
            .service(at("/actor/unregister").route(post().to(report::unregister)))
            .service(
                at("/actor/batch")
                    .app_data(json(MAX_BATCH))
                    .route(post().to(report::batch)),
            )
            .service(at("/metrics").route(read().to(metrics::metrics)))
            .service(at("/health").route(read().to(health::health)))
            .service(
                at("/session")
                    .route(read().to(session::state))
                    .route(post().to(session::sign_in))
                    .route(delete().to(session::sign_out)),
            )
            .service(at("/ui").route(read().to(sections::sections)))
            .service(at("/openapi.json").route(read().to(openapi::serve)));
    }
    config.default_service(web::to(crate::ui::serve));
}

/// `GET`, and `HEAD` for those who only ask whether it is there.
fn read() -> Route {
    web::route().guard(Any(Get()).or(Head()))
}
