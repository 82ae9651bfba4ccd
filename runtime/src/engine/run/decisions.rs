//! Carries out what follows from a run's state.

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use loom_bridge::{ActorSpec, Context};
use loom_protocol::{ActorId, Timestamp};

use super::Outcome;
use super::actor::{Child, RunActor, Turn};
use super::writing::Entry;
use crate::engine::job::{JobActor, JobOrigin, Past, PlaceTasks};
use crate::engine::launch::Slot;
use crate::engine::recovery;
use crate::engine::timers;
use crate::event::{ConcurrencyGroup, Event, JobState, Outputs, Reason, RunState};
use crate::id::{JobId, JobKey};
use crate::journal::{ClaimRequest, ClaimState, JournalError, Queue};
use crate::plan::JobPlan;
use crate::state::{Claim, Decision};

impl RunActor {
    /// Does what follows from the state; called after every change.
    pub(super) fn advance(&mut self, ctx: &mut Context<Self>) {
        if self.writing || !self.waiting.is_empty() {
            return; // the state is ahead of the history: ask again when that has caught up
        }
        if self.run.state.is_final() {
            tracing::info!(run = %self.run.id, state = %self.run.state, "run has ended");
            return self.tell_end(ctx);
        }
        if self.waits_for_a_slot(ctx) {
            return;
        }
        let now = self.shared.world.now();
        let parallel = self.launch.source.options.parallel.max(1);
        // One whose steps are done takes no room: its place is being removed. One that is paused takes none either.
        let working = |child: &&Child| {
            self.run
                .jobs
                .get(&child.job)
                .is_none_or(|job| !job.state.is_final() && !job.is_paused())
        };
        let room = parallel.saturating_sub(self.children.values().filter(working).count());
        let busy = self.busy();
        let mut facts = Vec::new();
        for decision in self.run.decide(now, room, |job| busy.contains(job)) {
            match decision {
                Decision::Record(event) => facts.push(*event),
                Decision::Judge(job) => match self.judge_at_once(&job) {
                    Some(event) => facts.push(event),
                    None => self.judge(job, ctx),
                },
                Decision::Conclude(job) => self.conclude(&job, ctx),
                Decision::Claim(job) => self.claim(job, ctx),
                Decision::Start(job) => self.start(&job, ctx),
                Decision::Wake(at) => self.wake_at(at, now, ctx),
            }
        }
        if !facts.is_empty() {
            self.write(
                Entry {
                    events: facts,
                    saved: None,
                },
                ctx,
            );
        }
    }

    /// Tells those who wait for the run that it has ended, once nothing waits for another job of it any more: they may end
    /// the process.
    fn tell_end(&mut self, ctx: &mut Context<Self>) {
        let (host, run) = (Arc::clone(&self.shared.executors.host), self.run.id.clone());
        let released = self.shared.io.spawn(async move { host.run_ended(&run).await });
        ctx.wait(released.into_actor(self).map(|_, act, ctx| {
            // `send_replace`: the outcome stands also when nobody listens yet.
            act.done.send_replace(Some(Outcome {
                state: act.run.state,
                problem: None,
            }));
            ctx.stop();
        }));
    }

    /// Whether it must not begin yet. One that is cancelled does not wait: it begins in order to end.
    fn waits_for_a_slot(&mut self, ctx: &mut Context<Self>) -> bool {
        let Slot::Wanted(slots) = &self.slot else {
            return false;
        };
        if self.run.cancel.is_some() {
            return false;
        }
        if std::mem::replace(&mut self.asked_for_slot, true) {
            return true;
        }
        let given = Arc::clone(slots).acquire_owned().into_actor(self);
        ctx.spawn(given.map(|given, act, ctx| {
            // Nobody closes the slots; without them there is nothing to wait for.
            act.slot = given.map_or(Slot::None, Slot::Held);
            act.advance(ctx);
        }));
        true
    }

    fn wake_at(&mut self, at: Timestamp, now: Timestamp, ctx: &mut Context<Self>) {
        if self.wake.is_some_and(|wake| wake <= at) {
            return;
        }
        self.wake = Some(at);
        let wait = at.as_millis().saturating_sub(now.as_millis()).max(1);
        let wait = Duration::from_millis(u64::try_from(wait).unwrap_or(1));
        timers::after(&*self.shared.world, ctx, wait, |act, ctx| {
            act.wake = None;
            act.advance(ctx);
        });
    }

