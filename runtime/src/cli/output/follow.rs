//! Follows a run: its events in order, and before each event of a job the lines that were written before it.

use std::collections::HashMap;

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

use super::Printer;
use crate::engine::{Engine, RunHandle};
use crate::event::{Event, Recorded, Seq, StepState};
use crate::id::{JobId, RunId};
use crate::journal::{JournalError, Tail};
use crate::logs::LogError;
use crate::state::Run;

/// Lines read at a time.
const PAGE: usize = 1000;

/// Prints a run of this process until it has ended, and returns how it ended.
///
/// # Errors
/// When the history cannot be read.
pub(in crate::cli) async fn follow(
    engine: Engine,
    handle: RunHandle,
    mut printer: Box<dyn Printer>,
) -> Result<Option<Run>, JournalError> {
    let mut grown = engine.logs().hub().all();
    let mut progress = engine.progress();
    let mut news = pump(&engine, &handle);
    let mut view = View {
        run: None,
        printed: HashMap::new(),
        engine: engine.clone(),
    };
    let mut finished = std::pin::pin!(handle.finished());
    let mut over = false;
    loop {
        tokio::select! {
            events = news.recv() => {
                let Some(events) = events else { return Ok(view.run) };
                for event in events? {
                    view.event(&event, &mut *printer);
                    if matches!(event.event, Event::RunFinished { .. }) {
                        if let Some(run) = &view.run {
                            printer.finish(run);
                        }
                        return Ok(view.run);
                    }
                }
            }
            told = grown.recv() => match told {
                Ok(told) if view.is_of(&told.run) => view.lines(&told.job, &mut *printer),
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => view.all_lines(&mut *printer),
                Err(RecvError::Closed) => return Ok(view.run),
            },
            told = progress.recv() => if let Ok(told) = told {
                printer.progress(&told);
            },
            outcome = &mut finished, if !over => {
                // The last event is in the history before this is told, unless the history could not be written.
                over = true;
                if outcome.problem.is_some() {
                    return Ok(view.run);
                }
            }
        }
    }
}

/// Reads the history in a task of its own, so that a flood of output cannot keep it from being read.
fn pump(engine: &Engine, handle: &RunHandle) -> mpsc::Receiver<Result<Vec<Recorded>, JournalError>> {
    let (sender, news) = mpsc::channel(16);
    let mut tail = Tail::run(engine.journal().clone(), handle.id().clone(), Seq::default());
    engine.io().spawn(async move {
        loop {
            let events = tail.next().await;
            let last = events.as_ref().map_or(true, |events| {
                events
                    .iter()
                    .any(|event| matches!(event.event, Event::RunFinished { .. }))
            });
            // Nobody reads any more: the run was followed to its end, or its history cannot be read.
            if sender.send(events).await.is_err() || last {
                return;
            }
        }
    });
    news
}

struct View {
    run: Option<Run>,
    printed: HashMap<JobId, u64>,
    engine: Engine,
}

impl View {
    fn is_of(&self, run: &RunId) -> bool {
        self.run.as_ref().is_some_and(|shown| shown.id == *run)
    }

    fn event(&mut self, event: &Recorded, printer: &mut dyn Printer) {
        if let Some(job) = event.event.job().cloned() {
            self.lines(&job, printer);
        }
        let applied = match &mut self.run {
            None => Run::create(event).map(|run| self.run = Some(run)),
            Some(run) => run.apply(event),
        };
        match (applied, &self.run) {
            (Ok(()), Some(run)) => {
                printer.event(run, event);
                if let Some(job) = event.event.job().cloned() {
                    self.lines(&job, printer);
                }
            }
            (Err(error), _) => tracing::error!(%error, "an event is not shown"),
            (Ok(()), None) => {}
        }
    }

    fn all_lines(&mut self, printer: &mut dyn Printer) {
        let jobs: Vec<JobId> = self.run.iter().flat_map(|run| run.jobs.keys().cloned()).collect();
        for job in jobs {
            self.lines(&job, printer);
        }
    }

    fn lines(&mut self, job: &JobId, printer: &mut dyn Printer) {
        if let Err(error) = self.print_lines(job, printer) {
            tracing::error!(%error, "lines are not shown");
        }
    }

    fn print_lines(&mut self, job: &JobId, printer: &mut dyn Printer) -> Result<(), LogError> {
        let Some(run) = &self.run else { return Ok(()) };
        let printed = self.printed.entry(job.clone()).or_default();
        let mut reader = self.engine.logs().open(&run.id, job)?;
        loop {
            let window = reader.window(*printed + 1, PAGE)?;
            if window.lines.is_empty() {
                return Ok(());
            }
            for line in &window.lines {
                // The log may be ahead of the history as read here: a step's lines wait for its headline.
                if line.step.is_some_and(|step| !has_started(run, job, step)) {
                    return Ok(());
                }
                printer.line(run, job, line);
                *printed = line.number;
            }
        }
    }
}

fn has_started(run: &Run, job: &JobId, step: u32) -> bool {
    let steps = run
        .jobs
        .get(job)
        .map(|job| job.steps.as_slice())
        .unwrap_or_default();
    let step = usize::try_from(step).ok().and_then(|step| steps.get(step));
    step.is_some_and(|step| step.state != StepState::Waiting)
}
