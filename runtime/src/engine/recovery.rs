//! What dead owners left: their runs are ended as lost, but for those that are to be gone on with (`resuming`), and what those
//! that have ended hold in an engine or on disk is removed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use loom_protocol::Timestamp;

use super::EngineError;
use super::shared::Shared;
use super::{awake, kept};
use crate::event::{Event, JobState, OnCrash, Outputs, Reason, RunState, Seq};
use crate::executor::{Executor, ExecutorError, Owner};
use crate::id::{JobId, JobKey, RunId};
use crate::journal::{self, ClaimState, JournalError, Request, RunQuery, Summary};
use crate::owner;
use crate::state::Run;

/// How often the end of a run is worked out anew because its history grew meanwhile. Owners that are dead write no more.
const TRIES: u32 = 5;

/// How often who waits for a concurrency group looks whether the owner of the one that has it has died.
const LOOK_FOR_DEAD: Duration = Duration::from_secs(5);

/// How long an engine may go on with what a dead owner asked of it: the layer of an image that it was making is there when
/// all the rest was removed. For so long after its end a run is looked at again.
const LATE: Duration = Duration::from_secs(10 * 60);

/// The name of the executor that runs jobs on this machine.
const HOST: &str = "host";

/// What a recovery found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Runs that were ended as lost.
    pub runs: Vec<RunId>,
    /// Runs whose process has died and that wait for one that goes on with them, the oldest first.
    pub resumable: Vec<RunId>,
    /// What was removed, by name.
    pub removed: Vec<String>,
    /// What could not be done; it is tried again at the next start.
    pub problems: Vec<String>,
    /// Runs of which something may still be left: no executor was given that could look for it, or it failed.
    pub unswept: Vec<RunId>,
    /// Runs of which nothing is left, but for what an engine is making yet: they are looked at again.
    pub late: Vec<RunId>,
    /// Kept places in which something may still run though nobody is there, by name: likewise.
    pub awake: Vec<String>,
}

/// Ends the runs of dead owners of this state directory, and those of this process that have no actor any more; then
/// removes what such runs left, now or before, in these executors, and stops what runs in kept places that nobody is in. What
/// living owners hold, here or elsewhere, is never touched, and what was kept is never removed.
pub(super) async fn recover(
    shared: &Shared,
    executors: &[Arc<dyn Executor>],
) -> Result<Recovered, EngineError> {
    let mut recovered = Recovered::default();
    for (run, reason) in shared.orphans.all() {
        if end(shared, &run, &shared.owner, &reason, &mut recovered).await {
            shared.orphans.remove(&run);
        }
    }
    for run in listed(shared, |query| query.open_only = true).await? {
        if !is_dead(shared, &run.owner) {
            continue;
        }
        match run.on_crash {
            OnCrash::Resume => recovered.resumable.push(run.id),
            OnCrash::CleanUp => {
                end(
                    shared,
                    &run.id,
                    &run.owner,
                    &owner_died(&run.owner),
                    &mut recovered,
                )
                .await;
            }
        }
    }
    // The oldest first, as they began.
    recovered.resumable.reverse();
    awake::rest_left(shared, executors, &mut recovered).await;
    let remaining: Vec<Summary> = listed(shared, |query| query.remains_only = true)
        .await?
        .into_iter()
        .filter(|run| run.state.is_final() && (run.owner == shared.owner || is_dead(shared, &run.owner)))
        .collect();
    if remaining.is_empty() {
        return Ok(recovered);
    }
    let swept = sweep(shared, executors, &remaining, &mut recovered).await;
    let now = shared.world.now();
    let mut done = Vec::new();
    for run in remaining {
        if !swept.contains(&run.id) {
            recovered.unswept.push(run.id);
        } else if may_grow(&run, now) {
            recovered.late.push(run.id);
        } else {
            done.push(run.id);
        }
    }
    if !done.is_empty() {
        shared.journal.mark_swept(done).await?;
    }
    Ok(recovered)
}

