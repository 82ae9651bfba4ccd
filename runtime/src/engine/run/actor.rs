//! The actor of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use actix::prelude::*;
use loom_bridge::{ChildGone, Context, End};
use loom_protocol::ActorId;
use tokio::sync::{oneshot, watch};

use super::Outcome;
use super::prepared::{ClosePlace, Prepared};
use super::restoring::Restored;
use super::writing::{Entry, Unwritable};
use crate::actions::ActionStore;
use crate::engine::job::{AnswerPause, Input, JobActor, Past, PlaceTasks, close, reclaim};
use crate::engine::launch::{Launch, Slot};
use crate::engine::shared::Shared;
use crate::event::{Event, JobState, Outputs, PauseAnswer, Reason, RunState};
use crate::executor::Executor;
use crate::id::{JobId, JobKey, StepId};
use crate::output::Masks;
use crate::plan::{JobPlan, Scope};
use crate::state::{BY_CONCURRENCY, Claim, Job, Run};

/// A run's actor.
pub(in crate::engine) struct RunActor {
    /// With what is being written just now: nobody is told of it, and no job started, before it is in the history.
    pub(super) run: Run,
    pub(super) launch: Launch,
    pub(super) masks: Masks,
    pub(super) store: Arc<ActionStore>,
    /// The workflows, by the job that calls them; that of the run itself by none.
    pub(super) scopes: BTreeMap<Option<JobId>, Arc<Scope>>,
    /// Jobs that were judged and run themselves.
    pub(super) plans: BTreeMap<JobId, Arc<JobPlan>>,
    pub(super) children: BTreeMap<ActorId, Child>,
    /// Places that are made while the needs of their jobs still run.
    pub(super) prepared: BTreeMap<JobId, Prepared>,
    /// Jobs that are gone on with where they run, until the run's actor starts.
    pub(super) pasts: BTreeMap<JobId, Past>,
    /// Jobs whose places are being removed, with how many of each.
    pub(super) closing: BTreeMap<JobId, usize>,
    /// Places of jobs that are about to end: how they end says whether they are kept.
    pub(super) undecided: BTreeMap<JobId, ClosePlace>,
    /// Jobs of which something is being found out.
    pub(super) asking: BTreeSet<JobId>,
    /// How far the run's claim of its concurrency group is.
    pub(super) turn: Turn,
    /// Jobs whose actors ended before they did: they do not start again.
    pub(super) lost: BTreeSet<JobId>,
    /// Whether the run is being cancelled: told to the jobs before it is in the history.
    pub(super) cancelling: bool,
    /// Whether somebody asked for that, not its concurrency group alone: once more is by force then.
    pub(super) asked_to_cancel: bool,
    pub(super) shared: Arc<Shared>,
    pub(super) place_tasks: PlaceTasks,
    pub(super) slot: Slot,
    /// Whether it stands in line for one.
    pub(super) asked_for_slot: bool,
    /// When it is woken next.
    pub(super) wake: Option<loom_protocol::Timestamp>,
    /// What waits for the write that is under way to end.
    pub(super) waiting: Vec<Entry>,
    /// What nobody waits for: goes with the next write, or soon by itself.
    pub(super) soon: Vec<Event>,
    pub(super) writing: bool,
    pub(super) done: watch::Sender<Option<Outcome>>,
}

/// How far the claim of a run's own concurrency group is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It was not claimed; or the run has none.
    Unclaimed,
    /// It is being claimed: the run waits, and may lose its place to a newer one.
    Claiming,
    /// The same, and a newer one wants the group already.
    Unwanted,
    /// The run has it, or has ended because it did not get it.
    Settled,
}

/// A removal that is under way; what is left is the answer.
pub(super) type Reclaiming = std::pin::Pin<Box<dyn Future<Output = Option<String>>>>;

pub(super) struct Child {
    pub(super) job: JobId,
    pub(super) attempt: u32,
    pub(super) actor: Addr<JobActor>,
    pub(super) place_tasks: PlaceTasks,
}

/// What a run is made from, and whom it belongs to.
pub(in crate::engine) struct RunOrigin {
    pub(in crate::engine) shared: Arc<Shared>,
    /// Its workflows and jobs, as far as they are known: of a run that begins its own workflow.
    pub(in crate::engine) restored: Restored,
    /// What its jobs have under way in their executors.
    pub(in crate::engine) place_tasks: PlaceTasks,
    /// Its slot among the runs that are under way.
    pub(in crate::engine) slot: Slot,
    pub(in crate::engine) done: watch::Sender<Option<Outcome>>,
}