    fn start(&mut self, id: &JobId, ctx: &mut Context<Self>) {
        let Some(plan) = self.plans.get(id).cloned() else {
            let reason = Reason::new("source", "what the job is made of is not known");
            return self.finish_lost(id, reason, ctx);
        };
        let attempt = self.run.jobs.get(id).map_or(1, |job| job.attempt + 1);
        let key = JobKey {
            run: self.run.id.clone(),
            job: id.clone(),
            attempt,
        };
        if !self.wants_prepared(&key, &plan) {
            // It goes first: the new one has the same name.
            self.drop_prepared(id, ctx);
            if self.closing.contains_key(id) {
                return;
            }
        }
        let (prepared, place_tasks) = self.take_prepared(id);
        let make = |origin| JobActor::new(origin, prepared);
        self.begin(key, plan, (place_tasks, make), ctx);
    }

    /// Goes on with a job that runs, of a process that is gone.
    pub(super) fn attach(&mut self, id: &JobId, past: Past, ctx: &mut Context<Self>) {
        let (Some(plan), Some(job)) = (self.plans.get(id).cloned(), self.run.jobs.get(id)) else {
            return;
        };
        let key = JobKey {
            run: self.run.id.clone(),
            job: id.clone(),
            attempt: job.attempt,
        };
        let make = |origin| JobActor::attached(origin, past);
        self.begin(key, plan, (self.place_tasks.part(), make), ctx);
    }

    fn begin(
        &mut self,
        key: JobKey,
        plan: Arc<JobPlan>,
        (place_tasks, make): (PlaceTasks, impl FnOnce(JobOrigin) -> JobActor),
        ctx: &mut Context<Self>,
    ) {
        let (id, attempt) = (key.job.clone(), key.attempt);
        let mut name = format!("job-{}-{id}", self.run.id.short());
        if attempt > 1 {
            // Not as a part of a name that another job may have.
            name.push_str(&format!("@{attempt}"));
        }
        let actor_id = ActorId(name);
        let mut spec = ActorSpec::of::<JobActor>()
            .id(actor_id.clone())
            .meta("run", self.run.id.0.clone())
            .meta("job", id.0.clone())
            .meta("executor", self.shared.executors.of(&plan.room).name())
            .watched_by(ctx.address().recipient());
        if let Some(image) = plan.image() {
            spec = spec.meta("image", self.masks.mask(image).into_owned());
        }
        let origin = self.origin_of(key, plan, &place_tasks, ctx);
        let actor = loom_bridge::spawn(spec, |_| make(origin));
        self.children.insert(
            actor_id,
            Child {
                job: id,
                attempt,
                actor,
                place_tasks,
            },
        );
    }

    fn finish_lost(&mut self, id: &JobId, reason: Reason, ctx: &mut Context<Self>) {
        self.record(
            Event::JobFinished {
                job: id.clone(),
                state: JobState::Lost,
                reason: Some(reason),
                outputs: Outputs::new(),
                reused: None,
            },
            ctx,
        );
    }

    /// Asks for a concurrency group, and waits for it.
    fn claim(&mut self, job: Option<JobId>, ctx: &mut Context<Self>) {
        let wanted = match &job {
            None => self.run.concurrency.clone(),
            Some(id) => {
                let job = self.run.jobs.get(id);
                job.and_then(|job| job.terms.as_ref()?.concurrency.clone())
            }
        };
        let Some(wanted) = wanted else { return };
        match &job {
            None if self.turn != Turn::Unclaimed => return,
            None => self.turn = Turn::Claiming,
            Some(id) => {
                self.asking.insert(id.clone());
            }
        }
        let ConcurrencyGroup {
            group,
            cancel_in_progress,
            queue_all,
        } = wanted;
        let request = ClaimRequest {
            group: group.clone(),
            run: self.run.id.clone(),
            job: job.clone(),
            owner: self.shared.owner.clone(),
            cancel_in_progress,
            queue: if queue_all { Queue::Max } else { Queue::Single },
        };
        let shared = Arc::clone(&self.shared);
        let asked = self.shared.io.spawn(async move {
            let claimed = shared.journal.claim(request).await?;
            for claimant in claimed.displaced.iter().chain(&claimed.to_cancel) {
                shared.give_way(claimant).await;
            }
            Ok::<_, JournalError>(claimed.state)
        });
        ctx.spawn(asked.into_actor(self).map(move |claimed, act, ctx| {
            let claimed = claimed.unwrap_or(Err(JournalError::Closed));
            if act.ended_meanwhile(job.as_ref()) {
                return;
            }
            match claimed {
                Ok(ClaimState::Waiting) => act.wait_for_claim(job, group, ctx),
                settled => act.claimed(job, group, settled.map(Some), ctx),
            }
        }));
    }

