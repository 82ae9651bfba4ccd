//! What time alone changes: actors that fall silent, come back, or are forgotten.

use std::sync::atomic::Ordering;

use super::entry::{Text, silent_for};
use super::store::Directory;

impl Directory {
    /// Marks actors that became stale or came back as changed, and forgets those that were silent for too long.
    ///
    /// To be called about once a second. Costs a look at each boot and each actor without one; all actors are gone
    /// through only when a whole process fell silent, came back or is forgotten.
    pub fn sweep(&self) {
        let now = self.clock.now();
        self.sweep_boots(now);
        self.sweep_loners(now);
    }

    fn sweep_boots(&self, now: loom_protocol::Timestamp) {
        let mut changed = false;
        let mut forgotten = Vec::new();
        for boot in self.boots.iter() {
            let last = boot.last_beat();
            let stale = silent_for(last, now, self.options.stale_after);
            if boot.shown_stale.swap(stale, Ordering::Relaxed) != stale {
                changed = true;
            }
            if silent_for(last, now, self.options.forget_after) {
                forgotten.push(boot.key().clone());
            }
        }
        if changed {
            self.mark_owned();
        }
        if !forgotten.is_empty() {
            self.forget_silent(now);
            for id in forgotten {
                // It may have come back in the meantime.
                self.boots.remove_if(&id, |_, boot| {
                    silent_for(boot.last_beat(), now, self.options.forget_after)
                });
            }
        }
    }

    fn sweep_loners(&self, now: loom_protocol::Timestamp) {
        let mut silent = Vec::new();
        for mut loner in self.loners.iter_mut() {
            let Some(entry) = self.actors.get(loner.key()) else {
                continue;
            };
            let stale = entry.is_stale(now, self.options.stale_after);
            if silent_for(entry.last_heartbeat(), now, self.options.forget_after) {
                silent.push(loner.key().clone());
            }
            drop(entry);
            if *loner != stale {
                *loner = stale;
                self.changes().mark(loner.key());
            }
        }
        self.forget(silent, now);
    }

    /// Marks all actors that belong to a boot: some boot's silence began or ended, which is rare.
    fn mark_owned(&self) {
        for actor in self.actors.iter() {
            if actor.owner.is_some() {
                self.changes().mark(actor.key());
            }
        }
    }

    fn forget_silent(&self, now: loom_protocol::Timestamp) {
        let silent = self
            .actors
            .iter()
            .filter(|actor| silent_for(actor.last_heartbeat(), now, self.options.forget_after))
            .map(|actor| actor.key().clone())
            .collect();
        self.forget(silent, now);
    }

    fn forget(&self, ids: Vec<Text>, now: loom_protocol::Timestamp) {
        for id in ids {
            self.remove_if(&id, |entry| {
                silent_for(entry.last_heartbeat(), now, self.options.forget_after)
            });
        }
    }
}
