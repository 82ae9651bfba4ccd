//! State in, next steps out.

use std::collections::HashMap;

use indexmap::IndexSet;
use loom_protocol::Timestamp;

use super::FoldError;
use super::run::{Claim, Job, Run};
use crate::event::{Event, JobState, Outputs, Reason, Recorded, RunState};
use crate::id::JobId;

/// What follows from a run's state.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// This happened by itself: write it down.
    Record(Box<Event>),
    /// All that this job needs is done: find out whether it runs, and as what. Answered by `jobQueued`, `jobExpanded` or
    /// `jobFinished`.
    Judge(JobId),
    /// The run, or this job, wants its concurrency group. Answered by `concurrencyClaimed`, or its end.
    Claim(Option<JobId>),
    /// All jobs of the workflow that this job calls have ended: find out what it gives. Answered by `jobFinished`.
    Conclude(JobId),
    /// This job may start now.
    Start(JobId),
    /// Nothing follows before this time.
    Wake(Timestamp),
}

impl Run {
    /// What follows at this time, with at most `room` starts. Empty when there is nothing to do but wait, or nothing at all.
    ///
    /// The caller records the events, applies them and asks again. `busy` says of which jobs it is carrying out a decision
    /// whose answer is not recorded yet.
    pub fn decide(&self, at: Timestamp, room: usize, busy: impl Fn(&JobId) -> bool) -> Vec<Decision> {
        if self.state.is_final() {
            return Vec::new();
        }
        if self.state == RunState::Queued {
            return self.begin();
        }
        if self.frontier.is_over() {
            // What its jobs held is gone first: a run that has ended leaves nothing behind.
            if self.jobs.keys().any(&busy) {
                return Vec::new();
            }
            let state = self.result();
            let unreachable = self
                .unreachable
                .values()
                .next()
                .filter(|_| state == RunState::Lost);
            let reason = unreachable.map(|(_, reason)| reason.clone());
            return vec![record(Event::RunFinished { state, reason })];
        }
        let mut decisions = Vec::new();
        self.reuse(&mut decisions);
        self.cancel_what_waits(&busy, &mut decisions);
        for place in self.frontier.failing() {
            self.fail_fast(place, &busy, &mut decisions);
        }
        for (id, job) in self
            .frontier
            .complete()
            .filter_map(|place| self.jobs.get_index(place))
        {
            if !busy(id) {
                decisions.push(self.conclude(id, job));
            }
        }
        let mut calls = HashMap::new();
        for place in self.frontier.due() {
            let Some((id, job)) = self.jobs.get_index(place) else {
                continue;
            };
            if job.state == JobState::Waiting
                && self.reused_as(id, job).is_none()
                && !busy(id)
                && !self.forced
                && self.may_call(place, job, &busy, &mut calls)
            {
                decisions.push(self.judge(id, job));
            }
        }
        self.start(at, room, &busy, &mut decisions);
        decisions
    }

    fn begin(&self) -> Vec<Decision> {
        match (&self.concurrency, self.claim) {
            // One that is cancelled does not wait: it begins in order to end.
            (Some(_), Claim::None) if self.cancel.is_none() => vec![Decision::Claim(None)],
            (Some(_), Claim::Waiting) if self.cancel.is_none() => Vec::new(),
            _ => vec![record(Event::RunStarted)],
        }
    }

    /// A cancelled run ends what has not started, unless its `if` says that it runs all the same.
    fn cancel_what_waits(&self, busy: &impl Fn(&JobId) -> bool, decisions: &mut Vec<Decision>) {
        if self.cancel.is_none() {
            return;
        }
        let may_end = |job: &Job| match job.state {
            JobState::Queued => self.forced || !job.survives_cancel(),
            JobState::Waiting => self.forced,
            _ => false,
        };
        for (id, job) in &self.jobs {
            if may_end(job) && job.runs_itself_or_not_yet() && !busy(id) && self.reused_as(id, job).is_none()
            {
                decisions.push(finish(
                    id,
                    JobState::Cancelled,
                    Reason::new("cancelled", "the run was cancelled before it started"),
                ));
            }
        }
    }

