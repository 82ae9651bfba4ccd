//! A journal in memory whose disk is full for a while, or whose answers get lost, as the seed says.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio::sync::{Notify, watch};

use super::chance::Chance;
use super::world::SimWorld;
use crate::event::{Event, Recorded, Seq};
use crate::executor::Owner;
use crate::id::{JobId, RunId};
use crate::journal::{
    Change, ClaimRequest, ClaimState, Claimed, Journal, JournalError, MemoryJournal, Request, RunQuery,
    Stamped, Summary,
};

/// When the process is killed: right before a write, or right after it. Writes count from 1, over all processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Strike {
    pub(super) at: usize,
    pub(super) before: bool,
}

/// Outlives the processes that use it.
pub(super) struct SimJournal {
    inner: MemoryJournal,
    world: SimWorld,
    /// When nothing can be written: from, to; in microseconds.
    full: Option<(u64, u64)>,
    /// Of so many writes one is done and its answer lost.
    loses: Option<u64>,
    chance: Mutex<Chance>,
    strikes: Vec<Strike>,
    writes: AtomicUsize,
    struck: Notify,
}

impl SimJournal {
    pub(super) fn new(world: SimWorld, chance: &mut Chance) -> Self {
        let from = chance.below(20_000_000);
        let full = (from, from + chance.below(14_000_000));
        Self {
            inner: MemoryJournal::new(Arc::new(world.clone())),
            world,
            full: chance.one_in(12).then_some(full),
            loses: chance.one_in(10).then_some(6),
            chance: Mutex::new(chance.clone()),
            strikes: Vec::new(),
            writes: AtomicUsize::new(0),
            struck: Notify::new(),
        }
    }

    /// One that never fails, with when the process is killed.
    pub(super) fn steady(world: SimWorld, strikes: Vec<Strike>) -> Self {
        Self {
            full: None,
            loses: None,
            strikes,
            ..Self::new(world, &mut Chance::new(0, "steady"))
        }
    }

    /// Ends when the process is to be killed.
    pub(super) async fn struck(&self) {
        self.struck.notified().await;
    }

    /// Writes that were begun so far.
    pub(super) fn writes_done(&self) -> usize {
        self.writes.load(Ordering::Relaxed)
    }

    /// Does one write, unless the process is killed at it: then this never ends.
    async fn write<T>(&self, write: impl Future<Output = T>) -> T {
        let at = self.writes.fetch_add(1, Ordering::Relaxed) + 1;
        self.strike(Strike { at, before: true }).await;
        let written = write.await;
        self.strike(Strike { at, before: false }).await;
        written
    }

    async fn strike(&self, strike: Strike) {
        if self.strikes.contains(&strike) {
            self.struck.notify_one();
            std::future::pending::<()>().await;
        }
    }

    fn writes(&self) -> Result<(), JournalError> {
        let now = self.world.micros();
        match self.full {
            Some((from, to)) if (from..to).contains(&now) => {
                Err(JournalError::Write("the disk is full".into()))
            }
            _ => Ok(()),
        }
    }

    fn answer<T>(&self, answer: T) -> Result<T, JournalError> {
        match self.loses {
            Some(many) if self.chance.lock().unwrap().one_in(many) => {
                Err(JournalError::Write("the answer was lost".into()))
            }
            _ => Ok(answer),
        }
    }
}

#[async_trait]
impl Journal for SimJournal {
    async fn append(
        &self,
        run: &RunId,
        owner: &Owner,
        after: Seq,
        events: Vec<Event>,
    ) -> Result<Vec<Recorded>, JournalError> {
        self.writes()?;
        let written = self.write(self.inner.append(run, owner, after, events)).await?;
        self.answer(written)
    }

    async fn append_stamped(
        &self,
        run: &RunId,
        owner: &Owner,
        after: Seq,
        events: Vec<Stamped>,
    ) -> Result<Vec<Recorded>, JournalError> {
        self.writes()?;
        let written = self.inner.append_stamped(run, owner, after, events).await?;
        self.answer(written)
    }

    async fn read(&self, run: &RunId, after: Seq, limit: usize) -> Result<Vec<Recorded>, JournalError> {
        self.inner.read(run, after, limit).await
    }

    async fn runs(&self, query: RunQuery) -> Result<Vec<Summary>, JournalError> {
        self.inner.runs(query).await
    }

    async fn count(&self, query: RunQuery) -> Result<u64, JournalError> {
        self.inner.count(query).await
    }

    async fn summary(&self, run: &RunId) -> Result<Option<Summary>, JournalError> {
        self.inner.summary(run).await
    }

    async fn last_number(&self, file: &str) -> Result<u64, JournalError> {
        self.inner.last_number(file).await
    }

    async fn changes(&self, after: u64) -> Result<Vec<Change>, JournalError> {
        self.inner.changes(after).await
    }

    async fn last_change(&self) -> Result<u64, JournalError> {
        self.inner.last_change().await
    }

    async fn request(&self, run: &RunId, request: Request) -> Result<(), JournalError> {
        self.inner.request(run, request).await
    }

    async fn requests(&self, after: u64) -> Result<Vec<(u64, RunId, Request)>, JournalError> {
        self.inner.requests(after).await
    }

    async fn take_over(
        &self,
        run: &RunId,
        from: &Owner,
        to: &Owner,
        after: Seq,
        events: Vec<Event>,
    ) -> Result<bool, JournalError> {
        self.writes()?;
        let taken = self
            .write(self.inner.take_over(run, from, to, after, events))
            .await?;
        self.answer(taken)
    }

    async fn mark_swept(&self, runs: Vec<RunId>) -> Result<(), JournalError> {
        self.writes()?;
        self.inner.mark_swept(runs).await
    }

    async fn forget(&self, runs: Vec<RunId>) -> Result<Vec<RunId>, JournalError> {
        self.inner.forget(runs).await
    }

    async fn claim(&self, claim: ClaimRequest) -> Result<Claimed, JournalError> {
        self.inner.claim(claim).await
    }

    async fn claim_state(
        &self,
        run: &RunId,
        job: Option<&JobId>,
    ) -> Result<Option<ClaimState>, JournalError> {
        self.inner.claim_state(run, job).await
    }

    async fn release(&self, run: &RunId, job: Option<&JobId>) -> Result<(), JournalError> {
        self.inner.release(run, job).await
    }

    async fn release_claims_of(&self, runs: &[RunId]) -> Result<(), JournalError> {
        self.inner.release_claims_of(runs).await
    }

    fn written(&self) -> watch::Receiver<u64> {
        self.inner.written()
    }

    async fn foreign_version(&self) -> Result<i64, JournalError> {
        self.inner.foreign_version().await
    }
}
