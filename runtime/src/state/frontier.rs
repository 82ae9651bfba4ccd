//! Which jobs something follows for: kept up with every event, so that a decision costs what it decides and not what the
//! run has. Derived from the events like the rest of the state.

use std::collections::{BTreeSet, HashMap};

use indexmap::IndexMap;

use super::run::Job;
use crate::event::JobState;
use crate::id::JobId;

/// The jobs that are due, and what the others wait for. Jobs are numbered in the order in which the run came to have them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Frontier {
    jobs: Vec<Entry>,
    by_id: HashMap<JobId, usize>,
    /// Jobs whose needs are done and that nobody judged.
    due: BTreeSet<usize>,
    /// Jobs that may start as soon as there is room.
    queued: BTreeSet<usize>,
    /// Groups whose jobs have all ended.
    complete: BTreeSet<usize>,
    /// Groups that fail fast in which one has failed.
    failing: BTreeSet<usize>,
    /// Jobs that have not ended.
    open: usize,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Entry {
    /// Needs that are not done. A need that the run does not have is never done.
    unmet: usize,
    /// The jobs that need it.
    dependents: Vec<usize>,
    parent: Option<usize>,
    children: Vec<usize>,
    open_children: usize,
    /// Children that have started and not ended.
    running_children: usize,
    running: bool,
    ended: bool,
    /// A need that has ended, or one that it needs in turn, did not succeed.
    tainted: bool,
}

