//! What may be ordered of a job's actor from the studio: to show how the job stands, and to cancel it.

use actix::prelude::*;
use loom_bridge::{Context, Ordered};
use serde::{Deserialize, Serialize};

use super::JobActor;
use super::machine::Standing;
use crate::asker::asker;
use crate::engine::run::CancelRunJob;
use crate::event::Reason;
use crate::id::StepId;

/// Cancels the job alone: the run goes on with what does not need it.
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

/// How a job stands; texts are masked.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Snapshot {
    run: String,
    job: String,
    attempt: u32,
    /// What it does.
    phase: &'static str,
    cancelling: bool,
    steps: Vec<StepUnderWay>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StepUnderWay {
    step: StepId,
    name: String,
    does: &'static str,
    /// Seconds since it started, while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
}

impl JobActor {
    /// Lets whoever operates the studio order these.
    pub(super) fn allow_orders(ctx: &mut Context<Self>) {
        ctx.allow().snapshot_with(Self::snapshot).message_by::<Cancel>();
    }

    fn snapshot(&self) -> Snapshot {
        let Standing {
            phase,
            cancelling,
            steps,
        } = self.machine.standing();
        let now = self.origin.shared.world.elapsed();
        let steps = steps.into_iter().map(|(step, name, does)| StepUnderWay {
            seconds: self
                .started
                .get(&step)
                .map(|started| now.saturating_sub(*started).as_secs_f64()),
            name: self.origin.masks.mask(&name).into_owned(),
            step,
            does,
        });
        Snapshot {
            run: self.origin.key.run.0.clone(),
            job: self.origin.key.job.0.clone(),
            attempt: self.origin.key.attempt,
            phase,
            cancelling,
            steps: steps.collect(),
        }
    }
}

impl Handler<Cancel> for JobActor {
    type Result = ();

    fn handle(&mut self, message: Cancel, _: &mut Context<Self>) {
        // `do_send`: one order of a person, who was told that it will happen. The run writes it down before it comes back here.
        self.origin.canceller.do_send(CancelRunJob {
            job: Some(self.origin.key.job.clone()),
            why: Reason::new("cancelled", "the job was cancelled"),
            by: Some(message.by),
        });
    }
}