    /// One of a matrix has failed: the others end, those that run and those that wait.
    fn fail_fast(&self, group: usize, busy: &impl Fn(&JobId) -> bool, decisions: &mut Vec<Decision>) {
        if !self
            .jobs
            .get_index(group)
            .is_some_and(|(_, job)| job.group.is_some_and(|rules| rules.fail_fast))
        {
            return;
        }
        let mut all = self.frontier.children(group).to_vec();
        while let Some(place) = all.pop() {
            let Some((id, job)) = self.jobs.get_index(place) else {
                continue;
            };
            all.extend(self.frontier.children(place));
            let reused = self.reused_as(id, job).is_some();
            if job.state.is_final() || job.cancel.is_some() || job.group.is_some() || reused {
                continue;
            }
            let reason = Reason::new("fail-fast", "another job of the same matrix failed");
            if self.frontier.is_running(place) || busy(id) {
                decisions.push(record(Event::JobCancelRequested {
                    job: id.clone(),
                    reason,
                    by: None,
                }));
            } else {
                decisions.push(finish(id, JobState::Cancelled, reason));
            }
        }
    }

    /// Whether a call of a matrix may begin beside those that are under way; `max-parallel` counts whole calls. `begun` has
    /// them by group.
    fn may_call(
        &self,
        place: usize,
        job: &Job,
        busy: &impl Fn(&JobId) -> bool,
        started: &mut HashMap<usize, usize>,
    ) -> bool {
        let group = self.frontier.group_of(place).filter(|_| job.calls.is_some());
        let Some((group, most)) = group.and_then(|(group, _)| Some((group, self.most_parallel(group)?)))
        else {
            return true;
        };
        let count = started.entry(group).or_insert_with(|| {
            let children = self.frontier.children(group).iter();
            let jobs = children.filter_map(|place| self.jobs.get_index(*place));
            jobs.filter(|(id, job)| !job.state.is_final() && (job.group.is_some() || busy(id)))
                .count()
        });
        let may = *count < most;
        *count += usize::from(may);
        may
    }

    fn judge(&self, id: &JobId, job: &Job) -> Decision {
        let unmet = || {
            let states = job
                .needs
                .iter()
                .map(|need| (need, self.jobs.get(need).map(|job| job.state)));
            states
                .into_iter()
                .find(|(_, state)| *state != Some(JobState::Success))
        };
        match &job.skip {
            // Only histories of the first version say beforehand that a job is skipped.
            Some(reason) => finish(
                id,
                JobState::Skipped,
                unmet().map_or_else(|| reason.clone(), |(need, state)| unmet_need(need, state)),
            ),
            None => Decision::Judge(id.clone()),
        }
    }

    fn conclude(&self, id: &JobId, job: &Job) -> Decision {
        if let Some(reused) = self.reused_as(id, job) {
            return record(reused.end());
        }
        if job.calls.is_some() {
            return Decision::Conclude(id.clone());
        }
        let (state, outputs) = self.sum(id);
        record(Event::JobFinished {
            job: id.clone(),
            state,
            reason: None,
            outputs,
            reused: None,
        })
    }

