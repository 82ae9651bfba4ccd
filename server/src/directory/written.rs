//! A record as it is written into an answer: the same as [`ActorRecord`], without a copy of its texts.

use std::time::Duration;

use loom_protocol::{ActorStatus, Controls, Latency, Rates, Timestamp, Work};
use serde::Serialize;
use serde_json::{Map, Value};

use super::entry::Entry;
use super::store::Directory;
#[cfg(doc)]
use loom_protocol::ActorRecord;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a ActorStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    worker_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_depth: Option<u64>,
    last_heartbeat: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    uptime: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    restart_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rates: Option<Rates>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency: Option<Latency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    work: Option<Work>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    controls: Option<&'a Controls>,
}

impl Entry {
    /// Writes its record at `now`.
    fn write(
        &self,
        id: &str,
        now: Timestamp,
        stale_after: Duration,
        to: &mut Vec<u8>,
    ) -> serde_json::Result<()> {
        let (parent, standing) = (self.parent(), self.standing(now, stale_after));
        let written = Written {
            id,
            kind: &self.kind,
            status: self.status_at(now, stale_after),
            worker_id: self.worker.as_deref(),
            message_count: self.message_count,
            queue_depth: self.queue_depth,
            last_heartbeat: self.last_heartbeat(),
            uptime: self.uptime(now, stale_after),
            metadata: self.metadata.as_deref(),
            parent_id: parent.as_deref(),
            node: self.node.as_deref(),
            error_count: self.error_count,
            restart_count: self.restart_count,
            rates: standing.rates(&self.measured, self.rates.as_deref()),
            latency: standing.latency(&self.measured, self.latency.as_deref()),
            work: self.work.as_deref().copied(),
            system: self.system,
            controls: self.controls(),
        };
        serde_json::to_writer(to, &written)
    }
}

impl Directory {
    /// Writes the record of an actor at `now`. `false` when there is none, or half of one is in `to`.
    pub(crate) fn write(&self, id: &str, now: Timestamp, to: &mut Vec<u8>) -> bool {
        let Some(entry) = self.actors.get(id) else {
            return false;
        };
        entry.write(id, now, self.options.stale_after, to).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use loom_protocol::{ActorBatch, BootId};
    use serde_json::json;

    use super::*;
    use crate::SystemClock;
    use crate::directory::DirectoryOptions;

    #[test]
    fn what_is_written_is_the_record() {
        let directory = Directory::new(DirectoryOptions::default(), Arc::new(SystemClock));
        let full = json!({"id":"full","type":"T","status":"dozing","workerId":"w","messageCount":5,"queueDepth":1,"uptime":7,
            "metadata":{"a":[1,"x"]},"parentId":"p","node":"n","errorCount":2,"restartCount":3,"rates":{"messages":1.5},
            "latency":{"handleMs":2.5,"waitMs":0.5},"work":{"handled":5,"handleUs":9},"system":true,
            "controls":{"snapshot":true}});
        let bare = json!({"id":"bare","type":"T"});
        let batch = ActorBatch {
            register: [full, bare]
                .map(|record| serde_json::from_value(record).unwrap())
                .into(),
            ..ActorBatch::new(BootId("b".to_owned()), 1)
        };
        assert_eq!(directory.apply(batch).unwrap().rejected, []);
        let now = directory.clock.now();
        for id in ["full", "bare"] {
            let record = directory
                .actors
                .get(id)
                .unwrap()
                .record(id, now, directory.options.stale_after);
            let mut written = Vec::new();
            assert!(directory.write(id, now, &mut written));
            assert_eq!(
                String::from_utf8(written).unwrap(),
                serde_json::to_string(&record).unwrap()
            );
        }
        assert!(!directory.write("nobody", now, &mut Vec::new()));
    }
}
