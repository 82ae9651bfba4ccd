//! How a job stands, for people who look.

use super::steps::Stage;
use super::{Machine, Phase};
use crate::id::StepId;

/// What a job does, and which of its steps do something.
pub(in crate::engine::job) struct Standing {
    pub(in crate::engine::job) phase: &'static str,
    /// Whether it was told to end.
    pub(in crate::engine::job) cancelling: bool,
    /// Steps that have begun and not ended: which, their names, and what they do. Names are not masked.
    pub(in crate::engine::job) steps: Vec<(StepId, String, &'static str)>,
}

impl Machine {
    /// How it stands now.
    pub(in crate::engine::job) fn standing(&self) -> Standing {
        let steps = self.steps.all.iter().filter_map(|(id, step)| {
            let does = match step.stage {
                Stage::Waiting | Stage::Done => return None,
                Stage::Judging(_) => "is asked whether it runs",
                Stage::WaitsForSlot => "waits for another background step to end",
                Stage::Starting => "starts",
                Stage::Running => "runs",
                Stage::Paused => "is paused: waits for somebody to say how it goes on",
                Stage::Resting => "waits to be tried again",
            };
            Some((id.clone(), step.name.clone(), does))
        });
        Standing {
            phase: match self.phase {
                Phase::New => "new",
                Phase::Opening => "opening its place",
                Phase::Main => "steps",
                Phase::Drain => "waiting for background steps",
                Phase::Post => "steps after the job",
                Phase::Concluding => "outputs",
                Phase::Closing => "closing its place",
                Phase::Finishing | Phase::Finished => "ended",
            },
            cancelling: self.ending.is_some(),
            steps: steps.collect(),
        }
    }
}
