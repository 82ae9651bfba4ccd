//! Batches: what one process tells about its actors in one poll.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, PoisonError};

use dashmap::Entry as Slot;
use loom_protocol::{ActorBatch, BatchOutcome, BootId, Rejection, Timestamp};

use super::boot::{Boot, Progress};
use super::entry::Text;
use super::limits::Refusal;
use super::scope::{Naming, OF_BOOT};
use super::store::Directory;

impl Directory {
    /// Applies a batch, once: the last one that arrives again gets the same answer and changes nothing. Every batch is a
    /// beat for all live actors of its boot.
    ///
    /// Entries that can't be applied are rejected one by one. `resync` asks for all actors again where a batch before this
    /// one is not known: one was lost, or the studio started anew and would otherwise never hear of those that rest.
    ///
    /// # Errors
    /// When the boot's name is empty or too long, when there are too many boots, and when the batch's number was used
    /// before for another one.
    pub fn apply(&self, batch: ActorBatch) -> Result<BatchOutcome, Refusal> {
        let now = self.clock.now();
        if let Some(source) = &batch.source {
            self.options.check_source(source, &batch.boot)?;
        }
        let boot = self.boot(&batch.boot, now)?;
        let mut progress = boot.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let said = in_short(&batch);
        let again = batch.seq == progress.last_seq && progress.last_said == Some(said);
        if progress.last_said.is_some() && batch.seq <= progress.last_seq && !again {
            // No beat: it may be a new start of the process, whose actors are not those that are shown.
            return Err(Refusal::UsedNumber {
                boot: boot.id.0.clone(),
                seq: batch.seq,
                next: progress.last_seq.saturating_add(1),
            });
        }
        boot.beat(now);
        if again {
            return Ok(progress.last_outcome.clone());
        }
        let missing = batch.seq > progress.last_seq.saturating_add(1);
        progress.generation = batch.generation.unwrap_or(0).max(progress.generation);
        if missing {
            progress.broken = progress.generation;
        }
        // Before its first batch there is nothing of it.
        let sweeps = batch.complete && progress.last_said.is_some() && progress.broken < progress.generation;
        (progress.last_seq, progress.last_said) = (batch.seq, Some(said));
        let mut outcome = self.apply_entries(batch, &boot, &mut progress, now);
        if sweeps {
            self.remove_unnamed(&boot, progress.generation);
        }
        outcome.resync = missing;
        progress.last_outcome = outcome.clone();
        Ok(outcome)
    }

    fn apply_entries(
        &self,
        batch: ActorBatch,
        boot: &Arc<Boot>,
        progress: &mut Progress,
        now: Timestamp,
    ) -> BatchOutcome {
        let mut outcome = BatchOutcome::default();
        let mut index = 0;
        let mut note = |result: Result<(), Refusal>| {
            match result {
                Ok(()) => outcome.accepted += 1,
                Err(refusal) => outcome.rejected.push(Rejection {
                    index,
                    code: Some(refusal.code()),
                    problem: refusal.to_string(),
                }),
            }
            index += 1;
        };
        if let Some(source) = batch.source {
            let scope = source.scope();
            progress.scope = scope.or_else(|| Some(boot.id.0.chars().take(OF_BOOT).collect()));
        }
        let naming = Naming {
            boot,
            scope: progress.scope.as_deref(),
            generation: progress.generation,
            now,
        };
        for record in batch.register {
            note(self.register_of(record, &naming));
        }
        for patch in batch.update {
            let alias = boot.alias(&patch.id.0);
            let shown = alias.unwrap_or_else(|| Text::from(patch.id.0.as_str()));
            note(self.update_by(&shown, patch, Some(boot), now));
        }
        for id in batch.unregister {
            // Gone already is as good as gone now.
            self.unregister_of(&id, boot);
            note(Ok(()));
        }
        outcome
    }

    /// The boot of that name, which may be new here.
    fn boot(&self, id: &BootId, now: Timestamp) -> Result<Arc<Boot>, Refusal> {
        if let Some(boot) = self.boots.get(id) {
            return Ok(boot.clone());
        }
        self.options.name("boot", &id.0)?;
        let limit = self.options.max_boots;
        if self.boots.len() >= limit {
            return Err(Refusal::TooManyBoots { limit });
        }
        match self.boots.entry(id.clone()) {
            Slot::Occupied(slot) => Ok(slot.get().clone()),
            Slot::Vacant(slot) => {
                let boot = Arc::new(Boot::new(id.clone(), now));
                let _held = slot.insert(boot.clone());
                Ok(boot)
            }
        }
    }
}

/// A number that is the same for the same batch and most likely another for any other: of a sender that counts anew, the
/// numbers come again and what they stand for does not.
fn in_short(batch: &ActorBatch) -> u64 {
    let mut hasher = DefaultHasher::new();
    let sizes = (batch.register.len(), batch.update.len(), batch.unregister.len());
    (sizes, batch.generation, batch.complete).hash(&mut hasher);
    for record in &batch.register {
        (&record.id, &record.kind, &record.status, record.uptime).hash(&mut hasher);
        (record.message_count, record.queue_depth, record.last_heartbeat).hash(&mut hasher);
    }
    for patch in &batch.update {
        (&patch.id, &patch.kind, &patch.status, patch.uptime).hash(&mut hasher);
        (patch.message_count, patch.queue_depth, patch.last_heartbeat).hash(&mut hasher);
    }
    batch.unregister.hash(&mut hasher);
    hasher.finish()
}
