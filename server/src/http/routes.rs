//! The URL tree of the studio itself. What each path does stands beside its handler.
//!
//! Resources are registered by their whole path and never by a scope: a scope answers for everything below it and would
//! hide the routes that extensions add beside.

use actix_web::dev::ResourceDef;
use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};

use super::known::Known;
use super::{
    actors, api_v1, asyncapi, events, health, history, journal, lints, map, metrics, openapi, orders, otlp,
    poll, prometheus, rates, recording, report, sections, session, socket, traffic, tree,
};
use crate::access::Role;

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
        Known::at(events::PATH).get(events::open),
        Known::at("/metrics").get(prometheus::page),
        Known::at("/v1/traces").needs(Role::Report).post(otlp::traces),
        Known::at("/ws").get(socket::open),
    ];
    for base in ["/api", "/api/v1"] {
        let at = |path: &str| Known::at(format!("{base}{path}"));
        routes.extend([
            at("/actors/{id}").get(actors::one),
            at("/actors/{id}/messages").get(traffic::messages),
            at("/actors/{id}/history").get(traffic::history_of_actor),
            at("/types").get(traffic::types),
            at("/traffic").get(traffic::lately),
            at("/history").get(history::history),
            at("/rates").needs(Role::View).post(rates::rates),
            at("/tree").needs(Role::View).post(tree::tree),
            at("/map").get(map::map),
            at("/recording").get(recording::state),
            at("/recording/file").get(recording::file),
            at("/recording/saved").post(recording::save),
            at("/recording/saved/{name}").get(recording::saved),
            at("/lints").get(lints::lints),
            at("/actor/register").needs(Role::Report).post(report::register),
            at("/actor/update").needs(Role::Report).post(report::update),
            at("/actor/unregister")
                .needs(Role::Report)
                .post(report::unregister),
            at("/actor/batch").needs(Role::Report).post(report::batch),
            at("/actor/poll").needs(Role::Report).post(poll::poll),
            at("/journal").get(journal::of_all),
            at("/journal/{id}").get(journal::of_actor),
            at("/metrics").get(metrics::metrics),
            at("/health").get(health::health),
            at("/session")
                .get(session::state)
                .post(session::sign_in)
                .delete(session::sign_out),
            at("/ui").get(sections::sections),
            at("/openapi.json").get(openapi::serve),
            at("/asyncapi.json").get(asyncapi::serve),
        ]);
        routes.extend(orders::routes(base));
    }
    routes
}

/// The paths that may be posted to by those who may do no more than report, or than look: questions that are too long for an
/// address.
pub(super) fn eased() -> Vec<(String, Role)> {
    let routes = routes().into_iter();
    routes
        .map(|route| (route.path().to_owned(), route.needed(&Method::POST)))
        .filter(|(_, role)| matches!(role, Role::Report | Role::View))
        .collect()
}

/// The patterns of all routes of the studio.
pub(super) fn own() -> Vec<ResourceDef> {
    let routes = routes().into_iter();
    routes.map(|route| ResourceDef::new(route.path())).collect()
}

/// The patterns of those that need more than what is usual.
pub(super) fn raised() -> Vec<(ResourceDef, Role)> {
    let routes = routes().into_iter();
    routes
        .filter(|route| !Role::Operate.includes(route.needed(&Method::POST)))
        .map(|route| (ResourceDef::new(route.path()), route.needed(&Method::POST)))
        .collect()
}
