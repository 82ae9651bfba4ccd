//! What the description says of each route holds: requests are made from it, right ones and broken ones, and every answer is one
//! that is described.

use actix_web::http::Method;
use loom_studio::{Services, StudioOptions, openapi_document};
use serde_json::{Map, Value, json};

use crate::support::{Answer, call, post, services};

/// One way to call something, as the description has it.
struct Operation {
    path: String,
    method: Method,
    said: Value,
}

fn operations(document: &Value) -> Vec<Operation> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, said) in item.as_object().unwrap() {
            all.push(Operation {
                path: path.clone(),
                method: method.to_uppercase().parse().unwrap(),
                said: said.clone(),
            });
        }
    }
    all
}

impl Operation {
    /// The addresses that it can be asked at: with an actor that is there, with one that is not, and each parameter right, wrong
    /// and empty.
    fn addresses(&self, document: &Value) -> Vec<String> {
        let parameters = self.said["parameters"].as_array().cloned().unwrap_or_default();
        let of = |place: &str| -> Vec<Value> {
            let here = parameters.iter().filter(|parameter| parameter["in"] == place);
            here.cloned().collect()
        };
        let mut paths = vec![self.path.clone()];
        for parameter in of("path") {
            let hole = format!("{{{}}}", parameter["name"].as_str().unwrap());
            paths = ["a", "nobody", "%2F%20%C3%A4", "x%00y"]
                .iter()
                .flat_map(|value| paths.iter().map(|path| path.replace(&hole, value)))
                .collect();
        }
        let known = paths[0].clone();
        paths.push(format!("{known}?no_such_parameter=1"));
        for parameter in of("query") {
            let name = parameter["name"].as_str().unwrap();
            let right = text(&example(&parameter["schema"], document));
            for value in [
                right.as_str(),
                "",
                "-1",
                "99999999999999999999",
                "%FF",
                "a%22%20OR:1",
                "%F0%9F%92%A5",
            ] {
                paths.push(format!("{known}?{name}={value}"));
            }
        }
        paths
    }

    fn has_body(&self) -> bool {
        self.said.get("requestBody").is_some()
    }

    /// What an answer has to be.
    fn check(&self, address: &str, body: Option<&Value>, answer: &Answer) {
        let what = format!(
            "{} {address} with {body:?}: {} {}",
            self.method,
            answer.status,
            // A file is no text.
            String::from_utf8_lossy(&answer.body)
        );
        let responses = self.said["responses"].as_object().unwrap();
        assert!(
            responses.contains_key(&answer.status.to_string()),
            "not described: {what}"
        );
        assert!(answer.status < 500, "{what}");
        if answer.status >= 400 {
            answer.problem();
            assert!(!answer.text().contains("Some("), "no sentence: {what}");
        }
    }
}

