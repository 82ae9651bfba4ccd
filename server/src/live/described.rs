//! What travels over sockets and streams, as data: the studio's own here, a product's from its extension. The AsyncAPI document is
//! made of it.

use loom_protocol::topic;
use serde_json::{Value, json};

/// What a product adds to the live side.
#[derive(Clone, Debug, Default)]
pub struct LiveDescription {
    /// Types of frames that it publishes.
    pub frames: Vec<MessageType>,
    /// Sockets of its own.
    pub channels: Vec<LiveChannel>,
}

/// A type of message.
#[derive(Clone, Debug)]
pub struct MessageType {
    /// Its name; of a frame, its `type`.
    pub name: String,
    /// When it is sent, and what it says.
    pub summary: String,
    /// The JSON Schema of a message, or of a frame's `data`. May refer to the schemas of the OpenAPI document, as
    /// `#/components/schemas/…`.
    pub schema: Value,
}

/// A socket.
#[derive(Clone, Debug)]
pub struct LiveChannel {
    /// Its stable name.
    pub id: String,
    /// Its path.
    pub path: String,
    /// What it is for.
    pub summary: String,
    /// What the server sends.
    pub sends: Vec<MessageType>,
    /// What it takes.
    pub takes: Vec<MessageType>,
}

impl MessageType {
    /// A type of message.
    pub fn new(name: &str, summary: &str, schema: Value) -> Self {
        Self {
            name: name.to_owned(),
            summary: summary.to_owned(),
            schema,
        }
    }
}

/// The studio's own frames, in the order in which a client meets them.
pub(crate) fn frames() -> Vec<MessageType> {
    let schema = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let place = json!({
        "type": "object", "required": ["epoch", "seq"],
        "properties": {
            "epoch": {"type": "string"},
            "seq": {"type": "integer", "minimum": 0},
            "position": {"type": "string", "description": "how far this server has come in the log that several servers share"},
        },
    });
    let actor_id = json!({
        "type": "object", "required": ["id"], "properties": {"id": schema("ActorId")},
    });
    let line = json!({
        "type": "object", "required": ["actor", "line"],
        "properties": {"actor": schema("ActorId"), "line": schema("JournalLine")},
    });
    let types = json!({
        "type": "object", "required": ["types"],
        "properties": {"types": {"type": "array", "items": schema("TypeRow")}},
    });
    vec![
        MessageType::new(
            topic::HELLO,
            "The first frame of a connection: where it starts.",
            place.clone(),
        ),
        MessageType::new(
            topic::RESYNC,
            "Frames were lost or are too old to be sent again: fetch what you show anew, then go on from `seq`.",
            place,
        ),
        MessageType::new(
            topic::ACTOR_UPDATE,
            "An actor was registered or changed; the record as it is now.",
            schema("ActorRecord"),
        ),
        MessageType::new(topic::ACTOR_REMOVED, "An actor is gone.", actor_id),
        MessageType::new(
            topic::METRICS,
            "The metrics, every two seconds.",
            schema("Metrics"),
        ),
        MessageType::new(
            topic::LINTS,
            "What is not as it should be, whole, when it changes.",
            json!({"type": "array", "items": schema("Lint")}),
        ),
        MessageType::new(
            topic::JOURNAL,
            "A new line in the journal of an actor that this connection watches.",
            line,
        ),
        MessageType::new(
            topic::TRAFFIC,
            "The types of actors, every two seconds, to connections that watch the map.",
            types,
        ),
        MessageType::new(
            topic::WINDOW,
            "A window that this connection asked for: all its ids in order, and the rows that are new or changed; or why there is none.",
            window(&schema("ActorRecord")),
        ),
    ]
}

fn window(record: &Value) -> Value {
    let rows = json!({
        "type": "object", "required": ["id", "from", "total", "ids", "rows"],
        "properties": {
            "id": {"type": "string"},
            "from": {"type": "integer", "minimum": 0, "description": "the place of the first row in the whole list"},
            "total": {"type": "integer", "minimum": 0, "description": "rows of the whole list"},
            "ids": {"type": "array", "items": {"type": "string"}},
            "rows": {"type": "array", "items": record},
        },
    });
    let error = json!({
        "type": "object", "required": ["code", "message"],
        "properties": {
            "code": {"type": "string"},
            "message": {"type": "string"},
            "start": {"type": "integer", "description": "where in the filter the mistake begins, in bytes"},
            "end": {"type": "integer"},
        },
    });
    let refused = json!({
        "type": "object", "required": ["id", "error"],
        "properties": {"id": {}, "error": error},
    });
    json!({"oneOf": [rows, refused]})
}

/// What `/ws` takes from a client. Others are ignored.
pub(crate) fn takes() -> Vec<MessageType> {
    let watch = json!({
        "type": "object", "required": ["type"],
        "properties": {
            "type": {"const": "watch"},
            "actors": {"type": "array", "items": {"type": "string"}, "description": "ids; the first ones count, as many as may be"},
            "map": {"type": "boolean", "default": false, "description": "the map, or the types as a whole"},
        },
    });
    let window = json!({
        "type": "object", "required": ["type", "id", "count"], "additionalProperties": false,
        "properties": {
            "type": {"const": "window"},
            "id": {"type": "string", "minLength": 1, "maxLength": crate::windows::NAME},
            "filter": {"type": "string", "default": "", "description": "in the language of filters"},
            "sort": {"type": "string", "default": "id"},
            "from": {"type": "integer", "minimum": 0, "default": 0},
            "count": {"type": "integer", "minimum": 0, "maximum": crate::windows::ROWS, "description": "0 closes the window"},
        },
    });
    vec![
        MessageType::new(
            "watch",
            "What the client looks at from now on, and nothing else: it gets the journals of these actors.",
            watch,
        ),
        MessageType::new(
            "window",
            "Opens a stretch of the list of actors, moves it, or closes it.",
            window,
        ),
    ]
}
