//! The actor of a job: runs the effects that its machine asks for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use futures_util::FutureExt as _;
use loom_bridge::{Activity, Context};
use loom_workflow::model::StepAction;
use tokio::task::JoinHandle;

use super::attaching::Past;
use super::attempts::Attempts;
use super::contexts::Contexts;
use super::entrance::Entrances;
use super::known::Known;
use super::machine::{
    Effect, Input, JobOrder, Judgement, Machine, Opened as Started, Status, Trouble, WorkEnd,
};
use super::opened::Opened;
use super::opening::{self, broke_off, reclaim};
use super::pausing::Clock;
use super::question::{Ask, What};
use super::task::Task;
use super::worker::{self, Earlier};
use super::{JobOrigin, PreparedPlace, judging, posting};
use crate::engine::run::{ClosePlace, SaveEvents};
use crate::engine::timers;
use crate::event::StepState;
use crate::executor::{Closed, Signal};
use crate::fault;
use crate::id::StepId;
use crate::plan::step_name;

/// How long what has happened waits for what comes at once, before it is told alone.
const MOMENT: Duration = Duration::from_millis(200);

/// A job's actor. Its owner, the run's actor, learns of its end whatever the cause.
pub(in crate::engine) struct JobActor {
    pub(super) machine: Machine,
    pub(super) origin: JobOrigin,
    pub(super) opened: Option<Opened>,
    pub(super) contexts: Option<Contexts>,
    pub(super) steps: BTreeMap<StepId, Known>,
    /// When those began that are open, by the world's clock.
    pub(super) started: BTreeMap<StepId, Duration>,
    /// Its time.
    pub(super) clock: Clock,
    /// What steps that were judged will do.
    pub(super) tasks: BTreeMap<StepId, Task>,
    pub(super) attempts: Attempts,
    /// For shells, while it is paused.
    pub(super) entrances: Entrances,
    /// Whether a step was run at all.
    worked: bool,
    /// Its place, when that was begun to be made while its needs ran.
    prepared: Option<PreparedPlace>,
    /// How far it had come, when its process is gone and its place may not be.
    pub(super) past: Option<Arc<Past>>,
    /// Lines of the step that ran then, which are in the log; until the step is gone on with.
    pub(super) earlier: Option<Earlier>,
}

impl JobActor {
    pub(in crate::engine) fn new(origin: JobOrigin, prepared: Option<PreparedPlace>) -> Self {
        let plan = Arc::clone(&origin.plan);
        let written = plan.job().map(|job| job.steps.as_slice()).unwrap_or_default();
        let order = JobOrder {
            job: origin.key.job.clone(),
            attempt: origin.key.attempt,
            resource: origin.key.resource_name(),
            steps: written.iter().map(step_name).collect(),
            waits_at_end: loom_workflow::needs_final_wait(written),
            background: (0..)
                .map(StepId::at)
                .zip(written)
                .filter(|(_, step)| {
                    step.background
                        .as_ref()
                        .is_some_and(|background| background.value)
                })
                .map(|(id, _)| id)
                .collect(),
            pauses: plan.scope.run.options.pause_on_failure,
            closes_apart: true,
            has_outputs: plan.job().is_some_and(|job| !job.outputs.is_empty()),
            is_prepared: prepared.as_ref().is_some_and(|place| place.is_finished()),
            is_early: prepared.is_some(),
            paused_before: origin.paused_before,
        };
        let mut steps = BTreeMap::new();
        let mut know = |id, what| {
            steps.insert(id, Known { what, frame: None });
        };
        for (index, step) in written.iter().enumerate() {
            let id = StepId::at(index);
            know(id.clone(), What::OfJob(Arc::clone(&plan), index, None));
            know(id.pre(), What::Pre(Arc::clone(&plan), index, None));
            let members = match &step.action {
                StepAction::Parallel(members) => members.len(),
                _ => 0,
            };
            for member in 0..members {
                know(
                    id.inner(member).pre(),
                    What::Pre(Arc::clone(&plan), index, Some(member)),
                );
            }
        }
        know(StepId::at(written.len()), What::WaitForAll);
        Self {
            machine: Machine::new(order),
            clock: Clock::new(origin.plan.timeout),
            origin,
            opened: None,
            contexts: None,
            steps,
            started: BTreeMap::new(),
            tasks: BTreeMap::new(),
            attempts: Attempts::default(),
            entrances: Entrances::default(),
            worked: false,
            prepared,
            past: None,
            earlier: None,
        }
    }

