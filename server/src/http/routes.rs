//! The URL tree of the studio itself. What each path does stands beside its handler.
//!
//! Resources are registered by their whole path and never by a scope: a scope answers for everything below it and would
//! hide the routes that extensions add beside.

use actix_web::web::{self, ServiceConfig};

use super::known::Known;
use super::{
    actors, api_v1, health, journal, lints, map, metrics, openapi, prometheus, report, sections, session,
    socket, traffic,
};

/// Registers all routes of the studio.
pub(crate) fn configure(config: &mut ServiceConfig) {
    for route in routes() {
        route.register(config);
    }
    config.default_service(web::to(crate::ui::serve));
}

/// All routes of the studio.
pub fn routes() -> Vec<Known> {
    let mut routes = vec![
        Known::at("/api/actors").get(actors::list),
        Known::at("/api/actors/type/{type}").get(actors::list_of_type),
        Known::at("/api/v1/actors").get(api_v1::list),
        Known::at("/api/v1/actors/type/{type}").get(api_v1::list_of_type),
        Known::at("/metrics").get(prometheus::page),
        Known::at("/ws").get(socket::open),
    ];
    for base in ["/api", "/api/v1"] {
        let at = |path: &str| Known::at(format!("{base}{path}"));
        routes.extend([
            at("/actors/{id}").get(actors::one),
            at("/actors/{id}/messages").get(traffic::messages),
            at("/actors/{id}/history").get(traffic::history_of_actor),
            at("/types").get(traffic::types),
            at("/history").get(traffic::history),
            at("/map").get(map::map),
            at("/lints").get(lints::lints),
            at("/actor/register").post(report::register),
            at("/actor/update").post(report::update),
            at("/actor/unregister").post(report::unregister),
            at("/actor/batch").post(report::batch),
            at("/journal").get(journal::of_chain),
            at("/journal/{id}").get(journal::of_actor),
            at("/events").get(journal::events),
            at("/metrics").get(metrics::metrics),
            at("/health").get(health::health),
            at("/session")
                .get(session::state)
                .post(session::sign_in)
                .delete(session::sign_out),
            at("/ui").get(sections::sections),
            at("/openapi.json").get(openapi::serve),
        ]);
    }
    routes
}
