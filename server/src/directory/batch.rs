//! Batches: what one process tells about its actors in one poll.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use dashmap::Entry as Slot;
use loom_protocol::{ActorBatch, ActorId, BatchOutcome, BootId, Rejection, Timestamp};

use super::boot::{Boot, Progress};
use super::entry::{Entry, Text};
use super::limits::{DirectoryOptions, Refusal};
use super::scope::{Naming, OF_BOOT};
use super::store::Directory;

impl Directory {
    /// Applies a batch, once: the last one that arrives again gets the same answer and changes nothing. Every batch is a
    /// beat for all live actors of its boot, takes what it answers to orders, and is told what is ordered of its actors.
    ///
    /// Entries that can't be applied are rejected one by one. `resync` asks for all actors again where a batch before this
    /// one is not known: one was lost, or the studio started anew and would otherwise never hear of those that rest. So it
    /// does where somebody else got an actor of the boot while that was silent.
    ///
    /// # Errors
    /// When the boot's name is empty or too long, when there are too many boots, and when the batch's number was used
    /// before for another one.
    pub fn apply(&self, batch: ActorBatch) -> Result<BatchOutcome, Refusal> {
        self.apply_at(batch, self.clock.now(), |_| Vec::new())
    }

    /// The same, at a moment that is given. `rest` makes of a batch that was not known what the directory does not, while
    /// no other one of the boot is applied, and says which of those entries it does not take; it sees the actors before
    /// those that the batch unregisters are gone.
    pub(crate) fn apply_at(
        &self,
        mut batch: ActorBatch,
        now: Timestamp,
        rest: impl FnOnce(&mut Applying<'_>) -> Vec<(usize, Refusal)>,
    ) -> Result<BatchOutcome, Refusal> {
        let (boot, answers) = (batch.boot.clone(), std::mem::take(&mut batch.answers));
        let mut outcome = self.apply_once(batch, now, rest)?;
        outcome.orders = self.orders().exchange(&boot, answers, now);
        Ok(outcome)
    }

    fn apply_once(
        &self,
        batch: ActorBatch,
        now: Timestamp,
        rest: impl FnOnce(&mut Applying<'_>) -> Vec<(usize, Refusal)>,
    ) -> Result<BatchOutcome, Refusal> {
        if let Some(source) = &batch.source {
            self.options.check_source(source, &batch.boot)?;
        }
        let said = in_short(&batch);
        loop {
            let boot = self.boot(&batch.boot, now)?;
            let mut progress = boot.progress.lock().unwrap_or_else(PoisonError::into_inner);
            let again = batch.seq == progress.last_seq && progress.last_said == Some(said);
            let used = progress.last_said.is_some() && batch.seq <= progress.last_seq && !again;
            if !self.hears(&boot, (!used).then_some(now)) {
                // Forgotten before it had its turn, so it is a new one now.
                continue;
            }
            if used {
                // No beat: it may be a new start of the process, whose actors are not those that are shown.
                return Err(Refusal::UsedNumber {
                    boot: boot.id.0.clone(),
                    seq: batch.seq,
                    next: progress.last_seq.saturating_add(1),
                });
            }
            if again {
                return Ok(progress.last_outcome.clone());
            }
            return Ok(self.apply_next(batch, said, &boot, &mut progress, now, rest));
        }
    }

    /// Whether the boot is one of those that are known, which it stays after a beat.
    fn hears(&self, boot: &Arc<Boot>, beat: Option<Timestamp>) -> bool {
        // Held for as long: the sweep forgets nobody meanwhile.
        let known = self.boots.get(&boot.id);
        let is_known = known.as_ref().is_some_and(|known| Arc::ptr_eq(known, boot));
        if is_known && let Some(now) = beat {
            boot.beat(now);
        }
        is_known
    }

    fn apply_next(
        &self,
        batch: ActorBatch,
        said: u64,
        boot: &Arc<Boot>,
        progress: &mut Progress,
        now: Timestamp,
        rest: impl FnOnce(&mut Applying<'_>) -> Vec<(usize, Refusal)>,
    ) -> BatchOutcome {
        let missing = batch.seq > progress.last_seq.saturating_add(1);
        progress.generation = batch.generation.unwrap_or(0).max(progress.generation);
        if missing {
            progress.broken = progress.generation;
        }
        // Before its first batch there is nothing of it.
        let sweeps = batch.complete && progress.last_said.is_some() && progress.broken < progress.generation;
        (progress.last_seq, progress.last_said) = (batch.seq, Some(said));
        if let Some(dropped) = batch.dropped {
            boot.tell_dropped(dropped);
        }
        let mut outcome = self.apply_entries(batch, boot, progress, now, rest);
        if sweeps {
            self.remove_unnamed(boot, progress.generation, now);
        }
        self.mark_moved(boot);
        outcome.resync = boot.robbed.swap(false, Ordering::Relaxed) || missing;
        progress.last_outcome = outcome.clone();
        outcome
    }

    fn apply_entries(
        &self,
        mut batch: ActorBatch,
        boot: &Arc<Boot>,
        progress: &mut Progress,
        now: Timestamp,
        rest: impl FnOnce(&mut Applying<'_>) -> Vec<(usize, Refusal)>,
    ) -> BatchOutcome {
        let mut outcome = BatchOutcome::default();
        let first = batch.register.len() + batch.update.len() + batch.unregister.len();
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
        if let Some(source) = &batch.source {
            let scope = source.scope();
            progress.scope = scope.or_else(|| Some(boot.id.0.chars().take(OF_BOOT).collect()));
        }
        let naming = Naming {
            boot,
            scope: progress.scope.as_deref(),
            generation: progress.generation,
            now,
        };
        for record in std::mem::take(&mut batch.register) {
            note(self.register_of(record, &naming));
        }
        for patch in std::mem::take(&mut batch.update) {
            let alias = boot.alias(&patch.id.0);
            let shown = alias.unwrap_or_else(|| Text::from(patch.id.0.as_str()));
            note(self.update_by(&shown, patch, Some(boot), now));
        }
        let gone = std::mem::take(&mut batch.unregister);
        let others = others(&batch);
        let mut refused = rest(&mut Applying {
            directory: self,
            boot,
            scope: progress.scope.as_deref(),
            now,
            batch,
        });
        for id in gone {
            // Gone already is as good as gone now.
            self.unregister_of(&id, boot, now);
            note(Ok(()));
        }
        refused.truncate(others);
        outcome.accepted += others - refused.len();
        outcome
            .rejected
            .extend(refused.into_iter().map(|(place, refusal)| Rejection {
                index: first + place,
                code: Some(refusal.code()),
                problem: refusal.to_string(),
            }));
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

/// A batch while it is applied.
pub(crate) struct Applying<'a> {
    directory: &'a Directory,
    boot: &'a Arc<Boot>,
    scope: Option<&'a str>,
    /// The moment it came in.
    pub(crate) now: Timestamp,
    /// What the directory makes nothing of: its events, totals and answers.
    pub(crate) batch: ActorBatch,
}

impl Applying<'_> {
    /// The boot that sent it.
    pub(crate) fn boot(&self) -> &Text {
        &self.boot.name
    }

    /// The type of the actor that is shown as `id`.
    pub(crate) fn kind(&self, id: &str) -> Option<Text> {
        self.directory.kind_of(id)
    }

    /// What the directory takes.
    pub(crate) fn options(&self) -> &DirectoryOptions {
        &self.directory.options
    }

    /// A text that many share.
    pub(crate) fn share(&self, text: &str) -> Text {
        self.directory.share(text)
    }

    /// The id under which the actor is shown that the sender calls `id`; one that is not known here, or no more, included.
    ///
    /// # Errors
    /// When another process has an actor of this id, and the sender did not say who it is.
    pub(crate) fn shown(&self, id: &str) -> Result<Text, Refusal> {
        if let Some(shown) = self.boot.alias(id) {
            return Ok(shown);
        }
        self.directory.options.name("actor", id)?;
        let of_other = |entry: &Entry| {
            let owner = entry.owner.as_ref()?;
            (!Arc::ptr_eq(owner, self.boot)).then(|| owner.id.0.clone())
        };
        let entry = self.directory.actors.get(id);
        match (entry.as_ref().and_then(|entry| of_other(entry)), self.scope) {
            (None, _) => Ok(entry.map_or_else(|| Text::from(id), |entry| entry.key().clone())),
            (Some(_), Some(scope)) => Ok(Text::from(format!("{id}@{scope}"))),
            (Some(owner), None) => Err(Refusal::OtherOwner {
                id: ActorId(id.to_owned()),
                owner,
            }),
        }
    }

    /// Under which id an actor of another process is shown.
    ///
    /// # Errors
    /// When it can be no id.
    pub(crate) fn shown_of(&self, boot: &BootId, id: &str) -> Result<Text, Refusal> {
        self.directory.options.name("actor", id)?;
        let alias = self.directory.boots.get(boot).and_then(|boot| boot.alias(id));
        Ok(alias.unwrap_or_else(|| Text::from(id)))
    }
}

/// Entries that are not the directory's own to apply.
fn others(batch: &ActorBatch) -> usize {
    let traffic = batch.types.len() + batch.messages.len() + batch.edges.len();
    batch.events.len() + traffic + batch.answers.len() + batch.asks.as_ref().map_or(0, Vec::len)
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
    (batch.types.len(), batch.messages.len(), batch.edges.len()).hash(&mut hasher);
    for event in &batch.events {
        (&event.actor, event.time, &event.message).hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicI64;
    use std::time::{Duration, Instant};

    use loom_protocol::{ActorRecord, Source};

    use super::*;
    use crate::Clock;
    use crate::directory::Taken;

    #[derive(Clone, Default)]
    struct Hands(Arc<AtomicI64>);

    impl Clock for Hands {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(self.0.load(Ordering::SeqCst))
        }
    }

    fn moved(directory: &Directory) -> Vec<String> {
        match directory.changes().take(usize::MAX, false) {
            Taken::Some(ids) => ids.iter().map(ToString::to_string).collect(),
            Taken::Bulk => panic!("not that many"),
        }
    }

    #[test]
    fn children_change_with_the_id_that_their_parent_is_shown_under() {
        let hands = Hands::default();
        let directory = Directory::new(DirectoryOptions::default(), Arc::new(hands.clone()));
        let batch = |boot: &str, seq, register: &[(&str, Option<&str>)]| {
            let mut batch = ActorBatch::new(BootId(boot.into()), seq);
            batch.source = Some(Source {
                app: None,
                node: Some(boot.into()),
                pid: None,
                boot: batch.boot.clone(),
                started: None,
            });
            for (id, parent) in register {
                let mut record = ActorRecord::new(*id, "T");
                record.parent_id = parent.map(Into::into);
                batch.register.push(record);
            }
            directory.apply(batch).unwrap();
        };
        let parent = || directory.get("child").unwrap().parent_id.unwrap().0;
        batch("one", 1, &[("a", None)]);
        batch("two", 1, &[("child", Some("a")), ("other", None)]);
        moved(&directory);
        batch("two", 2, &[("a", None)]);
        assert_eq!(parent(), "a@two");
        assert!(moved(&directory).contains(&"child".to_owned()));
        hands.0.fetch_add(10_000, Ordering::SeqCst);
        batch("two", 3, &[]);
        directory.sweep();
        assert_eq!(parent(), "a");
        let moved = moved(&directory);
        assert!(
            moved.contains(&"child".to_owned()) && !moved.contains(&"other".to_owned()),
            "{moved:?}"
        );
    }

    #[test]
    fn a_boot_that_is_forgotten_while_its_batch_waits_is_a_new_one() {
        let hands = Hands::default();
        let options = DirectoryOptions::default();
        let forget_after = i64::try_from(options.forget_after.as_millis()).unwrap();
        let directory = Directory::new(options, Arc::new(hands.clone()));
        let batch = |seq| ActorBatch::new(BootId("b".into()), seq);
        directory.apply(batch(1)).unwrap();
        let boot = directory.boots.get(&BootId("b".into())).unwrap().clone();
        std::thread::scope(|scope| {
            let turn = boot.progress.lock().unwrap();
            let before = Arc::strong_count(&boot);
            let late = scope.spawn(|| {
                let mut late = batch(2);
                late.register = vec![ActorRecord::new("a", "T")];
                directory.apply(late).unwrap()
            });
            let began = Instant::now();
            while Arc::strong_count(&boot) == before {
                assert!(began.elapsed() < Duration::from_secs(10), "it waits for its turn");
                std::thread::yield_now();
            }
            hands.0.fetch_add(forget_after, Ordering::SeqCst);
            directory.sweep();
            drop(turn);
            assert!(late.join().unwrap().resync);
        });
        assert!(directory.get("a").is_some());
        hands.0.fetch_add(forget_after, Ordering::SeqCst);
        directory.sweep();
        assert!(directory.is_empty(), "nobody speaks for it any more");
    }
}