impl RunActor {
    pub(in crate::engine) fn new(run: Run, launch: Launch, origin: RunOrigin) -> Self {
        let masks = Masks::new();
        let Restored { scopes, plans, pasts } = origin.restored;
        let inner = scopes.values().flat_map(|scope| scope.secrets.values());
        for secret in launch.secrets.values().chain(inner) {
            masks.add(secret.expose());
        }
        let store = Arc::new(ActionStore::new(launch.actions.clone()));
        Self {
            cancelling: run.cancel.is_some(),
            asked_to_cancel: run.somebody_cancelled(),
            turn: match run.claim {
                Claim::None => Turn::Unclaimed,
                Claim::Waiting => Turn::Claiming,
                Claim::Held => Turn::Settled,
            },
            run,
            launch,
            masks,
            store,
            scopes,
            plans,
            children: BTreeMap::new(),
            prepared: BTreeMap::new(),
            pasts,
            closing: BTreeMap::new(),
            undecided: BTreeMap::new(),
            asking: BTreeSet::new(),
            lost: BTreeSet::new(),
            shared: origin.shared,
            place_tasks: origin.place_tasks,
            slot: origin.slot,
            asked_for_slot: false,
            wake: None,
            waiting: Vec::new(),
            soon: Vec::new(),
            writing: false,
            done: origin.done,
        }
    }

    /// The jobs of which a decision is being carried out: those that have actors or had one, and those that are asked about.
    pub(super) fn busy(&self) -> BTreeSet<JobId> {
        let children = self.children.values().map(|child| &child.job);
        let open = |id: &&JobId| self.run.jobs.get(*id).is_none_or(|job| !job.state.is_final());
        let lost = self.lost.iter().filter(open);
        let others = lost.chain(&self.asking).chain(self.closing.keys());
        children.chain(others).cloned().collect()
    }

    /// The history cannot be written: a run that cannot say what it did must not go on.
    pub(super) fn give_up(&mut self, problem: String, ctx: &mut Context<Self>) {
        tracing::error!(run = %self.run.id, %problem, "the run is given up");
        // How their jobs ended is not known: nothing is kept.
        let undecided: Vec<_> = std::mem::take(&mut self.undecided)
            .into_values()
            .map(|place| place.place_tasks.track(close(*place.opened)))
            .collect();
        for entry in std::mem::take(&mut self.waiting) {
            entry.saved.map(|saved| saved.send(Err(Unwritable)));
        }
        let mut held: Vec<_> = self
            .children
            .values()
            .filter_map(|child| self.reclaiming(child))
            .collect();
        held.extend(self.drop_all_prepared());
        let place_tasks = self.place_tasks.clone();
        let (host, run) = (Arc::clone(&self.shared.executors.host), self.run.id.clone());
        let io = self.shared.io.clone();
        let removed = async move {
            let all = futures_util::future::join_all(held);
            tokio::join!(all, futures_util::future::join_all(undecided));
            // Places of jobs that are done already are still being removed.
            place_tasks.end().await;
            let _ = io.spawn(async move { host.run_ended(&run).await }).await;
        };
        let removed = removed.into_actor(self);
        // Told last: who waits for the run may end the process.
        ctx.wait(removed.map(|_, act, ctx| {
            act.done.send_replace(Some(Outcome {
                state: RunState::Lost,
                problem: Some(problem),
            }));
            ctx.stop();
        }));
    }

    /// Removes what a job may still hold, on the IO threads, once nothing is under way for it any more. What is left is
    /// the answer.
    pub(super) fn reclaiming(&self, child: &Child) -> Option<Reclaiming> {
        let executor = self.shared.executors.of(&self.plans.get(&child.job)?.room);
        Some(self.reclaiming_place(&child.job, child.attempt, &child.place_tasks, executor))
    }

    pub(super) fn reclaiming_place(
        &self,
        job: &JobId,
        attempt: u32,
        place_tasks: &PlaceTasks,
        executor: Arc<dyn Executor>,
    ) -> Reclaiming {
        let key = JobKey {
            run: self.run.id.clone(),
            job: job.clone(),
            attempt,
        };
        let (shared, place_tasks) = (Arc::clone(&self.shared), place_tasks.clone());
        let task = self.shared.io.spawn(async move {
            place_tasks.end().await;
            reclaim(&shared, &*executor, &key).await
        });
        Box::pin(async move { task.await.ok()?.err().map(|left| left.reason.message) })
    }

