//! How a run begins: its first event, with what follows from it by itself, is written down.

use std::sync::Arc;

use loom_protocol::Timestamp;

use super::EngineError;
use super::appending::append;
use super::launch::{Launch, Slot};
use super::rerun::{Previous, numbers};
use super::shared::Shared;
use crate::event::{Event, Recorded, Seq};
use crate::id::RunId;
use crate::plan::{self, Scope};
use crate::state::{FoldError, Run};

/// Writes a run down: what it is, by its number among the runs of its file, and what follows from that by itself.
///
/// # Errors
/// [`JournalError::NumberTaken`] when another process was faster: nothing was written, and another try gets another number.
pub(super) async fn write_down(
    shared: &Shared,
    run: &RunId,
    launch: &Launch,
    slot: &Slot,
) -> Result<(Vec<Recorded>, Arc<Scope>), EngineError> {
    let previous = match &launch.rerun {
        None => None,
        Some(order) => Some(Previous::read(&*shared.journal, &order.of).await?),
    };
    let (of, number, attempt) = numbers(shared, previous.as_ref(), (run, &launch.workflow.file)).await?;
    let (source, name) = (Arc::new(launch.source.clone()), launch.workflow.name.clone());
    let (secrets, counted) = (launch.secrets.clone(), number.get());
    let read = shared
        .io
        .blocking(move || Scope::root(&of, (counted, attempt), &name, source, secrets));
    let scope = read.await.map_err(|_| EngineError::Stopped)?;
    let scope = Arc::new(scope.map_err(|reason| EngineError::Source(reason.message))?);
    let created = created(launch, &scope, shared, (counted, previous))?;
    // One that has no slot yet is written down as it is, and begins when it has.
    let events = match slot {
        Slot::Wanted(_) => vec![created],
        Slot::None | Slot::Held(_) => beginning(run, created, shared.world.now())?,
    };
    // Like all that follows: a disk that is full for a moment, or an answer that gets lost, loses no run.
    let recorded = append(shared, run, Seq::default(), events).await?;
    drop(number);
    Ok((recorded, scope))
}

/// The first event of a run.
fn created(
    launch: &Launch,
    scope: &Scope,
    shared: &Shared,
    (number, previous): (u64, Option<Previous>),
) -> Result<Event, EngineError> {
    let options = &launch.source.options;
    let wanted = match options.jobs.as_slice() {
        [] => None,
        jobs => Some(
            loom_workflow::choose_jobs(&scope.workflow, jobs)
                .map_err(|mistakes| EngineError::Source(plan::first_mistake(&mistakes, &scope.source)))?,
        ),
    };
    let (values, mistakes) = loom_workflow::run_values(&scope.workflow, &scope.contexts());
    let values = values.ok_or_else(|| EngineError::Source(plan::first_mistake(&mistakes, &scope.source)))?;
    let jobs = plan::outlines(scope, wanted.as_ref());
    let rerun = match (&launch.rerun, previous) {
        (Some(order), Some(previous)) => Some(Box::new(previous.rerun(order, &jobs)?)),
        _ => None,
    };
    Ok(Event::RunCreated {
        workflow: launch.workflow.clone(),
        event: launch.source.facts.event.clone(),
        executor: if options.on_host { "host" } else { "docker" }.to_owned(),
        on_crash: launch.on_crash,
        owner: shared.owner.clone(),
        workspace: launch.workspace.display().to_string(),
        jobs,
        concurrency: values.concurrency.as_ref().map(plan::concurrency),
        source: Some(Box::new(launch.source.clone())),
        number: Some(number),
        rerun,
    })
}

/// The creation of a run with what follows from it by itself, up to the start of its first jobs.
fn beginning(run: &RunId, created: Event, now: Timestamp) -> Result<Vec<Event>, FoldError> {
    let first = Recorded {
        run: run.clone(),
        seq: Seq(1),
        time: now,
        event: created,
    };
    let follows = Run::create(&first)?.extend(Vec::new(), now, |_| false)?;
    Ok([first.event].into_iter().chain(follows).collect())
}
