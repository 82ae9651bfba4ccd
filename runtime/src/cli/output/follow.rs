//! Follows a run: its events in order, and before each event of a job the lines that were written before it. It never waits
//! for stdout on a thread that others need: a reader that pauses holds back this follower and nothing else.

use std::collections::HashSet;
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::Printer;
use super::screen::{self, Known, Order};
use crate::cli::pause::{Waiting, stands_still, tried_again_at, waiting};
use crate::engine::{Engine, Outcome, RunHandle};
use crate::event::{Event, Recorded, Seq};
use crate::id::{JobId, RunId, StepId};
use crate::journal::{JournalError, Tail};
use crate::state::Run;
use crate::world::{SystemWorld, World as _};

/// A run stands still once nothing of it has happened for so long: other jobs may be about to begin.
const STILL: Duration = Duration::from_millis(300);
/// How soon to read a history again: each read costs as much as a short job.
const TOGETHER: Duration = Duration::from_millis(5);
/// Reads that follow each other at once before that counts.
const CLOSE_READS: u32 = 16;
/// How often to look for lines of a run of another process.
const LINES: Duration = Duration::from_millis(100);
/// How often to look whether the process of another run is still there.
const OWNER: Duration = Duration::from_secs(2);

/// What is followed.
pub(in crate::cli) enum Subject {
    /// A run of this process, from its beginning.
    Ours(RunHandle),
    /// One of another process, from where it stands.
    Others {
        run: Box<Known>,
        /// Steps of it that were answered just now: their pauses are over as soon as the owner hears of it.
        answered: Vec<(JobId, StepId)>,
    },
}

/// Who may have to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Audience {
    /// A person, who is asked.
    Person,
    /// A program, which reads what waits.
    Program,
}

/// What somebody has to be told of who can answer, or leave.
#[derive(Debug)]
pub(in crate::cli) enum Attention {
    /// These wait for an answer now; all before it is printed.
    Waits(Vec<Waiting>),
    /// Nothing goes on without an answer. What waits was printed.
    StandsStill,
}

/// Prints a run until it has ended, and returns how it ended. Dropping it leaves the printing behind.
///
/// # Errors
/// When the history cannot be read.
pub(in crate::cli) async fn follow(
    engine: Engine,
    subject: Subject,
    printer: Box<dyn Printer>,
    (audience, attention): (Audience, mpsc::Sender<Attention>),
) -> Result<Option<Run>, JournalError> {
    let (id, known, handle, answered) = match subject {
        Subject::Ours(handle) => (handle.id().clone(), None, Some(handle), Vec::new()),
        Subject::Others { run, answered } => (run.run.id.clone(), Some(*run), None, answered),
    };
    let run = known.as_ref().map(|known| known.run.clone());
    let after = run.as_ref().map_or(Seq::default(), |run| run.last);
    let pauses = Pauses::new(run, &answered, audience, attention);
    let (orders, printed) = screen::start(engine.clone(), printer, known);
    let forwarded = Forward {
        engine,
        id,
        handle,
        orders: &orders,
        pauses,
    };
    let forwarded = forwarded.work(after).await;
    drop(orders);
    // Nobody answers when the printing broke; that was told.
    let run = printed.await.ok().flatten();
    forwarded.map(|()| run)
}

struct Forward<'a> {
    engine: Engine,
    id: RunId,
    /// Of a run of this process.
    handle: Option<RunHandle>,
    orders: &'a mpsc::Sender<Order>,
    pauses: Pauses,
}

impl Forward<'_> {
    /// Tells the printing thread what there is, until the run is over or nobody prints any more.
    async fn work(mut self, after: Seq) -> Result<(), JournalError> {
        let mut grown = self.engine.logs().hub().all();
        let mut progress = self.engine.progress();
        let mut news = pump(&self.engine, self.id.clone(), after);
        let ours = self.handle.is_some();
        let mut finished = std::pin::pin!(finished(self.handle.take()));
        let mut lines = tokio::time::interval(LINES);
        let mut owner = tokio::time::interval(OWNER);
        let mut over = false;
        loop {
            let mut last = false;
            let mut attention = None;
            let order = tokio::select! {
                events = news.recv() => {
                    let Some(events) = events else { return Ok(()) };
                    let events = events?;
                    last = events.iter().any(is_last);
                    self.pauses.take(&events);
                    attention = self.pauses.news();
                    Order::Events(events)
                }
                received = grown.recv() => match received {
                    Ok(grown) if grown.log.run == self.id => Order::Lines(grown.log.job),
                    Ok(_) => continue,
                    Err(RecvError::Lagged(_)) => Order::AllLines,
                    Err(RecvError::Closed) => return Ok(()),
                },
                received = progress.recv() => match received {
                    Ok(progress) => Order::Progress(progress),
                    Err(_) => continue,
                },
                outcome = &mut finished, if !over => {
                    // The last event is in the history before this is told, unless the history could not be written.
                    over = true;
                    if outcome.problem.is_some() {
                        return Ok(());
                    }
                    continue;
                }
                _ = lines.tick(), if !ours => Order::AllLines,
                _ = owner.tick(), if !ours => {
                    // A run whose owner is gone ends by that.
                    if let Err(error) = self.engine.recover(Vec::new()).await {
                        tracing::debug!(%error, "whether the run's owner lives cannot be told");
                    }
                    continue;
                }
                () = until(self.pauses.still) => {
                    self.pauses.still = None;
                    attention = Some(Attention::StandsStill);
                    Order::AllLines
                }
            };
            if self.orders.send(order).await.is_err() || last {
                return Ok(());
            }
            if let Some(attention) = attention
                && !self.tell(attention).await
            {
                return Ok(());
            }
        }
    }

    /// Tells of pauses once all before it is printed. Whether anybody prints.
    async fn tell(&mut self, attention: Attention) -> bool {
        if matches!(attention, Attention::StandsStill) && self.orders.send(Order::StandsStill).await.is_err()
        {
            return false;
        }
        let (reached, mark) = oneshot::channel();
        if self.orders.send(Order::Mark(reached)).await.is_err() || mark.await.is_err() {
            return false;
        }
        // Nobody may want to know.
        drop(self.pauses.attention.send(attention).await);
        true
    }
}

