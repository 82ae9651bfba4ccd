//! The last lines of steps that failed, read from the end of their job's log.

use std::collections::{HashMap, VecDeque};

use crate::event::StepState;
use crate::id::{JobId, StepId};
use crate::logs::{LogError, LogReader, LogStore};
use crate::state::{Job, Run};

/// Lines of a step that are shown.
const LINES: usize = 10;
/// Lines read at a time.
const PAGE: u64 = 1000;
/// How far back a log is searched, in lines: the step may have failed long before its job ended.
const BACK: u64 = 50_000;
/// Jobs whose logs are looked into, at most.
const JOBS: usize = 20;

/// The last lines of steps, oldest first.
pub(in crate::cli) type Tails = HashMap<(JobId, StepId), VecDeque<String>>;

/// The steps of a job that went wrong themselves: of a composite action and its step, the step.
pub(super) fn failed(job: &Job) -> impl Iterator<Item = (&StepId, &crate::state::Step)> {
    let wrong = |state: StepState| matches!(state, StepState::Failure | StepState::Lost);
    job.steps.iter().filter(move |(id, step)| {
        let inner = || {
            job.steps
                .values()
                .any(|other| other.parent.as_ref() == Some(*id) && wrong(other.state))
        };
        wrong(step.state) && !inner()
    })
}

/// Reads the last lines of what failed in a run. Waits for the disk. What cannot be read is left out, and logged.
pub(in crate::cli) fn tails(logs: &LogStore, run: &Run) -> Tails {
    let mut tails = Tails::new();
    let jobs = run.jobs.iter().filter(|(_, job)| failed(job).next().is_some());
    for (id, job) in jobs.take(JOBS) {
        let wanted: Vec<&StepId> = failed(job).map(|(step, _)| step).collect();
        let read = logs
            .open(&run.id, id, job.attempt.max(1))
            .and_then(|mut log| of_log(&mut log, &wanted));
        match read {
            Ok(found) => tails.extend(found.into_iter().map(|(step, lines)| ((id.clone(), step), lines))),
            Err(error) => tracing::warn!(%error, "the last lines of a step are not shown"),
        }
    }
    tails
}

fn of_log(log: &mut LogReader, wanted: &[&StepId]) -> Result<HashMap<StepId, VecDeque<String>>, LogError> {
    let mut found: HashMap<StepId, VecDeque<String>> = HashMap::new();
    let total = log.total()?;
    let mut end = total;
    while end > 0 && total - end < BACK {
        let start = end.saturating_sub(PAGE);
        let mut page: HashMap<StepId, VecDeque<String>> = HashMap::new();
        let mut from = start + 1;
        // A window of long lines holds fewer than were asked for.
        while from <= end {
            let limit = usize::try_from(end - from + 1).unwrap_or(usize::MAX);
            let window = log.window(from, limit)?;
            let Some(last) = window.lines.last() else { break };
            from = last.number + 1;
            for line in window.lines {
                let Some(step) = line.step.filter(|step| wanted.contains(&step)) else {
                    continue;
                };
                let lines = page.entry(step).or_default();
                lines.push_back(line.text);
                if lines.len() > LINES {
                    lines.pop_front();
                }
            }
        }
        for (step, lines) in page {
            let known = found.entry(step).or_default();
            for line in lines.into_iter().rev().take(LINES.saturating_sub(known.len())) {
                known.push_front(line);
            }
        }
        let full = |step: &&StepId| found.get(*step).is_some_and(|lines| lines.len() >= LINES);
        if wanted.iter().all(full) {
            break;
        }
        end = start;
    }
    Ok(found)
}
