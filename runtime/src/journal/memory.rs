//! A journal in memory: what tests use that run the engine in simulated time. No thread, no disk, no clock of its own;
//! every answer is there at once, and the same calls give the same history.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::watch;

use super::admission::{Admission, admit, admit_attempt, beginning, compare, number_taken};
use super::claims::{Kept, answer, enter, group_key, next};
use super::{
    Change, ClaimRequest, ClaimState, Claimant, Claimed, FORGOTTEN_AT_ONCE, Journal, JournalError, Request,
    RunQuery, Stamped, Summary,
};
use crate::event::{Event, Recorded, Seq};
use crate::executor::Owner;
use crate::id::{JobId, RunId};
use crate::world::World;

/// A journal that ends with its process. Clones are the same journal.
#[derive(Clone)]
pub struct MemoryJournal {
    world: Arc<dyn World>,
    state: Arc<Mutex<State>>,
    announce: Arc<watch::Sender<u64>>,
}

#[derive(Default)]
struct State {
    events: BTreeMap<RunId, Vec<Recorded>>,
    runs: BTreeMap<RunId, (Summary, u64)>,
    changes: u64,
    requests: Vec<(u64, RunId, Request)>,
    asked: u64,
    claims: Vec<Kept>,
    claimed: u64,
}

impl MemoryJournal {
    /// An empty journal; `world` says when its events were written.
    pub fn new(world: Arc<dyn World>) -> Self {
        Self {
            world,
            state: Arc::default(),
            announce: Arc::new(watch::channel(0).0),
        }
    }

    /// Nothing here can panic half done.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the journal and wakes who waits for that.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let answer = change(&mut self.state());
        self.announce.send_modify(|count| *count = count.wrapping_add(1));
        answer
    }
}

impl State {
    fn after(&self, run: &RunId, after: Seq) -> impl Iterator<Item = &Recorded> {
        let events = self.events.get(run).map(Vec::as_slice).unwrap_or_default();
        let from = events.partition_point(|event| event.seq <= after);
        events.iter().skip(from)
    }

    fn write(&mut self, run: &RunId, after: Seq, events: Vec<Stamped>) -> Vec<Recorded> {
        let mut seq = after;
        let mut summary = self.runs.get(run).map(|(summary, _)| summary.clone());
        let mut all = Vec::with_capacity(events.len());
        for Stamped { time, event } in events {
            seq = seq.next();
            let recorded = Recorded {
                run: run.clone(),
                seq,
                time,
                event,
            };
            match &mut summary {
                Some(summary) => summary.apply(&recorded),
                None => summary = Summary::create(&recorded),
            }
            all.push(recorded);
        }
        self.events
            .entry(run.clone())
            .or_default()
            .extend(all.iter().cloned());
        if let Some(summary) = summary {
            let over = summary.state.is_final();
            self.changes += 1;
            self.runs.insert(run.clone(), (summary, self.changes));
            if over {
                self.requests.retain(|(_, of, _)| of != run);
                self.release(|claimant| claimant.run == *run);
            }
        }
        all
    }

    /// Looks at a run that is to begin.
    fn admit_new(&self, new: &Summary) -> Result<(), JournalError> {
        let others = self.runs.values().map(|(summary, _)| summary);
        if let Some(first) = &new.first {
            let attempts: Vec<Summary> = others
                .filter(|other| other.is_attempt_at(first))
                .cloned()
                .collect();
            return admit_attempt(new, &attempts);
        }
        let mut alike = self.of_file(&new.workflow.file);
        match new.number {
            Some(number) if alike.any(|other| other.number == Some(number)) => Err(number_taken(new, number)),
            _ => Ok(()),
        }
    }

    /// The runs of a workflow's file, with all attempts at them.
    fn of_file<'a>(&'a self, file: &'a str) -> impl Iterator<Item = &'a Summary> {
        let runs = self.runs.values().map(|(summary, _)| summary);
        runs.filter(move |run| run.workflow.file == file)
    }

    fn group(&self, name: &str) -> Vec<Kept> {
        let of = self.claims.iter().filter(|kept| kept.group == name);
        of.cloned().collect()
    }