/// Whether an engine may be making something for a run yet.
fn may_grow(run: &Summary, now: Timestamp) -> bool {
    let since = |end| Duration::from_millis(now.millis_since(end));
    run.finished_at.is_some_and(|end| since(end) < LATE)
}

/// Waits for a concurrency group. Who has it may die meanwhile, and then nobody but those who wait ends it.
///
/// # Errors
/// When the history cannot be read.
pub(super) async fn claim_settled(
    shared: &Shared,
    run: &RunId,
    job: Option<&JobId>,
) -> Result<Option<ClaimState>, JournalError> {
    loop {
        tokio::select! {
            biased;
            settled = journal::claim_settled(&*shared.journal, &*shared.world, run, job) => return settled,
            () = shared.world.sleep(LOOK_FOR_DEAD) => {}
        }
        if let Err(error) = recover(shared, &[]).await {
            tracing::warn!(%error, "runs of dead owners cannot be looked for");
        }
    }
}

async fn listed(shared: &Shared, narrow: impl FnOnce(&mut RunQuery)) -> Result<Vec<Summary>, EngineError> {
    let mut query = RunQuery {
        limit: usize::MAX,
        ..RunQuery::default()
    };
    narrow(&mut query);
    Ok(shared.journal.runs(query).await?)
}

/// Why something of a run broke off whose owner is dead.
pub(super) fn owner_died(owner: &Owner) -> Reason {
    Reason::new(
        "owner-died",
        format!("process {}, which ran it, is gone", owner.pid),
    )
}

pub(super) fn is_dead(shared: &Shared, owner: &Owner) -> bool {
    *owner != shared.owner && !owner::is_alive(&shared.directory.owners(), owner)
}

/// Whether it has ended now, by this or by somebody else.
async fn end(shared: &Shared, run: &RunId, from: &Owner, reason: &Reason, recovered: &mut Recovered) -> bool {
    match settle(shared, run, from, reason).await {
        Ok(true) => recovered.runs.push(run.clone()),
        Ok(false) => {} // another Loom was faster, or it had ended by itself
        Err(error) => {
            // One history that cannot be read must not keep the others from being put right.
            recovered
                .problems
                .push(format!("run {run} cannot be ended: failed to {error}"));
            return false;
        }
    }
    true
}

/// Ends a run that nobody runs any more, as one step with becoming its owner: what ran is lost, what had not begun is
/// skipped. Whether it was this call that ended it.
pub(super) async fn settle(
    shared: &Shared,
    id: &RunId,
    from: &Owner,
    reason: &Reason,
) -> Result<bool, EngineError> {
    for _ in 0..TRIES {
        let events = shared.journal.read(id, Seq::default(), usize::MAX).await?;
        let Some(run) = Run::replay(&events)? else {
            return Ok(false); // its creation was never written
        };
        if run.state.is_final() || run.owner != *from {
            return Ok(false);
        }
        let taken = shared
            .journal
            .take_over(id, from, &shared.owner, run.last, ending(&run, reason))
            .await?;
        if taken {
            shared.journal.release_run(id).await?;
            return Ok(true);
        }
    }
    Err(EngineError::Busy(id.clone()))
}

fn ending(run: &Run, reason: &Reason) -> Vec<Event> {
    let open = run.jobs.iter().filter(|(_, job)| !job.state.is_final());
    let mut end: Vec<Event> = open
        .map(|(job, state)| Event::JobFinished {
            job: job.clone(),
            state: if state.state == JobState::Running {
                JobState::Lost
            } else {
                JobState::Skipped
            },
            reason: Some(reason.clone()),
            outputs: Outputs::new(),
            reused: None,
        })
        .collect();
    end.push(Event::RunFinished {
        state: RunState::Lost,
        reason: Some(reason.clone()),
    });
    end
}

/// Removes what these runs left in the executors, and their jobs' directories. Answers the runs of which nothing is left.
async fn sweep(
    shared: &Shared,
    executors: &[Arc<dyn Executor>],
    runs: &[Summary],
    recovered: &mut Recovered,
) -> Vec<RunId> {
    sweep_but(shared, executors, runs, &BTreeSet::new(), recovered).await
}

