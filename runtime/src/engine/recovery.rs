//! What dead owners left: their runs are ended as lost, and what those hold in an engine or on disk is removed.

use std::sync::Arc;

use super::EngineError;
use super::shared::Shared;
use crate::event::{Event, JobState, Reason, RunState, Seq};
use crate::executor::{Executor, Owner};
use crate::id::{JobKey, RunId};
use crate::journal::RunQuery;
use crate::owner;
use crate::state::Run;

/// Lost runs whose remains are looked for again at each start.
const REMEMBERED: usize = 200;

/// What a recovery found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Runs that were ended as lost.
    pub runs: Vec<RunId>,
    /// What was removed, by name.
    pub removed: Vec<String>,
    /// What could not be done; it is tried again at the next start.
    pub problems: Vec<String>,
}

/// Which remains to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remains {
    /// Those of runs that are found dead now.
    New,
    /// Those of earlier lost runs too: an engine that did not answer when they were found may answer now.
    All,
}

/// Ends the runs of dead owners of this state directory and removes what they left. What living owners hold, here or
/// elsewhere, is never touched.
pub(super) async fn recover(
    shared: &Shared,
    executors: &[Arc<dyn Executor>],
    remains: Remains,
) -> Result<Recovered, EngineError> {
    let mut recovered = Recovered::default();
    let dead = |owner: &Owner| *owner != shared.owner && !owner::is_alive(&shared.directory.owners(), owner);
    let open = RunQuery {
        open_only: true,
        limit: usize::MAX,
        ..RunQuery::default()
    };
    for run in shared.journal.runs(open).await? {
        if !dead(&run.owner)
            || !shared
                .journal
                .take_over(&run.id, &run.owner, &shared.owner)
                .await?
        {
            continue; // alive, ours, or another Loom was faster
        }
        let reason = Reason::new(
            "owner-died",
            format!("process {}, which ran it, is gone", run.owner.pid),
        );
        // Swept below together with those of earlier starts.
        match settle(shared, &run.id, &[], &reason).await {
            Ok(_) => recovered.runs.push(run.id),
            // One history that cannot be read must not keep the others from being put right.
            Err(error) => recovered
                .problems
                .push(format!("run {} cannot be ended: failed to {error}", run.id)),
        }
    }
    let mut lost = recovered.runs.clone();
    if remains == Remains::All {
        let newest = shared
            .journal
            .runs(RunQuery {
                limit: REMEMBERED,
                ..RunQuery::default()
            })
            .await?;
        let earlier = newest.into_iter().filter(|run| run.state == RunState::Lost);
        lost = earlier
            .filter(|run| run.owner == shared.owner || dead(&run.owner))
            .map(|run| run.id)
            .collect();
    }
    if !lost.is_empty() && !executors.is_empty() {
        sweep(executors, &lost, &mut recovered).await;
        remove_directories(shared, &lost, &mut recovered);
    }
    Ok(recovered)
}

/// Removes the jobs' directories that a crash before their container existed left behind.
fn remove_directories(shared: &Shared, runs: &[RunId], recovered: &mut Recovered) {
    let Ok(entries) = std::fs::read_dir(shared.directory.jobs()) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !runs.iter().any(|run| name.starts_with(&JobKey::prefix(run))) {
            continue;
        }
        match std::fs::remove_dir_all(entry.path()) {
            Ok(()) => recovered.removed.push(name),
            Err(error) => recovered
                .problems
                .push(format!("failed to remove {}: {error}", entry.path().display())),
        }
    }
}

async fn sweep(executors: &[Arc<dyn Executor>], runs: &[RunId], recovered: &mut Recovered) {
    for executor in executors {
        match executor.sweep(runs).await {
            Ok(swept) => recovered.removed.extend(swept.removed),
            Err(error) => recovered.problems.push(format!("failed to {error}")),
        }
    }
}

/// Ends a run that nobody runs any more: what ran is lost, what had not begun is skipped. Removes what it holds.
pub(super) async fn settle(
    shared: &Shared,
    id: &RunId,
    executors: &[Arc<dyn Executor>],
    reason: &Reason,
) -> Result<Recovered, EngineError> {
    let mut recovered = Recovered::default();
    if !executors.is_empty() {
        sweep(executors, std::slice::from_ref(id), &mut recovered).await;
    }
    let events = shared.journal.read(id, Seq::default(), usize::MAX).await?;
    let Some(run) = Run::replay(&events)? else {
        return Err(EngineError::UnknownRun(id.clone()));
    };
    if run.state.is_final() {
        return Ok(recovered);
    }
    let mut end = Vec::new();
    for (job, state) in run.jobs.iter().filter(|(_, job)| !job.state.is_final()) {
        let state = if state.state == JobState::Running {
            JobState::Lost
        } else {
            JobState::Skipped
        };
        end.push(Event::JobFinished {
            job: job.clone(),
            state,
            reason: Some(reason.clone()),
        });
    }
    end.push(Event::RunFinished {
        state: RunState::Lost,
        reason: Some(reason.clone()),
    });
    shared.journal.append(id, end).await?;
    recovered.runs.push(id.clone());
    Ok(recovered)
}
