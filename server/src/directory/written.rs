//! A record as it is written into an answer: the same as [`ActorRecord`], without a copy of its texts.

use loom_protocol::Timestamp;
use serde::Serialize;

use super::entry::Entry;
use super::patience::Patience;
use super::store::Directory;
#[cfg(doc)]
use loom_protocol::ActorRecord;

/// Writes fields one after the other. Their names are written as they stand: to look at each letter of each name anew would take
/// a third of the time of a list.
struct Fields<'a> {
    to: &'a mut Vec<u8>,
}

impl Fields<'_> {
    /// A field with its name and what stands before and behind that.
    fn put(&mut self, name: &'static str, value: &(impl Serialize + ?Sized)) -> serde_json::Result<()> {
        self.to.extend_from_slice(name.as_bytes());
        serde_json::to_writer(&mut *self.to, value)
    }

    fn put_some(
        &mut self,
        name: &'static str,
        value: Option<&(impl Serialize + ?Sized)>,
    ) -> serde_json::Result<()> {
        match value {
            Some(value) => self.put(name, value),
            None => Ok(()),
        }
    }
}

impl Entry {
    /// Writes its record at `now`.
    fn write(
        &self,
        id: &str,
        now: Timestamp,
        patience: Patience,
        to: &mut Vec<u8>,
    ) -> serde_json::Result<()> {
        let (parent, standing) = (self.parent(), self.standing(now, patience));
        let mut fields = Fields { to };
        fields.put("{\"id\":", id)?;
        fields.put(",\"type\":", &*self.kind)?;
        fields.put_some(",\"status\":", self.status_at(now, patience))?;
        fields.put_some(",\"workerId\":", self.worker.as_deref())?;
        fields.put_some(",\"messageCount\":", self.message_count.as_ref())?;
        fields.put_some(",\"queueDepth\":", self.queue_depth.as_ref())?;
        fields.put(",\"lastHeartbeat\":", &self.last_heartbeat())?;
        fields.put_some(",\"uptime\":", self.uptime(now, patience).as_ref())?;
        fields.put_some(",\"metadata\":", self.metadata.as_deref())?;
        fields.put_some(",\"parentId\":", parent.as_deref())?;
        fields.put_some(",\"node\":", self.node.as_deref())?;
        fields.put_some(",\"errorCount\":", self.error_count.as_ref())?;
        fields.put_some(",\"restartCount\":", self.restart_count.as_ref())?;
        let rates = standing.rates(&self.measured, self.rates.as_deref());
        fields.put_some(",\"rates\":", rates.as_ref())?;
        let latency = standing.latency(&self.measured, self.latency.as_deref());
        fields.put_some(",\"latency\":", latency.as_ref())?;
        fields.put_some(",\"work\":", self.work.as_deref())?;
        fields.put_some(",\"system\":", self.system.as_ref())?;
        fields.put_some(",\"controls\":", self.controls())?;
        fields.to.push(b'}');
        Ok(())
    }
}

impl Directory {
    /// Writes the record of an actor at `now`. `false` when there is none, or half of one is in `to`.
    pub(crate) fn write(&self, id: &str, now: Timestamp, to: &mut Vec<u8>) -> bool {
        let Some(entry) = self.actors.get(id) else {
            return false;
        };
        entry.write(id, now, self.patience(), to).is_ok()
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
                .record(id, now, directory.patience());
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
