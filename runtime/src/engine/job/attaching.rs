//! Going on with a job whose process is gone, in the place where it ran.
//!
//! What its steps did is found out again: how they ended is in the run's history, and what they said is in their spools. All of
//! it passes the same way as the first time, to no log, so that values are masked before a line is written, and variables,
//! paths and outputs are what they were. Where anything of it is missing the job is lost, as without a place.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix::prelude::*;
use loom_bridge::{Activity, Context};
use loom_protocol::Timestamp;
use loom_workflow::model::{ActionReference, Step, StepAction};

use super::JobOrigin;
use super::actor::JobActor;
use super::contexts::{Contexts, Deeds, View};
use super::evaluate::own_env;
use super::machine::{Input, Machine, Opened as Started, Standstill, Status, Trouble};
use super::notes::LogNotes;
use super::opened::{Opened, opened_in, spec_of_earlier};
use super::opening::{broke_off, reclaim};
use super::pausing::Clock;
use super::room_files::{Failures, NamedFiles};
use super::worker::{Earlier, deeds_of, in_place, take_files};
use crate::chain::chain;
use crate::event::{Outputs, Phase, Reason, StepState};
use crate::executor::{ExecutorError, StepOutput, Stream};
use crate::id::StepId;
use crate::output::{Allowed, Line, LineSink, Pump, PumpOptions};
use crate::plan::JobPlan;
use crate::state;

/// How far a job had come when its process died.
#[derive(Debug)]
pub(in crate::engine) struct Past {
    ended: Vec<Ended>,
    running: Option<StepId>,
    /// When the job began, and the step that runs.
    since: (Option<Timestamp>, Option<Timestamp>),
    /// Why nobody has it.
    why: Reason,
}

/// A step that had ended.
#[derive(Debug)]
struct Ended {
    id: StepId,
    index: usize,
    outcome: StepState,
    conclusion: StepState,
    /// At which attempt; 0 when it never began.
    attempts: u32,
    /// What it gave, masked.
    outputs: Outputs,
}

impl Past {
    /// How far the job has come, if it is one that can be gone on with: its steps follow each other, and those that have begun
    /// are processes of their own, which leave nothing to be done at the end.
    pub(in crate::engine) fn of(job: &state::Job, plan: &JobPlan, why: &Reason) -> Option<Self> {
        let written = plan.job().map(|job| job.steps.as_slice())?;
        // How long it was paused, which counts for no time limit, is in no event.
        if job.is_paused()
            || job.last_pause > 0
            || job.cancel.is_some()
            || !plan.services.is_empty()
            || job.steps.len() != written.len()
        {
            return None;
        }
        let (mut ended, mut running) = (Vec::new(), None);
        for (index, (written, (id, step))) in written.iter().zip(&job.steps).enumerate() {
            if *id != StepId::at(index) || step.parent.is_some() || step.phase != Phase::Main {
                return None;
            }
            match step.state {
                StepState::Waiting if !step.has_begun() => continue,
                // Nothing begins behind one that runs, or has not begun.
                _ if running.is_some() || ended.len() != index => return None,
                StepState::Running if step.attempt == 1 && step.earlier.is_empty() && runs(written)? => {
                    running = Some(id.clone());
                }
                StepState::Success | StepState::Failure | StepState::Skipped => {
                    let begun = step.started_at.is_some();
                    if begun {
                        runs(written)?;
                    }
                    ended.push(Ended {
                        id: id.clone(),
                        index,
                        outcome: step.outcome.unwrap_or(step.state),
                        conclusion: step.state,
                        attempts: if begun { step.attempt } else { 0 },
                        outputs: step.outputs.clone(),
                    });
                }
                _ => return None,
            }
        }
        let began = running.is_some() || !ended.is_empty();
        began.then(|| Self {
            since: (
                job.started_at,
                running.as_ref().and_then(|id| job.steps.get(id)?.started_at),
            ),
            ended,
            running,
            why: why.clone(),
        })
    }

    /// The same for the machine.
    fn standstill(&self) -> Standstill {
        let ended = self.ended.iter();
        Standstill {
            ended: ended
                .map(|step| (step.id.clone(), step.outcome, step.conclusion))
                .collect(),
            running: self.running.clone(),
        }
    }

    /// The step that began and has not ended.
    pub(super) fn running(&self) -> Option<&StepId> {
        self.running.as_ref()
    }

    /// How long ago the job began, and its step.
    fn ages(&self, now: Timestamp) -> (Duration, Duration) {
        let age = |since: Option<Timestamp>| {
            Duration::from_millis(since.map_or(0, |since| now.millis_since(since)))
        };
        (age(self.since.0), age(self.since.1))
    }

