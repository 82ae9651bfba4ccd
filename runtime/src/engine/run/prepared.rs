//! What is done off the critical path: places of jobs are made while their needs still run, and removed when their steps are
//! done, while others go on.

use std::collections::VecDeque;
use std::sync::Arc;

use actix::prelude::*;
use loom_bridge::Context;

use super::actor::{Reclaiming, RunActor};
use super::writing::Entry;
use crate::engine::job::{
    Entrance, JobOrigin, Opened, PlaceTasks, PreparedPlace, Trouble, close, start_opening,
};
use crate::event::{Event, JobState};
use crate::executor::{Closed, RoomSpec};
use crate::id::{JobId, JobKey};
use crate::plan::JobPlan;

/// Places that are made ahead at once: enough that a chain seldom waits, and few enough that they do not hold back what
/// runs.
const MOST_PREPARED: usize = 4;

/// A place that is made while the needs of its job still run.
pub(super) struct Prepared {
    plan: Arc<JobPlan>,
    place_tasks: PlaceTasks,
    /// Once the intent is written down.
    place: Option<PreparedPlace>,
}

impl RunActor {
    /// What the actor of a job is made from.
    pub(super) fn origin_of(
        &self,
        key: JobKey,
        plan: Arc<JobPlan>,
        place_tasks: &PlaceTasks,
        ctx: &Context<Self>,
    ) -> JobOrigin {
        let paused_before = self.run.jobs.get(&key.job).map_or(0, |job| job.last_pause);
        JobOrigin {
            paused_before,
            key,
            plan,
            shared: Arc::clone(&self.shared),
            run: ctx.address().recipient(),
            closer: ctx.address().recipient(),
            canceller: ctx.address().recipient(),
            workspace: self.launch.workspace.clone(),
            store: Arc::clone(&self.store),
            masks: self.masks.clone(),
            node: self.launch.node.clone(),
            place_tasks: place_tasks.clone(),
        }
    }

    /// A job begins: those that wait for it, and those that wait for these, may soon follow.
    pub(super) fn prepare_after(&mut self, job: &JobId, ctx: &mut Context<Self>) {
        if self.run.cancel.is_some() {
            return;
        }
        let mut events = Vec::new();
        let mut follow: VecDeque<JobId> = self.run.dependents(job).into();
        while let Some(id) = follow.pop_front() {
            if self.prepared.contains_key(&id) {
                follow.extend(self.run.dependents(&id));
                continue;
            }
            if self.prepared.len() >= MOST_PREPARED {
                break;
            }
            let Some(plan) = self.plan_early(&id) else {
                continue;
            };
            follow.extend(self.run.dependents(&id));
            let key = self.first_attempt(&id);
            self.prepared.insert(
                id.clone(),
                Prepared {
                    plan: Arc::new(plan),
                    place_tasks: self.place_tasks.part(),
                    place: None,
                },
            );
            events.push(Event::JobPreparing {
                job: id,
                attempt: key.attempt,
                resource: key.resource_name(),
            });
        }
        if !events.is_empty() {
            self.write_soon(events, ctx);
        }
    }

    fn first_attempt(&self, job: &JobId) -> JobKey {
        JobKey {
            run: self.run.id.clone(),
            job: job.clone(),
            attempt: 1,
        }
    }

    /// Where a job will run, if that is certain though its needs are not done, and it is next.
    fn plan_early(&self, id: &JobId) -> Option<JobPlan> {
        let job = self.run.jobs.get(id)?;
        let is_next = job.needs.iter().all(|id| {
            let need = self.run.jobs.get(id);
            self.prepared.contains_key(id)
                || need.is_some_and(|need| {
                    need.group.is_none() && matches!(need.state, JobState::Success | JobState::Running)
                })
        });
        if job.state != JobState::Waiting || !is_next {
            return None;
        }
        let (terms, plan) = self.outlook_of(id)?;
        // A place that does not fit after all would be in the way of the one that its job makes then.
        let fits = plan.services.is_empty() && !matches!(plan.room, RoomSpec::Container(_));
        (terms.concurrency.is_none() && fits).then_some(plan)
    }

    /// The intent is written down: the place is made.
    pub(super) fn prepare(&mut self, job: &JobId, ctx: &mut Context<Self>) {
        // What was written with the intent may have ended the job.
        if self.run.jobs.get(job).is_none_or(|job| job.state.is_final()) {
            self.prepared.remove(job);
            return;
        }
        let key = self.first_attempt(job);
        let Some((plan, place_tasks)) = self
            .prepared
            .get(job)
            .map(|prepared| (Arc::clone(&prepared.plan), prepared.place_tasks.clone()))
        else {
            return;
        };
        let origin = self.origin_of(key, plan, &place_tasks, ctx);
        let place = start_opening(origin, &place_tasks);
        if let Some(prepared) = self.prepared.get_mut(job) {
            prepared.place = Some(place);
        }
    }

