//! The description of the interface, generated from the handlers. Committed as `server/openapi.json`; a test compares.

use actix_web::HttpResponse;
use actix_web::http::Method;
use utoipa::OpenApi;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::schema::{Schema, SchemaType, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use super::formats;
use super::known::Known;
use super::{
    actors, api_v1, asyncapi, events, health, history, journal, lints, map, metrics, orders, otlp, poll,
    prometheus, rates, recording, report, sections, seen, session, socket, traffic, tree,
};
use crate::workspaces::Here;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Loom Studio",
        description = "Shows every actor of a running system, live. Errors are RFC 9457 problems with a stable `code`. Where a token is of \
                       several workspaces, the header `Loom-Workspace` names the one that a request is about; for sockets and links, \
                       which have no headers, also `workspace` in the address. Without it that is the first."
    ),
    paths(
        actors::list,
        actors::list_of_type,
        actors::one,
        api_v1::list,
        api_v1::list_of_type,
        events::open,
        report::register,
        report::update,
        report::unregister,
        report::batch,
        poll::poll,
        otlp::traces,
        orders::message,
        orders::snapshot,
        orders::pause,
        orders::resume,
        orders::step,
        orders::stop,
        orders::kill,
        orders::restart,
        orders::config,
        orders::audit,
        journal::of_actor,
        journal::of_all,
        map::map,
        lints::lints,
        traffic::types,
        traffic::messages,
        traffic::history_of_actor,
        traffic::lately,
        history::history,
        rates::rates,
        recording::state,
        recording::file,
        recording::save,
        recording::saved,
        tree::tree,
        metrics::metrics,
        health::health,
        sections::sections,
        session::state,
        session::sign_in,
        session::sign_out,
        serve,
        asyncapi::serve,
        prometheus::page,
        socket::open,
    ),
    security(("token" = []), ("session" = [])),
    modifiers(&Schemes),
)]
struct Studio;

/// How callers show who they are, where the server wants a token.
struct Schemes;

impl utoipa::Modify for Schemes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        let cookie = ApiKeyValue::with_description(
            "loom_session_9090",
            "set by `POST /api/session`; the name ends with the port that the browser came to",
        );
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}

/// The description of the studio and of the `extensions` plugged into it.
pub fn document(extensions: impl IntoIterator<Item = utoipa::openapi::OpenApi>) -> utoipa::openapi::OpenApi {
    let mut document = Studio::openapi();
    for extension in extensions {
        document.merge(extension);
    }
    add_v1(&mut document);
    add_roles(&mut document);
    name_formats(&mut document);
    seen::describe(&mut document, refusal);
    add_refusals(&mut document);
    document
}

/// The role that each operation needs, as `x-role`; without it an operation is open to everybody.
fn add_roles(document: &mut utoipa::openapi::OpenApi) {
    let routes = super::routes::routes();
    for (path, item) in &mut document.paths.paths {
        let route = routes.iter().find(|route| route.path() == path);
        for (method, operation) in operations(item) {
            if operation.security.is_some() {
                continue;
            }
            let usual = || Known::at(path.as_str()).needed(&method);
            let role = route.map_or_else(usual, |route| route.needed(&method));
            let role = ExtensionsBuilder::new().add("x-role", role.as_str()).build();
            match &mut operation.extensions {
                // Who plugs in may say more than what is usual.
                Some(said) if said.contains_key("x-role") => {}
                Some(said) => said.merge(role),
                none => *none = Some(role),
            }
        }
    }
}

fn name_formats(document: &mut utoipa::openapi::OpenApi) {
    for item in document.paths.paths.values_mut() {
        operations(item).for_each(|(_, operation)| formats::name_of_operation(operation));
    }
    let components = document.components.iter_mut();
    components
        .flat_map(|components| components.schemas.values_mut())
        .for_each(formats::name);
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let all = [
        (Method::GET, &mut item.get),
        (Method::POST, &mut item.post),
        (Method::PUT, &mut item.put),
        (Method::PATCH, &mut item.patch),
        (Method::DELETE, &mut item.delete),
    ];
    all.into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// Whether something in the path has to be a number.
fn has_number_in_path(operation: &Operation) -> bool {
    let is_number = |schema: &RefOr<Schema>| match schema {
        RefOr::T(Schema::Object(object)) => {
            matches!(object.schema_type, SchemaType::Type(Type::Integer | Type::Number))
        }
        _ => false,
    };
    operation
        .parameters
        .iter()
        .flatten()
        .any(|parameter| match parameter {
            RefOr::T(parameter) => {
                parameter.parameter_in == ParameterIn::Path
                    && parameter.schema.as_ref().is_some_and(is_number)
            }
            RefOr::Ref(_) => false,
        })
}

/// What any operation may be answered with before its handler hears of it.
fn add_refusals(document: &mut utoipa::openapi::OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let health = path.ends_with("/health");
        for (_, operation) in operations(item) {
            let mut refusals = Vec::new();
            if !health {
                refusals.push((
                    "403",
                    "asked by a name that is not this server's, by a foreign page, or with a token of too low a role",
                ));
            }
            // An empty list of its own says that it is open to everybody.
            if operation.security.is_none() {
                refusals.push(("401", "this server wants its token shown"));
                refusals.push(("404", "there is no such workspace for this caller"));
                refusals.push(("429", "too many wrong tokens came from this address"));
            }
            if has_number_in_path(operation) {
                refusals.push(("400", "the path has something else where a number has to be"));
            }
            if operation.request_body.is_some() {
                refusals.extend([
                    ("400", "the body can't be read"),
                    ("408", "the body did not come in time"),
                    ("413", "the body is too large"),
                    ("415", "the body is no plain JSON, or does not say so"),
                ]);
            }
            for (status, why) in refusals {
                let responses = &mut operation.responses.responses;
                if !responses.contains_key(status) {
                    responses.insert(status.to_owned(), refusal(why).into());
                }
            }
        }
    }
}

fn refusal(why: &str) -> Response {
    let problem = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .build();
    ResponseBuilder::new()
        .description(why)
        .content("application/problem+json", problem)
        .build()
}

/// This description.
#[utoipa::path(
    get, path = "/api/openapi.json", tag = "studio",
    responses((status = 200, description = "OpenAPI 3.1", body = Object)),
)]
pub(super) async fn serve(workspace: Here) -> HttpResponse {
    let extensions = workspace.extensions.iter();
    HttpResponse::Ok().json(document(extensions.filter_map(|extension| extension.openapi())))
}

/// `/api/v1` has all that `/api` has, some of it in a form of its own, which is described already.
fn add_v1(document: &mut utoipa::openapi::OpenApi) {
    let shared: Vec<_> = document
        .paths
        .paths
        .iter()
        .filter_map(|(path, item)| {
            let rest = path.strip_prefix("/api/")?;
            let same = format!("/api/v1/{rest}");
            let own = rest.starts_with("v1/") || document.paths.paths.contains_key(&same);
            (!own).then(|| (same, item.clone()))
        })
        .collect();
    for (path, mut item) in shared {
        for operation in [&mut item.get, &mut item.post, &mut item.delete]
            .into_iter()
            .flatten()
        {
            as_v1(operation);
        }
        document.paths.paths.insert(path, item);
    }
}

fn as_v1(operation: &mut Operation) {
    operation.tags = Some(vec!["v1".to_owned()]);
    if let Some(id) = &mut operation.operation_id {
        id.insert_str(0, "v1_");
    }
}
