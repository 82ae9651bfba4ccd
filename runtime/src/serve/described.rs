//! What the runtime sends and takes over sockets, for `/api/asyncapi.json`.

use loom_studio::{LiveChannel, LiveDescription, MessageType};
use serde_json::{Value, json};

/// All of it.
pub(super) fn live() -> LiveDescription {
    LiveDescription {
        frames: frames(),
        channels: vec![phoenix()],
    }
}

fn schema(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn frames() -> Vec<MessageType> {
    let delta = json!({
        "allOf": [schema("RunDetail")], "type": "object", "required": ["seq"],
        "properties": {"seq": {"type": "integer", "minimum": 0, "description": "the last event of the run's history that is in it"}},
    });
    let grown = json!({
        "type": "object", "required": ["runId", "job", "attempt", "total"],
        "properties": {
            "runId": {"type": "string"},
            "job": {"type": "string"},
            "attempt": {"type": "integer", "minimum": 1},
            "total": {"type": "integer", "minimum": 0, "description": "lines that the log has now"},
        },
    });
    vec![
        MessageType::new(
            "run:update",
            "A run, whole: at first, and while it is small.",
            schema("RunDetail"),
        ),
        MessageType::new(
            "run:delta",
            "A run that was told of before, as it is now, with those of its jobs that changed and no others.",
            delta,
        ),
        MessageType::new(
            "workflow:update",
            "A workflow that came, changed or began or ended a run.",
            schema("WorkflowView"),
        ),
        MessageType::new(
            "log:grown",
            "The log of a job has more lines; fetch those that you show.",
            grown,
        ),
    ]
}

fn phoenix() -> LiveChannel {
    let event = |name: &str, summary: &str, payload: &Value| {
        let first = json!({
            "type": "object", "required": ["topic", "event", "payload"],
            "properties": {
                "topic": {"type": "string"},
                "event": {"const": name},
                "payload": payload,
                "ref": {"type": ["string", "integer", "null"]},
                "join_ref": {"type": ["string", "integer", "null"]},
            },
        });
        let second = json!({
            "type": "array", "minItems": 5, "maxItems": 5,
            "prefixItems": [
                {"type": ["string", "integer", "null"], "title": "join_ref"},
                {"type": ["string", "integer", "null"], "title": "ref"},
                {"type": "string", "title": "topic"},
                {"const": name},
                payload,
            ],
        });
        MessageType::new(name, summary, json!({"oneOf": [first, second]}))
    };
    let nothing = json!({"type": "object"});
    let reply = json!({
        "type": "object", "required": ["status", "response"],
        "properties": {"status": {"enum": ["ok", "error"]}, "response": {"type": "object", "properties": {"reason": {"type": "string"}}}},
    });
    let job_status = json!({
        "type": "object", "required": ["runId", "job", "state"],
        "properties": {"runId": {"type": "string"}, "job": {"type": "string"}, "state": {"type": "string"}},
    });
    LiveChannel {
        id: "phoenix".to_owned(),
        path: "/socket/websocket".to_owned(),
        summary: "Phoenix channels, both serializers (`vsn=1.0.0`: objects, `vsn=2.0.0`: arrays). Topics: `logs:all`, `logs:<job>`, \
                  `workflow:<name>`."
            .to_owned(),
        sends: vec![
            event("new_log", "A line of a job's log, to `logs:all` and `logs:<job>`.", &schema("LogLine")),
            event("job_status", "A job of a workflow changed its state, to `workflow:<name>`.", &job_status),
            event("phx_reply", "The answer to a frame that has a `ref`.", &reply),
            event("phx_close", "A topic was left.", &nothing),
        ],
        takes: vec![
            event("phx_join", "Joins a topic.", &nothing),
            event("phx_leave", "Leaves a topic.", &nothing),
            event("heartbeat", "On the topic `phoenix`, at least each minute.", &nothing),
        ],
    }
}