/// A value that a schema allows: all that has to be there, and no more.
fn example(schema: &Value, document: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        let pointer = name.trim_start_matches('#');
        return example(document.pointer(pointer).unwrap(), document);
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        if let Some(choices) = schema[several].as_array() {
            let choice = choices.iter().find(|choice| choice["type"] != "null").unwrap();
            return example(choice, document);
        }
    }
    if let Some(first) = schema["enum"].as_array().and_then(|words| words.first()) {
        return first.clone();
    }
    let kinds = schema["type"]
        .as_array()
        .cloned()
        .unwrap_or_else(|| vec![schema["type"].clone()]);
    let kind = kinds.iter().find(|kind| **kind != "null").and_then(Value::as_str);
    match kind {
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(true),
        Some("array") => json!([]),
        Some("string") if schema["format"] == "date-time" => json!("2025-12-13T03:33:58.077Z"),
        Some("string") => json!("id"),
        _ => {
            let mut object = Map::new();
            for name in schema["required"].as_array().into_iter().flatten() {
                let name = name.as_str().unwrap();
                object.insert(name.to_owned(), example(&schema["properties"][name], document));
            }
            Value::Object(object)
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Bodies that are right, as far as a description can say, and then others.
fn bodies(operation: &Operation, document: &Value) -> Vec<Value> {
    let schema = &operation.said["requestBody"]["content"]["application/json"]["schema"];
    let right = example(schema, document);
    let mut bodies = vec![
        right.clone(),
        Value::Null,
        json!([]),
        json!("text"),
        json!(-1),
        json!({}),
        json!({"no":"such"}),
    ];
    for name in right.as_object().into_iter().flat_map(Map::keys) {
        for wrong in [
            Value::Null,
            json!([[]]),
            json!({"a":1}),
            json!(1.5),
            json!(-1),
            json!(""),
            json!("\u{0}"),
            json!("x".repeat(5_000)),
        ] {
            let mut body = right.clone();
            body[name] = wrong;
            bodies.push(body);
        }
    }
    bodies
}

async fn ask(
    services: &Services,
    operation: &Operation,
    address: &str,
    body: Option<&Value>,
    headers: &[(&str, &str)],
) -> Answer {
    let length = body.map_or(0, |body| body.to_string().len()).to_string();
    let mut all = vec![("content-length", length.as_str())];
    all.extend(headers);
    let headers = if body.is_some() { all.as_slice() } else { headers };
    call(services, operation.method.clone(), address, body, headers).await
}

/// Paths that hold a request until there is something to tell.
fn waits(path: &str) -> bool {
    path.ends_with("/actor/poll") || path.ends_with("/events") || path == "/ws"
}

#[actix_web::test]
async fn every_answer_is_one_that_is_described() {
    let document = serde_json::to_value(openapi_document([])).unwrap();
    let (services, _) = services(StudioOptions::default());
    let mut asked = 0;
    for operation in operations(&document)
        .iter()
        .filter(|operation| !waits(&operation.path))
    {
        for address in operation.addresses(&document) {
            post(&services, "/api/actor/register", json!({"id":"a","type":"T"})).await;
            let mut some: Vec<Option<Value>> = vec![None];
            if operation.has_body() {
                some = bodies(operation, &document).into_iter().map(Some).collect();
            }
            for body in some {
                let answer = ask(&services, operation, &address, body.as_ref(), &[]).await;
                operation.check(&address, body.as_ref(), &answer);
                asked += 1;
            }
        }
        if operation.has_body() {
            let address = operation.path.replace("{id}", "a");
            for (kind, encoding) in [("text/plain", "identity"), ("application/json", "gzip")] {
                let headers = [("content-type", kind), ("content-encoding", encoding)];
                let body = json!("not what is wanted");
                let answer = ask(&services, operation, &address, Some(&body), &headers).await;
                operation.check(&address, Some(&body), &answer);
                assert!(
                    [400, 415].contains(&answer.status),
                    "{address}, {kind}: {}",
                    answer.text()
                );
            }
        }
    }
    assert!(asked > 500, "{asked}");
}

#[actix_web::test]
async fn what_the_description_allows_is_taken() {
    let document = serde_json::to_value(openapi_document([])).unwrap();
    let (services, _) = services(StudioOptions::default());
    for operation in operations(&document)
        .iter()
        .filter(|operation| !waits(&operation.path))
    {
        post(&services, "/api/actor/register", json!({"id":"a","type":"T"})).await;
        let address = operation.path.replace("{id}", "a").replace("{type}", "T");
        let body = operation
            .has_body()
            .then(|| bodies(operation, &document).remove(0));
        let answer = ask(&services, operation, &address, body.as_ref(), &[]).await;
        // Of what is only there after something happened, or has to be given more than a schema can say.
        let may_refuse = [
            "/message",
            "/config",
            "/update",
            "/journal/{id}",
            "/saved/{name}",
            "/rules/{id}",
            "/channels",
            "/channels/{id}",
            "/channels/{id}/test",
            "/silences",
            "/silences/{id}",
        ];
        let may_refuse = may_refuse.iter().any(|end| operation.path.ends_with(end));
        // An actor that allows nothing refuses all orders.
        let fine = answer.status < 300 || answer.status == 409 || (may_refuse && answer.status < 500);
        assert!(
            fine,
            "{} {address} with {body:?}: {} {}",
            operation.method,
            answer.status,
            answer.text()
        );
    }
    for order in ["pause", "resume", "step", "stop", "kill", "restart", "snapshot"] {
        let path = format!("/api/actors/a/{order}");
        let length = [("content-length", "4")];
        let answer = call(&services, Method::POST, &path, Some(&Value::Null), &length).await;
        assert_eq!(
            answer.problem().0,
            409,
            "{order}: an empty body may be written as null"
        );
    }
}