    pub(super) fn run(&mut self, effect: Effect, ctx: &mut Context<Self>) {
        tracing::debug!(job = %self.origin.key.job, effect = effect.name(), "next");
        match effect {
            Effect::Save(number, events) => self.save(number, events, ctx),
            Effect::SaveLater => self.later(Input::SaveNow, MOMENT, ctx),
            Effect::Open => self.open(ctx),
            // The opening's end says that all is gone again.
            Effect::AbandonOpening => self.origin.place_tasks.unwanted().cancel(),
            Effect::Judge(step, status) => self.judge(step, status, ctx),
            Effect::AskAgain(step, status) => self.ask_again(step, status, ctx),
            Effect::Work(step) => self.work(step, ctx),
            Effect::Gather(step, failed) => self.gather(step, failed, ctx),
            Effect::Publish(step, outcome, conclusion) => self.publish(&step, outcome, conclusion),
            Effect::Signal(step, signal) => self.signal(step, signal),
            Effect::TimeoutAfter(step, attempt, limit) => {
                let limit = limit.saturating_sub(self.age_of(&step));
                self.later(Input::StepTimeout(step, attempt), limit, ctx);
            }
            Effect::Retry(retry) => self.retry(retry, ctx),
            Effect::Forget(step, attempt) => self.forget(&step, attempt),
            Effect::HoldTime => self.hold_time(ctx),
            Effect::ResumeTime => self.resume_time(ctx),
            Effect::EscalateAfter(step, round, after) => {
                self.later(Input::Escalate(step, round), after, ctx);
            }
            Effect::CancelTimeoutLater => {
                self.later(Input::CancelTimeout, self.origin.plan.cancel_timeout, ctx);
            }
            Effect::Conclude(status) => self.conclude(status, ctx),
            Effect::Close => match self.opened.take() {
                // The run removes it: what needs this job does not wait for that.
                Some(opened) => {
                    let entrances = self.lasting_entrances(&opened);
                    self.origin.closer.do_send(ClosePlace {
                        entrances,
                        key: self.origin.key.clone(),
                        opened: Box::new(opened),
                        place_tasks: self.origin.place_tasks.clone(),
                    });
                    ctx.notify(Input::Closed(Ok(Closed::default())));
                }
                None => {
                    let removal = self.removal();
                    self.when_done(removal, Input::Closed, ctx);
                }
            },
            Effect::Done => ctx.stop(),
        }
    }

    /// Feeds the machine after a time.
    pub(super) fn later(&self, input: Input, after: Duration, ctx: &mut Context<Self>) {
        timers::notify_after(&*self.origin.shared.world, ctx, after, input);
    }

    fn save(&mut self, number: u64, mut events: Vec<crate::event::Event>, ctx: &mut Context<Self>) {
        self.measure(&mut events);
        let may_retry = self.machine.may_run_again();
        let saved = self.origin.run.send(SaveEvents { events, may_retry });
        ctx.spawn(
            saved
                .into_actor(self)
                .map(move |saved, act, ctx: &mut Context<Self>| match saved {
                    Ok(Ok(())) => ctx.notify(Input::Saved(number)),
                    // The run cannot write its history any more and ends; nothing of this job may stay behind.
                    Ok(Err(_)) | Err(_) => act.abandon(ctx),
                }),
        );
    }

    fn open(&mut self, ctx: &mut Context<Self>) {
        if let Some(past) = self.past.clone() {
            return self.attach(past, ctx);
        }
        let opening = match self.prepared.take() {
            Some(prepared) => {
                let plan = Arc::clone(&self.origin.plan);
                let made = async move {
                    let opened = prepared.await.unwrap_or_else(|broken| Err(broke_off(&broken)));
                    opened.map(|opened| opened.with_plan(&plan))
                };
                self.origin.shared.io.here(made).boxed()
            }
            None => {
                let opening = opening::start_opening(self.origin.clone(), &self.origin.place_tasks);
                async move { opening.await.unwrap_or_else(|broken| Err(broke_off(&broken))) }.boxed()
            }
        };
        self.clock.start(&*self.origin.shared.world, ctx);
        let waiting = ctx.declare(Activity::Waiting);
        fault::while_opening(&self.origin.key.job);
        ctx.spawn(opening.into_actor(self).map(|opened, act, ctx| {
            drop(waiting);
            let started = opened.map(|opened| {
                let pre = opened.pre.clone();
                act.contexts = Some(Contexts::new(
                    Arc::clone(&act.origin.plan),
                    opened.grounds.facts.clone(),
                ));
                act.opened = Some(opened);
                Started { pre }
            });
            ctx.notify(Input::Opened(started));
        }));
    }

