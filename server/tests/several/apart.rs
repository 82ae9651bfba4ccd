//! Two workspaces with actors of the same names, and all that can be asked of a studio.

use actix_web::http::Method;
use loom_studio::Role;
use serde_json::{Value, json};

use crate::support::Tokens;

/// A workspace as its people see it.
pub(crate) struct Side {
    pub(crate) bearer: String,
    /// What all of its names have in them, and nothing of the other's.
    pub(crate) mark: &'static str,
    /// An actor that the other has not.
    pub(crate) own: &'static str,
}

pub(crate) const SHARED: &str = "same/name";

pub(crate) fn sides(tokens: &Tokens, role: Role) -> [Side; 2] {
    [("alpha7", "only-here"), ("bravo7", "only-there")].map(|(mark, own)| Side {
        bearer: tokens.add(mark, role, &[&format!("team-{mark}")]),
        mark,
        own,
    })
}

/// What a process of this side reports: of everything that can be.
pub(crate) fn batch(side: &Side, seq: u64) -> Value {
    let mark = side.mark;
    let record = |id: &str| {
        json!({"id": id, "type": format!("T{mark}"), "status": format!("s-{mark}"), "workerId": format!("w-{mark}"),
            "node": format!("n-{mark}"), "metadata": {"k": mark}, "messageCount": 3,
            "controls": {"orders": ["message", "pause", "snapshot"]}})
    };
    let others = if mark == "alpha7" { 1 } else { 4 };
    let mut register = vec![record(SHARED), record(side.own)];
    register.extend((0..others).map(|number| record(&format!("more-{number}-{mark}"))));
    json!({"boot": "boot", "seq": seq, "source": {"app": format!("app-{mark}"), "node": format!("n-{mark}"), "boot": "boot"},
        "register": register, "events": [
            {"actor": SHARED, "kind": "error", "message": format!("m-{mark}"), "correlationId": "chain"},
            {"actor": side.own, "kind": "log", "message": format!("l-{mark}"), "correlationId": format!("c-{mark}")}]})
}

/// What is asked: a method, a path, and what is posted.
pub(crate) type Question = (Method, String, Option<Value>);

/// All that can be read, and asked by posting, with every name that is known on either side.
pub(crate) fn questions(document: &Value, sides: &[Side; 2]) -> Vec<Question> {
    let mut all = vec![(Method::GET, "/ws".to_owned(), None)];
    for (path, item) in document["paths"].as_object().unwrap() {
        let has_name = path.contains('{');
        let names = [SHARED, sides[0].own, sides[1].own, "nobody"].map(|id| id.replace('/', "%2F"));
        for name in names.iter().take(if has_name { 4 } else { 1 }) {
            let filled: Vec<&str> = path
                .split('/')
                .map(|part| {
                    if part.starts_with('{') {
                        name.as_str()
                    } else {
                        part
                    }
                })
                .collect();
            let path = filled.join("/");
            if item.get("get").is_some() {
                all.push((Method::GET, path.clone(), None));
                for query in [
                    "limit=1",
                    "q=7",
                    "sort=-messageCount",
                    "filter=state:failed",
                    "correlation=chain",
                    "window=60",
                    "by=type",
                    "by=actor&metric=queue",
                    "metric=rate",
                    "group=type",
                    "kind=error",
                    "at=1765596838077",
                    "actor=same%2Fname",
                ] {
                    all.push((Method::GET, format!("{path}?{query}"), None));
                }
            }
            if item.get("post").is_some() {
                for body in [
                    json!({}),
                    json!({"id": name, "type": "Intruder"}),
                    json!({"id": name, "status": "taken"}),
                    json!({"boot": "boot", "seq": 90, "unregister": [SHARED, sides[1].own, sides[0].own]}),
                    json!({"boot": "boot", "wait": 0}),
                    json!({"wait": 0}),
                    json!({"wait": 0, "message": "M", "body": 1}),
                    json!({"actors": [SHARED, sides[0].own, sides[1].own], "ids": [SHARED], "window": 60}),
                    json!({"open": [SHARED], "limit": 10}),
                    json!({"resourceSpans": [{"resource": {"attributes": [{"key": "service.name",
                        "value": {"stringValue": "svc"}}]}, "scopeSpans": [{"spans": [{"traceId":
                        "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "x process", "kind": 5,
                        "startTimeUnixNano": "1765596838000000000", "endTimeUnixNano": "1765596838001000000",
                        "attributes": [{"key": "messaging.system", "value": {"stringValue": "kafka"}},
                            {"key": "messaging.destination.name", "value": {"stringValue": SHARED}},
                            {"key": "messaging.operation.type", "value": {"stringValue": "process"}}]}]}]}]}),
                ] {
                    all.push((Method::POST, path.clone(), Some(body)));
                }
            }
        }
    }
    // What is posted may take away what there is to be read.
    all.sort_by_key(|(method, ..)| *method != Method::GET);
    all
}

/// Whether a mark stands anywhere in it.
pub(crate) fn found(body: &[u8], mark: &str) -> bool {
    body.windows(mark.len()).any(|part| part == mark.as_bytes())
}
