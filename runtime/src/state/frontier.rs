//! Which jobs something follows for: kept up with every event, so that a decision costs what it decides and not what the
//! run has. Derived from the events like the rest of the state.

use std::collections::{BTreeSet, HashMap};

use crate::id::JobId;

/// The jobs that are due, and what the others wait for. Jobs are numbered in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Frontier {
    /// Needs of each job that are not done. A need that the run does not have is never done.
    unmet: Vec<usize>,
    /// The jobs that need each job.
    dependents: Vec<Vec<usize>>,
    /// Jobs whose needs are done and of which nothing is decided.
    due: BTreeSet<usize>,
    /// Jobs that wait for room.
    queued: BTreeSet<usize>,
    /// Jobs that have not ended.
    open: usize,
}

impl Frontier {
    pub(super) fn new<'a>(jobs: impl Iterator<Item = (&'a JobId, &'a [JobId])> + Clone) -> Self {
        let places: HashMap<&JobId, usize> = jobs.clone().map(|(id, _)| id).zip(0..).collect();
        let mut frontier = Self::default();
        frontier.dependents.resize(places.len(), Vec::new());
        for (place, (_, needs)) in jobs.enumerate() {
            // Naming a need twice waits for it once.
            let distinct: BTreeSet<&JobId> = needs.iter().collect();
            for need in &distinct {
                if let Some(dependents) = places
                    .get(need)
                    .and_then(|need| frontier.dependents.get_mut(*need))
                {
                    dependents.push(place);
                }
            }
            if distinct.is_empty() {
                frontier.due.insert(place);
            }
            frontier.unmet.push(distinct.len());
            frontier.open += 1;
        }
        frontier
    }

    pub(super) fn queued(&mut self, job: usize) {
        self.due.remove(&job);
        self.queued.insert(job);
    }

    pub(super) fn started(&mut self, job: usize) {
        self.due.remove(&job);
        self.queued.remove(&job);
    }

    pub(super) fn ended(&mut self, job: usize) {
        self.started(job);
        self.open = self.open.saturating_sub(1);
        for dependent in self.dependents.get(job).into_iter().flatten() {
            if let Some(unmet) = self.unmet.get_mut(*dependent) {
                *unmet = unmet.saturating_sub(1);
                if *unmet == 0 {
                    self.due.insert(*dependent);
                }
            }
        }
    }

    /// The jobs of which nothing is decided, then those that wait for room; each in the order of the file.
    pub(super) fn jobs(&self) -> impl Iterator<Item = usize> + '_ {
        self.due.iter().chain(&self.queued).copied()
    }

    /// Whether every job has ended.
    pub(super) fn is_over(&self) -> bool {
        self.open == 0
    }
}