    /// A question about a step, with all that it sees now.
    fn ask(&self, id: &StepId, status: Status) -> Option<(Opened, Ask)> {
        let (opened, contexts) = (self.opened.clone()?, self.contexts.as_ref()?);
        let known = self.steps.get(id)?;
        // What an action does at the end sees what it saw in its turn.
        let (frame, owner) = match &known.what {
            What::Post(call) => (call.frame.clone(), call.step.clone()),
            _ => (known.frame.clone(), id.of_main()),
        };
        let around = match &known.what {
            What::Post(call) => posting::around(call, &|frame| contexts.view(frame, status)),
            _ => Vec::new(),
        };
        let ask = Ask {
            id: id.clone(),
            what: known.what.clone(),
            view: contexts.view(frame.as_ref(), status),
            frame,
            state: contexts.state_of(&owner),
            around,
        };
        Some((opened, ask))
    }

    fn judge(&mut self, step: StepId, status: Status, ctx: &mut Context<Self>) {
        let Some((opened, ask)) = self.ask(&step, status) else {
            let reason = crate::event::Reason::new("source", "the step is not known");
            let judgement = Judgement::Fail {
                reason,
                continue_on_error: false,
            };
            return ctx.notify(Input::Judged(step, Box::new(judgement)));
        };
        let judging = judging::judge(opened, ask);
        ctx.spawn(judging.into_actor(self).map(move |answer, act, ctx| {
            let judgement = match answer {
                Ok(answer) => act.take_answer(&step, answer),
                Err(trouble) => {
                    if let Some(opened) = &act.opened {
                        opened.notes.say(&trouble.reason.message);
                    }
                    Judgement::Broken(trouble.reason)
                }
            };
            ctx.notify(Input::Judged(step, Box::new(judgement)));
        }));
    }

    fn ask_again(&mut self, step: StepId, status: Status, ctx: &mut Context<Self>) {
        let Some((opened, ask)) = self.ask(&step, status) else {
            return ctx.notify(Input::HoldsOn(step, false));
        };
        let asked = self.origin.shared.io.spawn(judging::still_holds(opened, ask));
        ctx.spawn(asked.into_actor(self).map(move |holds, _, ctx| {
            ctx.notify(Input::HoldsOn(step, holds.unwrap_or(false)));
        }));
    }

    fn work(&mut self, id: StepId, ctx: &mut Context<Self>) {
        match self.tasks.remove(&id) {
            Some(Task::Enter(call)) => {
                let frame = self.steps.get(&id).and_then(|known| known.frame.clone());
                if let Some(contexts) = &mut self.contexts {
                    let mut env = contexts.own_env(frame.as_ref());
                    env.extend(call.env.iter().map(|(name, value)| (name.clone(), value.clone())));
                    contexts.enter(&id, Arc::clone(&call), env);
                    contexts.remember(&id, call);
                }
            }
            task => self.perform(id, task, ctx),
        }
    }

    fn perform(&mut self, id: StepId, task: Option<Task>, ctx: &mut Context<Self>) {
        let (Some(opened), Some(task)) = (self.opened.clone(), task) else {
            let lost = Trouble::machine("session-lost", "the job has no place to run its step in");
            return ctx.notify(Input::Ended(id, Box::new(Err(lost))));
        };
        self.note_entrance(&id, &task);
        let job = self.origin.key.job.clone();
        let attempt = self.attempts.of(&id);
        let is_earlier = self.past.as_ref().is_some_and(|past| past.running() == Some(&id));
        let earlier = self.earlier.take_if(|_| is_earlier);
        let working = worker::perform(opened, job, id.clone(), attempt, task, earlier);
        let working = self.origin.shared.io.spawn(working);
        let busy = ctx.declare(Activity::Busy);
        ctx.spawn(working.into_actor(self).map(move |ended, act, ctx| {
            drop(busy);
            let ended = ended.unwrap_or_else(|broken| Err(broke_off(&broken)));
            act.work_ended(id, ended, ctx);
        }));
        if !std::mem::replace(&mut self.worked, true) && fault::in_job(&self.origin.key.job) {
            // Late enough for the step to be under way, which is when a panic leaves most behind.
            let late = Duration::from_millis(300);
            timers::after(&*self.origin.shared.world, ctx, late, |act, _| {
                fault::panic_now(&act.origin.key.job.0)
            });
        }
    }