/// The same, and leaves the places of these names alone.
async fn sweep_but(
    shared: &Shared,
    executors: &[Arc<dyn Executor>],
    runs: &[Summary],
    spared: &BTreeSet<String>,
    recovered: &mut Recovered,
) -> Vec<RunId> {
    if executors.is_empty() {
        return Vec::new();
    }
    let ids: Vec<RunId> = runs.iter().map(|run| run.id.clone()).collect();
    let kept = match kept::names(shared).await {
        Ok(mut kept) => {
            kept.extend(spared.iter().cloned());
            kept
        }
        Err(error) => {
            recovered.problems.push(format!(
                "failed to find out in {} which places are kept, so nothing is removed: {error}",
                shared.directory.jobs().display()
            ));
            return Vec::new();
        }
    };
    let (mut clean, mut failed) = (BTreeSet::new(), BTreeSet::new());
    let mut reported = BTreeSet::new();
    for executor in executors {
        match executor.sweep(&ids, &kept).await {
            Ok(swept) => {
                recovered.removed.extend(swept.removed);
                clean.insert(executor.name());
            }
            Err(error) => {
                failed.insert(executor.name());
                // More than one may have failed at the same thing.
                if let ExecutorError::Cleanup { what, .. } = &error
                    && !reported.insert(what.clone())
                {
                    continue;
                }
                recovered.problems.push(format!("failed to {error}"));
            }
        }
    }
    let stuck = remove_directories(shared, &ids, kept, reported, recovered).await;
    // Jobs of any run may run on the host; in containers only those of a run that says so.
    let is_clean = |run: &&Summary| {
        clean.contains(run.executor.as_str()) && !failed.contains(HOST) && !stuck.contains(&run.id)
    };
    runs.iter().filter(is_clean).map(|run| run.id.clone()).collect()
}

/// Removes the jobs' directories that a crash before their container existed left behind. Answers the runs of which one
/// could not be removed; of those that were `told` already nothing is said.
async fn remove_directories(
    shared: &Shared,
    runs: &[RunId],
    kept: BTreeSet<String>,
    reported: BTreeSet<String>,
    recovered: &mut Recovered,
) -> BTreeSet<RunId> {
    let (jobs, of) = (shared.directory.jobs(), runs.to_vec());
    let removing = shared.io.blocking(move || {
        let (mut removed, mut stuck) = (Vec::new(), Vec::new());
        let entries = std::fs::read_dir(&jobs).into_iter().flatten().flatten();
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let Some(run) = of.iter().find(|run| name.starts_with(&JobKey::prefix(run))) else {
                continue;
            };
            if kept::is_of(&kept, &name) {
                continue;
            }
            // What was written down but in part, of a place that was about to be kept, is a file.
            let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let gone = if is_directory {
                std::fs::remove_dir_all(entry.path())
            } else {
                std::fs::remove_file(entry.path())
            };
            match gone {
                Ok(()) => removed.push(name),
                Err(error) => {
                    let path = entry.path().display().to_string();
                    let is_new = !reported.contains(&path);
                    stuck.push((
                        run.clone(),
                        is_new.then(|| format!("failed to remove {path}: {error}")),
                    ));
                }
            }
        }
        removed.sort();
        (removed, stuck)
    });
    let Ok((removed, stuck)) = removing.await else {
        return runs.iter().cloned().collect(); // it broke off: all is to be looked at again
    };
    recovered.removed.extend(removed);
    let (stuck, problems): (BTreeSet<_>, Vec<_>) = stuck.into_iter().unzip();
    recovered.problems.extend(problems.into_iter().flatten());
    stuck
}

