//! How paused steps go on: orders for the runs of this process, and for those of others.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix::prelude::*;
use loom_bridge::Context;

use super::EngineError;
use super::orchestrator::Orchestrator;
use super::run::AnswerPauses;
use super::timers;
use crate::event::PauseAnswer;
use crate::id::{JobId, RunId, StepId};
use crate::journal::Request;

/// How often to look for requests that other processes left.
const REQUEST_POLL: Duration = Duration::from_millis(200);
/// How long after a look the next one begins, while somebody is waited for: what is ordered begins within 50 ms.
const ANSWER_POLL: Duration = Duration::from_millis(20);
/// How long a look goes on then.
const PATIENCE: Duration = Duration::from_millis(230);

impl Orchestrator {
    /// Looks for requests from time to time.
    pub(super) fn look_again(&self, ctx: &mut Context<Self>) {
        timers::after(&*self.shared.world, ctx, REQUEST_POLL, |act, ctx| {
            act.look_for_requests(ctx);
            act.look_again(ctx);
        });
    }

    /// Looks for them once more, at once, while somebody is waited for.
    pub(super) fn look_soon(&mut self, ctx: &mut Context<Self>) {
        if !self.waits_for_somebody() || std::mem::replace(&mut self.looks_soon, true) {
            return;
        }
        timers::after(&*self.shared.world, ctx, ANSWER_POLL, |act, ctx| {
            act.looks_soon = false;
            act.look_for_requests(ctx);
        });
    }

    /// How long a look waits for something to look at.
    pub(super) fn patience(&self) -> Duration {
        if self.waits_for_somebody() {
            PATIENCE
        } else {
            Duration::ZERO
        }
    }

    fn waits_for_somebody(&self) -> bool {
        self.shared.pauses.load(Ordering::Relaxed) > 0
    }

    /// Says how paused steps of a run of this process go on. Whether it is one of this process.
    pub(super) fn answer(&self, run: &RunId, answer: AnswerPauses) -> bool {
        let Some(held) = self.runs.get(run) else {
            return false;
        };
        // `do_send`: one order of a person, who was told that it will happen.
        held.actor.do_send(answer);
        true
    }
}

/// Say how the paused steps of a job go on, or those of all jobs of a run, of this process or of another.
#[derive(Message)]
#[rtype(result = "Result<(), EngineError>")]
pub(super) struct AnswerRun {
    pub(super) run: RunId,
    pub(super) job: Option<JobId>,
    /// That step alone.
    pub(super) step: Option<StepId>,
    /// That pause alone.
    pub(super) pause: Option<u32>,
    pub(super) answer: PauseAnswer,
}

impl Handler<AnswerRun> for Orchestrator {
    type Result = ResponseFuture<Result<(), EngineError>>;

    fn handle(&mut self, message: AnswerRun, _: &mut Context<Self>) -> Self::Result {
        let AnswerRun {
            run,
            job,
            step,
            pause,
            answer,
        } = message;
        let answers = AnswerPauses {
            job: job.clone(),
            step: step.clone(),
            pause,
            answer,
        };
        if self.answer(&run, answers) {
            return Box::pin(async { Ok(()) });
        }
        let journal = Arc::clone(&self.shared.journal);
        let request = Request::Answer {
            job,
            step,
            pause,
            answer,
        };
        let left = self
            .shared
            .io
            .spawn(async move { journal.request(&run, request).await });
        Box::pin(async move { Ok(left.await.map_err(|_| EngineError::Stopped)??) })
    }
}
