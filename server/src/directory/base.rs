//! All that is known of actors and of who reports them, as one value: a server that comes to others begins with it.
//!
//! Two directories that take the same base and then the same reports at the same moments are the same.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use loom_protocol::{ActorRecord, BatchOutcome, BootId, Dropped, Timestamp};
use serde::{Deserialize, Serialize};

use super::boot::{Boot, Progress};
use super::entry::{Entry, Text};
use super::patience::Deaf;
use super::store::Directory;

/// All of a directory.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct DirectoryBase {
    boots: Vec<BootBase>,
    actors: Vec<ActorBase>,
    deaf: Deaf,
}

#[derive(Debug, Serialize, Deserialize)]
struct BootBase {
    id: BootId,
    beat: i64,
    stale: bool,
    robbed: bool,
    last_seq: u64,
    last_said: Option<u64>,
    last_outcome: BatchOutcome,
    generation: u64,
    broken: u64,
    scope: Option<String>,
    aliases: Vec<(String, String)>,
    dropped: Dropped,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct ActorBase {
    /// As it was reported: what depends on when somebody looks is not in it.
    record: ActorRecord,
    started: Option<i64>,
    beat: i64,
    owner: Option<BootId>,
    generation: u64,
    /// Of an actor that nobody beats for: whether viewers were told that it is stale.
    stale: bool,
}

impl Directory {
    /// All of it. Nothing may be applied meanwhile.
    pub(crate) fn base(&self) -> DirectoryBase {
        let boots = self.boots.iter().map(|boot| BootBase::of(&boot)).collect();
        let actors = self.actors.iter().map(|actor| {
            let stale = self.loners.get(actor.key()).is_some_and(|stale| *stale);
            ActorBase::of(actor.key(), actor.value(), stale)
        });
        DirectoryBase {
            boots,
            actors: actors.collect(),
            deaf: self.hearing.deaf(),
        }
    }

    /// Becomes what `base` says. What it knew before and `base` does not is gone; what is the same in both stays untouched.
    /// Nothing may be applied meanwhile; whoever reads may see some actors as before and others as after.
    pub(crate) fn restore(&self, base: DirectoryBase, now: Timestamp) {
        self.hearing.is(base.deaf);
        let kept: HashSet<&BootId> = base.boots.iter().map(|boot| &boot.id).collect();
        let boots: HashMap<BootId, Arc<Boot>> = base
            .boots
            .iter()
            .map(|boot| (boot.id.clone(), self.restore_boot(boot)))
            .collect();
        let named: HashSet<&str> = base
            .actors
            .iter()
            .map(|actor| actor.record.id.0.as_str())
            .collect();
        let mut gone: Vec<Text> = self
            .actors
            .iter()
            .filter(|actor| !named.contains(&**actor.key()))
            .map(|actor| actor.key().clone())
            .collect();
        gone.sort();
        for id in &gone {
            self.remove_if(id, now, |_| true);
        }
        for actor in base.actors {
            self.restore_actor(actor, &boots, now);
        }
        self.boots.retain(|id, _| kept.contains(id));
    }

    fn restore_boot(&self, base: &BootBase) -> Arc<Boot> {
        let boot = self.boots.get(&base.id).map(|boot| boot.clone());
        let boot = boot.unwrap_or_else(|| {
            let boot = Arc::new(Boot::new(base.id.clone(), Timestamp::from_millis(base.beat)));
            self.boots.insert(base.id.clone(), boot.clone());
            boot
        });
        base.give(&boot);
        boot
    }

    fn restore_actor(&self, base: ActorBase, boots: &HashMap<BootId, Arc<Boot>>, now: Timestamp) {
        let id = Text::from(base.record.id.0.as_str());
        let owner = base.owner.as_ref().and_then(|id| boots.get(id)).cloned();
        let alone = owner.is_none();
        let is_same = self.actors.get(&*id).is_some_and(|entry| {
            let stale = self.loners.get(&*id).is_some_and(|stale| *stale);
            ActorBase::of(&id, &entry, stale) == base
        });
        if is_same {
            return;
        }
        let beat = Timestamp::from_millis(base.beat);
        let mut entry = Entry::new(base.record, owner, base.generation, beat, |text| self.share(text));
        entry.started = base.started.map(Timestamp::from_millis);
        self.put_back(&id, Box::new(entry), now);
        if alone && let Some(mut stale) = self.loners.get_mut(&*id) {
            *stale = base.stale;
        }
    }
}

impl BootBase {
    fn of(boot: &Arc<Boot>) -> Self {
        let progress = boot.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let aliases = boot.all_aliases().into_iter();
        Self {
            id: boot.id.clone(),
            beat: boot.last_beat().as_millis(),
            stale: boot.shown_stale.load(Ordering::Relaxed),
            robbed: boot.robbed.load(Ordering::Relaxed),
            last_seq: progress.last_seq,
            last_said: progress.last_said,
            last_outcome: progress.last_outcome.clone(),
            generation: progress.generation,
            broken: progress.broken,
            scope: progress.scope.clone(),
            aliases: aliases
                .map(|(id, shown)| (id.to_string(), shown.to_string()))
                .collect(),
            dropped: boot.dropped(),
        }
    }