    fn lost(&self, cause: &str) -> Trouble {
        let Reason { code, message } = &self.why;
        Trouble::machine(
            code,
            format!("{message}, and so is the place in which it ran: {cause}"),
        )
    }
}

/// Whether the step is a process in the place, or Loom's own work; `None` for what brings others or is not waited for.
fn runs(step: &Step) -> Option<bool> {
    if step.background.is_some() {
        return None;
    }
    match &step.action {
        StepAction::Run(_) => Some(true),
        StepAction::Uses(_) => Some(!is_checkout(step)),
        _ => None,
    }
}

/// Loom's own work, of which there is no spool. What stands for that action is a process, and has one.
fn is_checkout(step: &Step) -> bool {
    let StepAction::Uses(uses) = &step.action else {
        return false;
    };
    matches!(uses.target(), Some(ActionReference::Repository(repository))
        if repository.owner.eq_ignore_ascii_case("actions") && repository.name.eq_ignore_ascii_case("checkout"))
}

impl JobActor {
    /// One that goes on with a job whose process is gone.
    pub(in crate::engine) fn attached(origin: JobOrigin, past: Past) -> Self {
        let now = origin.shared.world.now();
        let mut actor = Self::new(origin, None);
        let order = actor.machine.order().clone();
        actor.machine = Machine::attached(order, past.standstill());
        let (age, _) = past.ages(now);
        actor.clock = Clock::new(actor.origin.plan.timeout.saturating_sub(age));
        actor.past = Some(Arc::new(past));
        actor
    }

    /// How long a step runs already that another process had begin.
    pub(super) fn age_of(&self, step: &StepId) -> Duration {
        let is_it = |past: &&Arc<Past>| past.running() == Some(step) && self.earlier.is_some();
        let past = self.past.as_ref().filter(is_it);
        past.map_or(Duration::ZERO, |past| past.ages(self.origin.shared.world.now()).1)
    }

    pub(super) fn attach(&mut self, past: Arc<Past>, ctx: &mut Context<Self>) {
        self.clock.start(&*self.origin.shared.world, ctx);
        let attaching = attach(self.origin.clone(), Arc::clone(&past));
        let attaching = self
            .origin
            .shared
            .io
            .spawn(self.origin.place_tasks.track(attaching));
        let waiting = ctx.declare(Activity::Waiting);
        ctx.spawn(attaching.into_actor(self).map(move |attached, act, ctx| {
            drop(waiting);
            let attached = attached.unwrap_or_else(|broken| Err(broke_off(&broken)));
            let started = attached.map(|attached| {
                act.contexts = Some(attached.contexts);
                act.opened = Some(attached.opened);
                act.earlier = past.running().map(|_| Earlier { said: attached.said });
                Started::default()
            });
            ctx.notify(Input::Opened(started));
        }));
    }
}

/// A place that is gone on with.
struct Attached {
    opened: Opened,
    contexts: Contexts,
    /// Lines of the step that runs, in the log.
    said: u64,
}

/// Goes on with the place of a job. When that cannot be, nothing of it is left.
async fn attach(origin: JobOrigin, past: Arc<Past>) -> Result<Attached, Trouble> {
    let (shared, key) = (Arc::clone(&origin.shared), origin.key.clone());
    let executor = shared.executors.of(&origin.plan.room);
    let attaching = shared.io.spawn(find(origin, Arc::clone(&past)));
    let lost = match attaching.await {
        Ok(Ok(attached)) => return Ok(attached),
        Ok(Err(cause)) => past.lost(&cause),
        Err(broken) => past.lost(&broke_off(&broken).reason.message),
    };
    tracing::warn!(job = %key.job, cause = %lost.reason.message, "a job cannot be gone on with");
    Err(match reclaim(&shared, &*executor, &key).await {
        Ok(()) => lost,
        Err(left) => Trouble {
            may_leave: true,
            ..Trouble::machine(
                &left.reason.code,
                format!("{}; besides, it {}", lost.reason.message, left.reason.message),
            )
        },
    })
}