    fn work_ended(
        &mut self,
        id: StepId,
        ended: Result<(WorkEnd, super::contexts::Deeds), Trouble>,
        ctx: &mut Context<Self>,
    ) {
        let ended = ended.map(|(end, deeds)| {
            if let Some(contexts) = &mut self.contexts {
                contexts.hold(&id, deeds);
            }
            end
        });
        if let (Err(trouble), Some(opened)) = (&ended, &self.opened) {
            opened.notes.say(&trouble.reason.message);
        }
        ctx.notify(Input::Ended(id, Box::new(ended)));
    }

    fn gather(&mut self, id: StepId, failed: bool, ctx: &mut Context<Self>) {
        let found = self.opened.clone().zip(self.contexts.as_ref());
        let found = found.and_then(|(opened, contexts)| {
            let call = contexts.call_of(&id)?;
            Some((opened, call, contexts.view(Some(&id), Status::default())))
        });
        let Some((opened, call, view)) = found else {
            let lost = Trouble::machine("session-lost", "the job has no place any more");
            return ctx.notify(Input::Ended(id, Box::new(Err(lost))));
        };
        let gathering = self
            .origin
            .shared
            .io
            .spawn(judging::gather(opened, call, view, failed));
        ctx.spawn(gathering.into_actor(self).map(move |gathered, act, ctx| {
            let gathered = gathered.unwrap_or_else(|broken| Err(broke_off(&broken)));
            act.work_ended(id, gathered, ctx);
        }));
    }

    fn publish(&mut self, step: &StepId, outcome: StepState, conclusion: StepState) {
        self.attempts.end(step);
        if !self.may_be_kept() {
            self.entrances.forget(step);
        }
        let (Some(contexts), Some(known)) = (&mut self.contexts, self.steps.get(step)) else {
            return;
        };
        let owner = match &known.what {
            What::Post(call) => call.step.clone(),
            _ => step.of_main(),
        };
        contexts.keep_state(step, &owner);
        contexts.publish(step, (known.frame.as_ref(), known.what.id()), outcome, conclusion);
    }

    fn signal(&self, step: StepId, signal: Signal) {
        let Some(opened) = self.opened.clone() else { return };
        let step = worker::in_place(&step, self.attempts.of(&step));
        self.origin.shared.io.spawn(async move {
            if let Err(error) = opened.place.signal(&step, signal).await {
                // The step's end, which follows, says what became of it.
                tracing::debug!(error = %crate::chain::chain(&error), "a signal did not arrive");
            }
        });
    }

    fn conclude(&mut self, status: Status, ctx: &mut Context<Self>) {
        let found = self.opened.clone().zip(self.contexts.as_ref());
        let Some((opened, contexts)) = found else {
            return ctx.notify(Input::Concluded(Ok(crate::event::Outputs::new())));
        };
        let concluding = judging::conclude(opened, contexts.view(None, status));
        ctx.spawn(concluding.into_actor(self).map(|concluded, _, ctx| {
            ctx.notify(Input::Concluded(concluded));
        }));
    }

    /// Removes what the job may hold without a place to close.
    fn removal(&self) -> impl Future<Output = Result<Closed, Trouble>> + use<> {
        let (shared, key) = (Arc::clone(&self.origin.shared), self.origin.key.clone());
        let executor = shared.executors.of(&self.origin.plan.room);
        let removal = async move {
            reclaim(&shared, &*executor, &key)
                .await
                .map(|()| Closed::default())
        };
        self.origin.place_tasks.track(removal)
    }

    /// Ends without a history to write to.
    fn abandon(&mut self, ctx: &mut Context<Self>) {
        let removing: JoinHandle<_> = self.origin.shared.io.spawn(self.removal());
        ctx.wait(removing.into_actor(self).map(|_, _, ctx| ctx.stop()));
    }

    fn when_done<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Trouble>> + Send + 'static,
        input: impl FnOnce(Result<T, Trouble>) -> Input + 'static,
        ctx: &mut Context<Self>,
    ) {
        let task = self.origin.shared.io.spawn(work);
        ctx.spawn(task.into_actor(self).map(|done, _, ctx| {
            let done = done.unwrap_or_else(|broken| Err(broke_off(&broken)));
            ctx.notify(input(done));
        }));
    }
}

impl Actor for JobActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        Self::allow_orders(ctx);
        ctx.notify(Input::Begin);
    }
}

impl Handler<Input> for JobActor {
    type Result = ();

    fn handle(&mut self, input: Input, ctx: &mut Context<Self>) {
        self.feed(input, ctx);
    }
}