async fn finished(handle: Option<RunHandle>) -> Outcome {
    match handle {
        Some(handle) => handle.finished().await,
        None => std::future::pending().await,
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// What of the run waits for an answer. A run that never pauses is not looked at.
struct Pauses {
    run: Option<Run>,
    shown: Vec<Waiting>,
    /// Pauses that were answered, and whose end is not told yet.
    answered: HashSet<(JobId, StepId)>,
    /// When it is taken to stand still, if nothing happens before.
    still: Option<Instant>,
    audience: Audience,
    attention: mpsc::Sender<Attention>,
}

impl Pauses {
    fn new(
        run: Option<Run>,
        answered: &[(JobId, StepId)],
        audience: Audience,
        attention: mpsc::Sender<Attention>,
    ) -> Self {
        let answered = run
            .iter()
            .flat_map(waiting)
            .map(|waiting| (waiting.job, waiting.step))
            .filter(|waiting| answered.contains(waiting))
            .collect();
        Self {
            run,
            shown: Vec::new(),
            answered,
            still: None,
            audience,
            attention,
        }
    }

    fn take(&mut self, events: &[Recorded]) {
        for recorded in events {
            match &recorded.event {
                Event::RunCreated { source, .. }
                    if source
                        .as_ref()
                        .is_some_and(|source| source.options.pause_on_failure) =>
                {
                    self.run = Run::create(recorded).ok();
                    continue;
                }
                Event::JobPaused { job, step, .. } | Event::JobResumed { job, step, .. } => {
                    self.answered.remove(&(job.clone(), step.clone()));
                    if matches!(&recorded.event, Event::JobPaused { .. }) {
                        // It is another pause than the one of before, though it may look the same.
                        self.shown
                            .retain(|shown| (&shown.job, &shown.step) != (job, step));
                    }
                }
                // A pause also ends with its step or its job, whatever was answered.
                Event::StepFinished { job, step, .. } => {
                    self.answered.remove(&(job.clone(), step.clone()));
                }
                Event::JobFinished { job, .. } | Event::JobRetrying { job, .. } => {
                    self.answered.retain(|(answered, _)| answered != job);
                }
                _ => {}
            }
            // A history that makes no sense is told by who prints it.
            self.run = self
                .run
                .take()
                .and_then(|mut run| run.apply(recorded).ok().map(|()| run));
        }
    }

    /// What waits now, if that is other than what was told.
    fn news(&mut self) -> Option<Attention> {
        let run = self.run.as_ref()?;
        let mut open = waiting(run);
        open.retain(|open| !self.answered.contains(&(open.job.clone(), open.step.clone())));
        let reads = self.audience == Audience::Program;
        self.still = (reads && !open.is_empty() && self.answered.is_empty() && stands_still(run))
            .then(|| Instant::now() + until_tried_again(run) + STILL);
        if open == self.shown {
            return None;
        }
        self.shown.clone_from(&open);
        Some(Attention::Waits(open))
    }
}

/// How long until the jobs that are to be tried again may have begun.
fn until_tried_again(run: &Run) -> Duration {
    let Some(at) = tried_again_at(run) else {
        return Duration::ZERO;
    };
    let left = at.as_millis().saturating_sub(SystemWorld.now().as_millis());
    Duration::from_millis(u64::try_from(left).unwrap_or(0))
}

fn is_last(event: &Recorded) -> bool {
    matches!(event.event, Event::RunFinished { .. })
}

/// Reads the history in a task of its own, so that a flood of output cannot keep it from being read.
fn pump(engine: &Engine, run: RunId, after: Seq) -> mpsc::Receiver<Result<Vec<Recorded>, JournalError>> {
    let (sender, news) = mpsc::channel(16);
    let mut tail = Tail::run(engine.journal().clone(), run, after);
    engine.io().spawn(async move {
        let (mut read, mut close) = (Instant::now(), 0);
        loop {
            // What goes on happening all the time is read together; what comes alone, or at the end, is read at once.
            if close > CLOSE_READS {
                tokio::time::sleep_until(read + TOGETHER).await;
            }
            let events = tail.next().await;
            close = if read.elapsed() < TOGETHER * 2 {
                close + 1
            } else {
                0
            };
            read = Instant::now();
            let last = events.as_ref().map_or(true, |events| events.iter().any(is_last));
            // Nobody reads any more: the run was followed to its end, or its history cannot be read.
            if sender.send(events).await.is_err() || last {
                return;
            }
        }
    });
    news
}
