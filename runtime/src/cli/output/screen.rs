//! The thread that prints: it alone waits for whoever reads stdout. What it is to print comes through a bounded channel; it
//! reads the lines of the log itself, so that neither memory nor anybody else depends on how fast they are taken.

use std::collections::HashMap;

use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};

use super::{Printer, tails};
use crate::engine::{Engine, Progress};
use crate::event::{Event, JobState, Recorded, StepState};
use crate::id::{JobId, StepId};
use crate::logs::{LogError, LogKey, LogReader};
use crate::state::Run;

/// Orders that wait at most; who has more waits as well, and gathers meanwhile.
const WAITING: usize = 64;
/// Lines read at a time.
const PAGE: usize = 1000;
/// How deep steps are within each other at most.
const NESTED: usize = 64;
/// Logs of jobs under way that are held open at most.
const OPEN_LOGS: usize = 64;

/// What there is to print.
pub(super) enum Order {
    /// These happened.
    Events(Vec<Recorded>),
    /// The log of a job has grown.
    Lines(JobId),
    /// Logs have grown, and nobody knows which.
    AllLines,
    /// Something long goes on.
    Progress(Progress),
    /// Nothing goes on before somebody answers, and nobody here can be asked.
    StandsStill,
    /// Tells when all before it is printed.
    Mark(oneshot::Sender<()>),
}

/// Starts the thread. It ends when it has printed the end of the run, or when nobody gives orders any more; then it answers
/// with the run as it was printed. Of a run that is `known`, only what follows is printed.
pub(super) fn start(
    engine: Engine,
    printer: Box<dyn Printer>,
    known: Option<Known>,
) -> (mpsc::Sender<Order>, oneshot::Receiver<Option<Run>>) {
    let (sender, orders) = mpsc::channel(WAITING);
    let (done, printed) = oneshot::channel();
    let (run, printed_before) =
        known.map_or((None, HashMap::new()), |known| (Some(known.run), known.printed));
    let screen = Screen {
        run,
        printed: printed_before,
        open: HashMap::new(),
        engine,
        printer,
    };
    let thread = std::thread::Builder::new().name("loom-print".to_owned());
    // Whoever waited may have left.
    if let Err(error) = thread.spawn(move || drop(done.send(screen.work(orders)))) {
        tracing::error!(%error, "no thread for printing can be started");
    }
    (sender, printed)
}

/// A run of which a part is not printed.
pub(in crate::cli) struct Known {
    /// As it stood.
    pub(in crate::cli) run: Run,
    /// How many lines the logs of its jobs, and their attempts, had.
    printed: HashMap<(JobId, u32), u64>,
}

impl Known {
    /// All lines that there are of a run now are passed over. Load the run again behind this: of what is written meanwhile
    /// lines may then come without their headline, but none is missing. Waits for the disk.
    pub(in crate::cli) fn so_far(engine: &Engine, run: Run) -> Self {
        let mut printed = HashMap::new();
        for (id, job) in &run.jobs {
            let attempt = job.attempt.max(1);
            let total = engine.logs().open(&run.id, id, attempt);
            // One that has no log yet has no lines either.
            if let Ok(window) = total.and_then(|mut log| log.window(1, 1)) {
                printed.insert((id.clone(), attempt), window.total);
            }
        }
        Self { run, printed }
    }
}

struct Screen {
    run: Option<Run>,
    printed: HashMap<(JobId, u32), u64>,
    /// Logs of jobs that are under way.
    open: HashMap<(JobId, u32), LogReader>,
    engine: Engine,
    printer: Box<dyn Printer>,
}

impl Screen {
    fn work(mut self, mut orders: mpsc::Receiver<Order>) -> Option<Run> {
        while let Some(order) = self.next(&mut orders) {
            match order {
                Order::Events(events) => {
                    for event in events {
                        self.event(&event);
                        if matches!(event.event, Event::RunFinished { .. }) {
                            if let Some(run) = &self.run {
                                self.printer.finish(run, &tails(self.engine.logs(), run));
                            }
                            self.printer.flush();
                            return self.run;
                        }
                    }
                }
                Order::Lines(job) => self.lines(&job),
                Order::AllLines => self.all_lines(),
                Order::Progress(progress) => self.printer.progress(&progress),
                Order::StandsStill => {
                    if let Some(run) = &self.run {
                        self.printer.stands_still(run);
                    }
                }
                Order::Mark(reached) => {
                    self.printer.flush();
                    // Whoever waited may have left.
                    let _ = reached.send(());
                }
            }
        }
        self.printer.flush();
        self.run
    }