    fn start(
        &self,
        at: Timestamp,
        room: usize,
        busy: &impl Fn(&JobId) -> bool,
        decisions: &mut Vec<Decision>,
    ) {
        let mut starts = 0;
        let mut started: HashMap<usize, usize> = HashMap::new();
        let mut wake: Option<Timestamp> = None;
        for place in self.frontier.waiting_for_room() {
            let Some((id, job)) = self.jobs.get_index(place) else {
                continue;
            };
            if self.reused_as(id, job).is_some() {
                continue;
            }
            if busy(id) || self.forced || (self.cancel.is_some() && !job.survives_cancel()) {
                continue;
            }
            if let Some(reason) = &job.cancel {
                decisions.push(finish(id, JobState::Cancelled, reason.clone()));
                continue;
            }
            if let Some(until) = job.retry_at.filter(|until| *until > at) {
                wake = Some(wake.map_or(until, |wake| wake.min(until)));
                continue;
            }
            let group = self.frontier.group_of(place);
            if let Some((group, running)) = group
                && let Some(most) = self.most_parallel(group)
            {
                let others = started.entry(group).or_insert_with(|| {
                    let children = self.frontier.children(group).iter();
                    let under_way = |place: &&usize| {
                        !self.frontier.is_running(**place)
                            && self
                                .jobs
                                .get_index(**place)
                                .is_some_and(|(id, job)| !job.state.is_final() && busy(id))
                    };
                    children.filter(under_way).count()
                });
                if running + *others >= most {
                    continue;
                }
                *others += 1;
            }
            let concurrency = job.terms.as_ref().and_then(|terms| terms.concurrency.as_ref());
            match (concurrency, job.claim) {
                (Some(_), Claim::None) => decisions.push(Decision::Claim(Some(id.clone()))),
                (Some(_), Claim::Waiting) => {}
                _ => {
                    if starts == room {
                        break;
                    }
                    starts += 1;
                    decisions.push(Decision::Start(id.clone()));
                }
            }
        }
        decisions.extend(wake.map(Decision::Wake));
    }

    fn most_parallel(&self, group: usize) -> Option<usize> {
        let (_, job) = self.jobs.get_index(group)?;
        job.group?.max_parallel
    }

    /// Takes events that are about to be written, and all that follows from them by itself: the answer is what is to be
    /// written as one. One write instead of one for each link of the chain.
    ///
    /// # Errors
    /// When one of the events makes no sense for this run; the state is of no use then.
    pub fn extend(
        &mut self,
        events: Vec<Event>,
        time: Timestamp,
        busy: impl Fn(&JobId) -> bool,
    ) -> Result<Vec<Event>, FoldError> {
        let mut all = Vec::new();
        let mut next = events;
        loop {
            for event in next {
                let recorded = Recorded {
                    run: self.id.clone(),
                    seq: self.last.next(),
                    time,
                    event,
                };
                self.apply(&recorded)?;
                all.push(recorded.event);
            }
            let facts = self.decide(time, 0, &busy).into_iter();
            next = facts
                .filter_map(|decision| match decision {
                    Decision::Record(event) => Some(*event),
                    _ => None,
                })
                .collect();
            if next.is_empty() {
                return Ok(all);
            }
        }
    }

    /// The jobs that need a job directly.
    #[must_use]
    pub fn dependents(&self, id: &JobId) -> Vec<JobId> {
        let place = self.jobs.get_index_of(id);
        let dependents = place.map_or(&[][..], |place| self.frontier.dependents(place));
        let found = dependents.iter().filter_map(|place| self.jobs.get_index(*place));
        found.map(|(id, _)| id.clone()).collect()
    }

    /// Whether all jobs that a job needs, directly or not, have succeeded, for one whose needs are done and that has not
    /// ended itself. Costs nothing, where [`Run::ancestors`] costs what there are.
    #[must_use]
    pub fn all_before_succeeded(&self, id: &JobId) -> bool {
        let place = self.jobs.get_index_of(id);
        place.is_some_and(|place| self.frontier.is_untainted(place))
    }

    /// All jobs that a job needs, directly or not, in the workflow that it stands in: what the status functions of its `if`
    /// look at.
    #[must_use]
    pub fn ancestors(&self, id: &JobId) -> IndexSet<&JobId> {
        let mut found = IndexSet::new();
        let mut open: Vec<&JobId> = self
            .jobs
            .get(id)
            .map(|job| job.needs.iter().collect())
            .unwrap_or_default();
        while let Some(need) = open.pop() {
            if found.insert(need) {
                open.extend(self.jobs.get(need).into_iter().flat_map(|job| &job.needs));
            }
        }
        found
    }