    /// Tells the actors of jobs to end: of those that do not go on though the run is cancelled, or of all.
    fn cancel_children(&self, why: &Reason, force: bool) {
        for child in self.children.values() {
            let survives = self.run.jobs.get(&child.job).is_some_and(Job::survives_cancel);
            if force || !survives {
                // `do_send`: as in `cancel_job`.
                child.actor.do_send(Input::Cancel {
                    why: why.clone(),
                    force,
                });
            }
        }
    }

    /// A newer run of the concurrency group wants its turn: this one is cancelled as by somebody, on GitHub too, but once,
    /// however many newer ones come.
    fn give_way(&mut self, why: &Reason, ctx: &mut Context<Self>) {
        if self.run.state.is_final() {
            return;
        }
        if matches!(self.turn, Turn::Claiming | Turn::Unwanted) {
            // One that loses its place has never begun, and ends by that. Whether it does is known when the claim is settled.
            self.turn = Turn::Unwanted;
            return;
        }
        if let Some(event) = self.cancelled_by_group() {
            self.record(event, ctx);
            self.cancel_children(why, false);
        }
    }

    /// What says that the run is cancelled for a newer one; `None` when it is cancelled already.
    pub(super) fn cancelled_by_group(&mut self) -> Option<Event> {
        let first = !std::mem::replace(&mut self.cancelling, true);
        first.then(|| Event::CancelRequested {
            by: BY_CONCURRENCY.to_owned(),
            force: false,
        })
    }

    /// Tells a job's actor to end, if it has one.
    pub(super) fn cancel_job(&self, job: &JobId, why: &Reason, force: bool) {
        for child in self.children.values().filter(|child| child.job == *job) {
            // `do_send`: one order for each job, and it must not be lost to a full mailbox.
            child.actor.do_send(Input::Cancel {
                why: why.clone(),
                force,
            });
        }
    }
}

impl Actor for RunActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        Self::allow_orders(ctx);
        self.wait_again(ctx);
        for (job, past) in std::mem::take(&mut self.pasts) {
            self.attach(&job, past, ctx);
        }
        if self.run.resumed_at.is_empty() || self.run.state == RunState::Queued {
            return self.advance(ctx);
        }
        // What follows by itself from the loss of jobs comes before anything begins.
        let nothing = Entry {
            events: Vec::new(),
            saved: None,
        };
        self.write(nothing, ctx);
    }

    fn stopped(&mut self, _: &mut Context<Self>) {
        // Whatever it claimed is free for others.
        let (journal, run) = (Arc::clone(&self.shared.journal), self.run.id.clone());
        if self.run.concurrency.is_some()
            || self
                .plans
                .values()
                .any(|plan| plan.instance.concurrency.is_some())
        {
            self.shared.io.spawn(async move {
                if let Err(error) = journal.release_run(&run).await {
                    tracing::warn!(%run, %error, "what the run claimed could not be given up");
                }
            });
        }
    }
}

/// Write these events to the run's history; answered once they are there.
#[derive(Message)]
#[rtype(result = "Result<(), Unwritable>")]
pub(in crate::engine) struct SaveEvents {
    pub(in crate::engine) events: Vec<Event>,
    /// Whether the job may be tried again whose end is among them: what was told to end is not begun anew.
    pub(in crate::engine) may_retry: bool,
}

impl Handler<SaveEvents> for RunActor {
    type Result = ResponseFuture<Result<(), Unwritable>>;

    fn handle(&mut self, message: SaveEvents, ctx: &mut Context<Self>) -> Self::Result {
        let (saved, answer) = oneshot::channel();
        let events = message
            .events
            .into_iter()
            .map(|event| {
                if message.may_retry {
                    self.or_retry(event)
                } else {
                    event
                }
            })
            .collect();
        self.write(
            Entry {
                events,
                saved: Some(saved),
            },
            ctx,
        );
        Box::pin(async move { answer.await.unwrap_or(Err(Unwritable)) })
    }
}

