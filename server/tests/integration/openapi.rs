//! The description is generated, committed, and true.

use std::collections::BTreeSet;

use actix_web::http::Method;
use loom_studio::{StudioOptions, openapi_document, studio_routes};

use crate::support::{call, services};

#[test]
fn the_committed_description_is_the_generated_one() {
    let generated = openapi_document([]).to_pretty_json().unwrap() + "\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    if std::env::var_os("LOOM_UPDATE_OPENAPI").is_some() {
        std::fs::write(path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        generated == committed,
        "server/openapi.json is not what the handlers say; run `LOOM_UPDATE_OPENAPI=1 cargo test -p loom-studio openapi` \
         and commit it"
    );
}

#[test]
fn the_description_has_every_route_and_no_other() {
    let document = serde_json::to_value(openapi_document([])).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut described = BTreeSet::new();
    let mut ids = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            ids.push(operation["operationId"].as_str().unwrap().to_owned());
            described.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let routes: BTreeSet<String> = studio_routes()
        .iter()
        .flat_map(|route| {
            // Whoever describes GET describes HEAD.
            let methods = route.methods().iter().filter(|method| *method != Method::HEAD);
            methods.map(|method| format!("{method} {}", route.path()))
        })
        .collect();
    assert_eq!(described, routes);
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "operation ids are unique");
}

#[test]
fn the_description_tells_every_status_and_bound() {
    let document = serde_json::to_value(openapi_document([])).unwrap();
    let text = document.to_string();
    assert!(
        text.contains(r#""format":"uint64""#) && !text.contains("u-int"),
        "formats have their usual names"
    );
    let statuses = |path: &str, method: &str| -> BTreeSet<String> {
        let responses = document["paths"][path][method]["responses"].as_object().unwrap();
        responses.keys().cloned().collect()
    };
    for path in ["register", "update", "unregister", "batch"] {
        let documented = statuses(&format!("/api/actor/{path}"), "post");
        for status in ["400", "401", "403", "408", "409", "413", "415", "429"] {
            assert!(documented.contains(status), "{path}: {status}");
        }
    }
    assert!(statuses("/api/v1/actors", "get").contains("401"));
    assert_eq!(statuses("/api/health", "get"), BTreeSet::from(["200".to_owned()]));
    let parameters = document["paths"]["/api/actors"]["get"]["parameters"]
        .as_array()
        .unwrap();
    let limit = parameters
        .iter()
        .find(|parameter| parameter["name"] == "limit")
        .unwrap();
    assert_eq!(limit["schema"]["minimum"], 1, "{limit}");
}

#[actix_web::test]
async fn a_known_path_names_its_methods_to_those_who_try_another() {
    let (services, _) = services(StudioOptions::default());
    for (method, path, known) in [
        (Method::DELETE, "/api/actors", "GET, HEAD"),
        (Method::GET, "/api/actor/register", "POST"),
        (Method::PUT, "/api/v1/session", "GET, HEAD, POST, DELETE"),
        (Method::POST, "/ws", "GET, HEAD"),
        (Method::OPTIONS, "/api/actors/one", "GET, HEAD"),
    ] {
        let answer = call(&services, method.clone(), path, None, &[]).await;
        assert_eq!(
            answer.problem(),
            (405, "method_not_allowed".into()),
            "{method} {path}"
        );
        assert_eq!(answer.header("allow"), Some(known), "{method} {path}");
    }
}