/// Ends a run of a dead owner for this reason. Whether it did.
pub(super) async fn end_dead(shared: &Shared, id: &RunId, reason: &Reason) -> Result<bool, EngineError> {
    let events = shared.journal.read(id, Seq::default(), usize::MAX).await?;
    let run = Run::replay(&events)?.ok_or_else(|| EngineError::UnknownRun(id.clone()))?;
    if !is_dead(shared, &run.owner) {
        return Ok(false);
    }
    settle(shared, id, &run.owner, reason).await
}

/// Asks the owner of a run that is none of this process's to cancel it; when the owner is dead the run is ended here.
pub(super) async fn cancel_elsewhere(shared: &Shared, run: RunId, by: &str) -> Result<(), EngineError> {
    // A part of an id finds more than one; only the whole one is meant.
    let found = listed(shared, |query| query.id = Some(run.0.clone())).await?;
    match found.iter().find(|known| known.id == run) {
        None => Err(EngineError::UnknownRun(run)),
        Some(known) if known.state.is_final() => Ok(()),
        Some(known) => {
            // First: whoever goes on with it meanwhile hears of it.
            let request = Request::Cancel { by: by.to_owned() };
            shared.journal.request(&known.id, request).await?;
            cancel_dead(shared, &known.id, by).await
        }
    }
}

/// Ends a run as cancelled when its owner is dead: nobody else hears that somebody asked for it.
pub(super) async fn cancel_dead(shared: &Shared, id: &RunId, by: &str) -> Result<(), EngineError> {
    let events = shared.journal.read(id, Seq::default(), usize::MAX).await?;
    let Some(run) = Run::replay(&events)?.filter(|run| !run.state.is_final()) else {
        return Ok(());
    };
    if !is_dead(shared, &run.owner) {
        return Ok(());
    }
    let reason = Reason::new("cancelled", "the run was cancelled while no process ran it");
    let asked = Event::CancelRequested {
        by: by.to_owned(),
        force: false,
    };
    let ends = ending(&run, &reason).into_iter().map(|event| match event {
        Event::JobFinished {
            job,
            state: JobState::Skipped,
            reason,
            outputs,
            reused,
        } => Event::JobFinished {
            job,
            state: JobState::Cancelled,
            reason,
            outputs,
            reused,
        },
        Event::RunFinished { reason, .. } => Event::RunFinished {
            state: RunState::Cancelled,
            reason,
        },
        other => other,
    });
    let events = [asked].into_iter().chain(ends).collect();
    // Who was faster goes on with it, and hears of the cancel.
    shared
        .journal
        .take_over(id, &run.owner, &shared.owner, run.last, events)
        .await?;
    Ok(())
}

/// Removes what the dead owner of a run left that this process has taken over, but for the places of these names, and says what
/// could not be.
pub(super) async fn sweep_dead(
    shared: &Shared,
    run: &RunId,
    spared: &BTreeSet<String>,
) -> Result<Vec<String>, EngineError> {
    let mut recovered = Recovered::default();
    let found = listed(shared, |query| query.id = Some(run.0.clone())).await?;
    let found: Vec<Summary> = found.into_iter().filter(|found| found.id == *run).collect();
    let on_host = found.iter().all(|run| run.executor == HOST);
    let mut executors = vec![Arc::clone(&shared.executors.host)];
    if !on_host {
        executors.push(Arc::clone(&shared.executors.docker));
    }
    sweep_but(shared, &executors, &found, spared, &mut recovered).await;
    Ok(recovered.problems)
}

/// Removes what one run of this process left, after its actor broke, and says what could not be.
pub(super) async fn sweep_one(shared: &Shared, run: &RunId) -> Result<Vec<String>, EngineError> {
    let mut recovered = Recovered::default();
    let executors = [
        Arc::clone(&shared.executors.host),
        Arc::clone(&shared.executors.docker),
    ];
    let found = listed(shared, |query| query.id = Some(run.0.clone())).await?;
    let found: Vec<Summary> = found.into_iter().filter(|found| found.id == *run).collect();
    let swept = sweep(shared, &executors, &found, &mut recovered).await;
    if !swept.is_empty() {
        shared.journal.mark_swept(swept).await?;
    }
    Ok(recovered.problems)
}
