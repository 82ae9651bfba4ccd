//! Becoming what another server knows: its keyframe, taken over while viewers look on.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use loom_protocol::{BootId, Timestamp};

use super::boot::Boot;
use super::entry::Text;
use super::keep::{KeptActor, KeptBoot, KeptDirectory};
use super::store::Directory;

impl Directory {
    /// Becomes what was written. What it knew before and `kept` does not is gone; what is the same in both stays untouched.
    /// Nothing may be applied meanwhile; whoever reads may see some actors as before and others as after.
    pub(crate) fn take_over(&self, kept: KeptDirectory) {
        self.hearing.is(kept.deaf);
        let known: HashSet<BootId> = kept
            .boots
            .iter()
            .filter(|boot| boot.is_known)
            .map(|boot| BootId(boot.id.clone()))
            .collect();
        let boots = kept.boots.into_iter().map(|boot| self.take_over_boot(boot));
        let boots: Vec<Arc<Boot>> = boots.collect();
        let places = boots.iter().enumerate();
        let places: HashMap<*const Boot, usize> =
            places.map(|(place, boot)| (Arc::as_ptr(boot), place)).collect();
        let named: HashSet<&str> = kept.actors.iter().map(|actor| &*actor.id).collect();
        let others = self.actors.iter().filter(|actor| !named.contains(&**actor.key()));
        let others: Vec<Text> = others.map(|actor| actor.key().clone()).collect();
        for id in &others {
            self.take_if(id, |_, _| true);
        }
        for actor in kept.actors {
            self.take_over_actor(actor, &boots, &places);
        }
        let loners: HashMap<Text, bool> = kept.loners.into_iter().collect();
        self.loners.retain(|id, _| loners.contains_key(id));
        for (id, stale) in loners {
            self.loners.insert(id, stale);
        }
        self.boots.retain(|id, _| known.contains(id));
        // Whoever makes something of what happened takes that over as well.
        self.happened.take();
    }

    fn take_over_boot(&self, kept: KeptBoot) -> Arc<Boot> {
        let id = BootId(kept.id.clone());
        let new = || Arc::new(Boot::new(id.clone(), Timestamp::from_millis(0)));
        let boot = if kept.is_known {
            self.boots.entry(id.clone()).or_insert_with(new).clone()
        } else {
            new()
        };
        kept.give(&boot);
        boot
    }

    fn take_over_actor(&self, kept: KeptActor, boots: &[Arc<Boot>], places: &HashMap<*const Boot, usize>) {
        let id = kept.id.clone();
        let is_same = self.actors.get(&*id).is_some_and(|entry| {
            let owner = entry.owner.as_ref();
            let place = owner.and_then(|owner| places.get(&Arc::as_ptr(owner)).copied());
            // An owner that has no place is none of those that speak for actors now.
            place.is_some() == owner.is_some() && KeptActor::of(&id, &entry, place) == kept
        });
        if is_same {
            return;
        }
        let (id, entry) = kept.entry(boots, |text| self.share(text));
        self.put_kept(id.clone(), Box::new(entry));
        self.changes.mark(&id);
    }
}

#[cfg(test)]
mod tests {
    use loom_protocol::{ActorBatch, ActorId, ActorPatch, ActorRecord, Source};
    use serde_json::json;

    use super::super::measured::Measured;
    use super::*;
    use crate::SystemClock;
    use crate::directory::{DirectoryOptions, Taken};

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

    fn written(directory: &Directory) -> KeptDirectory {
        let bytes = directory.keep(Vec::new()).unwrap();
        let (kept, rest) = Directory::read_kept(&bytes).unwrap();
        assert!(rest.is_empty());
        kept
    }

    /// All that is known, in an order that is no map's.
    fn all(directory: &Directory) -> serde_json::Value {
        let mut kept = written(directory);
        let names: Vec<String> = kept.boots.iter().map(|boot| boot.id.clone()).collect();
        let mut actors: Vec<_> = kept
            .actors
            .iter_mut()
            .map(|actor| {
                let owner = actor.owner.take().map(|place| names[place].clone());
                json!({"actor": actor, "owner": owner})
            })
            .collect();
        actors.sort_by_key(|one| one["actor"]["id"].to_string());
        kept.boots.sort_by(|a, b| a.id.cmp(&b.id));
        kept.loners.sort();
        json!({"actors": actors, "boots": kept.boots, "loners": kept.loners, "deaf": kept.deaf})
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
        first.measured(
            &[(Text::from("a"), Measured::of_bare([1.0, 2.0, 3.0, 4.0]))],
            &HashSet::new(),
        );
        let second = directory();
        second.register(ActorRecord::new("other", "U")).unwrap();
        second.register(ActorRecord::new("b", "U")).unwrap();
        let now = second.clock().now();
        second.take_over(written(&first));
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
        let kept = written(&first);
        let mut later = batch("one", 2);
        later.update = vec![ActorPatch::new("b")];
        later.update[0].message_count = Some(1);
        first.apply(later).unwrap();
        first.changes().take(100, false);
        first.take_over(kept);
        let Taken::Some(changed) = first.changes().take(100, false) else {
            panic!("there are few");
        };
        assert_eq!(changed, [Text::from("b")]);
    }
}