    fn give(&self, boot: &Boot) {
        boot.beat(Timestamp::from_millis(self.beat));
        boot.shown_stale.store(self.stale, Ordering::Relaxed);
        boot.robbed.store(self.robbed, Ordering::Relaxed);
        boot.tell_dropped(self.dropped);
        let mut progress = boot.progress.lock().unwrap_or_else(PoisonError::into_inner);
        *progress = Progress {
            last_seq: self.last_seq,
            last_said: self.last_said,
            last_outcome: self.last_outcome.clone(),
            generation: self.generation,
            broken: self.broken,
            scope: self.scope.clone(),
        };
        let known: HashMap<&str, &str> = self
            .aliases
            .iter()
            .map(|(id, shown)| (id.as_str(), shown.as_str()))
            .collect();
        for (id, shown) in boot.all_aliases() {
            if known.get(&*id) != Some(&&*shown) {
                boot.drop_alias(&id);
            }
        }
        for (id, shown) in &self.aliases {
            boot.set_alias(Text::from(id.as_str()), Text::from(shown.as_str()));
        }
    }
}

impl ActorBase {
    fn of(id: &str, entry: &Entry, stale: bool) -> Self {
        Self {
            record: entry.reported(id),
            started: entry.started.map(Timestamp::as_millis),
            beat: entry.beat.as_millis(),
            owner: entry.owner.as_ref().map(|owner| owner.id.clone()),
            generation: entry.generation,
            stale,
        }
    }
}

#[cfg(test)]
mod tests {
    use loom_protocol::{ActorBatch, ActorId, ActorPatch, Source};
    use serde_json::json;

    use super::*;
    use crate::SystemClock;
    use crate::directory::DirectoryOptions;

    fn directory() -> Directory {
        Directory::new(DirectoryOptions::default(), Arc::new(SystemClock))
    }

    fn batch(boot: &str, seq: u64) -> ActorBatch {
        let mut batch = ActorBatch::new(BootId(boot.into()), seq);
        batch.source = Some(Source {
            app: None,
            node: Some(boot.into()),
            pid: None,
            boot: batch.boot.clone(),
            started: None,
        });
        batch
    }

    fn all(directory: &Directory) -> serde_json::Value {
        let mut base = directory.base();
        base.actors.sort_by(|a, b| a.record.id.cmp(&b.record.id));
        base.boots.sort_by(|a, b| a.id.cmp(&b.id));
        json!(base)
    }

    #[test]
    fn a_directory_becomes_another_and_goes_on_as_that_would() {
        let first = directory();
        let mut one = batch("one", 1);
        one.register = vec![ActorRecord::new("a", "T"), ActorRecord::new("b", "T")];
        first.apply(one).unwrap();
        let mut two = batch("two", 1);
        two.register = vec![ActorRecord::new("a", "T")];
        first.apply(two).unwrap();
        let full = json!({"id":"full","type":"T","status":"dozing","workerId":"w","messageCount":5,"queueDepth":1,"uptime":7,
            "metadata":{"a":[1,"x"]},"parentId":"p","node":"n","errorCount":2,"restartCount":3,"rates":{"messages":1.5},
            "latency":{"handleMs":2.5,"waitMs":0.5},"work":{"handled":5,"handleUs":9},"system":true,
            "controls":{"orders":["snapshot"]}});
        first.register(serde_json::from_value(full).unwrap()).unwrap();
        let text = serde_json::to_string(&first.base()).unwrap();
        let second = directory();
        second.register(ActorRecord::new("other", "U")).unwrap();
        second.register(ActorRecord::new("b", "U")).unwrap();
        let now = second.clock().now();
        second.restore(serde_json::from_str(&text).unwrap(), now);
        assert_eq!(all(&first), all(&second));
        assert_eq!(second.len(), 4);
        let rows = |directory: &Directory| directory.find(&Default::default()).unwrap().ids;
        assert_eq!(rows(&first), rows(&second));
        let mut next = batch("two", 2);
        next.update = vec![ActorPatch::new("a")];
        next.update[0].message_count = Some(9);
        next.unregister = vec![ActorId("x".into())];
        for directory in [&first, &second] {
            let outcome = directory.apply_at(next.clone(), now, |_| Vec::new()).unwrap();
            assert!(!outcome.resync && outcome.rejected.is_empty(), "{outcome:?}");
            assert_eq!(directory.get("a@two").unwrap().message_count, Some(9));
        }
        assert_eq!(all(&first), all(&second));
    }

    #[test]
    fn what_is_the_same_in_both_is_not_touched() {
        let first = directory();
        let mut one = batch("one", 1);
        one.register = vec![ActorRecord::new("a", "T"), ActorRecord::new("b", "T")];
        first.apply(one).unwrap();
        let base = first.base();
        first.happened().keep();
        let mut later = batch("one", 2);
        later.update = vec![ActorPatch::new("b")];
        later.update[0].message_count = Some(1);
        first.apply(later).unwrap();
        first.happened().take();
        first.restore(base, first.clock().now());
        let happened: Vec<String> = first
            .happened()
            .take()
            .iter()
            .map(|one| one.id.to_string())
            .collect();
        assert_eq!(happened, ["b"]);
    }
}