/// Cancel the run; a second one skips the grace.
#[derive(Message)]
#[rtype(result = "()")]
pub(in crate::engine) struct CancelRun {
    pub(in crate::engine) by: String,
}

impl Handler<CancelRun> for RunActor {
    type Result = ();

    fn handle(&mut self, message: CancelRun, ctx: &mut Context<Self>) {
        if self.run.state.is_final() {
            return;
        }
        // Not by the history: the first one may still be on its way there.
        self.cancelling = true;
        let force = std::mem::replace(&mut self.asked_to_cancel, true);
        if !self.run.forced {
            self.record(
                Event::CancelRequested {
                    by: message.by,
                    force,
                },
                ctx,
            );
        }
        let why = Reason::new("cancelled", "the run was cancelled");
        self.cancel_children(&why, force);
    }
}

/// Cancel one job of the run, or all of it: a newer one of its concurrency group wants its turn.
#[derive(Message)]
#[rtype(result = "()")]
pub(in crate::engine) struct CancelRunJob {
    pub(in crate::engine) job: Option<JobId>,
    pub(in crate::engine) why: Reason,
    /// Who ordered it, where somebody did.
    pub(in crate::engine) by: Option<String>,
}

impl Handler<CancelRunJob> for RunActor {
    type Result = ();

    fn handle(&mut self, message: CancelRunJob, ctx: &mut Context<Self>) {
        let CancelRunJob { job, why, by } = message;
        let Some(job) = job else {
            return self.give_way(&why, ctx);
        };
        let known = self.run.jobs.get(&job);
        if known.is_some_and(|job| !job.state.is_final() && job.group.is_none()) {
            self.record(Event::JobCancelRequested { job, reason: why, by }, ctx);
        }
    }
}

/// Say how the paused steps of a job go on, or those of all jobs.
#[derive(Message)]
#[rtype(result = "()")]
pub(in crate::engine) struct AnswerPauses {
    pub(in crate::engine) job: Option<JobId>,
    pub(in crate::engine) step: Option<StepId>,
    pub(in crate::engine) pause: Option<u32>,
    pub(in crate::engine) answer: PauseAnswer,
}

impl Handler<AnswerPauses> for RunActor {
    type Result = ();

    fn handle(&mut self, message: AnswerPauses, _: &mut Context<Self>) {
        let AnswerPauses {
            job,
            step,
            pause,
            answer,
        } = message;
        let meant = |child: &&Child| job.as_ref().is_none_or(|job| child.job == *job);
        for child in self.children.values().filter(meant) {
            // `do_send`: as in `cancel_job`. One that is not paused has nothing to do.
            child.actor.do_send(AnswerPause {
                step: step.clone(),
                pause,
                answer,
            });
        }
    }
}

impl Handler<ChildGone> for RunActor {
    type Result = ();

    fn handle(&mut self, message: ChildGone, ctx: &mut Context<Self>) {
        let Some(child) = self.children.remove(&message.id) else {
            return;
        };
        let ended = self
            .run
            .jobs
            .get(&child.job)
            // One that is tried again has ended its attempt.
            .is_none_or(|job| {
                let tried = job.state == JobState::Queued && job.attempt == child.attempt;
                job.state.is_final() || tried || job.attempt > child.attempt
            });
        if ended {
            return self.advance(ctx);
        }
        let reason = match message.end {
            End::Panicked(text) => Reason::new("panic", format!("its actor panicked: {text}")),
            End::Stopped => Reason::new("panic", "its actor ended before it did"),
        };
        self.lost.insert(child.job.clone());
        tracing::error!(run = %self.run.id, job = %child.job, cause = %reason.message, "a job is lost");
        // What it holds goes first: a run that has ended leaves nothing behind.
        let reclaiming = self.reclaiming(&child);
        let removed = async move {
            match reclaiming {
                Some(reclaiming) => reclaiming.await,
                None => None,
            }
        };
        ctx.spawn(removed.into_actor(self).map(move |left, act, ctx| {
            let left = left.map(|left| Event::RemainsLeft {
                job: child.job.clone(),
                reason: Reason::new("cleanup", left),
            });
            let event = Event::JobFinished {
                job: child.job,
                state: JobState::Lost,
                reason: Some(reason),
                outputs: Outputs::new(),
                reused: None,
            };
            let events = left.into_iter().chain([event]).collect();
            act.write(Entry { events, saved: None }, ctx);
        }));
    }
}
