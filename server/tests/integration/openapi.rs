//! The description is generated, committed, and true.

use actix_web::http::Method;
use loom_studio::{StudioOptions, openapi_document};

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

#[actix_web::test]
async fn every_described_call_has_a_route() {
    let (services, _) = services(StudioOptions::default());
    let document = serde_json::to_value(openapi_document([])).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut ids = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            ids.push(operation["operationId"].as_str().unwrap().to_owned());
            let method: Method = method.to_uppercase().parse().unwrap();
            let concrete = path.replace(['{', '}'], "");
            let answer = call(&services, method.clone(), &concrete, None, &[]).await;
            let missing = matches!(answer.status, 404 | 405)
                && matches!(answer.problem().1.as_str(), "no_such_path" | "method_not_allowed");
            assert!(!missing, "{method} {path}");
        }
    }
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "operation ids are unique");
    assert!(count > 20, "{count}");
}