    fn release(&mut self, is: impl Fn(&Claimant) -> bool) {
        let (over, left) = std::mem::take(&mut self.claims)
            .into_iter()
            .partition(|kept| is(&kept.claimant));
        self.claims = left;
        for over in Vec::<Kept>::into_iter(over) {
            let Some(id) = next(&self.group(&over.group)) else {
                continue;
            };
            if let Some(turn) = self.claims.iter_mut().find(|kept| kept.id == id) {
                turn.state = ClaimState::Held;
            }
        }
    }

    fn claim(&mut self, request: &ClaimRequest) -> Result<Claimed, JournalError> {
        request.admitted(self.runs.get(&request.run).map(|(summary, _)| summary))?;
        let (name, claimant) = (group_key(&request.group), request.claimant());
        let mut group = self.group(&name);
        if let Some(own) = self.claims.iter().find(|kept| kept.claimant == claimant) {
            return if own.group == name {
                Ok(answer(own, &group))
            } else {
                Err(request.elsewhere(own))
            };
        }
        let entry = enter(request, &group)?;
        self.claimed += 1;
        let own = Kept {
            id: self.claimed,
            group: name,
            claimant,
            state: entry.state,
            displaced_by: None,
            cancels: entry.cancels,
        };
        for kept in self.claims.iter_mut().chain(&mut group) {
            if entry.displaces.contains(&kept.id) {
                kept.state = ClaimState::Displaced;
                kept.displaced_by = Some(own.id);
            }
        }
        self.claims.push(own.clone());
        Ok(answer(&own, &group))
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn append(
        &self,
        run: &RunId,
        owner: &Owner,
        after: Seq,
        events: Vec<Event>,
    ) -> Result<Vec<Recorded>, JournalError> {
        let events = Stamped::now(&*self.world, events);
        self.append_stamped(run, owner, after, events).await
    }

    async fn append_stamped(
        &self,
        run: &RunId,
        owner: &Owner,
        after: Seq,
        events: Vec<Stamped>,
    ) -> Result<Vec<Recorded>, JournalError> {
        self.change(|state| {
            let summary = state.runs.get(run).map(|(summary, _)| summary);
            match admit(run, summary, owner, after)? {
                Admission::Write => {
                    let begins = events.first().filter(|_| summary.is_none());
                    if let Some(new) = begins.and_then(|first| beginning(run, first)) {
                        state.admit_new(&new)?;
                    }
                    Ok(state.write(run, after, events))
                }
                Admission::Compare => {
                    let there = state.after(run, after).cloned().collect();
                    compare(run, after, &events, there)
                }
            }
        })
    }

    async fn read(&self, run: &RunId, after: Seq, limit: usize) -> Result<Vec<Recorded>, JournalError> {
        Ok(self.state().after(run, after).take(limit).cloned().collect())
    }

    async fn runs(&self, query: RunQuery) -> Result<Vec<Summary>, JournalError> {
        let state = self.state();
        let mut runs: Vec<Summary> = state
            .runs
            .values()
            .filter(|(run, _)| query.wants(run))
            .map(|(run, _)| run.clone())
            .collect();
        runs.sort_by(|a, b| (b.created_at, &b.id).cmp(&(a.created_at, &a.id)));
        runs.truncate(query.limit);
        Ok(runs)
    }

    async fn count(&self, query: RunQuery) -> Result<u64, JournalError> {
        let query = RunQuery { after: None, ..query };
        let state = self.state();
        let wanted = state.runs.values().filter(|(run, _)| query.wants(run));
        Ok(u64::try_from(wanted.count()).unwrap_or(u64::MAX))
    }

    async fn summary(&self, run: &RunId) -> Result<Option<Summary>, JournalError> {
        Ok(self.state().runs.get(run).map(|(summary, _)| summary.clone()))
    }

    async fn last_number(&self, file: &str) -> Result<u64, JournalError> {
        let state = self.state();
        let highest = state.of_file(file).filter_map(|run| run.number).max();
        let first = state.of_file(file).filter(|run| run.first.is_none());
        let count = u64::try_from(first.count()).unwrap_or(u64::MAX);
        Ok(highest.unwrap_or_default().max(count))
    }

    async fn changes(&self, after: u64) -> Result<Vec<Change>, JournalError> {
        let state = self.state();
        let newer = state.runs.values().filter(|(_, change)| *change > after);
        let mut changes: Vec<Change> = newer
            .map(|(run, change)| Change {
                change: *change,
                run: run.id.clone(),
                last: run.last,
            })
            .collect();
        changes.sort_by_key(|change| change.change);
        Ok(changes)
    }

    async fn last_change(&self) -> Result<u64, JournalError> {
        Ok(self.state().changes)
    }

    async fn request(&self, run: &RunId, request: Request) -> Result<(), JournalError> {
        self.change(|state| {
            // One that comes after the end has nobody to answer it.
            let open = state
                .runs
                .get(run)
                .is_some_and(|(summary, _)| !summary.state.is_final());
            if open {
                state.asked += 1;
                state.requests.push((state.asked, run.clone(), request));
            }
        });
        Ok(())
    }

    async fn requests(&self, after: u64) -> Result<Vec<(u64, RunId, Request)>, JournalError> {
        let state = self.state();
        let newer = state.requests.iter().filter(|(place, ..)| *place > after);
        Ok(newer.cloned().collect())
    }

    async fn take_over(
        &self,
        run: &RunId,
        from: &Owner,
        to: &Owner,
        after: Seq,
        events: Vec<Event>,
    ) -> Result<bool, JournalError> {
        Ok(self.change(|state| {
            let Some((summary, _)) = state.runs.get(run) else {
                return false;
            };
            if summary.owner != *from || summary.last != after || summary.state.is_final() {
                return false;
            }
            let events = Stamped::taken_over(&*self.world, from, to, events);
            state.write(run, after, events);
            true
        }))
    }

    async fn mark_swept(&self, runs: Vec<RunId>) -> Result<(), JournalError> {
        self.change(|state| {
            for run in &runs {
                if let Some((summary, _)) = state.runs.get_mut(run) {
                    summary.remains = false;
                }
            }
        });
        Ok(())
    }

    async fn forget(&self, runs: Vec<RunId>) -> Result<Vec<RunId>, JournalError> {
        Ok(self.change(|state| {
            let may_go = |run: &RunId| {
                let Some((summary, _)) = state.runs.get(run) else {
                    return false;
                };
                // All attempts go together: a later one may show the logs of an earlier one.
                let first = summary.first.as_ref().unwrap_or(run);
                let mut attempts = state
                    .runs
                    .values()
                    .filter(|(other, _)| other.is_attempt_at(first));
                attempts.all(|(attempt, change)| {
                    attempt.finished_at.is_some() && !attempt.remains && *change < state.changes
                })
            };
            let gone: Vec<RunId> = runs
                .into_iter()
                .take(FORGOTTEN_AT_ONCE)
                .filter(|run| may_go(run))
                .collect();
            for run in &gone {
                state.runs.remove(run);
                state.events.remove(run);
            }
            gone
        }))
    }

    async fn claim(&self, claim: ClaimRequest) -> Result<Claimed, JournalError> {
        self.change(|state| state.claim(&claim))
    }

    async fn claim_state(
        &self,
        run: &RunId,
        job: Option<&JobId>,
    ) -> Result<Option<ClaimState>, JournalError> {
        let state = self.state();
        let is = |claimant: &Claimant| claimant.run == *run && claimant.job.as_ref() == job;
        let own = state.claims.iter().find(|kept| is(&kept.claimant));
        Ok(own.map(|kept| kept.state))
    }

    async fn release(&self, run: &RunId, job: Option<&JobId>) -> Result<(), JournalError> {
        self.change(|state| {
            state.release(|claimant| claimant.run == *run && claimant.job.as_ref() == job);
        });
        Ok(())
    }

    async fn release_claims_of(&self, runs: &[RunId]) -> Result<(), JournalError> {
        self.change(|state| state.release(|claimant| runs.contains(&claimant.run)));
        Ok(())
    }

    fn written(&self) -> watch::Receiver<u64> {
        self.announce.subscribe()
    }

    /// Nobody else can write to it.
    async fn foreign_version(&self) -> Result<i64, JournalError> {
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::suite::{Place, Ticking, conforms};

    impl Place for MemoryJournal {
        fn open(&self) -> Arc<dyn Journal> {
            Arc::new(self.clone())
        }
    }

    conforms!(MemoryJournal::new(Arc::new(Ticking::default())));
}
