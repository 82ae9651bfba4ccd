//! The description of the runtime's routes, merged into `/api/openapi.json`.

use utoipa::OpenApi;

use super::{jobs, pauses, raw, reruns, runs, search, status, texts, workflows};
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
    raw::raw,
    search::of_run,
    search::of_all,
    phoenix::open,
    phoenix::poll,
    phoenix::send,
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

    #[test]
    fn numbers_are_told_as_they_are_and_what_is_none_is_answered_as_told() {
        let document = serde_json::to_value(openapi_document([super::document()])).unwrap();
        let attempt = &document["paths"]["/api/runs/{id}/jobs/{job}/attempts/{attempt}"]["get"];
        assert!(attempt["responses"]["400"].is_object(), "{attempt}");
        let logs = &document["paths"]["/api/runs/{id}/jobs/{job}/logs"]["get"];
        let parameter = |name: &str| {
            let all = logs["parameters"].as_array().unwrap().iter();
            let mut found = all.filter(|parameter| parameter["name"] == name);
            found.next().unwrap()["schema"].clone()
        };
        assert_eq!(parameter("from")["format"], "uint64");
        let limit = parameter("limit");
        assert_eq!(
            (limit["minimum"].as_u64(), limit["maximum"].as_u64()),
            (Some(1), Some(10_000))
        );
    }

    #[test]
    fn an_answer_that_names_a_run_is_told_as_that() {
        let document = serde_json::to_value(openapi_document([super::document()])).unwrap();
        let start = &document["paths"]["/api/workflows/{name}/start"]["post"];
        let answer = &start["responses"]["202"]["content"]["application/json"]["schema"]["$ref"];
        let name = answer.as_str().unwrap().rsplit('/').next().unwrap();
        let schema = &document["components"]["schemas"][name];
        assert!(schema["properties"]["runId"].is_object(), "{schema}");
    }
}