    /// Whether the place that was made ahead for a job, if there is one, is the one that the job wants.
    pub(super) fn wants_prepared(&self, key: &JobKey, plan: &JobPlan) -> bool {
        let Some(prepared) = self.prepared.get(&key.job) else {
            return true;
        };
        let same = match (&prepared.plan.room, &plan.room) {
            (RoomSpec::Host, RoomSpec::Host) => true,
            (RoomSpec::Image(made), RoomSpec::Image(wanted)) => made == wanted,
            _ => false,
        };
        same && plan.services.is_empty() && key.attempt == 1 && prepared.place.is_some()
    }

    /// The place that was made ahead for a job that starts now and wants it.
    pub(super) fn take_prepared(&mut self, job: &JobId) -> (Option<PreparedPlace>, PlaceTasks) {
        match self.prepared.remove(job) {
            Some(prepared) => (prepared.place, prepared.place_tasks),
            None => (None, self.place_tasks.part()),
        }
    }

    /// Removes a place that was made ahead of a job that does not want it after all.
    pub(super) fn drop_prepared(&mut self, job: &JobId, ctx: &mut Context<Self>) {
        let Some(Prepared {
            place_tasks, place, ..
        }) = self.prepared.remove(job)
        else {
            return;
        };
        let Some(place) = place else { return };
        let tracked = place_tasks.clone();
        let removing = tracked.track(async move {
            place_tasks.unwanted().cancel();
            match place.await {
                Ok(Ok(opened)) => close(opened).await,
                Ok(Err(trouble)) if trouble.may_leave => Err(trouble),
                Ok(Err(_)) | Err(_) => Ok(Closed::default()),
            }
        });
        self.until_closed(job.clone(), removing, ctx);
    }

    /// Removes all places that were made ahead, without a history to write to.
    pub(super) fn drop_all_prepared(&mut self) -> Vec<Reclaiming> {
        let all: Vec<(JobId, Prepared)> = std::mem::take(&mut self.prepared).into_iter().collect();
        let removals = all.iter().map(|(job, prepared)| {
            let executor = self.shared.executors.of(&prepared.plan.room);
            self.reclaiming_place(job, 1, &prepared.place_tasks, executor)
        });
        removals.collect()
    }

    /// Counts a removal as under way until it is done: the run does not end before.
    pub(super) fn until_closed(
        &mut self,
        job: JobId,
        closing: impl Future<Output = Result<Closed, Trouble>> + Send + 'static,
        ctx: &mut Context<Self>,
    ) {
        *self.closing.entry(job.clone()).or_default() += 1;
        let closing = async move { closing.await.map(|closed| (closed, None)) };
        self.while_closing(job, closing, ctx);
    }

    /// Waits for the end of a removal that is counted already; what it is to be remembered by is in its answer.
    pub(super) fn while_closing(
        &mut self,
        job: JobId,
        closing: impl Future<Output = Result<(Closed, Option<Event>), Trouble>> + Send + 'static,
        ctx: &mut Context<Self>,
    ) {
        let closing = self.shared.io.spawn(closing);
        ctx.spawn(closing.into_actor(self).map(move |closed, act, ctx| {
            let left = act.closing.get(&job).copied().unwrap_or_default();
            if left > 1 {
                act.closing.insert(job.clone(), left - 1);
            } else {
                act.closing.remove(&job);
            }
            let events: Vec<Event> = match closed {
                Ok(Ok((closed, event))) => {
                    let killed = (!closed.killed.is_empty()).then_some(Event::LeftoversKilled {
                        job,
                        processes: closed.killed,
                    });
                    killed.into_iter().chain(event).collect()
                }
                Ok(Err(trouble)) => vec![Event::RemainsLeft {
                    job,
                    reason: trouble.reason,
                }],
                Err(broken) => vec![Event::RemainsLeft {
                    job,
                    reason: crate::event::Reason::new(
                        "cleanup",
                        format!("removing its place broke off: {broken}"),
                    ),
                }],
            };
            if events.is_empty() {
                act.advance(ctx);
            } else {
                act.write(Entry { events, saved: None }, ctx);
            }
        }));
    }
}

/// The steps of a job are done: remove its place, or keep it.
#[derive(Message)]
#[rtype(result = "()")]
pub(in crate::engine) struct ClosePlace {
    pub(in crate::engine) key: JobKey,
    pub(in crate::engine) opened: Box<Opened>,
    pub(in crate::engine) place_tasks: PlaceTasks,
    /// The ways into the place, in case it is kept.
    pub(in crate::engine) entrances: Vec<Entrance>,
}

impl Handler<ClosePlace> for RunActor {
    type Result = ();

    fn handle(&mut self, message: ClosePlace, ctx: &mut Context<Self>) {
        self.close_or_keep(message, ctx);
    }
}
