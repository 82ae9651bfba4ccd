//! A run's history: what waits is written as one, then those who asked are told and what is due is started.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use futures_util::FutureExt as _;
use loom_bridge::Context;
use tokio::sync::oneshot;

use super::actor::RunActor;
use super::hidden::hide;
use super::losing;
use crate::engine::{appending::append, timers};
use crate::event::{Event, Recorded};
use crate::fault;
use crate::journal::JournalError;
use crate::state::Decision;

/// How long what nobody waits for may wait for company.
const SOON: Duration = Duration::from_millis(5);

/// Events that wait to be written, and who wants to know of it.
pub(in crate::engine) struct Entry {
    pub(super) events: Vec<Event>,
    pub(super) saved: Option<oneshot::Sender<Result<(), Unwritable>>>,
}

/// The run's history cannot be written.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Unwritable;

impl RunActor {
    pub(super) fn record(&mut self, event: Event, ctx: &mut Context<Self>) {
        self.write(
            Entry {
                events: vec![event],
                saved: None,
            },
            ctx,
        );
    }

    pub(super) fn write(&mut self, entry: Entry, ctx: &mut Context<Self>) {
        self.waiting.push(entry);
        if !self.writing {
            self.flush(ctx);
        }
    }

    /// Writes what nobody waits for with the next events that there are, or soon by itself: in a chain of short jobs a write
    /// of its own would cost more than the job.
    pub(super) fn write_soon(&mut self, events: Vec<Event>, ctx: &mut Context<Self>) {
        let is_first = self.soon.is_empty();
        self.soon.extend(events);
        if is_first {
            timers::after(&*self.shared.world, ctx, SOON, |act, ctx| {
                let events = std::mem::take(&mut act.soon);
                if !events.is_empty() {
                    act.write(Entry { events, saved: None }, ctx);
                }
            });
        }
    }

    /// A job that failed and may be tried again has not ended.
    pub(super) fn or_retry(&self, event: Event) -> Event {
        let plan = event.job().and_then(|job| self.plans.get(job));
        let now = self.shared.world.now();
        losing::or_retry(&self.run, plan.map(Arc::as_ref), event, self.cancelling, now)
    }

    /// Writes all that waits, and what follows from it by itself, as one; then tells those who asked and starts what is due.
    pub(super) fn flush(&mut self, ctx: &mut Context<Self>) {
        if self.waiting.is_empty() {
            return;
        }
        let mut entries = std::mem::take(&mut self.waiting);
        // First: what follows may be about the same jobs.
        let mut events = std::mem::take(&mut self.soon);
        events.extend(
            entries
                .iter_mut()
                .flat_map(|entry| std::mem::take(&mut entry.events)),
        );
        self.drop_overtaken(&mut events);
        events.iter_mut().for_each(|event| hide(event, &self.masks));
        self.writing = true;
        let after = self.run.last;
        let events = match self.chain(events) {
            Ok(events) => events,
            Err(error) => {
                ctx.notify(Written {
                    result: Err(JournalError::Write(error)),
                    entries,
                });
                return;
            }
        };
        if events.is_empty() {
            let result = Ok(Vec::new());
            return ctx.notify(Written { result, entries });
        }
        let (shared, run) = (Arc::clone(&self.shared), self.run.id.clone());
        let writing = async move { append(&shared, &run, after, events).await };
        let writing = self.shared.io.here(AssertUnwindSafe(writing).catch_unwind());
        ctx.spawn(writing.into_actor(self).map(move |written, _, ctx| {
            ctx.notify(Written {
                result: written.unwrap_or(Err(JournalError::Closed)),
                entries,
            });
        }));
    }

    /// What was asked for while other events waited may be too late: a job that has ended is not cancelled any more.
    fn drop_overtaken(&self, events: &mut Vec<Event>) {
        let mut ended = BTreeSet::new();
        events.retain(|event| match event {
            Event::JobFinished { job, .. } => {
                ended.insert(job.clone());
                true
            }
            Event::JobCancelRequested { job, .. } => {
                let known = self.run.jobs.get(job);
                !ended.contains(job) && !known.is_some_and(|job| job.state.is_final())
            }
            _ => true,
        });
    }