    /// Whether a job ended while its claim was under way, as when its matrix fails fast: then it wants none any more.
    fn ended_meanwhile(&mut self, job: Option<&JobId>) -> bool {
        let Some(id) = job else { return false };
        let ended = self.run.jobs.get(id).is_none_or(|job| job.state.is_final());
        if ended {
            self.asking.remove(id);
            self.release(id);
        }
        ended
    }

    fn wait_for_claim(&mut self, job: Option<JobId>, group: String, ctx: &mut Context<Self>) {
        let waits = Event::ConcurrencyClaimed {
            job: job.clone(),
            group: group.clone(),
            held: false,
        };
        self.record(waits, ctx);
        if let Some(job) = &job {
            // It waits, and may be told to end meanwhile.
            self.asking.remove(job);
        }
        self.await_claim(job, group, ctx);
    }

    /// Waits on for the concurrency groups that the owner before waited for.
    pub(super) fn wait_again(&mut self, ctx: &mut Context<Self>) {
        let waits = self.run.claim == Claim::Waiting && self.run.state == RunState::Queued;
        let own = waits.then(|| (None, self.run.concurrency.clone()));
        let waiting = self
            .run
            .jobs
            .iter()
            .filter(|(_, job)| job.state == JobState::Queued && job.claim == Claim::Waiting);
        let jobs = waiting.map(|(id, job)| {
            let terms = job.terms.as_ref();
            (
                Some(id.clone()),
                terms.and_then(|terms| terms.concurrency.clone()),
            )
        });
        let all: Vec<_> = own.into_iter().chain(jobs).collect();
        for (job, wanted) in all {
            if let Some(wanted) = wanted {
                self.await_claim(job, wanted.group, ctx);
            }
        }
    }

    fn await_claim(&mut self, job: Option<JobId>, group: String, ctx: &mut Context<Self>) {
        let (shared, run, of) = (Arc::clone(&self.shared), self.run.id.clone(), job.clone());
        let settled = self
            .shared
            .io
            .spawn(async move { recovery::claim_settled(&shared, &run, of.as_ref()).await });
        ctx.spawn(settled.into_actor(self).map(move |settled, act, ctx| {
            let settled = settled.unwrap_or(Err(JournalError::Closed));
            if act.ended_meanwhile(job.as_ref()) {
                return;
            }
            act.claimed(job, group, settled, ctx);
        }));
    }

    fn claimed(
        &mut self,
        job: Option<JobId>,
        group: String,
        settled: Result<Option<ClaimState>, JournalError>,
        ctx: &mut Context<Self>,
    ) {
        let is_unwanted = match &job {
            Some(job) => {
                self.asking.remove(job);
                false
            }
            None => std::mem::replace(&mut self.turn, Turn::Settled) == Turn::Unwanted,
        };
        let reason = match settled {
            Ok(Some(ClaimState::Held)) => {
                let mut events = vec![Event::ConcurrencyClaimed {
                    job,
                    group,
                    held: true,
                }];
                if is_unwanted {
                    events.extend(self.cancelled_by_group());
                }
                return self.write(Entry { events, saved: None }, ctx);
            }
            Ok(_) => Reason::new(
                "concurrency",
                "a newer one of its concurrency group took its place",
            ),
            Err(JournalError::Deadlock { .. }) => Reason::new(
                "concurrency",
                "its run has the concurrency group that it wants: it would wait for ever",
            ),
            Err(error) => Reason::new("journal", format!("failed to {error}")),
        };
        match job {
            Some(job) => {
                let open = self
                    .run
                    .jobs
                    .get(&job)
                    .is_some_and(|job| job.state == JobState::Queued);
                if open {
                    let state = if reason.code == "journal" {
                        JobState::Lost
                    } else {
                        JobState::Cancelled
                    };
                    self.record(
                        Event::JobFinished {
                            job,
                            state,
                            reason: Some(reason),
                            outputs: Outputs::new(),
                            reused: None,
                        },
                        ctx,
                    );
                }
            }
            None => {
                let jobs: Vec<JobId> = self.run.jobs.keys().cloned().collect();
                let mut events = vec![Event::RunStarted];
                events.extend(jobs.into_iter().map(|job| Event::JobFinished {
                    job,
                    state: JobState::Cancelled,
                    reason: Some(reason.clone()),
                    outputs: Outputs::new(),
                    reused: None,
                }));
                if self.run.state == RunState::Queued {
                    self.write(Entry { events, saved: None }, ctx);
                }
            }
        }
    }
}
