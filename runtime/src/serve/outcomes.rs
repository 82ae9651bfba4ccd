//! Telling the studio how runs ended, so that it can warn of those that fail, went well again, or took longer than usual.

use loom_studio::{WorkOutcome, WorkResult};

use crate::event::RunState;
use crate::state::Run;

/// What the studio calls a run.
const KIND: &str = "run";

/// How a run ended; nothing while it has not, and of one in which nothing ran.
pub(super) fn outcome(run: &Run) -> Option<WorkOutcome> {
    let result = match run.state {
        RunState::Success => WorkResult::Succeeded,
        // Whoever waits for the run has not got what it was for, be it the machine's fault.
        RunState::Failure | RunState::Lost => WorkResult::Failed,
        RunState::Cancelled => WorkResult::Cancelled,
        RunState::Queued | RunState::Running | RunState::Skipped => return None,
    };
    let ended = run.finished_at?;
    let began = run.started_at.unwrap_or(run.created_at);
    Some(WorkOutcome {
        kind: KIND.to_owned(),
        subject: run.workflow.name.clone(),
        id: run.id.0.clone(),
        result,
        took: ended.millis_since(began),
        ended,
        link: Some(format!("/runs/{}", run.id)),
    })
}