    /// The events with all that follows from them by itself, judgements that cost next to nothing among it: one write for
    /// a chain of causes.
    fn chain(&mut self, events: Vec<Event>) -> Result<Vec<Event>, String> {
        let now = self.shared.world.now();
        let busy = self.busy();
        let mut all = self
            .run
            .extend(events, now, |job| busy.contains(job))
            .map_err(|error| error.to_string())?;
        loop {
            let decisions = self.run.decide(now, 0, |job| busy.contains(job));
            let mut more = Vec::new();
            for decision in decisions {
                if let Decision::Judge(job) = decision
                    && let Some(event) = self.judge_at_once(&job)
                {
                    more.push(event);
                }
            }
            if more.is_empty() {
                return Ok(all);
            }
            more.iter_mut().for_each(|event| hide(event, &self.masks));
            let follows = self
                .run
                .extend(more, now, |job| busy.contains(job))
                .map_err(|error| error.to_string())?;
            all.extend(follows);
        }
    }

    fn written(
        &mut self,
        written: Result<Vec<Recorded>, JournalError>,
        entries: Vec<Entry>,
        ctx: &mut Context<Self>,
    ) {
        let problem = match &written {
            // The state has taken them already.
            Ok(recorded) if recorded.last().is_none_or(|last| last.seq == self.run.last) => None,
            Ok(_) => Some("the journal numbers events in another way".to_owned()),
            Err(error) => Some(format!("failed to {error}")),
        };
        let answer = problem.as_ref().map_or(Ok(()), |_| Err(Unwritable));
        for saved in entries.into_iter().filter_map(|entry| entry.saved) {
            // The job may have gone meanwhile; its end arrives by its own notice.
            drop(saved.send(answer.clone()));
        }
        if let Some(problem) = problem {
            return self.give_up(problem, ctx);
        }
        let mut started = false;
        for recorded in written.into_iter().flatten() {
            match &recorded.event {
                Event::JobCancelRequested { job, reason, .. } => self.cancel_job(job, reason, false),
                event @ (Event::JobFinished { job, .. } | Event::JobRetrying { job, .. }) => {
                    self.release(job);
                    self.drop_prepared(job, ctx);
                    let state = match event {
                        Event::JobFinished { state, .. } => Some(*state),
                        _ => None,
                    };
                    self.decide_place(job, state, ctx);
                }
                Event::JobPreparing { job, .. } => self.prepare(job, ctx),
                Event::JobStarting { job, .. } => self.prepare_after(job, ctx),
                Event::JobStarted { .. } => started = true,
                _ => {}
            }
        }
        self.flush(ctx);
        self.advance(ctx);
        if started {
            fault::in_run(&self.run.workflow.name);
        }
    }

    /// A job that has ended gives up its concurrency group.
    pub(super) fn release(&self, job: &crate::id::JobId) {
        let concurrency = self
            .plans
            .get(job)
            .and_then(|plan| plan.instance.concurrency.as_ref());
        if concurrency.is_none() {
            return;
        }
        let (journal, run, job) = (Arc::clone(&self.shared.journal), self.run.id.clone(), job.clone());
        self.shared.io.spawn(async move {
            if let Err(error) = journal.release(&run, Some(&job)).await {
                tracing::warn!(%run, %job, %error, "what the job claimed could not be given up");
            }
        });
    }
}

/// A write has ended.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Written {
    result: Result<Vec<Recorded>, JournalError>,
    entries: Vec<Entry>,
}

impl Handler<Written> for RunActor {
    type Result = ();

    fn handle(&mut self, message: Written, ctx: &mut Context<Self>) {
        self.writing = false;
        self.written(message.result, message.entries, ctx);
    }
}
