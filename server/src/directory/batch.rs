//! Batches: what one process tells about its actors in one poll.

use std::sync::{Arc, PoisonError};

use dashmap::Entry as Slot;
use loom_protocol::{ActorBatch, BatchOutcome, BootId, Rejection, Timestamp};

use super::boot::Boot;
use super::limits::Refusal;
use super::store::Directory;

impl Directory {
    /// Applies a batch, once: the last one that arrives again gets the same answer and changes nothing; an older one
    /// is answered as having brought nothing. Every batch is a beat for all live actors of its boot.
    ///
    /// Entries that can't be applied are rejected one by one. `resync` asks for all actors again where a batch before this
    /// one is not known: one was lost, or the studio started anew and would otherwise never hear of those that rest.
    ///
    /// # Errors
    /// When the boot's name is empty or too long, or there are too many boots.
    pub fn apply(&self, batch: ActorBatch) -> Result<BatchOutcome, Refusal> {
        let now = self.clock.now();
        let (boot, stranger) = self.boot(&batch.boot, now)?;
        let mut progress = boot.progress.lock().unwrap_or_else(PoisonError::into_inner);
        boot.beat(now);
        if batch.seq < progress.last_seq {
            return Ok(BatchOutcome::default());
        }
        if batch.seq == progress.last_seq && !stranger {
            return Ok(progress.last_outcome.clone());
        }
        let missing = batch.seq > progress.last_seq.saturating_add(1);
        progress.last_seq = batch.seq;
        let mut outcome = self.apply_entries(batch, &boot, now);
        outcome.resync = missing;
        progress.last_outcome = outcome.clone();
        Ok(outcome)
    }

    fn apply_entries(&self, batch: ActorBatch, boot: &Arc<Boot>, now: Timestamp) -> BatchOutcome {
        let mut outcome = BatchOutcome::default();
        let mut index = 0;
        let mut note = |result: Result<(), Refusal>| {
            match result {
                Ok(()) => outcome.accepted += 1,
                Err(refusal) => outcome.rejected.push(Rejection {
                    index,
                    problem: refusal.to_string(),
                }),
            }
            index += 1;
        };
        for record in batch.register {
            note(self.register_by(record, Some(boot), now).map(|_| ()));
        }
        for patch in batch.update {
            note(self.update_by(patch, Some(boot), now));
        }
        for id in batch.unregister {
            // Gone already is as good as gone now; and what another boot took over is no longer this one's to remove.
            self.remove_if(&id.0, |entry| {
                entry.owner.as_ref().is_none_or(|owner| Arc::ptr_eq(owner, boot))
            });
            note(Ok(()));
        }
        outcome
    }

    /// The boot of that name, and whether it is new here.
    fn boot(&self, id: &BootId, now: Timestamp) -> Result<(Arc<Boot>, bool), Refusal> {
        if let Some(boot) = self.boots.get(id) {
            return Ok((boot.clone(), false));
        }
        self.options.name("boot", &id.0)?;
        let limit = self.options.max_boots;
        if self.boots.len() >= limit {
            return Err(Refusal::TooManyBoots { limit });
        }
        match self.boots.entry(id.clone()) {
            Slot::Occupied(slot) => Ok((slot.get().clone(), false)),
            Slot::Vacant(slot) => {
                let boot = Arc::new(Boot::new(id.clone(), now));
                let _held = slot.insert(boot.clone());
                Ok((boot, true))
            }
        }
    }
}
