//! Another attempt at a run.

use serde::Serialize;
use utoipa::ToSchema;

use crate::event::Rerun;

/// What another attempt at a run goes back to.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RerunDetail {
    /// Which attempt it is, from 2.
    attempt: u32,
    /// The attempt that it was made from.
    of: String,
    /// The first attempt.
    first_attempt: String,
    /// What runs again.
    again: AgainWord,
    /// The jobs that run again with what needs them, where it is those.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    jobs: Vec<String>,
    /// Where the text of the workflow comes from.
    sources: SourcesWord,
}

/// What runs again of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AgainWord {
    /// All of it.
    All,
    /// What failed, with what needs it.
    Failed,
    /// Some jobs, with what needs them.
    Jobs,
}

/// Where the text of a workflow comes from that is run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SourcesWord {
    /// The attempt before.
    Stored,
    /// Its files, as they were when this attempt began.
    Current,
}

impl From<&Rerun> for RerunDetail {
    fn from(rerun: &Rerun) -> Self {
        Self {
            attempt: rerun.attempt,
            of: rerun.of.0.clone(),
            first_attempt: rerun.first.0.clone(),
            again: match (rerun.failed, rerun.jobs.is_empty()) {
                (true, _) => AgainWord::Failed,
                (false, true) => AgainWord::All,
                (false, false) => AgainWord::Jobs,
            },
            jobs: rerun.jobs.iter().map(|job| job.0.clone()).collect(),
            sources: if rerun.current_files {
                SourcesWord::Current
            } else {
                SourcesWord::Stored
            },
        }
    }
}
