//! Ids of several processes: the first of them has the plain one, and one that says who it is may show its own beside, as
//! `counter-1@web-2:1`. So processes whose pids and ids are all the same, as in containers, do not run into each other.

use std::sync::{Arc, PoisonError};

use loom_protocol::{ActorId, ActorRecord, Timestamp};

use super::boot::Boot;
use super::entry::{Entry, Text};
use super::limits::Refusal;
use super::store::{Directory, Ended};

/// Actors of one boot that are looked at in one sweep for whether their own ids are free by now.
const PER_SWEEP: usize = 1_000;
/// Letters of a boot's name that stand in an id when node and process do not tell two processes apart.
pub(super) const OF_BOOT: usize = 8;

/// What a registration is part of.
pub(super) struct Naming<'a> {
    pub(super) boot: &'a Arc<Boot>,
    /// What follows `@` where the id itself is taken; nothing when the sender did not say who it is.
    pub(super) scope: Option<&'a str>,
    pub(super) generation: u64,
    pub(super) now: Timestamp,
}

impl Directory {
    /// Takes a whole record of a boot, under its id or under one beside that.
    pub(super) fn register_of(&self, record: ActorRecord, naming: &Naming<'_>) -> Result<(), Refusal> {
        self.options.check_record(&record)?;
        let id = Text::from(record.id.0.as_str());
        let (boot, now) = (naming.boot, naming.now);
        let share = |text: &str| self.share(text);
        let entry = Entry::new(record, Some(boot.clone()), naming.generation, now, share);
        let mut entry = Some(Box::new(entry));
        if let Some(shown) = boot.alias(&id) {
            if self.place(&shown, &mut entry, Ended::Free, now).is_ok() {
                return Ok(());
            }
            // Somebody was given it while we were silent.
            boot.drop_alias(&id);
        }
        let taken = match self.place(&id, &mut entry, Ended::Free, now) {
            Ok(_) => return Ok(()),
            Err(refusal @ Refusal::OtherOwner { .. }) => refusal,
            Err(refusal) => return Err(refusal),
        };
        let Some(scope) = naming.scope else {
            return Err(taken);
        };
        let by_boot: String = boot.id.0.chars().take(OF_BOOT).collect();
        for shown in [format!("{id}@{scope}"), format!("{id}@{scope}~{by_boot}")] {
            if self.options.name("id", &shown).is_err() {
                // Its own id is fine, and taken; with what goes beside it, it is too long.
                break;
            }
            let shown = Text::from(shown);
            // First, so that nobody sees the actor without its children finding it.
            boot.set_alias(id.clone(), shown.clone());
            match self.place(&shown, &mut entry, Ended::Free, now) {
                Ok(_) => {
                    tracing::debug!(actor = %id, %shown, "another process has an actor of this id; both are shown");
                    return Ok(());
                }
                Err(refusal) => {
                    boot.drop_alias(&id);
                    if !matches!(refusal, Refusal::OtherOwner { .. }) {
                        return Err(refusal);
                    }
                }
            }
        }
        Err(taken)
    }

    /// Forgets an actor that its boot says is gone. What another boot took over is no longer this one's to remove.
    pub(super) fn unregister_of(&self, id: &ActorId, boot: &Arc<Boot>, now: Timestamp) {
        let alias = boot.alias(&id.0);
        let shown = alias.as_deref().unwrap_or(&id.0);
        self.remove_if(shown, now, |entry| {
            entry.owner.as_ref().is_none_or(|owner| Arc::ptr_eq(owner, boot))
        });
        if alias.is_some() {
            boot.drop_alias(&id.0);
        }
    }

    /// Removes what `boot` named in an earlier generation and not in this one.
    pub(super) fn remove_unnamed(&self, boot: &Arc<Boot>, generation: u64, now: Timestamp) {
        let is_old = |entry: &Entry| {
            let owner = entry.owner.as_ref();
            owner.is_some_and(|owner| Arc::ptr_eq(owner, boot)) && entry.generation < generation
        };
        let old = self.actors.iter().filter(|actor| is_old(actor));
        let mut old: Vec<Text> = old.map(|actor| actor.key().clone()).collect();
        // In an order that a replay has as well.
        old.sort();
        for id in &old {
            self.remove_if(id, now, is_old);
        }
        if old.is_empty() {
            return;
        }
        for (id, shown) in boot.all_aliases() {
            if !self.actors.contains_key(&shown) {
                boot.drop_alias(&id);
            }
        }
    }

    /// Gives actors that stand beside others their own ids once those are free, as after a crash and a start anew.
    pub(super) fn sweep_aliases(&self, now: Timestamp) {
        // Copied first: a batch that is being applied waits for nothing that we hold.
        let mut boots: Vec<Arc<Boot>> = self.boots.iter().map(|boot| boot.clone()).collect();
        // A map has another order each time, and who is first here gets an id that two want.
        boots.sort_by(|a, b| a.name.cmp(&b.name));
        for boot in boots {
            // A silent one gets nothing: after a pause of the whole machine everybody is silent for a moment.
            if self.patience().is_over(boot.last_beat(), now) || !boot.has_aliases() {
                continue;
            }
            // No batch of the boot may come between.
            let _progress = boot.progress.lock().unwrap_or_else(PoisonError::into_inner);
            for (id, shown) in boot.next_aliases(PER_SWEEP) {
                if self.is_free_for(&id, &boot, now) {
                    self.rename(&shown, &id, &boot, now);
                }
            }
            self.mark_moved(&boot);
        }
    }

    /// Marks the children of actors that got another id: they name their parents by what those are shown as.
    pub(super) fn mark_moved(&self, boot: &Arc<Boot>) {
        let moved = boot.take_moved();
        if moved.is_empty() {
            return;
        }
        let is_child = |entry: &Entry| {
            let owner = entry.owner.as_ref();
            let parent = entry.parent.as_ref();
            owner.is_some_and(|owner| Arc::ptr_eq(owner, boot))
                && parent.is_some_and(|parent| moved.contains(parent))
        };
        let children = self.actors.iter().filter(|actor| is_child(actor));
        let children: Vec<Text> = children.map(|actor| actor.key().clone()).collect();
        for id in &children {
            self.changes().mark(id);
        }
    }

    fn rename(&self, shown: &Text, id: &Text, boot: &Arc<Boot>, now: Timestamp) {
        let is_own =
            |_: &Text, entry: &Entry| entry.owner.as_ref().is_some_and(|owner| Arc::ptr_eq(owner, boot));
        let mut entry = self.take_if(shown, is_own);
        if entry.is_none() {
            boot.drop_alias(id);
            return;
        }
        if self.place(id, &mut entry, Ended::Kept, now).is_ok() {
            self.happened.renamed(shown, id, now);
            boot.drop_alias(id);
            return;
        }
        if let Err(refusal) = self.place(shown, &mut entry, Ended::Back, now) {
            // Both were taken in the same moment; its process registers it again with its next word of it.
            tracing::debug!(actor = %shown, %refusal, "an actor lost its place while it was to get its own id");
            self.happened.changed(shown, entry.as_deref(), None, now);
            boot.drop_alias(id);
        }
    }
}
