//! Search in the logs of runs, for whoever asks: which logs and steps of a run are meant, and a hit as the outside sees it.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;
use loom_protocol::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::id::{JobId, StepId};
use crate::logs::LogKey;
use crate::logs::search::{Hit, Target};
use crate::state::{Job, Run, Step};

/// A line of a log that matches.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogHit {
    run_id: String,
    /// What the run's workflow is called.
    workflow: String,
    job: String,
    /// The attempt at the job, from 1.
    attempt: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    stream: &'static str,
    /// Its number in the log of that attempt, from 1.
    line: u64,
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
    /// What comes before the match; begins with `…` where it is cut. What was meant for a terminal is left out, as in the next two.
    before: String,
    /// The first match in the line; ends with `…` where it is cut.
    r#match: String,
    /// What comes after the match; ends with `…` where it is cut.
    after: String,
}

impl LogHit {
    /// A hit in a run of this workflow.
    pub(crate) fn new(hit: Hit, workflow: &str) -> Self {
        let LogKey { job, attempt, .. } = hit.target.log;
        Self {
            run_id: hit.target.run.0,
            workflow: workflow.to_owned(),
            job: job.0,
            attempt,
            step: hit.step.map(|step| step.0),
            stream: hit.source.as_str(),
            line: hit.line,
            timestamp: hit.time,
            before: hit.excerpt.before,
            r#match: hit.excerpt.matched,
            after: hit.excerpt.after,
        }
    }
}

/// The logs of a run in the order of its jobs, those of a job by attempts; of a job that was reused, where it ran. `attempt`: those of
/// this attempt alone.
pub(crate) fn targets(run: &Run, attempt: Option<u32>) -> Vec<Target> {
    let of_job = |(id, job): (&JobId, &Job)| {
        let of = run.ran_in(id).clone();
        let attempts = (1..=job.newest_attempt()).filter(|known| attempt.is_none_or(|asked| asked == *known));
        let target = |attempt| Target {
            run: run.id.clone(),
            log: LogKey {
                run: of.clone(),
                job: id.clone(),
                attempt,
            },
        };
        attempts.map(target).collect::<Vec<_>>()
    };
    run.jobs.iter().flat_map(of_job).collect()
}

/// The steps of each job that have this name or this id, with those that they brought. Nothing when there is none.
pub(crate) fn steps(run: &Run, named: &str) -> Option<HashMap<JobId, HashSet<StepId>>> {
    let of_job = |(id, job): (&JobId, &Job)| {
        let earlier = job.earlier.iter().map(|earlier| &earlier.steps);
        let found: HashSet<StepId> = earlier
            .chain([&job.steps])
            .flat_map(|steps| named_in(steps, named))
            .collect();
        (!found.is_empty()).then(|| (id.clone(), found))
    };
    let found: HashMap<_, _> = run.jobs.iter().filter_map(of_job).collect();
    (!found.is_empty()).then_some(found)
}

fn named_in(steps: &IndexMap<StepId, Step>, named: &str) -> Vec<StepId> {
    let meant: Vec<&StepId> = steps
        .iter()
        .filter(|(id, step)| id.0 == named || step.name == named)
        .map(|(id, _)| id)
        .collect();
    let is_of = |id: &StepId, outer: &StepId| {
        id.0.strip_prefix(outer.0.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let all = steps
        .keys()
        .filter(|id| meant.iter().any(|outer| is_of(id, outer)));
    all.cloned().collect()
}