impl Frontier {
    /// Takes jobs that the run has from now on; their needs are among themselves or known.
    pub(super) fn add<'a>(&mut self, jobs: impl Iterator<Item = (&'a JobId, &'a Job)> + Clone) {
        let first = self.jobs.len();
        for (id, job) in jobs.clone() {
            let place = self.jobs.len();
            let parent = job
                .parent
                .as_ref()
                .and_then(|parent| self.by_id.get(parent))
                .copied();
            self.by_id.insert(id.clone(), place);
            self.jobs.push(Entry {
                parent,
                ..Entry::default()
            });
            self.open += 1;
            if let Some(entry) = parent.and_then(|parent| self.jobs.get_mut(parent)) {
                entry.children.push(place);
                entry.open_children += 1;
            }
        }
        for (place, (_, job)) in (first..).zip(jobs) {
            // Naming a need twice waits for it once.
            let distinct: BTreeSet<&JobId> = job.needs.iter().collect();
            let (mut unmet, mut tainted) = (0, false);
            for need in distinct {
                let needed = self
                    .by_id
                    .get(need)
                    .copied()
                    .and_then(|need| self.jobs.get_mut(need));
                match needed {
                    Some(needed) if needed.ended => tainted |= needed.tainted,
                    Some(needed) => {
                        needed.dependents.push(place);
                        unmet += 1;
                    }
                    None => unmet += 1,
                }
            }
            if let Some(entry) = self.jobs.get_mut(place) {
                entry.unmet = unmet;
                entry.tainted = tainted;
            }
            if job.state == JobState::Queued {
                self.queued.insert(place);
            } else if unmet == 0 {
                self.due.insert(place);
            }
        }
    }

    /// The job has brought others, and waits for them.
    pub(super) fn expanded(&mut self, job: usize) {
        self.due.remove(&job);
        self.queued.remove(&job);
        if self.jobs.get(job).is_some_and(|entry| entry.open_children == 0) {
            self.complete.insert(job);
        }
    }

    pub(super) fn queued(&mut self, job: usize) {
        self.due.remove(&job);
        self.queued.insert(job);
        self.set_running(job, false);
    }

    pub(super) fn started(&mut self, job: usize) {
        self.due.remove(&job);
        self.queued.remove(&job);
        self.set_running(job, true);
    }

    /// The job has ended so, for those who need it.
    pub(super) fn ended(&mut self, job: usize, result: JobState) {
        let group = self.end(job, result);
        if let Some(group) = group.filter(|_| result == JobState::Failure) {
            self.failing.insert(group);
        }
    }

    /// The job counts as ended so, from an earlier attempt of its run: nobody's failing fast follows from that.
    pub(super) fn reused(&mut self, job: usize, result: JobState) {
        self.end(job, result);
    }

    /// The group around it is the answer, while others of it go on.
    fn end(&mut self, job: usize, result: JobState) -> Option<usize> {
        self.due.remove(&job);
        self.queued.remove(&job);
        self.complete.remove(&job);
        self.failing.remove(&job);
        self.set_running(job, false);
        let entry = self.jobs.get_mut(job)?;
        entry.ended = true;
        entry.tainted |= result != JobState::Success;
        let tainted = entry.tainted;
        let (dependents, parent) = (std::mem::take(&mut entry.dependents), entry.parent);
        self.open = self.open.saturating_sub(1);
        for dependent in dependents {
            if let Some(entry) = self.jobs.get_mut(dependent) {
                entry.unmet = entry.unmet.saturating_sub(1);
                entry.tainted |= tainted;
                if entry.unmet == 0 && !entry.ended {
                    self.due.insert(dependent);
                }
            }
        }
        let (parent, entry) = parent.and_then(|parent| Some((parent, self.jobs.get_mut(parent)?)))?;
        entry.open_children = entry.open_children.saturating_sub(1);
        if entry.open_children == 0 && !entry.ended {
            self.complete.insert(parent);
        }
        (entry.open_children > 0).then_some(parent)
    }

    fn set_running(&mut self, job: usize, running: bool) {
        let Some(entry) = self.jobs.get_mut(job) else {
            return;
        };
        if std::mem::replace(&mut entry.running, running) == running {
            return;
        }
        // All groups around it: a called workflow in a matrix counts as running while a job of it does.
        let mut parent = entry.parent;
        while let Some(group) = parent.and_then(|parent| self.jobs.get_mut(parent)) {
            group.running_children = if running {
                group.running_children + 1
            } else {
                group.running_children.saturating_sub(1)
            };
            parent = group.parent;
        }
    }

    /// Jobs that wait to be judged, in order.
    pub(super) fn due(&self) -> impl Iterator<Item = usize> + '_ {
        self.due.iter().copied()
    }

    /// Jobs that wait for room, in order.
    pub(super) fn waiting_for_room(&self) -> impl Iterator<Item = usize> + '_ {
        self.queued.iter().copied()
    }

    /// Groups whose jobs have all ended.
    pub(super) fn complete(&self) -> impl Iterator<Item = usize> + '_ {
        self.complete.iter().copied()
    }

    /// Groups in which one has failed while others go on.
    pub(super) fn failing(&self) -> impl Iterator<Item = usize> + '_ {
        self.failing.iter().copied()
    }

    /// The group around a job, and its jobs that have started and not ended.
    pub(super) fn group_of(&self, job: usize) -> Option<(usize, usize)> {
        let parent = self.jobs.get(job)?.parent?;
        Some((parent, self.jobs.get(parent)?.running_children))
    }

    /// The jobs that this one brought.
    pub(super) fn children(&self, job: usize) -> &[usize] {
        self.jobs.get(job).map_or(&[], |entry| entry.children.as_slice())
    }

    /// The jobs that need this one and wait for it.
    pub(super) fn dependents(&self, job: usize) -> &[usize] {
        self.jobs
            .get(job)
            .map_or(&[], |entry| entry.dependents.as_slice())
    }

    /// Whether the job runs right now.
    pub(super) fn is_running(&self, job: usize) -> bool {
        self.jobs.get(job).is_some_and(|entry| entry.running)
    }

    /// Whether all that this job needs, directly or not, has succeeded so far.
    pub(super) fn is_untainted(&self, job: usize) -> bool {
        self.jobs.get(job).is_some_and(|entry| !entry.tainted)
    }

    /// Whether every job has ended.
    pub(super) fn is_over(&self) -> bool {
        self.open == 0
    }

    pub(super) fn of(jobs: &IndexMap<JobId, Job>) -> Self {
        let mut frontier = Self::default();
        frontier.add(jobs.iter());
        frontier
    }
}
