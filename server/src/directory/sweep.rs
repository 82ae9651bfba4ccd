//! What time alone changes: actors that fall silent, come back, or are forgotten.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use loom_protocol::Timestamp;

use super::boot::Boot;
use super::entry::{Entry, Text};
use super::store::Directory;

impl Directory {
    /// Marks actors that became stale or came back as changed, and forgets those that were silent for too long.
    ///
    /// To be called about once a second. Costs a look at each boot and each actor without one; all actors are gone
    /// through only when a whole process fell silent, came back or is forgotten.
    pub fn sweep(&self) {
        self.sweep_at(self.clock.now());
    }

    /// The same, at a moment that is given.
    pub(crate) fn sweep_at(&self, now: Timestamp) {
        self.sweep_boots(now);
        self.sweep_loners(now);
        self.sweep_aliases(now);
        self.sweep_texts();
        self.orders().sweep(now, |boot| self.is_silent_boot(boot, now));
    }

    fn sweep_boots(&self, now: Timestamp) {
        let mut turned = Vec::new();
        let mut forgotten = Vec::new();
        for boot in self.boots.iter() {
            let stale = self.patience().is_over(boot.last_beat(), now);
            if boot.shown_stale.swap(stale, Ordering::Relaxed) != stale {
                turned.push(boot.clone());
                self.happened.boot_turned(&boot, stale, now);
            }
            if self.is_forgotten(&boot, now) {
                forgotten.push(boot.clone());
            }
        }
        if !turned.is_empty() {
            for id in self.owned_by(&turned) {
                self.changes().mark(&id);
                self.tell_turned(&id, now);
            }
        }
        if !forgotten.is_empty() {
            for boot in &forgotten {
                // Should it come back just now, it has lost some of its actors, or is about to.
                boot.robbed.store(true, Ordering::Relaxed);
            }
            for id in self.owned_by(&forgotten) {
                // It may have come back, or found another owner, in the meantime.
                self.remove_if(&id, now, |entry| {
                    is_owned_by(entry, &forgotten) && self.is_silent(entry, now)
                });
            }
            for boot in &forgotten {
                self.boots
                    .remove_if(&boot.id, |_, boot| self.is_forgotten(boot, now));
            }
        }
    }

    fn sweep_loners(&self, now: Timestamp) {
        // Copied first: whoever registers an actor holds it while it takes its place among the loners.
        let loners: Vec<Text> = self.loners.iter().map(|loner| loner.key().clone()).collect();
        for id in loners {
            let Some((stale, silent)) = self.look_at(&id, now) else {
                continue;
            };
            let turned = match self.loners.get_mut(&id) {
                Some(mut shown) => std::mem::replace(&mut *shown, stale) != stale,
                None => false,
            };
            if turned {
                self.changes().mark(&id);
                self.tell_turned(&id, now);
            }
            if silent {
                self.remove_if(&id, now, |entry| {
                    entry.owner.is_none() && self.is_silent(entry, now)
                });
            }
        }
    }

    /// Whether an actor is stale, and whether it is to be forgotten.
    fn look_at(&self, id: &str, now: Timestamp) -> Option<(bool, bool)> {
        let entry = self.actors.get(id)?;
        let stale = entry.is_stale(now, self.patience());
        Some((stale, self.is_silent(&entry, now)))
    }

    /// Tells that an actor fell silent or came back; of one that has ended there is nothing to tell.
    fn tell_turned(&self, id: &Text, now: Timestamp) {
        if self.happened.are_kept()
            && let Some(entry) = self.actors.get(id)
            && !entry.is_final()
        {
            let stale = entry.is_stale(now, self.patience());
            self.happened.turned(id, &entry, stale, now);
        }
    }

    fn owned_by(&self, boots: &[Arc<Boot>]) -> Vec<Text> {
        let owned = self.actors.iter().filter(|actor| is_owned_by(actor, boots));
        owned.map(|actor| actor.key().clone()).collect()
    }

    fn is_silent(&self, entry: &Entry, now: Timestamp) -> bool {
        self.memory().is_over(entry.last_heartbeat(), now)
    }

    fn is_forgotten(&self, boot: &Boot, now: Timestamp) -> bool {
        self.memory().is_over(boot.last_beat(), now)
    }
}

fn is_owned_by(entry: &Entry, boots: &[Arc<Boot>]) -> bool {
    let owner = entry.owner.as_ref();
    owner.is_some_and(|owner| boots.iter().any(|boot| Arc::ptr_eq(boot, owner)))
}

#[cfg(test)]
mod tests {
    use loom_protocol::ActorRecord;

    use super::*;
    use crate::SystemClock;
    use crate::directory::DirectoryOptions;

    #[test]
    fn texts_that_nobody_has_any_more_make_room_for_others() {
        let directory = Directory::new(DirectoryOptions::default(), Arc::new(SystemClock));
        let with_parent = |id: &str, parent: String| {
            let mut record = ActorRecord::new(id, "T");
            record.parent_id = Some(parent.into());
            directory.register(record).unwrap();
        };
        for number in 0..20_000 {
            with_parent("a", format!("parent-{number}"));
        }
        directory.sweep();
        for id in ["a", "b"] {
            with_parent(id, "new".into());
        }
        let parent = |id: &str| directory.actors.get(id).unwrap().parent.clone().unwrap();
        assert!(Text::ptr_eq(&parent("a"), &parent("b")), "they are shared again");
    }
}
