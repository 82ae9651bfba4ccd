//! What a window shows at a moment, and what a viewer that saw an earlier one has to be told.

use std::collections::HashMap;
use std::sync::Arc;

use loom_protocol::ActorRecord;
use serde_json::Value;

use super::ask::Key;
use crate::directory::Directory;

/// The rows of a window as they were at a moment. Shared by all who look at it.
pub(super) struct Shown {
    total: usize,
    from: usize,
    ids: Vec<Arc<str>>,
    rows: HashMap<Arc<str>, Row>,
}

struct Row {
    /// What of it makes news: not its age, which viewers count themselves.
    news: String,
    record: String,
}

impl Shown {
    pub(super) fn of(directory: &Directory, key: &Key) -> Self {
        // A cursor is the only thing that can be wrong, and there is none.
        let found = directory.find(&key.query()).ok();
        let (total, ids) = found.map_or((0, Vec::new()), |found| (found.total, found.ids));
        let mut rows = HashMap::with_capacity(ids.len());
        let mut there = Vec::with_capacity(ids.len());
        for id in ids {
            if let Some(record) = directory.get(&id) {
                rows.insert(id.clone(), Row::of(record));
                there.push(id);
            }
        }
        Self {
            total,
            from: key.from,
            ids: there,
            rows,
        }
    }

    /// The rest of a frame's data, after its id, for viewers that were shown `before`; nothing when they know all of it.
    pub(super) fn after(&self, before: Option<&Self>) -> Option<String> {
        let is_known = |id: &Arc<str>| {
            let known = before.and_then(|before| before.rows.get(id));
            let now = self.rows.get(id);
            matches!((known, now), (Some(known), Some(now)) if known.news == now.news)
        };
        let rows: Vec<&str> = self
            .ids
            .iter()
            .filter(|id| !is_known(id))
            .filter_map(|id| self.rows.get(id).map(|row| row.record.as_str()))
            .collect();
        let is_same = before.is_some_and(|before| before.total == self.total && before.ids == self.ids);
        if is_same && rows.is_empty() {
            return None;
        }
        let ids: Value = self.ids.iter().map(|id| Value::from(&**id)).collect();
        let (from, total, rows) = (self.from, self.total, rows.join(","));
        Some(format!(
            r#""from":{from},"total":{total},"ids":{ids},"rows":[{rows}]"#
        ))
    }
}

impl Row {
    fn of(mut record: ActorRecord) -> Self {
        let text = |record: &ActorRecord| serde_json::to_string(record).unwrap_or_default();
        let whole = text(&record);
        record.uptime = None;
        record.last_heartbeat = None;
        Self {
            news: text(&record),
            record: whole,
        }
    }
}