    /// The next order. What is held back is shown before it waits for one.
    fn next(&mut self, orders: &mut mpsc::Receiver<Order>) -> Option<Order> {
        match orders.try_recv() {
            Ok(order) => Some(order),
            Err(TryRecvError::Disconnected) => None,
            Err(TryRecvError::Empty) => {
                self.printer.flush();
                orders.blocking_recv()
            }
        }
    }

    fn event(&mut self, event: &Recorded) {
        if let Some(job) = event.event.job().cloned() {
            self.lines(&job);
        }
        let applied = match &mut self.run {
            None => Run::create(event).map(|run| self.run = Some(run)),
            Some(run) => run.apply(event),
        };
        match (applied, &self.run) {
            (Ok(()), Some(run)) => {
                self.printer.event(run, event);
                if let Some(job) = event.event.job().cloned() {
                    self.lines(&job);
                }
            }
            (Err(error), _) => tracing::error!(%error, "an event is not shown"),
            (Ok(()), None) => {}
        }
    }

    fn all_lines(&mut self) {
        let jobs: Vec<JobId> = self.run.iter().flat_map(|run| run.jobs.keys().cloned()).collect();
        for job in jobs {
            self.lines(&job);
        }
    }

    fn lines(&mut self, job: &JobId) {
        if let Err(error) = self.print_lines(job) {
            tracing::error!(%error, "lines are not shown");
        }
    }

    fn print_lines(&mut self, job: &JobId) -> Result<(), LogError> {
        let Some(run) = &self.run else { return Ok(()) };
        let attempt = run.jobs.get(job).map_or(1, |job| job.attempt.max(1));
        let key = (job.clone(), attempt);
        let known = run.jobs.get(job);
        let goes_on = known.is_some_and(|job| job.state == JobState::Running && job.attempt == attempt);
        let open = self.open.remove(&key);
        // Of a log of this process it is known how far it is: mostly there is nothing new, and many jobs say nothing at all.
        let log = LogKey {
            run: run.id.clone(),
            job: job.clone(),
            attempt,
        };
        let shown = self.printed.get(&key).copied().unwrap_or_default();
        let has_news = self
            .engine
            .logs()
            .hub()
            .total(&log)
            .is_none_or(|total| total > shown);
        let mut reader = match open {
            Some(reader) => reader,
            None if !has_news => return Ok(()),
            None => self.engine.logs().open(&run.id, job, attempt)?,
        };
        let printed = if has_news {
            self.print_from(&mut reader, job, attempt)
        } else {
            Ok(())
        };
        if goes_on && reader.is_begun() && self.open.len() < OPEN_LOGS {
            self.open.insert(key, reader);
        }
        printed
    }

    fn print_from(&mut self, reader: &mut LogReader, job: &JobId, attempt: u32) -> Result<(), LogError> {
        let Some(run) = &self.run else { return Ok(()) };
        let printed = self.printed.entry((job.clone(), attempt)).or_default();
        loop {
            let window = reader.window(*printed + 1, PAGE)?;
            if window.lines.is_empty() {
                return Ok(());
            }
            for line in &window.lines {
                // The log may be ahead of the history as read here: a step's lines wait for its headline.
                if line
                    .step
                    .as_ref()
                    .is_some_and(|step| !has_started(run, job, step))
                {
                    return Ok(());
                }
                self.printer.line(run, job, line);
                *printed = line.number;
            }
        }
    }
}

/// Whether the headline of a step's lines was shown. A step that is paused has said all that it had to say: what comes then
/// is of the time it is done again.
fn has_started(run: &Run, job: &JobId, step: &StepId) -> bool {
    let Some(job) = run.jobs.get(job) else {
        return false;
    };
    let parent = |id: &&StepId| job.steps.get(*id).and_then(|step| step.parent.as_ref());
    // Nothing is nested so deep, unless the history is damaged.
    let mut line = std::iter::successors(Some(step), parent).take(NESTED);
    if line.any(|id| job.pauses.contains_key(id)) {
        return false;
    }
    let step = job.steps.get(step);
    step.is_some_and(|step| step.state != StepState::Waiting)
}
