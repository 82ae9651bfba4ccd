//! The description of the runtime's routes, merged into `/api/openapi.json`.

use utoipa::OpenApi;

use super::{jobs, pauses, reruns, runs, status, texts, workflows};
use crate::serve::phoenix;

#[derive(OpenApi)]
#[openapi(paths(
    status::status,
    workflows::list,
    workflows::list_v1,
    workflows::start,
    workflows::stop,
    texts::source,
    texts::check,
    jobs::logs,
    jobs::logs_v1,
    runs::list,
    runs::list_v1,
    runs::show,
    runs::cancel,
    pauses::answer,
    reruns::rerun,
    runs::logs,
    runs::attempt,
    phoenix::open,
))]
struct Runtime;

/// The description. What `/api/v1` answers as `/api` does is added by the studio.
pub(in crate::serve) fn document() -> utoipa::openapi::OpenApi {
    Runtime::openapi()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use loom_studio::{openapi_document, studio_routes};

    #[test]
    fn the_description_has_every_route_and_no_other() {
        let document = serde_json::to_value(openapi_document([super::document()])).unwrap();
        let mut described = BTreeSet::new();
        let mut ids = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let id = operation["operationId"].as_str().unwrap().to_owned();
                assert!(ids.insert(id), "operation ids are unique: {operation}");
                described.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
        let mut routes = BTreeSet::new();
        for route in studio_routes().iter().chain(&super::super::routes()) {
            // Whoever describes GET describes HEAD.
            for method in route.methods().iter().filter(|method| method.as_str() != "HEAD") {
                routes.insert(format!("{method} {}", route.path()));
            }
        }
        assert_eq!(described, routes);
    }
}
