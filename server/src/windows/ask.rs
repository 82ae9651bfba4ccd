//! What a viewer asks for.

use loom_protocol::filter::Filter;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::directory::{ActorQuery, Sort};

/// Rows of a window at most.
pub(crate) const ROWS: usize = 500;
/// Letters of a window's name at most.
pub(crate) const NAME: usize = 64;

/// The frame of a client that opens a window, or closes it with a `count` of 0.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(rename = "type")]
    kind: String,
    id: String,
    #[serde(default)]
    filter: String,
    #[serde(default)]
    sort: Option<String>,
    #[serde(default)]
    from: usize,
    count: usize,
}

/// A window that is wanted.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) id: String,
    /// What stands for the same list, from viewer to viewer.
    pub(super) key: Key,
}

/// A stretch of a list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// In the one form that a filter has.
    pub(super) filter: String,
    pub(super) sort: String,
    pub(super) from: usize,
    /// None closes the window.
    pub(super) count: usize,
}

impl Wanted {
    /// Reads a client's frame; nothing when it is about something else.
    ///
    /// # Errors
    /// The data of the frame that answers what can't be read.
    pub(super) fn read(text: &str) -> Result<Option<Self>, Value> {
        let Ok(frame) = serde_json::from_str::<Value>(text) else {
            return Ok(None);
        };
        if frame.get("type").and_then(Value::as_str) != Some("window") {
            return Ok(None);
        }
        let id = frame.get("id").cloned().unwrap_or(Value::Null);
        let asked: Asked = serde_json::from_value(frame)
            .map_err(|error| problem(&id, "invalid_window", &format!("no window: {error}")))?;
        debug_assert_eq!(asked.kind, "window", "looked at above");
        if asked.id.is_empty() || asked.id.chars().count() > NAME {
            let why = format!("`id` has from 1 to {NAME} characters");
            return Err(problem(&Value::Null, "invalid_window", &why));
        }
        if asked.count > ROWS {
            let why = format!("`count` is {}; a window has at most {ROWS} rows", asked.count);
            return Err(problem(&id, "invalid_window", &why));
        }
        let filter: Filter =
            asked
                .filter
                .parse()
                .map_err(|error: loom_protocol::filter::InvalidFilter| {
                    let mut answer = problem(&id, "invalid_filter", &error.message);
                    if let Some(details) = answer.get_mut("error").and_then(Value::as_object_mut) {
                        details.insert("start".to_owned(), error.start.into());
                        details.insert("end".to_owned(), error.end.into());
                    }
                    answer
                })?;
        let sort = asked.sort.unwrap_or_else(|| "id".to_owned());
        let _known: Sort = sort
            .parse()
            .map_err(|error: String| problem(&id, "invalid_query", &error))?;
        let key = Key {
            filter: filter.to_string(),
            sort,
            from: asked.from,
            count: asked.count,
        };
        Ok(Some(Self { id: asked.id, key }))
    }
}

impl Key {
    /// The question to the directory.
    pub(super) fn query(&self) -> ActorQuery {
        ActorQuery {
            // Both were read before.
            filter: self.filter.parse().unwrap_or_default(),
            sort: self.sort.parse().unwrap_or_default(),
            limit: Some(self.count),
            skip: self.from,
            ..ActorQuery::default()
        }
    }
}

/// The data of a frame that tells a mistake.
pub(super) fn problem(id: &Value, code: &str, message: &str) -> Value {
    json!({"id": id, "error": {"code": code, "message": message}})
}
