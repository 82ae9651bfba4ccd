//! The shapes of the protocol that are needed, as the specification of version 3.17 has them.

use loom_workflow::editor::Point;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Why a request has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: i32,
    pub(super) message: String,
}

impl Refusal {
    pub(super) const PARAMETERS: i32 = -32602;
    pub(super) const METHOD: i32 = -32601;
    pub(super) const REQUEST: i32 = -32600;
    pub(super) const BROKEN: i32 = -32603;
    pub(super) const NOT_BEGUN: i32 = -32002;

    pub(super) fn new(code: i32, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// The answer to a request.
pub(super) fn answer(id: &Value, outcome: Result<Value, Refusal>) -> Value {
    match outcome {
        Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        Err(refusal) => json!({
            "jsonrpc": "2.0", "id": id, "error": {"code": refusal.code, "message": refusal.message}
        }),
    }
}

/// A place: lines and characters from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(expecting = "an object with `line` and `character`")]
pub(super) struct Position {
    pub(super) line: u32,
    pub(super) character: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(expecting = "an object with `start` and `end`")]
pub(super) struct Range {
    pub(super) start: Position,
    pub(super) end: Position,
}

impl From<Point> for Position {
    fn from(point: Point) -> Self {
        Self {
            line: u32::try_from(point.line).unwrap_or(u32::MAX),
            character: u32::try_from(point.character).unwrap_or(u32::MAX),
        }
    }
}

impl From<Position> for Point {
    fn from(position: Position) -> Self {
        Self {
            line: usize::try_from(position.line).unwrap_or(usize::MAX),
            character: usize::try_from(position.character).unwrap_or(usize::MAX),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object with `uri`")]
pub(super) struct Named {
    pub(super) uri: String,
}

/// What is asked about a file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object with `textDocument`")]
pub(super) struct OfFile {
    pub(super) text_document: Named,
}

/// What is asked about a place.
#[derive(Debug, Deserialize)]
#[serde(
    rename_all = "camelCase",
    expecting = "an object with `textDocument` and `position`"
)]
pub(super) struct OfPlace {
    pub(super) text_document: Named,
    pub(super) position: Position,
}

#[derive(Debug, Deserialize)]
#[serde(
    rename_all = "camelCase",
    expecting = "an object with `textDocument`, `position` and `context`"
)]
pub(super) struct OfReferences {
    pub(super) text_document: Named,
    pub(super) position: Position,
    #[serde(default)]
    pub(super) context: ReferenceContext,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object with `includeDeclaration`")]
pub(super) struct ReferenceContext {
    #[serde(default)]
    pub(super) include_declaration: bool,
}

#[derive(Debug, Deserialize)]
#[serde(
    rename_all = "camelCase",
    expecting = "an object with `textDocument` and `range`"
)]
pub(super) struct OfRange {
    pub(super) text_document: Named,
    pub(super) range: Range,
    #[serde(default)]
    pub(super) context: ActionContext,
}

#[derive(Debug, Default, Deserialize)]
#[serde(expecting = "an object with `only`")]
pub(super) struct ActionContext {
    /// The kinds that are wanted; all, where nothing is said.
    pub(super) only: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object with `textDocument`")]
pub(super) struct Opened {
    pub(super) text_document: OpenedFile,
}

#[derive(Debug, Deserialize)]
#[serde(
    rename_all = "camelCase",
    expecting = "an object with `uri`, `version` and `text`"
)]
pub(super) struct OpenedFile {
    pub(super) uri: String,
    #[serde(default)]
    pub(super) language_id: String,
    pub(super) version: i64,
    pub(super) text: String,
}

#[derive(Debug, Deserialize)]
#[serde(
    rename_all = "camelCase",
    expecting = "an object with `textDocument` and `contentChanges`"
)]
pub(super) struct Changed {
    pub(super) text_document: ChangedFile,
    pub(super) content_changes: Vec<Change>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object with `uri`")]
pub(super) struct ChangedFile {
    pub(super) uri: String,
    #[serde(default)]
    pub(super) version: Option<i64>,
}

/// A part of a file is another now, or all of it.
#[derive(Debug, Deserialize)]
#[serde(expecting = "an object with `text`")]
pub(super) struct Change {
    pub(super) range: Option<Range>,
    pub(super) text: String,
}

/// What an editor can do, as far as anybody asks.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object with `capabilities`")]
pub(super) struct Initialize {
    #[serde(default)]
    pub(super) capabilities: Capabilities,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(super) struct Capabilities {
    pub(super) general: Option<General>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(super) struct General {
    pub(super) position_encodings: Option<Vec<String>>,
}