async fn find(origin: JobOrigin, past: Arc<Past>) -> Result<Attached, String> {
    let shared = Arc::clone(&origin.shared);
    let (logs, key, running) = (shared.logs.clone(), origin.key.clone(), past.running.clone());
    let reopening = shared.io.blocking(move || {
        let again = logs.reopen(&key.run, &key.job, key.attempt, running.as_ref())?;
        let writer = logs.writer(&again.log)?;
        Ok::<_, crate::logs::LogError>((again, writer))
    });
    let reopened = reopening.await.map_err(|broken| broken.to_string())?;
    let (again, writer) = reopened.map_err(|error| format!("failed to {}", chain(&error)))?;
    let notes = LogNotes::new(
        writer,
        Arc::clone(&shared),
        origin.key.clone(),
        origin.masks.clone(),
    );
    let notes = Arc::new(notes.behind(again.notes));
    let (spec, hidden) = spec_of_earlier(&origin);
    let executor = shared.executors.of(&origin.plan.room);
    let place = executor
        .attach(spec.clone(), notes.clone())
        .await
        .map_err(cause)?;
    let opened = opened_in(&origin, place, spec, (again.log, notes, hidden));
    let contexts = Contexts::new(Arc::clone(&origin.plan), opened.grounds.facts.clone());
    let contexts = found_again(&opened, contexts, &past).await?;
    Ok(Attached {
        opened,
        contexts,
        said: again.said,
    })
}

fn cause(error: ExecutorError) -> String {
    match error {
        ExecutorError::Lost { cause } => cause,
        error => format!("failed to {}", chain(&error)),
    }
}

/// What the steps that have ended did, for those that follow.
async fn found_again(opened: &Opened, mut contexts: Contexts, past: &Past) -> Result<Contexts, String> {
    let plan = Arc::clone(&opened.grounds.plan);
    let written = plan.job().map(|job| job.steps.as_slice()).unwrap_or_default();
    for ended in &past.ended {
        let step = written.get(ended.index);
        let mut deeds = Deeds {
            outputs: ended.outputs.clone(),
            ..Deeds::default()
        };
        for attempt in 1..=ended.attempts {
            let env = env_of(opened, ended.index, contexts.view(None, Status::default())).await?;
            let name = in_place(&ended.id, attempt);
            match said_again(opened, &name, &env).await? {
                Some(again) => deeds = again,
                None if step.is_some_and(is_checkout) => {}
                None => return Err(format!("what its step {} said is not there any more", ended.id)),
            }
        }
        contexts.hold(&ended.id, deeds);
        let id = step.and_then(|step| step.id.as_ref()).map(|id| id.as_str());
        contexts.publish(&ended.id, (None, id), ended.outcome, ended.conclusion);
    }
    Ok(contexts)
}

/// The variables that a step had.
async fn env_of(opened: &Opened, index: usize, view: View) -> Result<BTreeMap<String, String>, String> {
    let grounds = Arc::clone(&opened.grounds);
    let found = opened.shared().io.blocking(move || {
        let written = grounds.plan.job().and_then(|job| job.steps.get(index));
        own_env(written, view, &grounds)
    });
    found.await.map_err(|broken| broken.to_string())
}

/// What a step did that has ended, by all that it said.
async fn said_again(
    opened: &Opened,
    step: &StepId,
    env: &BTreeMap<String, String>,
) -> Result<Option<Deeds>, String> {
    let failures = Failures::default();
    let files = NamedFiles::new(Arc::clone(&opened.grounds.files), failures.clone());
    let pump = Pump::new(PumpOptions {
        masks: opened.grounds.masks.clone(),
        sink: Arc::new(Nowhere),
        allowed: Allowed::from_env(|name| env.get(name).map(String::as_str)),
        debug: opened.debug,
        matchers: opened.matchers.clone(),
        matcher_files: Arc::new(files),
        workspace: opened.grounds.facts.workspace.clone(),
    });
    let again = Again(Arc::new(Mutex::new(Some(pump))));
    let followed = opened.place.follow(step, Box::new(again.clone())).await;
    let Some(end) = followed.map_err(cause)? else {
        return Ok(None);
    };
    let now = opened.shared().world.now();
    let reading = opened.shared().io.blocking(move || {
        let mut pump = again.take()?;
        take_files(&end.files, &mut pump, now);
        Some(deeds_of(&mut pump.finish(now)))
    });
    let deeds = reading.await.map_err(|broken| broken.to_string())?;
    match failures.take() {
        Some(trouble) => Err(trouble.reason.message),
        None => Ok(deeds),
    }
}

/// Hears again what a step said; all clones are the same.
#[derive(Clone)]
struct Again(Arc<Mutex<Option<Pump>>>);

impl Again {
    fn take(&self) -> Option<Pump> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl StepOutput for Again {
    fn chunk(&mut self, stream: Stream, at: jiff::Timestamp, bytes: &[u8]) {
        let at = Timestamp::from_millis(at.as_millisecond());
        if let Some(pump) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            pump.chunk(stream, at, bytes);
        }
    }
}

/// The lines are in the log already.
struct Nowhere;

impl LineSink for Nowhere {
    fn line(&self, _: &Line<'_>) -> io::Result<()> {
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}