    /// What the jobs that a job brought amount to: their state, and what they give together; of two that give the same the
    /// later counts, as on GitHub.
    #[must_use]
    pub fn sum(&self, group: &JobId) -> (JobState, Outputs) {
        let place = self.jobs.get_index_of(group);
        let children = place.map_or(&[][..], |place| self.frontier.children(place));
        let children = || {
            children
                .iter()
                .filter_map(|place| self.jobs.get_index(*place))
                .map(|(_, job)| job)
        };
        let any = |state| children().any(|job| job.state == state && !hidden(job));
        // A failure outranks the cancellations that it causes: what GitHub's service does, not its runner.
        let state = if any(JobState::Failure) {
            JobState::Failure
        } else if any(JobState::Lost) {
            JobState::Lost
        } else if any(JobState::Cancelled) {
            JobState::Cancelled
        } else if children().next().is_some() && children().all(|job| job.state == JobState::Skipped) {
            JobState::Skipped
        } else {
            JobState::Success
        };
        let mut outputs = Outputs::new();
        for (name, value) in children().flat_map(|job| &job.outputs) {
            if !value.is_empty() || !outputs.contains_key(name) {
                outputs.insert(name.clone(), value.clone());
            }
        }
        (state, outputs)
    }

    /// What all jobs together amount to. A user's cancel outweighs a failure, a failure outweighs a loss: the caller
    /// learns first what somebody did, then what the workflow did, then what the machine did. A job that could not be
    /// ended in order when it was cancelled is lost, and its run cancelled all the same; a cancel that comes when all that
    /// was not to be is lost already has ended nothing, and is as if it had not come. A job over its time has failed the
    /// run; one that gave way to a newer one of its concurrency group, or was cancelled by itself, was cancelled.
    fn result(&self) -> RunState {
        let counts = |job: &&Job| job.parent.is_none() || job.group.is_none();
        let jobs = || self.jobs.values().filter(counts).filter(|job| !hidden(job));
        let any = |state| jobs().any(|job| job.state == state);
        let gave_way = |job: &Job| {
            let why = job.reason.as_ref().or(job.cancel.as_ref());
            why.is_some_and(|reason| matches!(reason.code.as_str(), "concurrency" | "cancelled"))
        };
        let lost_by_it = |job: &Job| job.lost_by_cancel && job.group.is_none();
        let ended_by_it = |job: &Job| job.state == JobState::Cancelled || lost_by_it(job);
        if self.cancel.is_some() && jobs().any(ended_by_it) {
            RunState::Cancelled
        } else if any(JobState::Failure) {
            RunState::Failure
        } else if any(JobState::Lost) || !self.unreachable.is_empty() {
            // What the steps did is known, but the machine has failed: who waits for the run must learn of it.
            RunState::Lost
        } else if jobs().any(|job| job.state == JobState::Cancelled && gave_way(job)) {
            RunState::Cancelled
        } else if any(JobState::Cancelled) {
            RunState::Failure
        } else if !any(JobState::Success) && any(JobState::Skipped) {
            RunState::Skipped
        } else {
            RunState::Success
        }
    }
}

impl Job {
    /// Whether it is a job of its own, or was not judged yet and may become several.
    fn runs_itself_or_not_yet(&self) -> bool {
        self.group.is_none()
    }
}

/// Whether how it went does not matter to the run.
fn hidden(job: &Job) -> bool {
    job.continues_on_error() && matches!(job.state, JobState::Failure | JobState::Lost)
}

pub(super) fn record(event: Event) -> Decision {
    Decision::Record(Box::new(event))
}

fn finish(id: &JobId, state: JobState, reason: Reason) -> Decision {
    record(Event::JobFinished {
        job: id.clone(),
        state,
        reason: Some(reason),
        outputs: Outputs::new(),
        reused: None,
    })
}

fn unmet_need(need: &JobId, state: Option<JobState>) -> Reason {
    let state = state.map_or("unknown", JobState::as_str);
    Reason::new("needs", format!("it needs `{need}`, which ended as {state}"))
}
