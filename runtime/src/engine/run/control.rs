//! What may be ordered of a run's actor from the studio: to show how the run stands, and to cancel it.

use std::collections::BTreeMap;

use actix::prelude::*;
use loom_bridge::{Context, Ordered};
use loom_protocol::Timestamp;
use serde::{Deserialize, Serialize};

use super::RunActor;
use super::actor::{CancelRun, Turn};
use crate::asker::asker;
use crate::event::{JobState, RunState, StepState};
use crate::id::{JobId, StepId};
use crate::state::{Claim, Job, Run};

/// Jobs that a snapshot names.
const MOST_JOBS: usize = 100;

/// Cancels the run, as `loom-runtime runs cancel` does; once more ends its steps at once.
#[derive(Message, Deserialize)]
#[rtype(result = "()")]
#[serde(deny_unknown_fields)]
pub(super) struct Cancel {
    #[serde(skip)]
    by: String,
}

impl Ordered for Cancel {
    fn ordered_by(&mut self, who: &str) {
        self.by = asker(who);
    }
}

/// How a run stands. All of it is masked: it is what its history says.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Snapshot {
    run: String,
    workflow: String,
    state: RunState,
    attempt: u32,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Timestamp>,
    cancelling: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<&'static str>,
    /// How many jobs are in which state.
    jobs: BTreeMap<String, usize>,
    /// The jobs that run or are next, a hundred at most.
    under_way: Vec<JobUnderWay>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JobUnderWay {
    job: JobId,
    state: JobState,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<String>,
    steps: Vec<StepUnderWay>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StepUnderWay {
    step: StepId,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Timestamp>,
}

impl RunActor {
    /// Lets whoever operates the studio order these.
    pub(super) fn allow_orders(ctx: &mut Context<Self>) {
        ctx.allow().snapshot_with(Self::snapshot).message_by::<Cancel>();
    }

    fn snapshot(&self) -> Snapshot {
        let mut jobs = BTreeMap::new();
        for job in self.run.jobs.values() {
            *jobs.entry(job.state_word().to_owned()).or_default() += 1;
        }
        let open = self.run.jobs.iter().filter(|(_, job)| !job.state.is_final());
        Snapshot {
            run: self.run.id.0.clone(),
            workflow: self.run.workflow.name.clone(),
            state: self.run.state,
            attempt: self.run.attempt(),
            created_at: self.run.created_at,
            started_at: self.run.started_at,
            cancelling: self.cancelling,
            waits_for: match self.turn {
                Turn::Claiming | Turn::Unwanted => Some("its turn in its concurrency group"),
                _ if self.asked_for_slot => Some("another run to end: no more may run at once"),
                _ => None,
            },
            jobs,
            under_way: open
                .take(MOST_JOBS)
                .map(|(id, job)| JobUnderWay {
                    job: id.clone(),
                    state: job.state,
                    started_at: job.started_at,
                    waits_for: waits_for(&self.run, job),
                    steps: steps_of(job),
                })
                .collect(),
        }
    }
}

fn steps_of(job: &Job) -> Vec<StepUnderWay> {
    let running = job
        .steps
        .iter()
        .filter(|(_, step)| step.state == StepState::Running);
    running
        .map(|(id, step)| StepUnderWay {
            step: id.clone(),
            name: step.name.clone(),
            started_at: step.started_at,
        })
        .collect()
}

fn waits_for(run: &Run, job: &Job) -> Option<String> {
    if job.is_paused() {
        return Some("somebody to say how it goes on: a step failed".to_owned());
    }
    if job.claim == Claim::Waiting {
        return Some("its turn in its concurrency group".to_owned());
    }
    if let Some(at) = job.retry_at {
        return Some(format!("{at}, when it is tried again"));
    }
    let is_open = |id: &&JobId| run.jobs.get(*id).is_some_and(|job| !job.state.is_final());
    let open: Vec<&str> = job.needs.iter().filter(is_open).map(|id| id.0.as_str()).collect();
    (!open.is_empty()).then(|| format!("the jobs it needs: {}", open.join(", ")))
}

impl Handler<Cancel> for RunActor {
    type Result = ();

    fn handle(&mut self, message: Cancel, ctx: &mut Context<Self>) {
        Handler::<CancelRun>::handle(self, CancelRun { by: message.by }, ctx);
    }
}
